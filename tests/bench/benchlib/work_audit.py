# SPDX-License-Identifier: Apache-2.0
"""An audit from the start of the program to its end, with no daemon: it reads
both of OVN's databases and all manifests, and judges every address.  Beside it
what one would look at by hand: the lists of all ports and of all bindings."""

import subprocess

from . import contenders, data
from .proc import Sample, run_to_end
from .rpc import Failure
from .sandbox import Sandbox, load

NAME = "audit"
WHAT = "audit without a daemon"

# What it finds: something.
FOUND = 2


def audit_argv(bench, sandbox, cached):
    return [bench.ctl, "--db=none", "--ovnnb-db=" + sandbox.remote("nb"),
            "--ovnsb-db=" + sandbox.remote("sb"), "--pods=" + cached + "/pods",
            "--pods=" + sandbox.path("moving"), "-t", "900", "audit"]


def audit(bench, sandbox, cached):
    return run_to_end(audit_argv(bench, sandbox, cached),
                      contenders.client_env(), FOUND)


def lists(_bench, sandbox, _cached):
    ports = run_to_end(contenders.nbctl(sandbox, "list",
                                        "Logical_Switch_Port"),
                       contenders.client_env())
    bindings = run_to_end(["ovn-sbctl", "--db=" + sandbox.remote("sb"),
                           "--no-leader-only", "-t", "900", "list",
                           "Port_Binding"], contenders.client_env())
    return Sample(ports.ms + bindings.ms, ports.cpu_ms + bindings.cpu_ms,
                  max(ports.peak_kib, bindings.peak_kib))


def check_findings(bench, sandbox, cached):
    """What is out of order in the data must be found, and no more."""
    done = subprocess.run(audit_argv(bench, sandbox, cached), check=False,
                          env=contenders.client_env(), text=True,
                          stdout=subprocess.PIPE)
    stale = [text for text in done.stdout.split("\n")
             if text.startswith("stale")]
    if done.returncode != FOUND or len(stale) != data.SEEDS:
        raise Failure("audit: expected %d stale addresses, found (status %d)"
                      ":\n%s" % (data.SEEDS, done.returncode,
                                 done.stdout[:4000]))


CONTENDERS = [("ovn-ipguardctl audit", audit),
              ("ovn-nbctl list + ovn-sbctl list", lists)]


def run(bench, ports):
    cached = bench.cached(ports)
    found = {name: [] for name, _ in CONTENDERS}
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb")
        check_findings(bench, sandbox, cached)
        for _ in range(bench.rounds(5, 2)):
            for name, function in CONTENDERS:
                found[name].append(function(bench, sandbox, cached))
    runs = [bench.results.add(NAME, name, ports, found[name])
            for name, _ in CONTENDERS]
    bench.results.ratio("audit: time against both lists", ports,
                        runs[0]["median_ms"] / runs[1]["median_ms"],
                        1.5 if ports >= 100000 else None)
