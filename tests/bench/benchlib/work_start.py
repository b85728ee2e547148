# SPDX-License-Identifier: Apache-2.0
"""From the start of a program to the state in which it is of use: the first
copy for a client, the first plan for the daemon, which has read the pods'
manifests by then as well."""

import time

from . import contenders, data
from .proc import Daemon, memory_kib
from .rpc import Failure
from .sandbox import Sandbox, load

NAME = "start"
WHAT = "start to converged, and memory"

TRIMMED_S = 4


def pods_folders(sandbox, cached):
    return [cached + "/pods", sandbox.path("moving")]


def check_plan(daemon):
    """What is out of order in the data must have been found, and no more."""
    plan = daemon.ask("plan/show")
    stale = sum("stale" in text for text in plan.split("\n"))
    if stale != data.SEEDS:
        raise Failure("ovn-ipguard: expected %d stale addresses, found:\n%s"
                      % (data.SEEDS, plan))


def start_daemon(bench, sandbox, cached):
    with Daemon(bench, sandbox, pods_folders(sandbox, cached)) as daemon:
        when = daemon.wait_for_plan()
        sample = daemon.sample(when)
        check_plan(daemon)
        # It gives back what it has no use for when it has been calm for a
        # while.
        time.sleep(TRIMMED_S)
        daemon.ask("version")
        sample.steady_kib = memory_kib(daemon.pid, "VmRSS")
        return sample


CONTENDERS = [
    ("ovn-ipguard", start_daemon, None),
    ("bare IDL client", contenders.load_floor, None),
    ("ovn-nbctl", contenders.load_nbctl_cold, None),
    ("ovn-nbctl daemon", contenders.load_nbctl_daemon, None),
    ("ovsdb-client dump", contenders.load_dump, None),
    # Slow: once or twice are enough.
    ("ovsdbapp", contenders.load_ovsdbapp, 2),
]


def run(bench, ports):
    cached = bench.cached(ports)
    present = [c for c in CONTENDERS
               if c[0] != "ovsdbapp" or contenders.have_ovsdbapp()]
    if len(present) < len(CONTENDERS):
        bench.results.note("ovsdbapp: left out; install python3-ovsdbapp")
    samples = {name: [] for name, _, _ in present}
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb")
        for i in range(bench.repeat(ports)):
            for name, function, limit in present:
                if limit is None or i < min(limit, bench.repeat(ports)):
                    samples[name].append(function(bench, sandbox, cached))
    runs = {name: bench.results.add(NAME, name, ports, samples[name])
            for name, _, _ in present}
    judge(bench.results, ports, runs)


def judge(results, ports, runs):
    ours, floor = runs["ovn-ipguard"], runs["bare IDL client"]
    big = ports >= 100000
    results.ratio("start: time, of the bare IDL client's", ports,
                  ours["median_ms"] / floor["median_ms"],
                  1.25 if big else None)
    results.ratio("start: peak memory, of the bare IDL client's", ports,
                  ours["peak_kib"] / floor["peak_kib"], 1.3 if big else None)
    results.ratio("start: memory afterwards, of the bare IDL client's", ports,
                  ours["steady_kib"] / floor["steady_kib"],
                  1.15 if big else None)
    for other in ("ovn-nbctl", "ovn-nbctl daemon"):
        results.ratio("start: time, of the one of %s" % other, ports,
                      ours["median_ms"] / runs[other]["median_ms"], None)
    if ports == 100000:
        judge_growth(results)


def judge_growth(results):
    """From 10,000 to 100,000 ports: ten times as much is linear."""
    sizes = [results.find(NAME, "ovn-ipguard", n) for n in (10000, 100000)]
    if not all(sizes):
        return
    for what, field in (("time", "median_ms"), ("peak memory", "peak_kib")):
        results.ratio("start: growth of %s from 10k to 100k, over 10" % what,
                      100000, sizes[1][field] / sizes[0][field] / 10, 1.15)
