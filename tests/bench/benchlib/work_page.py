# SPDX-License-Identifier: Apache-2.0
"""The page and what it lives on, while thousands of addresses are held: what
"/events" costs with many readers, one of which is slow and one of which reads
nothing, beside the same changes without any reader."""

import http.client
import json
import socket
import threading
import time

from . import data
from .proc import Daemon, Sample, cpu_ms, memory_kib
from .rpc import Failure, TIMEOUT_S
from .sandbox import Sandbox, load

NAME = "page"
WHAT = "the page, with many holds and readers"

# At 100,000 ports; fewer where there are fewer.
HOLDS, GATES = 3000, 500
READERS = 10
CHANGES, CHANGES_QUICK = 20, 8
IDLE_S = 8
OPTIONS = ["--http-listen=127.0.0.1:0", "--max-holds=1000000",
           "--gate-max-seconds=86400"]


class Reader(threading.Thread):
    """Reads "/events", 'rate' bytes a second if that is given."""

    def __init__(self, address, rate=None):
        super().__init__(daemon=True)
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.socket.settimeout(TIMEOUT_S)
        self.rate = rate
        self.n_bytes = self.n_events = 0
        self.last = b""
        self.socket.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n"
                            b"\r\n")
        self.start()

    def run(self):
        try:
            while True:
                some = self.socket.recv(self.rate or 1 << 20)
                if not some:
                    break
                self.n_bytes += len(some)
                # What tells an event may be cut in two.
                before = self.last.count(b"event: state")
                text = self.last + some
                self.n_events += text.count(b"event: state") - before
                self.last = text[-20:]
                if self.rate:
                    time.sleep(1)
        except OSError:
            pass

    def close(self):
        if self.is_alive():
            self.socket.shutdown(socket.SHUT_RDWR)
        elif not self.rate:
            raise Failure("page: a reader was cut off")
        self.join()
        self.socket.close()


def stuck_reader(address):
    """A socket that asks and never reads, with as little room as may be."""
    host, port = address.rsplit(":", 1)
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect((host, int(port)))
    s.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return s


def get(address, path):
    """Returns the body and the ms that it took."""
    start = time.monotonic()
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    connection.request("GET", path)
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    if reply.status != 200:
        raise Failure("%s: status %d" % (path, reply.status))
    return body, 1000 * (time.monotonic() - start)


def find(ports, bare, n):
    """Some of 'ports', from all switches in turn."""
    some = [p for p in ports if p.switch or len(ports) <= data.SWITCH_PORTS]
    some = [p for p in some if not (p.stale or p.lacking or p.single)
            and (p.bare if bare else p.sts)]
    some.sort(key=lambda p: (p.n, p.switch))
    return some[:n]


class Northbound:
    """Sets addresses of ports by uuid, which a server looks up fast: for a
    name it goes through all rows."""

    def __init__(self, sandbox):
        self.nb = sandbox.nb()
        self.uuids = {row["name"]: row["_uuid"] for row in self.nb.select(
            "Logical_Switch_Port", [], ["_uuid", "name"])}

    def set_addresses(self, changes):
        for i in range(0, len(changes), 500):
            self.nb.transact([
                {"op": "update", "table": "Logical_Switch_Port",
                 "where": [["_uuid", "==", self.uuids[p.name]]],
                 "row": {"addresses": text}}
                for p, text in changes[i:i + 500]])

    def close(self):
        self.nb.close()


def wait_for_counts(address, **wanted):
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        counts = json.loads(get(address, "/state")[0])["counts"]
        if all(counts[name] >= n for name, n in wanted.items()):
            return
        if time.monotonic() > deadline:
            raise Failure("page: not so many: %s" % counts)
        time.sleep(0.5)


def fill(address, nb, ports, n_holds, n_gates):
    """Makes holds, by addresses that leave their ports, and gates, by ports
    that take some of them.  ovn-northd does not run, so they stay.  Returns
    ports whose addresses can still go."""
    leaving = find(ports, False, n_holds + 4 * CHANGES)
    held, left = leaving[:n_holds], leaving[n_holds:]
    nb.set_addresses([(p, p.mac) for p in held])
    wait_for_counts(address, holds=n_holds)
    by_switch = {}
    for p in held:
        by_switch.setdefault(p.switch, []).append(p)
    takers = []
    for p in find(ports, True, n_gates):
        if by_switch.get(p.switch):
            takers.append((p, "%s %s" % (p.mac, by_switch[p.switch].pop().ip)))
    nb.set_addresses(takers)
    wait_for_counts(address, gates=len(takers))
    return left


