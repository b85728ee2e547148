# SPDX-License-Identifier: Apache-2.0
"""What must be so at any moment, and at the end."""

import collections
import os
import re
import subprocess
import threading

from benchlib.rpc import Failure, ovsdb_set

from . import order
from .world import ips

HERE = os.path.dirname(os.path.abspath(__file__))
WITNESS = os.path.join(HERE, "../../kubernetes/nb-witness")


class Witness:
    """tests/kubernetes/nb-witness, a client of its own, which sees each change
    of NB.  Two enabled ports of one network that have one address break a
    rule, unless the stand-in for the CNI said that it was about to do that."""

    def __init__(self, sandbox, fail):
        self.announced = collections.Counter()
        self.seen = collections.Counter()
        self.fail = fail
        self.watching = threading.Event()
        self.child = subprocess.Popen(
            [WITNESS, sandbox.folder], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        if not self.watching.wait(60):
            raise Failure("the witness does not watch")

    def announce(self, switch, address):
        self.announced[switch, address] += 1

    def read(self):
        for line in self.child.stdout:
            if line == "watching\n":
                self.watching.set()
                continue
            _, switch, address, ports = line.split(None, 3)
            open_ports = re.sub(r"\S+ gated", "", ports).split()
            if len(open_ports) < 2:
                continue
            self.seen[switch, address] += 1
            if self.seen[switch, address] > self.announced[switch, address]:
                self.fail("two enabled ports of %s have %s: %s" % (
                    switch, address, " ".join(open_ports)))

    def end(self):
        if self.child.poll() is not None:
            self.fail("the witness has ended")
        self.child.terminate()
        self.child.wait()
        self.thread.join()


class Handed:
    """Looks into SB whenever the daemon gives an address to a port: sets it
    (in the mode manage, in which nobody else writes addresses), or opens the
    gate of a port that has it.  No other port's binding on that network may
    have the address, then or later."""

    def __init__(self, sandbox, mode, fail):
        self.sb = sandbox.sb()
        self.mode = mode
        self.fail = fail
        self.n_set = self.n_shut = self.n_opened = 0

    def listener(self, table, old, new):
        """To be called with each change of a port in NB."""
        if table != "Logical_Switch_Port" or not old or not new:
            return
        was, now = gate_of(old), gate_of(new)
        if now and not was:
            self.n_shut += 1
        if was and not now:
            self.n_opened += 1
            for address in ips(new):
                self.check("opened", new["name"], address)
        if self.mode == "manage":
            for address in ips(new) - ips(old):
                self.n_set += 1
                self.check("set", new["name"], address)

    def check(self, what, port, address):
        network = port.rsplit(".", 1)[1]
        for row in self.sb.select("Port_Binding", [],
                                  ["logical_port", "mac"]):
            other = row["logical_port"]
            if (other != port and other.endswith("." + network)
                    and address in ips({"addresses": row["mac"]})):
                self.fail("%s is %s for %s, and SB has it on %s" % (
                    address, what, port, other))

    def end(self):
        self.sb.close()


def gate_of(row):
    return dict(row["options"][1]).get("ipguard-gate")


def at_rest(world, last):
    """What is not as it should be when all is over, as text, or None.  To be
    called with the lock of world.nb held."""
    with world.own.news:
        for table, rows in world.own.rows.items():
            if rows:
                return "%d rows of %s are left" % (len(rows), table)
    for network in world.networks:
        for pod in order.PODS:
            row = network.row(pod)
            wanted = "%s %s" % (network.mac(pod), last[network.n][pod])
            if row is None:
                return "%s is not there" % network.port(pod)
            if ovsdb_set(row["addresses"]) != [wanted]:
                return "%s has %s, wanted %s" % (
                    row["name"], ovsdb_set(row["addresses"]), wanted)
            if gate_of(row) or row["enabled"] not in (True, ["set", []]):
                return "%s is disabled or marked" % row["name"]
    return None


# What the log may say at WARN: a pod that did not wait for its port's gate, and
# what the controller did that it should not have.
LOG_ALLOWED = re.compile(
    r"\|timeval(\([^)]*\))?\|WARN\||\|ovsdb_idl\|WARN\|.* lacks .* column"
    r"|, which is held, and is not gated: it runs with it, or did before"
    # What a killed instance had under way is carried out after the next one
    # has read everything.
    r"|\|ovsdb_idl\|WARN\|transaction error: .*identical values"
    r"|\|guard\|WARN\|the own database refuses a write, which is tried again"
    r"|: bears a gate's mark that is not recorded; opened"
    r"|\|guard\|WARN\|\S+ on \S+: duplicate: ")


def bad_lines(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return [line for line in f
                if re.search(r"\|(WARN|ERR|EMER)\|", line)
                and not LOG_ALLOWED.search(line)]
