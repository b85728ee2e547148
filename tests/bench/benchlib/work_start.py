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
JEMALLOC = "bare IDL client, jemalloc"


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


def choose_contenders(bench):
    found = [
        ("ovn-ipguard", start_daemon),
        ("bare IDL client", contenders.load_floor),
        (JEMALLOC, contenders.load_floor_jemalloc),
        ("ovn-nbctl", contenders.load_nbctl_cold),
        ("ovn-nbctl daemon", contenders.load_nbctl_daemon),
        ("ovsdb-client dump", contenders.load_dump),
        ("ovsdbapp", contenders.load_ovsdbapp),
    ]
    for name, there, package in (
            (JEMALLOC, contenders.have_jemalloc, "libjemalloc2"),
            ("ovsdbapp", contenders.have_ovsdbapp, "python3-ovsdbapp")):
        if not there():
            bench.results.note("%s: left out; install %s" % (name, package))
            found = [c for c in found if c[0] != name]
    return found


def run(bench, ports):
    cached = bench.cached(ports)
    present = choose_contenders(bench)
    samples = {name: [] for name, _ in present}
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb")
        for _ in range(bench.rounds(5, 2)):
            for name, function in present:
                samples[name].append(function(bench, sandbox, cached))
    runs = {name: bench.results.add(NAME, name, ports, samples[name])
            for name, _ in present}
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
    if JEMALLOC in runs:
        same = runs[JEMALLOC]
        results.ratio("start: peak memory, of the same with jemalloc", ports,
                      ours["peak_kib"] / same["peak_kib"], None)
        results.ratio("start: memory afterwards, of the same with jemalloc",
                      ports, ours["steady_kib"] / same["steady_kib"], None)
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
