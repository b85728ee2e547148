# SPDX-License-Identifier: Apache-2.0
"""The Southbound database: what having it costs while there is no hold; and,
where ovn-northd can follow, how long a change takes to get there."""

import json
import time

from . import contenders, data
from .bench import memory_kib as available_kib
from .proc import Daemon, Sample, cpu_ms, memory_kib
from .results import median
from .rpc import Failure
from .sandbox import Sandbox, load

NAME = "sb"
WHAT = "SB memory without holds, and one change to SB"

# ovn-northd computes everything anew for each change, and once more when its
# transactions are through; with many ports that takes seconds.
CHANGES, CHANGES_QUICK = 7, 1
CHANGES_OF_MANY = {100000: 3, 250000: 2}
# In its first run ovn-northd writes three Logical_Flows or so for each port,
# all in one transaction, of which both ends have several copies.
KIB_PER_PORT = 66
PATIENCE_S = 1200


def memory(bench, sandbox, cached, with_sb):
    sb = [] if with_sb else ["--ovnsb-db=unix:/nonexistent"]
    with Daemon(bench, sandbox, [cached + "/pods", sandbox.path("moving")],
                options=sb) as daemon:
        daemon.wait_for("read [0-9]+ ports")
        if with_sb:
            daemon.wait_for_plan()
        time.sleep(6)
        daemon.ask("version")
        return memory_kib(daemon.pid, "VmRSS")


def run(bench, ports):
    cached = bench.cached(ports)
    found = {True: [], False: []}
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb")
        for _ in range(bench.rounds(3)):
            for with_sb in (True, False):
                found[with_sb].append(memory(bench, sandbox, cached, with_sb))
    bench.results.ratio("sb: MB of memory with SB more than without", ports,
                        (median(found[True]) - median(found[False])) / 1024,
                        5 if ports >= 100000 else None)
    need = ports * KIB_PER_PORT
    if available_kib() < need:
        bench.results.note("change to SB: not measured, ovn-northd and the"
                           " servers need %d MB of memory" % (need >> 10))
    else:
        run_northd(bench, cached, ports)


def wait_for_northd(sandbox):
    """Until it has caught up."""
    sandbox.shell("ovn-nbctl --no-leader-only -t %d --wait=sb sync"
                  % PATIENCE_S)


def run_first(bench, sandbox, ports):
    """Starts ovn-northd, until it has written what there is to write."""
    start = time.monotonic()
    sandbox.shell("sandbox_start_northd")
    wait_for_northd(sandbox)
    ms = 1000 * (time.monotonic() - start)
    for contender, part in (("ovn-northd", "ovn-northd"),
                            ("ovsdb-server of SB", "sb")):
        pid = sandbox.pid(part)
        bench.results.add("first run of ovn-northd", contender, ports, [
            Sample(ms, cpu_ms(pid), memory_kib(pid, "VmHWM"))])


class Arrival:
    """Tells when a port's address is in SB.  Begins when ovn-northd has
    nothing left to do."""

    def __init__(self, sandbox, p):
        self.p = p
        self.sb = sandbox.sb()
        self.sb.monitor("Port_Binding", ["mac"],
                        [["logical_port", "==", p.name]])
        # It waits for servers in between, and they for it.
        sandbox.rest("nb", "sb", "ovn-northd", calm_s=1)
        self.start = time.monotonic()

    def wait(self):
        deadline = self.start + PATIENCE_S
        while True:
            update = self.sb.next_update(deadline - time.monotonic())
            if update is None:
                raise Failure("%s does not get to SB" % self.p.full())
            if self.p.full() in json.dumps(update):
                break
        ms = 1000 * (time.monotonic() - self.start)
        self.sb.close()
        return Sample(ms)


def change_ours(sandbox, moving, p):
    arrival = Arrival(sandbox, p)
    data.write_single(moving, p, p.ip)
    return arrival.wait()


def change_bare(sandbox, p):
    """One transaction, of a client that has read nothing."""
    nb = sandbox.nb()
    uuid = nb.select("Logical_Switch_Port", [["name", "==", p.name]],
                     ["_uuid"])[0]["_uuid"]
    arrival = Arrival(sandbox, p)
    nb.update("Logical_Switch_Port", [["_uuid", "==", uuid]],
              {"addresses": p.full()})
    nb.close()
    return arrival.wait()


def change_nbctl(sandbox, p):
    """Until it says that SB has it."""
    sandbox.rest("nb", "sb", "ovn-northd", calm_s=1)
    return contenders.run_to_end(contenders.nbctl(
        sandbox, "--wait=sb", "lsp-set-addresses", p.name, p.full()),
        contenders.client_env())


def count_changes(bench, ports):
    if bench.quick:
        return CHANGES_QUICK
    return min([CHANGES] + [n for many, n in CHANGES_OF_MANY.items()
                            if ports >= many])


def run_northd(bench, cached, ports):
    """Real ovn-northd."""
    all_ports = data.make_ports(ports)
    singles = [p for p in all_ports if p.single]
    others = iter([p for p in all_ports if p.bare and not p.single])
    found = {"ovn-ipguard": [], "bare transaction": [],
             "ovn-nbctl --wait=sb": []}
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb", "own")
        run_first(bench, sandbox, ports)
        moving = sandbox.path("moving")
        with Daemon(bench, sandbox, [cached + "/pods", moving],
                    "manage", ["--unseen-settle=1000"]) as daemon:
            daemon.wait_for_plan()
            # The first waits for the daemon's start barrier.
            change_ours(sandbox, moving, singles.pop())
            for p in singles[:count_changes(bench, ports)]:
                found["ovn-ipguard"].append(change_ours(sandbox, moving, p))
                found["bare transaction"].append(
                    change_bare(sandbox, next(others)))
                found["ovn-nbctl --wait=sb"].append(
                    change_nbctl(sandbox, next(others)))
    runs = {contender: bench.results.add("change to SB", contender, ports,
                                         samples)
            for contender, samples in found.items()}
    mine = runs["ovn-ipguard"]["median_ms"]
    for contender, what in (("bare transaction", "a bare transaction"),
                            ("ovn-nbctl --wait=sb", "ovn-nbctl")):
        bench.results.ratio("change to SB: time, of the one of " + what, ports,
                            mine / runs[contender]["median_ms"], None)
