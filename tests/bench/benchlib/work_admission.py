# SPDX-License-Identifier: Apache-2.0
"""How long the webhook takes to answer, beside one that allows everything.

500 requests a second come over 8 connections: pods that ask for addresses of
the first switch, most of them in use.  What a client sees counts, from the
moment when the request was due.  The same again while 400 connections are open
for nothing and 40 send a byte now and then: the loop is to keep its pace."""

import re
import subprocess

from .proc import Daemon, Program, Sample
from .results import median
from .rpc import Failure
from .sandbox import TOP, Sandbox, load
from .work_start import pods_folders

NAME = "admission"
WHAT = "answers of the webhook, 500 a second: p99 as a client sees it"

RATE = 500
CROWDED = "ovn-ipguard, crowded"
CONNECTIONS = 8


def make_certificate(sandbox):
    done = subprocess.run(
        [TOP + "/utilities/ovn-ipguard-webhook-cert", "--host=127.0.0.1",
         sandbox.path("wh")], check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Failure(done.stdout)


def client(sandbox, address, *args):
    return [TOP + "/tests/admission-client",
            "--ca=" + sandbox.path("wh/ca.crt")] + list(args[:-1]) + [
                "https://%s/validate" % address, args[-1]]


def send_load(sandbox, address, seconds):
    """Returns p50, p99 and the longest, in ms."""
    done = subprocess.run(
        client(sandbox, address, "--rate=%d" % RATE,
               "--connections=%d" % CONNECTIONS, "--seconds=%g" % seconds,
               "load") + ["ip_address=10.0.0.%d", "logical_switch=ls0"],
        check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True)
    m = re.search(r"n=(\d+) errors=0 p50=([\d.]+) p99=([\d.]+) max=([\d.]+)",
                  done.stdout)
    if done.returncode or not m or int(m.group(1)) < RATE * seconds * 0.99:
        raise Failure("the load: " + done.stdout)
    return [float(m.group(i)) for i in (2, 3, 4)]


def send_load_in_crowd(bench, sandbox, address, seconds):
    """The same as send_load(), for each repetition, as a list."""
    with Program(client(sandbox, address, "--connections=400",
                        "--seconds=600", "flood")) as flood, Program(
                            client(sandbox, address, "--connections=40",
                                   "--seconds=600", "--gap=0.2", "slow")):
        flood.wait_for("open=400")
        return [send_load(sandbox, address, seconds)
                for _ in range(bench.rounds(5, 2))]


def check_judged(daemon):
    """That the answers were judgements, and not a nod."""
    text = daemon.ask("webhook/show")
    m = re.search(r"objects: (\d+) let in, (\d+) with a warning", text)
    if not m or int(m.group(2)) < int(m.group(1)):
        raise Failure("the webhook did not judge:\n" + text)


def run(bench, ports):
    cached = bench.cached(ports)
    seconds = 4 if bench.quick else 10
    times = {"ovn-ipguard": [], "allow-all": []}
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb")
        make_certificate(sandbox)
        cert, key = sandbox.path("wh/tls.crt"), sandbox.path("wh/tls.key")
        with Daemon(bench, sandbox, pods_folders(sandbox, cached), options=[
                "--webhook-listen=127.0.0.1:0", "--webhook-cert=" + cert,
                "--webhook-key=" + key]) as daemon, Program([
                    bench.allow_all, "127.0.0.1:0", cert, key]) as floor:
            addresses = {
                "ovn-ipguard": daemon.wait_for(
                    r"webhook: listening on (\S+)")[1].group(1),
                "allow-all": floor.wait_for(r"listening on (\S+)")[1].group(1),
            }
            daemon.wait_for_plan()
            daemon.reset_turns()
            for _ in range(bench.rounds(5, 2)):
                for name, values in times.items():
                    values.append(send_load(sandbox, addresses[name],
                                            seconds))
            check_judged(daemon)
            bench.results.note("longest turn of the loop: %g ms"
                               % daemon.longest_turn_ms())
            bench.results.note("in the daemon, in microseconds: " + ", ".join(
                "%s %s" % m for m in re.findall(
                    r"(Maximum|95th percentile|Short term average): ([\d.]+)",
                    daemon.ask("stopwatch/show", "ovn-ipguard-webhook"))))
            daemon.reset_turns()
            times[CROWDED] = send_load_in_crowd(
                bench, sandbox, addresses["ovn-ipguard"], seconds)
            bench.results.note("longest turn of the loop in a crowd: %g ms"
                               % daemon.longest_turn_ms())
    runs = {name: bench.results.add(
        NAME, name, ports, [Sample(p99) for _, p99, _ in values],
        p50_ms=median([v[0] for v in values]),
        max_ms=max(v[2] for v in values)) for name, values in times.items()}
    judge(bench.results, ports, runs)


def judge(results, ports, runs):
    ours, floor = runs["ovn-ipguard"], runs["allow-all"]
    results.ratio("admission: p99 in ms", ports, ours["median_ms"],
                  5 if ports == 100000 else None)
    results.ratio("admission: p99, of the one that allows everything", ports,
                  ours["median_ms"] / floor["median_ms"], None)
    results.ratio("admission: median, of the same", ports,
                  ours["p50_ms"] / floor["p50_ms"], None)
    results.ratio("admission: p99 in a crowd, of that without", ports,
                  runs[CROWDED]["median_ms"] / ours["median_ms"], None)
