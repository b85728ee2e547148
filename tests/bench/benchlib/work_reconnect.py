# SPDX-License-Identifier: Apache-2.0
"""The Northbound database's server is restarted: from the moment that a
client's connection is there again, and from the one that the server is back,
to the one in which the client has a current copy.  Between the two moments the
library waits before it tries again.  A server that was restarted has no
history that a connection could be resumed from, so all content is sent once
more, while the old copy is still there, and the daemon has to find out that
nothing has changed.  In turn with it a bare IDL client, to which the same
happens."""

import time

from .proc import Daemon, Program, Sample, cpu_ms, memory_kib
from .sandbox import Sandbox, load

NAME = "reconnect"
WHAT = "a server is restarted"

SETTLED_S = 4


def restart(sandbox, program, copied):
    """Returns samples from the connection, and from the server's return.
    'copied' is what the program says when it has a copy."""
    n = len(program.said)
    cpu = cpu_ms(program.pid)
    sandbox.stop("nb")
    program.wait_for("connection (closed|dropped)|connection lost", n)
    sandbox.start("nb")
    back = time.monotonic()
    start = program.wait_for("nb.sock: connected", n)[0]
    connected = next(i for i, (when, _) in enumerate(program.said)
                     if when == start)
    end = program.wait_for(copied, connected)[0]
    time.sleep(1)
    return (Sample(1000 * (end - start), cpu_ms(program.pid) - cpu,
                   memory_kib(program.pid, "VmHWM")),
            Sample(1000 * (end - back)))


def restart_daemon(bench, sandbox, cached):
    with Daemon(bench, sandbox, [cached + "/pods",
                                 sandbox.path("moving")]) as daemon:
        daemon.wait_for_plan()
        # Until all is judged once more, after the settle time.
        time.sleep(SETTLED_S)
        daemon.reset_turns()
        samples = restart(sandbox, daemon, "read [0-9]+ ports")
        samples[0].turn = daemon.longest_turn_ms()
    return samples


def restart_floor(bench, sandbox):
    with Program([bench.floor, sandbox.remote("nb"), "follow"]) as floor:
        floor.wait_for("^trimmed")
        return restart(sandbox, floor, "^ready$")


def run(bench, ports):
    cached = bench.cached(ports)
    found = {"ovn-ipguard": [], "bare IDL client": []}
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb")
        for _ in range(bench.rounds(3)):
            found["ovn-ipguard"].append(restart_daemon(bench, sandbox,
                                                       cached))
            found["bare IDL client"].append(restart_floor(bench, sandbox))
    results = bench.results
    runs = {}
    for name, samples in found.items():
        runs[name] = results.add(NAME, name, ports, [s for s, _ in samples])
        results.add(NAME, name + ", with the wait", ports,
                    [s for _, s in samples])
    ours, floor = runs["ovn-ipguard"], runs["bare IDL client"]
    results.ratio("reconnect: time, of the bare IDL client's", ports,
                  ours["median_ms"] / floor["median_ms"], None)
    results.ratio("reconnect: peak memory, of the bare IDL client's", ports,
                  ours["peak_kib"] / floor["peak_kib"],
                  1.3 if ports >= 100000 else None)
    # A first copy is one message, which the library takes in in one turn.
    results.ratio("reconnect: longest turn of the loop in ms", ports,
                  max(s.turn for s, _ in found["ovn-ipguard"]), None)
