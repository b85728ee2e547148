# SPDX-License-Identifier: Apache-2.0
"""What a person asks for: the control commands of the daemon, and what comes
closest to them in ovn-nbctl.  The time is that of the answer over the control
socket, without the start of a program that asks.

"why" is measured as a person sees it, the whole of "ovn-ipguardctl why", and
as the daemon answers over its control socket; each time first about another
port, of which nobody has asked before, with some time between them, and then
about the same once more.  The daemon has to ask the Southbound database each
time.  Printed is the least of the times as well: on a busy machine others have
the processor for most of a time."""

import json
import subprocess
import time

from .contenders import Nbctl
from .proc import Daemon, Sample, cpu_ms
from .rpc import Failure
from .sandbox import Sandbox, load

NAME = "commands"
WHAT = "answers to people"

TIMES, TIMES_QUICK = 20, 5
TIMES_MAX = 200         # There are twice as many ports to ask about.


def commands(port):
    return [["status"], ["port/show", port], ["plan/show"], ["hold/list"],
            ["gate/list"], ["audit/show"]]


def measure(times, function, *args):
    samples = []
    for _ in range(times):
        start = time.monotonic()
        function(*args)
        samples.append(Sample(1000 * (time.monotonic() - start)))
    return samples


def ask_why(bench, sandbox, target, port):
    """Runs "ovn-ipguardctl why" once.  Returns the time in ms."""
    start = time.monotonic()
    out = subprocess.run([bench.ctl, "--no-syslog", "--target=" + target,
                          "--db=" + sandbox.remote("own"), "why", port],
                         check=False, capture_output=True, text=True,
                         timeout=60)
    ms = 1000 * (time.monotonic() - start)
    if out.returncode or out.stderr or "is on port" not in out.stdout.replace(
            "\n", " "):
        raise Failure("why %s: %s%s" % (port, out.stdout, out.stderr))
    return ms


def ask_daemon(daemon, port):
    """The same by the daemon alone, over its control socket."""
    start = time.monotonic()
    text = daemon.ask("explain", port)
    ms = 1000 * (time.monotonic() - start)
    answer = json.loads(text)
    if (answer["not_known"] or answer["explanations"][0]["ports"][0]["binding"]
            != "bound"):
        raise Failure("explain %s: %s" % (port, text))
    return ms


def measure_why(bench, sandbox, daemon, ports):
    """Other ports each way, and each of them once more."""
    times = min(bench.rounds(TIMES, TIMES_QUICK), TIMES_MAX)
    pids = [daemon.pid, sandbox.pid("sb"), sandbox.pid("nb")]

    def sample(ask, port):
        before = sum(cpu_ms(pid) for pid in pids)
        ms = ask(port)
        return Sample(ms, sum(cpu_ms(pid) for pid in pids) - before)

    ways = [("ovn-ipguardctl why", 0,
             lambda port: ask_why(bench, sandbox, daemon.ctl, port)),
            ("explain", times, lambda port: ask_daemon(daemon, port))]
    for name, skip, ask in ways:
        samples = {"another port each time": [], "again": []}
        for n in range(times):
            port = "web%d.ns0" % (500 + n + skip)
            time.sleep(0.5)
            for each in samples.values():
                each.append(sample(ask, port))
        for what, each in samples.items():
            run = bench.results.add("command " + name, what, ports, each,
                                    least_ms=min(s.ms for s in each))
            bench.results.ratio("%s, %s, in ms" % (name, what), ports,
                                run["median_ms"], 100)
            bench.results.ratio("%s, %s, in ms, the least" % (name, what),
                                ports, run["least_ms"], None)


def run(bench, ports):
    cached = bench.cached(ports)
    port = "web500.ns0"
    times = bench.rounds(TIMES, TIMES_QUICK)
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb", "own")
        with Daemon(bench, sandbox, [cached + "/pods",
                                     sandbox.path("moving")]) as daemon:
            daemon.wait_for_plan()
            time.sleep(3)
            # The start does not count.
            daemon.reset_turns()
            for command in commands(port):
                bench.results.add("command " + command[0], "ovn-ipguard",
                                  ports, measure(times, daemon.ask, *command))
            measure_why(bench, sandbox, daemon, ports)
            bench.results.ratio("commands: longest turn of the loop in ms",
                                ports, daemon.longest_turn_ms(),
                                100 if ports >= 100000 else None)
        with Nbctl(sandbox) as daemon:
            daemon.run("lsp-get-addresses", port)
            bench.results.add(
                "command port/show", "ovn-nbctl daemon, lsp-get-addresses",
                ports, measure(times, daemon.run, "lsp-get-addresses", port))
