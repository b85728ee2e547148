# SPDX-License-Identifier: Apache-2.0
"""The Northbound database's server is restarted: from the moment that it is
back to the one in which the daemon has a current copy again.  A server that
was restarted has no history that the connection could be resumed from, so all
content is sent once more, and the daemon has to find out that nothing has
changed."""

import time

from . import contenders
from .proc import Daemon, Sample, cpu_ms, memory_kib
from .sandbox import Sandbox, load

NAME = "reconnect"
WHAT = "a server is restarted"


def run(bench, ports):
    cached = bench.cached(ports)
    ours, floor = [], []
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb")
        with Daemon(bench, sandbox, [cached + "/pods",
                                     sandbox.path("moving")]) as daemon:
            daemon.wait_for_plan()
            for _ in range(1 if bench.quick else 3):
                n = len(daemon.said)
                cpu = cpu_ms(daemon.pid)
                sandbox.stop("nb")
                daemon.wait_for("connection lost", n)
                sandbox.start("nb")
                # The library waits a second or more before it tries again.
                start = daemon.wait_for("nb.sock: connected", n)[0]
                end = daemon.wait_for("read [0-9]+ ports", n)[0]
                ours.append(Sample(1000 * (end - start)))
                time.sleep(1)
                ours[-1].cpu_ms = cpu_ms(daemon.pid) - cpu
                ours[-1].peak_kib = memory_kib(daemon.pid, "VmHWM")
        for _ in ours:
            floor.append(contenders.load_floor(bench, sandbox, cached))
    mine = bench.results.add(NAME, "ovn-ipguard", ports, ours)
    bare = bench.results.add(NAME, "bare IDL client, anew", ports, floor)
    bench.results.ratio("reconnect: time, of the bare client's first copy",
                        ports, mine["median_ms"] / bare["median_ms"], None)
