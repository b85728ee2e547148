# SPDX-License-Identifier: Apache-2.0
"""The Northbound database's server is restarted: from the moment that the
daemon's connection is there again, and from the one that the server is back,
to the one in which the daemon has a current copy.  Between the two moments the
library waits before it tries again, a second or more.  A server that was
restarted has no history that the connection could be resumed from, so all
content is sent once more, and the daemon has to find out that nothing has
changed."""

import time

from . import contenders
from .proc import Daemon, Sample, cpu_ms, memory_kib
from .sandbox import Sandbox, load

NAME = "reconnect"
WHAT = "a server is restarted"


def restart(sandbox, daemon):
    """Returns samples from the connection, and from the server's return."""
    n = len(daemon.said)
    cpu = cpu_ms(daemon.pid)
    daemon.reset_turns()
    sandbox.stop("nb")
    daemon.wait_for("connection lost", n)
    sandbox.start("nb")
    back = time.monotonic()
    start = daemon.wait_for("nb.sock: connected", n)[0]
    end = daemon.wait_for("read [0-9]+ ports", n)[0]
    time.sleep(1)
    sample = Sample(1000 * (end - start), cpu_ms(daemon.pid) - cpu,
                    memory_kib(daemon.pid, "VmHWM"))
    sample.turn = daemon.longest_turn_ms()
    return sample, Sample(1000 * (end - back))


def run(bench, ports):
    cached = bench.cached(ports)
    ours, whole, floor = [], [], []
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb")
        with Daemon(bench, sandbox, [cached + "/pods",
                                     sandbox.path("moving")]) as daemon:
            daemon.wait_for_plan()
            for _ in range(bench.rounds(3)):
                connected, back = restart(sandbox, daemon)
                ours.append(connected)
                whole.append(back)
                floor.append(contenders.load_floor(bench, sandbox, cached))
    results = bench.results
    mine = results.add(NAME, "ovn-ipguard", ports, ours)
    results.add(NAME, "ovn-ipguard, with the wait", ports, whole)
    bare = results.add(NAME, "bare IDL client, anew", ports, floor)
    results.ratio("reconnect: time, of the bare client's first copy", ports,
                  mine["median_ms"] / bare["median_ms"], None)
    # A first copy is one message, which the library takes in in one turn.
    results.ratio("reconnect: longest turn of the loop in ms", ports,
                  max(s.turn for s in ours), None)
