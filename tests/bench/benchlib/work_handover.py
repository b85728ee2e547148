# SPDX-License-Identifier: Apache-2.0
"""A whole hand-over in the mode guard, step by step, from the change of a
StatefulSet's template to the first packet of the next owner, with real
ovn-northd, ovn-controllers and ovs-vswitchd.

Of each turn the old owner's pod runs with the address.  Its interface goes,
and its template changes (the clock starts).  As soon as the port is cleared,
the next owner's port gets the address, as a CNI controller would write it, and
as soon as it is gated its interface is plugged.  Another port sends packets to
it all the time.  Every moment is the one at which a client of its own was
told."""

import json
import os
import shutil
import struct
import threading
import time

from . import data, work_hold
from .proc import Daemon, Sample
from .results import median
from .rpc import Failure, Rpc, TIMEOUT_S, ovsdb_set
from .sandbox import Sandbox
from .worker import Worker

NAME = "handover"
WHAT = "a whole hand-over, from template to packets"

TURNS = 10
# A machine that is busy may take longer than a hold for the next port.
SLOW_MAX = 3
SWITCH = "ls0"
PROBE_MAC, PROBE_IP = "0a:00:00:77:00:01", "10.0.77.1"
PACKET_S = 0.001

# What is told of a turn: name, from which moment, to which.
STEPS = [
    ("template to clear in NB", "template", "cleared"),
    ("clear in NB to SB without it", "cleared", "sb"),
    ("SB without it to second barrier", "sb", "barrier"),
    ("second barrier to all chassis", "barrier", "chassis"),
    ("clean in SB to gate open in NB", "chassis", "open"),
    ("gate open in NB to first packet", "open", "packet"),
    ("template to first packet", "template", "packet"),
    # These overlap with the others.
    ("taker's port to its gate", "taken", "gated"),
    ("clean in SB to hold released", "chassis", "released"),
]


class TooSlow(Failure):
    """The hold ended before the next owner's port was there."""


class Watch(Worker):
    """Notes what changes in a database, and when."""

    def __init__(self, db, tables):
        super().__init__(db)
        self.events = []        # (time, table, uuid, new row or None)
        self.rows = {}
        self.news = threading.Condition()
        self.take(db.call("monitor", [db.name, None, {
            table: [{"columns": columns}]
            for table, columns in tables.items()}]))
        self.start()

    def take(self, updates):
        now = time.monotonic()
        with self.news:
            for table, changes in updates.items():
                for uuid, change in changes.items():
                    row = None
                    if "new" in change:
                        row = dict(self.rows.get(uuid, {}), **change["new"])
                    self.rows[uuid] = row
                    self.events.append((now, table, uuid, row))
            self.news.notify_all()

    def work(self):
        notice = self.connection.next_notice(0.1)
        if notice and notice["method"] == "update":
            self.take(notice["params"][1])

    def wait(self, what, predicate, since=0, too_late=None):
        """Returns when the first event, from number 'since' on, came for which
        the predicate of (table, row) is true, and the number of the next.
        Raises TooSlow if too_late() is true before."""
        deadline = time.monotonic() + TIMEOUT_S
        n = since
        with self.news:
            while True:
                while n < len(self.events):
                    when, table, _, row = self.events[n]
                    n += 1
                    if predicate(table, row):
                        return when, n
                if too_late and too_late():
                    raise TooSlow("handover: %s: the hold ended before it"
                                  % what)
                if self.error or time.monotonic() > deadline:
                    raise Failure("handover: %s: %s" % (
                        what, self.error or "it does not happen"))
                self.news.wait(0.2)


class Prober(threading.Thread):
    """Sends packets to an address, until one has arrived after its gate was
    opened."""

    def __init__(self, sandbox, iface, mac, ip):
        super().__init__(daemon=True)
        chassis = sandbox.path("ch1")
        with open(chassis + "/ovs-vswitchd.pid", encoding="utf-8") as f:
            self.switch = Rpc("%s/ovs-vswitchd.%s.ctl" % (chassis,
                                                          f.read().strip()))
        self.pcap = "%s/%s-tx.pcap" % (chassis, iface)
        self.packet = sandbox.shell("udp_packet %s %s %s %s" % (
            PROBE_MAC, mac, PROBE_IP, ip)).strip()
        self.destination = bytes(int(n) for n in ip.split("."))
        self.gate_is_open = threading.Event()
        self.start()

    def run(self):
        size = size_when_open = None
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            self.switch.call("netdev-dummy/receive", ["probe", self.packet])
            time.sleep(PACKET_S)
            size = (os.path.getsize(self.pcap) if os.path.exists(self.pcap)
                    else 0)
            if self.gate_is_open.is_set():
                if size_when_open is None:
                    size_when_open = size
                elif size > size_when_open:
                    break
        self.switch.close()

    def arrivals(self):
        """When packets for the address came out, by the clock that
        time.monotonic() reads."""
        with open(self.pcap, "rb") as f:
            content = f.read()
        at = 24
        found = []
        offset = time.monotonic() - time.time()
        while at + 16 <= len(content):
            seconds, micros, length, _ = struct.unpack_from("=IIII", content,
                                                            at)
            packet = content[at + 16:at + 16 + length]
            if (packet[12:14] == b"\x08\x00"
                    and packet[30:34] == self.destination):
                found.append(seconds + micros / 1e6 + offset)
            at += 16 + length
        return found


