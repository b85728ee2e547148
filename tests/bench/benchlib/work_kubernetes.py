# SPDX-License-Identifier: Apache-2.0
"""As many pods as ports on a real API server, beside curl: what
tests/bench/kubernetes measures, at the largest size that is asked for."""

import json
import os
import subprocess
import sys
import tempfile

from .rpc import Failure
from .sandbox import TOP

NAME = "kubernetes"
WHAT = "pods on a real API server, beside curl"

MAX_PODS, MAX_PODS_QUICK = 100000, 1000


def control_plane():
    """The folder where tests/kubernetes/build-cluster puts the programs."""
    done = subprocess.run(
        ["/bin/bash", "-c", '. "$1/tests/kubernetes/cluster-lib.sh";'
         'echo "$bin"', "bench", TOP],
        check=True, text=True, stdout=subprocess.PIPE)
    return done.stdout.strip()


def run_sizes(bench, sizes):
    if not os.access(control_plane() + "/kube-apiserver", os.X_OK):
        bench.results.note("kubernetes: skipped, there is no control plane;"
                           " tests/kubernetes/build-cluster builds it")
        return
    pods = min(max(sizes), MAX_PODS_QUICK if bench.quick else MAX_PODS)
    with tempfile.TemporaryDirectory(prefix="ovn-ipguard-bench.") as folder:
        out = os.path.join(folder, "results.json")
        done = subprocess.run(
            [sys.executable, bench.path("kubernetes"), "--pods=%d" % pods,
             "--json=" + out] + (["--changes=20", "--clears=2", "--idle=5"]
                                 if bench.quick else []),
            check=False, stdin=subprocess.DEVNULL,
            env=dict(os.environ, IPGUARD_BUILDDIR=bench.build))
        if done.returncode:
            raise Failure("tests/bench/kubernetes: exit status %d"
                          % done.returncode)
        with open(out, encoding="utf-8") as f:
            found = json.load(f)
    for run in found["runs"]:
        run["name"] = "kubernetes: " + run["name"]
        bench.results.runs.append(run)
    for ratio in found["ratios"]:
        ratio["name"] = "kubernetes: " + ratio["name"]
        bench.results.ratios.append(ratio)
    bench.results.notes += ["kubernetes: " + note for note in found["notes"]]
