# SPDX-License-Identifier: Apache-2.0
"""What a person asks for: the control commands of the daemon, and what comes
closest to them in ovn-nbctl.  The time is that of the answer over the control
socket, without the start of a program that asks.

"why" is measured as a person does: the whole of "ovn-ipguardctl why", each time
about another port, with some time between them.  The daemon has to ask the
Southbound database about that port then.  "again" is the same port once more."""

import os
import subprocess
import time

from .contenders import Nbctl
from .proc import Daemon, Sample
from .rpc import Failure
from .sandbox import Sandbox, load

NAME = "commands"
WHAT = "answers to people"

TIMES = 20


def commands(port):
    return [["status"], ["port/show", port], ["plan/show"], ["hold/list"],
            ["gate/list"], ["audit/show"]]


def measure(function, *args):
    samples = []
    for _ in range(TIMES):
        start = time.monotonic()
        function(*args)
        samples.append(Sample(1000 * (time.monotonic() - start)))
    return samples


def ask_why(bench, sandbox, target, port):
    """Runs "ovn-ipguardctl why" once.  Returns the time in ms."""
    program = os.path.join(bench.build, "utilities", "ovn-ipguardctl",
                           "ovn-ipguardctl")
    start = time.monotonic()
    out = subprocess.run([program, "--no-syslog", "--target=" + target,
                          "--db=" + sandbox.remote("own"), "why", port],
                         check=False, capture_output=True, text=True,
                         timeout=60)
    ms = 1000 * (time.monotonic() - start)
    if out.returncode or out.stderr or "is on port" not in out.stdout.replace(
            "\n", " "):
        raise Failure("why %s: %s%s" % (port, out.stdout, out.stderr))
    return ms


def measure_why(bench, sandbox, daemon, ports):
    first, again = [], []
    for n in range(TIMES):
        port = "web%d.ns0" % (500 + n)
        time.sleep(0.5)
        first.append(Sample(ask_why(bench, sandbox, daemon.ctl, port)))
        again.append(Sample(ask_why(bench, sandbox, daemon.ctl, port)))
    bench.results.add("command ovn-ipguardctl why", "another port each time",
                      ports, first)
    run = bench.results.add("command ovn-ipguardctl why", "again", ports,
                            again)
    bench.results.ratio("why through the daemon in ms, the mirrors following",
                        ports, run["median_ms"], 100)


def run(bench, ports):
    cached = bench.cached(ports)
    port = "web500.ns0"
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb", "own")
        with Daemon(bench, sandbox, [cached + "/pods",
                                     sandbox.path("moving")]) as daemon:
            daemon.wait_for_plan()
            time.sleep(3)
            for command in commands(port):
                bench.results.add("command " + command[0], "ovn-ipguard",
                                  ports, measure(daemon.ask, *command))
            measure_why(bench, sandbox, daemon, ports)
            bench.results.ratio("commands: longest turn of the loop in ms",
                                ports, daemon.longest_turn_ms()
                                if reset(daemon, port) else 0,
                                100 if ports >= 100000 else None)
        with Nbctl(sandbox) as daemon:
            daemon.run("lsp-get-addresses", port)
            bench.results.add(
                "command port/show", "ovn-nbctl daemon, lsp-get-addresses",
                ports, measure(daemon.run, "lsp-get-addresses", port))


def reset(daemon, port):
    """Runs all commands once more, now that the start does not count."""
    daemon.reset_turns()
    for command in commands(port):
        daemon.ask(*command)
    return True