class Owner:
    """A StatefulSet of one replica, and its port."""

    def __init__(self, sandbox, name, n, ip):
        self.sandbox = sandbox
        self.name, self.iface, self.ip = name, "if-" + name, ip
        self.port = name + "-0.ns0"
        self.mac = "0a:00:00:%02x:00:%02x" % (0x70 + n // 200, n % 200 + 1)
        self.full = "%s %s" % (self.mac, ip)

    def write(self, ip, pod):
        notes = data.annotations(ip_address=ip)
        items = [{"apiVersion": "apps/v1", "kind": "StatefulSet",
                  "metadata": {"name": self.name, "namespace": "ns0",
                               "uid": "sts-" + self.name},
                  "spec": {"replicas": 1, "serviceName": self.name,
                           "selector": {"matchLabels": {"app": self.name}},
                           "template": {"metadata": {
                               "labels": {"app": self.name},
                               "annotations": notes}}}}]
        if pod:
            items.append({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": self.name + "-0", "namespace": "ns0",
                             "uid": "pod-" + self.name,
                             "creationTimestamp": "2026-01-01T00:00:00Z",
                             "annotations": notes,
                             "ownerReferences": [{
                                 "apiVersion": "apps/v1", "controller": True,
                                 "kind": "StatefulSet", "name": self.name,
                                 "uid": "sts-" + self.name}]},
                "spec": {"nodeName": "ch1"}, "status": {"phase": "Running"}})
        data.write_list(self.sandbox.path("owners/%s.json" % self.name),
                        items)

    def make_port(self, nb):
        nb.transact([
            {"op": "insert", "table": "Logical_Switch_Port",
             "uuid-name": "port",
             "row": {"name": self.port, "addresses": self.full,
                     "port_security": self.full,
                     "external_ids": ["map", [
                         ["vendor", "kube-ovn"], ["ls", SWITCH],
                         ["pod", "ns0/%s-0" % self.name]]]}},
            {"op": "mutate", "table": "Logical_Switch",
             "where": [["name", "==", SWITCH]],
             "mutations": [["ports", "insert",
                            ["set", [["named-uuid", "port"]]]]]}])

    def plug(self):
        self.sandbox.shell("plug ch1 %s %s" % (self.iface, self.port))

    def unplug(self):
        self.sandbox.shell("unplug ch1 %s" % self.iface)


class Turn:
    def __init__(self, sandbox, nb, watches, n):
        self.sandbox = sandbox
        self.nb = nb
        self.watch_nb, self.watch_sb, self.watch_own = watches
        self.ip = "10.0.77.%d" % (n + 10)
        self.old = Owner(sandbox, "from%d" % n, 2 * n, self.ip)
        self.new = Owner(sandbox, "to%d" % n, 2 * n + 1, self.ip)
        self.moments = {}
        self.early = 0

    def port_is(self, owner, predicate):
        return lambda table, row: (
            table == "Logical_Switch_Port" and row is not None
            and row["name"] == owner.port and predicate(row))

    def prepare(self):
        self.old.write(self.ip, True)
        self.old.make_port(self.nb)
        self.old.plug()
        self.watch_nb.wait("port up", self.port_is(
            self.old, lambda row: row["up"] is True))
        # Longer than the settle time, as any pod that has run.
        time.sleep(3)

    def play(self):
        moments = self.moments
        since = [len(w.events) for w in (self.watch_nb, self.watch_sb,
                                         self.watch_own)]
        self.old.unplug()
        moments["template"] = time.monotonic()
        self.old.write("10.0.78.%s" % self.ip.rsplit(".", 1)[1], False)
        moments["cleared"] = self.watch_nb.wait("the clear", self.port_is(
            self.old, lambda row: ovsdb_set(row["addresses"])
            == [self.old.mac]), since[0])[0]
        self.new.write(self.ip, True)
        moments["taken"] = time.monotonic()
        self.new.make_port(self.nb)
        moments["gated"], gated = self.watch_nb.wait("the gate", self.port_is(
            self.new, lambda row: row["enabled"] is False), since[0],
            lambda: any(row is None for _, _, _, row in
                        self.watch_own.events[since[2]:]))
        self.new.plug()
        prober = Prober(self.sandbox, self.new.iface, self.new.mac, self.ip)
        moments["open"] = self.watch_nb.wait("the opening", self.port_is(
            self.new, lambda row: row["enabled"] == ["set", []]), gated)[0]
        moments["released"] = self.watch_own.wait(
            "the end of the hold", lambda table, row: row is None,
            since[2])[0]
        prober.gate_is_open.set()
        prober.join()
        arrivals = prober.arrivals()
        self.early = sum(when < moments["open"] for when in arrivals)
        moments["packet"] = min([when for when in arrivals
                                 if when >= moments["open"]] or [None])
        if moments["packet"] is None:
            raise Failure("handover: no packet arrives")
        self.evaluate(since)

    def evaluate(self, since):
        """What is known only now: which barrier was the hold's."""
        barrier = max(row["barrier2"] if isinstance(row["barrier2"], int)
                      else 0 for _, _, _, row in
                      self.watch_own.events[since[2]:] if row)
        moments = self.moments
        moments["sb"] = self.watch_sb.wait(
            "SB", lambda table, row: table == "Port_Binding" and row
            and row["logical_port"] == self.old.port
            and self.ip not in json.dumps(row["mac"]), since[1])[0]
        moments["barrier"] = self.watch_nb.wait(
            "nb_cfg", lambda table, row: table == "NB_Global"
            and row["nb_cfg"] >= barrier, since[0])[0]
        chassis = {}
        for when, table, uuid, row in self.watch_sb.events:
            if (table == "Chassis_Private" and row
                    and row["nb_cfg"] >= barrier):
                chassis.setdefault(uuid, when)
        moments["chassis"] = max(chassis.values())

    def clean_up(self):
        self.new.unplug()


