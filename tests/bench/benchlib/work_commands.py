# SPDX-License-Identifier: Apache-2.0
"""What a person asks for: the control commands of the daemon, and what comes
closest to them in ovn-nbctl.  The time is that of the answer over the control
socket, without the start of a program that asks."""

import time

from .contenders import Nbctl
from .proc import Daemon, Sample
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


def run(bench, ports):
    cached = bench.cached(ports)
    port = "web500.ns0"
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb")
        with Daemon(bench, sandbox, [cached + "/pods",
                                     sandbox.path("moving")]) as daemon:
            daemon.wait_for_plan()
            time.sleep(3)
            for command in commands(port):
                bench.results.add("command " + command[0], "ovn-ipguard",
                                  ports, measure(daemon.ask, *command))
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
