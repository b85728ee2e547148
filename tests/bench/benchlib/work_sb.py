# SPDX-License-Identifier: Apache-2.0
"""The Southbound database: what having it costs while there is no hold; and,
where ovn-northd can follow, how long a change takes to get there."""

import json
import time

from . import contenders, data
from .proc import Daemon, Sample, memory_kib
from .results import median
from .rpc import Failure
from .sandbox import Sandbox, load

NAME = "sb"
WHAT = "SB memory without holds, and one change to SB"

# ovn-northd computes everything anew for each change; with many ports it is
# nearly all that is measured, and takes seconds.
CHANGES = 8
CHANGES_OF_MANY = 4
MANY_PORTS = 100000
PATIENCE_S = 600


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
    run_northd(bench, cached, ports)


def wait_for_mac(sb, address):
    deadline = time.monotonic() + PATIENCE_S
    while True:
        update = sb.next_update(deadline - time.monotonic())
        if update is None:
            raise Failure("%s does not get to SB" % address)
        if address in json.dumps(update):
            return time.monotonic()


def wait_for_northd(sandbox):
    """Until it has caught up."""
    sandbox.shell("ovn-nbctl --no-leader-only -t %d --wait=sb sync"
                  % PATIENCE_S)


def run_northd(bench, cached, ports):
    """Real ovn-northd."""
    all_ports = data.make_ports(ports)
    n = CHANGES if ports < MANY_PORTS else CHANGES_OF_MANY
    singles = [p for p in all_ports if p.single][:n]
    bare = [p for p in all_ports if p.bare and not p.single]
    ours, others = [], []
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb", "own")
        moving = sandbox.path("moving")
        sandbox.shell("sandbox_start_northd")
        wait_for_northd(sandbox)
        with Daemon(bench, sandbox, [cached + "/pods", moving],
                    "manage") as daemon:
            daemon.wait_for_plan()
            for p, other in zip(singles, bare):
                sb = sandbox.sb()
                sb.monitor("Port_Binding", ["mac"],
                           [["logical_port", "==", p.name]])
                wait_for_northd(sandbox)
                start = time.monotonic()
                data.write_single(moving, p, p.ip)
                ours.append(Sample(1000 * (wait_for_mac(sb, p.full())
                                           - start)))
                sb.close()
                wait_for_northd(sandbox)
                others.append(contenders.run_to_end(contenders.nbctl(
                    sandbox, "--wait=sb", "lsp-set-addresses", other.name,
                    other.full()), contenders.client_env()))
    # The first waits for the daemon's start barrier.
    mine = bench.results.add("change to SB", "ovn-ipguard", ports, ours[1:])
    other = bench.results.add("change to SB", "ovn-nbctl --wait=sb", ports,
                              others[1:])
    bench.results.ratio("change to SB: time, of the one of ovn-nbctl", ports,
                        mine["median_ms"] / other["median_ms"], None)