def measure(bench, sandbox, cached, options):
    watches = [
        Watch(sandbox.nb(), {
            "NB_Global": ["nb_cfg"],
            "Logical_Switch_Port": ["name", "addresses", "enabled", "up"]}),
        Watch(sandbox.sb(), {"Port_Binding": ["logical_port", "mac"],
                             "Chassis_Private": ["nb_cfg"]}),
        Watch(sandbox.own(), {"Hold": ["address", "barrier2"]})]
    nb, turns = sandbox.nb(), []
    os.makedirs(sandbox.path("owners"), exist_ok=True)
    n_first = len(os.listdir(sandbox.path("owners")))
    with Daemon(bench, sandbox,
                [cached + "/pods", cached + "/moving",
                 sandbox.path("owners")], "guard",
                ["--unseen-settle=1000"] + options) as daemon:
        daemon.wait_for_plan()
        # What is out of order in the data is put in order first.
        time.sleep(5)
        own = sandbox.own()
        work_hold.wait_for_no_hold(own)
        own.close()
        wanted = bench.rounds(TURNS, 2)
        for n in range(wanted + SLOW_MAX):
            turn = Turn(sandbox, nb, watches, n_first + n)
            turn.prepare()
            try:
                turn.play()
                turns.append(turn)
            except TooSlow as e:
                bench.results.note(str(e))
            turn.clean_up()
            if len(turns) == wanted:
                break
        else:
            raise Failure("handover: the machine is too slow")
    for watch in watches:
        watch.end()
    nb.close()
    return turns


def tell(bench, ports, name, turns):
    for step, start, end in STEPS:
        bench.results.add(
            "%s: %s" % (name, step), "ovn-ipguard", ports,
            [Sample(1000 * (t.moments[end] - t.moments[start]))
             for t in turns])
    bench.results.note("%s: packets before the gate was carried out: %s" % (
        name, " ".join(str(t.early) for t in turns)))
    bench.results.ratio(
        "%s: ms from clean in SB to the open port" % name, ports,
        median([1000 * (t.moments["open"] - t.moments["chassis"])
                for t in turns]), 50)


def choose_sizes(_sizes):
    """It does not depend on the number of ports."""
    return [1000]


def run(bench, ports):
    cached = bench.cached(ports)
    for n in (1,) if bench.quick else (1, 10):
        with Sandbox() as sandbox:
            shutil.copy2(cached + "/nb.db", sandbox.folder)
            sandbox.start("nb", "own")
            sandbox.shell("sandbox_start_sb")
            sandbox.shell("sandbox_start_northd")
            for i in range(1, n + 1):
                sandbox.shell("sandbox_start_chassis ch%d" % i)
            sandbox.shell("sandbox_wait sandbox_has_chassis %d" % n)
            sandbox.shell(
                "ovn-nbctl lsp-add %s probe -- set Logical_Switch_Port probe"
                " 'addresses=\"%s %s\"' && plug ch1 probe probe && "
                "ovn-nbctl --wait=hv sync" % (SWITCH, PROBE_MAC, PROBE_IP))
            for interval in (1000, 100):
                tell(bench, ports, "handover, %d chassis, barriers %d ms"
                     % (n, interval),
                     measure(bench, sandbox, cached,
                             ["--barrier-interval=%d" % interval]))