def change(daemon, nb, left, n, pause_s=1.3):
    """Takes 'n' more addresses off, one after the other.  Returns what that
    cost."""
    daemon.reset_turns()
    cpu, start = cpu_ms(daemon.pid), time.monotonic()
    for _ in range(n):
        p = left.pop()
        nb.set_addresses([(p, p.mac)])
        time.sleep(pause_s)
    sample = Sample(1000 * (time.monotonic() - start),
                    cpu_ms(daemon.pid) - cpu,
                    memory_kib(daemon.pid, "VmHWM"),
                    memory_kib(daemon.pid, "VmRSS"))
    sample.turn = daemon.longest_turn_ms()
    return sample


def idle(daemon):
    """Returns the processor time in ms a second while nothing happens."""
    cpu = cpu_ms(daemon.pid)
    time.sleep(IDLE_S)
    return (cpu_ms(daemon.pid) - cpu) / IDLE_S


def with_readers(daemon, nb, address, left, n):
    readers = [Reader(address) for _ in range(READERS)]
    slow = Reader(address, 16384)
    stuck = stuck_reader(address)
    time.sleep(2)
    calm = idle(daemon)
    before = [(r.n_bytes, r.n_events) for r in readers]
    sample = change(daemon, nb, left, n)
    sample.calm = calm
    sample.n_bytes = max(r.n_bytes - b for r, (b, _) in zip(readers, before))
    sample.n_events = max(r.n_events - e
                          for r, (_, e) in zip(readers, before))
    for reader in readers + [slow]:
        reader.close()
    stuck.close()
    return sample


def measure(bench, sandbox, cached, ports, n_holds, n):
    """Returns samples without and with readers, and of single requests."""
    with Daemon(bench, sandbox, [cached + "/pods", sandbox.path("moving")],
                "guard", OPTIONS) as daemon:
        daemon.wait_for_plan()
        daemon.wait_for("this instance is now active")
        address = daemon.wait_for("metrics are served on "
                                  "http://(.*)/metrics")[1].group(1)
        nb = Northbound(sandbox)
        left = fill(address, nb, data.make_ports(ports), n_holds,
                    n_holds * GATES // HOLDS)
        time.sleep(5)
        calm = idle(daemon)
        alone = change(daemon, nb, left, n)
        alone.calm = calm
        read = with_readers(daemon, nb, address, left, n)
        asked = {path: [Sample(get(address, path)[1]) for _ in range(10)]
                 for path in ("/state", "/metrics", "/search?q=web500.ns0")}
        nb.close()
    return alone, read, asked


def run(bench, ports):
    cached = bench.cached(ports)
    n = CHANGES_QUICK if bench.quick else CHANGES
    n_holds = min(HOLDS, ports // 20)
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb", "own")
        alone, read, asked = measure(bench, sandbox, cached, ports, n_holds,
                                     n)
    results = bench.results
    work = "page, %d changes to %d holds" % (n, n_holds)
    results.add(work, "no reader", ports, [alone])
    results.add(work, "%d readers" % (READERS + 2), ports, [read])
    for path, samples in asked.items():
        results.add("page, " + path, "ovn-ipguard", ports, samples)
    events = max(read.n_events, 1)
    for what, value, target in (
            ("events, of the changes", read.n_events / n, None),
            ("bytes of an event", read.n_bytes / events, 200000),
            ("processor time in ms for an event, %d readers" % (READERS + 2),
             (read.cpu_ms - alone.cpu_ms) / events, None),
            ("processor time, of that without readers",
             read.cpu_ms / alone.cpu_ms, 2),
            ("processor time in ms a second, no change", alone.calm, None),
            ("the same, with readers", read.calm, None),
            ("longest turn of the loop in ms, no reader", alone.turn, None),
            ("longest turn of the loop in ms", read.turn, 100)):
        results.ratio("page: " + what, ports, value, target)
