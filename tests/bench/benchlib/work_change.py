# SPDX-License-Identifier: Apache-2.0
"""One change that sets an address, with nothing to clear: from the moment
that the pod's manifest is there to the one in which a client that watches the
Northbound database is told.  For the other clients: from the command to its
end, which is the server's answer to their transaction."""

import json
import os
import time

from . import contenders, data
from .northd import Northd
from .proc import Daemon
from .rpc import Failure
from .sandbox import Sandbox, load

NAME = "change"
WHAT = "one address set, to the NB commit"

# Changes by each contender in each round.
EACH, EACH_QUICK = 12, 5
ROUNDS = 3
ROUNDS_MAX = data.SINGLES // (EACH + 1)
PATIENCE_S = 60


def wait_for_address(nb, port, address):
    """Until the watching client is told that 'port' has 'address'."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        update = nb.next_update(deadline - time.monotonic())
        if update is None:
            raise Failure("%s does not get %s" % (port.name, address))
        if address in json.dumps(update):
            return time.monotonic()


def watch(sandbox, ports):
    nb = sandbox.nb()
    nb.monitor("Logical_Switch_Port", ["addresses"],
               [["name", "==", p.name] for p in ports])
    return nb


def check_work(before, after, n_changes):
    """It must be in proportion to what changed, however much there is."""
    work = {name: after.get(name, 0) - before.get(name, 0) for name in
            ("guard_members_judged", "guard_full_passes", "manifest_parse",
             "nb_port_changed", "nb_full_sync")}
    # The start barrier, and the pods whose ports follow.
    if (work["guard_full_passes"] or work["nb_full_sync"]
            or work["guard_members_judged"] > 10 * n_changes + 100):
        raise Failure("work is not in proportion to %d changes: %s"
                      % (n_changes, work))


def set_by_daemon(bench, sandbox, cached, ports):
    """Returns samples of 'ports', the first of which only warms up."""
    moving = sandbox.path("moving")
    with Daemon(bench, sandbox, [cached + "/pods", moving],
                "manage") as daemon:
        daemon.wait_for_plan()
        sandbox.settle("nb", "sb")
        before = daemon.counters()
        nb = watch(sandbox, ports)

        def set_one(p):
            if p is ports[1]:
                daemon.reset_turns()
            path = os.path.join(moving, "single-%d.json" % p.n)
            with open(path + ".tmp", "w", encoding="utf-8") as f:
                json.dump(data.make_pod(p, data.annotations(
                    ip_address=p.ip)), f)
            start = time.monotonic()
            os.rename(path + ".tmp", path)
            return 1000 * (wait_for_address(nb, p, p.full()) - start)

        samples = contenders.pace(daemon.pid, ports, set_one)
        nb.close()
        turn = daemon.longest_turn_ms()
        check_work(before, daemon.counters(), len(ports))
    return samples, turn


class Renumbered:
    """A bare port with an address that no other port has, nor had before."""

    n_made = 0

    def __init__(self, p):
        self.name = p.name
        self.mac = p.mac
        n = Renumbered.n_made = Renumbered.n_made + 1
        self.ip = "10.%d.%d.%d" % (p.switch, 100 + n // 200, n % 200 + 10)

    def full(self):
        return "%s %s" % (self.mac, self.ip)


def others(bench, each):
    """Name, function, ports: the first port warms up where there is one
    program for all."""
    found = [
        ("bare IDL client", contenders.set_floor, each + 1),
        ("ovn-nbctl daemon", contenders.set_nbctl_daemon, each + 1),
        ("ovn-nbctl", contenders.set_nbctl_cold, 2),
    ]
    if not bench.quick and contenders.have_ovsdbapp():
        found.append(("ovsdbapp", contenders.set_ovsdbapp, each + 1))
    return found


def run(bench, ports):
    cached = bench.cached(ports)
    all_ports = data.make_ports(ports)
    singles = [p for p in all_ports if p.single]
    bare = [p for p in all_ports if p.bare and not p.single]
    samples = {"ovn-ipguard": []}
    turns = []
    each = EACH_QUICK if bench.quick else EACH
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb", "own")
        with Northd(sandbox):
            for i in range(min(bench.rounds(ROUNDS), ROUNDS_MAX)):
                mine = singles[i * (each + 1):(i + 1) * (each + 1)]
                found, turn = set_by_daemon(bench, sandbox, cached, mine)
                samples["ovn-ipguard"] += found
                turns.append(turn)
                for name, function, n in others(bench, each):
                    chosen = [Renumbered(p)
                              for p in bench.chance.sample(bare, n)]
                    samples.setdefault(name, []).extend(
                        function(bench, sandbox, chosen))
    runs = {name: bench.results.add(NAME, name, ports, samples[name])
            for name in samples}
    judge(bench.results, ports, runs, max(turns))


def judge(results, ports, runs, turn):
    ours = runs["ovn-ipguard"]
    big = ports >= 100000
    results.ratio("change: milliseconds from manifest to NB commit", ports,
                  ours["median_ms"], 2 if big else None)
    results.ratio("change: time, of the bare IDL client's", ports,
                  ours["median_ms"] / runs["bare IDL client"]["median_ms"],
                  None)
    results.ratio("change: time, of the one of ovn-nbctl as a daemon", ports,
                  ours["median_ms"] / runs["ovn-nbctl daemon"]["median_ms"],
                  0.1 if big else None)
    results.ratio("change: longest turn of the loop in ms", ports, turn,
                  100 if big else None)
    small = results.find(NAME, "ovn-ipguard", 10000)
    if ports == 100000 and small:
        results.ratio("change: growth of time from 10k to 100k", ports,
                      ours["median_ms"] / small["median_ms"], 2)
