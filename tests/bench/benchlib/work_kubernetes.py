# SPDX-License-Identifier: Apache-2.0
"""As many pods as ports, 100,000 at most, on a real API server, beside curl.

  lists    The time until the daemon, in mode "observe", has listed everything;
           beside it that of curl, which fetches the same pages over one
           connection and drops them.  First with empty OVN databases.  Then
           with a port for each pod, which the daemon reads at the same time;
           beside curl, the bare IDL client reads them.  Both times end when
           pods and ports are there.  Also the time until the daemon has judged
           it all, bytes and memory.
  idle     Processor time of a daemon that nothing happens to.
  sets     In mode "manage", from a watch event's arrival to the Northbound
           transaction, when an annotation names an address that can be set at
           once.  The arrival is taken by a watch of the benchmark's own.
  clears   The same when a new pod wants another address than its port has: the
           settle time, the live reads and the own database's commit are in it.
"""

import collections
import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time

from . import data, proc
from .bench import first_line, progress
from .cluster import (META, Cluster, cached_cluster, make_pod, make_ports,
                      set_uids)
from .northd import Northd
from .proc import Program, Sample, cpu_ms, memory_kib
from .rpc import Failure, TIMEOUT_S, ovsdb_set
from .sandbox import TOP, Sandbox

NAME = "kubernetes"
WHAT = "pods on a real API server, beside curl"

# How many pods there are, annotations are changed, and addresses cleared; and
# for how many seconds idleness is watched.
Amounts = collections.namedtuple("Amounts", "pods changes clears idle_s")
FULL = Amounts(100000, 200, 20, 30)
QUICK = Amounts(1000, 20, 2, 5)
ROUNDS = 3
SETTLE_MS = 2000
POD_FILTER = "status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed"
# What the daemon lists, with the media type it asks for.
KINDS = [
    ("/api/v1/pods?fieldSelector=" + POD_FILTER + "&limit=500", META),
    ("/apis/apps/v1/statefulsets?limit=500", "application/json"),
    ("/apis/apps/v1/controllerrevisions?limit=500", "application/json"),
    ("/api/v1/namespaces?limit=500", META),
]


class Daemon(proc.Daemon):
    def __init__(self, bench, sandbox, cluster, mode, with_pods=True):
        super().__init__(
            bench, sandbox, [], mode,
            ["--kubeconfig=%s/client.kubeconfig" % cluster.folder]
            if with_pods else [])

    def settle(self):
        """Until nothing is done any more."""
        deadline = time.monotonic() + TIMEOUT_S
        last = None
        while time.monotonic() < deadline:
            now = cpu_ms(self.pid)
            if last is not None and now - last < 5:
                return
            last = now
            time.sleep(2)
        raise Failure("kubernetes: ovn-ipguard does not come to rest")

    def figures(self):
        """Bytes received, and those kept, as kube/show says."""
        text = self.ask("kube/show")
        return {
            "bytes": int(re.search(r"(\d+) bytes received", text).group(1)),
            "kept": int(re.search(r"(\d+) bytes kept", text).group(1))}

    def wait_for_pods(self, n):
        return self.wait_for(r"api_source\|INFO\|.*: %d pods are known"
                             % n)[0]


class Arrivals(threading.Thread):
    """A watch of pods: when the first event of each resourceVersion came."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.conn = cluster.connect()
        version = cluster.send("GET", "/api/v1/pods?limit=1", accept=META)[
            "metadata"]["resourceVersion"]
        self.conn.request("GET", "/api/v1/pods?watch=1&resourceVersion="
                          + version, headers={"Accept": META.replace(
                              "List", "")})
        self.answer = self.conn.getresponse()
        self.at = {}
        self.news = threading.Condition()

    def run(self):
        while True:
            try:
                line = self.answer.readline()
            except (OSError, ValueError, AttributeError):
                return
            now = time.monotonic()
            if not line:
                return
            meta = json.loads(line)["object"]["metadata"]
            with self.news:
                self.at.setdefault(meta["resourceVersion"], now)
                self.news.notify()

    def when(self, version):
        with self.news:
            if not self.news.wait_for(lambda: version in self.at, 60):
                raise Failure("no event of version %s" % version)
            return self.at[version]


def wait_for_row(db, table, right):
    """The time when right(row) was true for an update of 'table'."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        update = db.next_update(1)
        now = time.monotonic()
        for change in (update or {}).get(table, {}).values():
            if any(row and right(row) for row in change.values()):
                return now
    raise Failure("%s: what was waited for did not come" % table)


def curl_config(cluster, paths):
    """For one curl that fetches all of it over one connection."""
    lines = ["silent", "fail", "compressed", "http1.1",
             'cacert = "%s/ca.crt"' % cluster.folder]
    text = []
    for path, accept in paths:
        text.append("\n".join(lines + [
            'url = "%s%s"' % (cluster.server, path),
            'output = "/dev/null"', 'header = "Accept: %s"' % accept,
            'user-agent = "bench"',
            'write-out = "%{size_download}\\n"',
            'header = "Authorization: Bearer %s"' % cluster.token()]))
    return "\nnext\n".join(text) + "\n"


def measure_curl(bench, cluster, floor_remote=None):
    """Also until the bare client has read 'floor_remote', which begins at the
    same time.  Returns the sample, the bytes and the pages."""
    # The tokens of pages are good for some minutes.
    paths = [(page, accept) for path, accept in KINDS
             for page in cluster.pages(path, accept)[0]]
    with tempfile.NamedTemporaryFile("w", suffix=".curl") as f, \
            contextlib.ExitStack() as stack:
        f.write(curl_config(cluster, paths))
        f.flush()
        start = time.monotonic()
        if floor_remote:
            floor = stack.enter_context(Program(
                [bench.floor, floor_remote, "load"]))
        with subprocess.Popen(["curl", "-K", f.name], text=True,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE) as child:
            n_bytes = sum(int(line) for line in child.stdout)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        end = time.monotonic()
        if child.returncode:
            raise Failure("curl ended with status %d" % child.returncode)
        cpu = 1000 * (usage.ru_utime + usage.ru_stime)
        if floor_remote:
            end = max(end, floor.wait_for("^ready$")[0])
            cpu += cpu_ms(floor.pid)
        return Sample(1000 * (end - start), cpu), n_bytes, len(paths)


def measure_lists_alone(bench, cluster, sandbox, n):
    """Daemon and curl in turn; the OVN databases are empty.  Returns curl's
    time."""
    curls, lists = [], []
    for _ in range(bench.rounds(ROUNDS, 2)):
        curls.append(measure_curl(bench, cluster)[0])
        with Daemon(bench, sandbox, cluster, "observe") as daemon:
            lists.append(daemon.sample(daemon.wait_for_pods(n)))
    results = bench.results
    curl = results.add("kubernetes: lists, no ports", "curl", n, curls)
    ours = results.add("kubernetes: lists, no ports", "ovn-ipguard", n, lists)
    results.ratio("kubernetes: no ports: time to the complete lists / curl", n,
                  ours["median_ms"] / curl["median_ms"], 1.5)
    return curl["median_ms"]


class Lists:
    """What the lists with ports cost: samples of curl and the bare client, and
    of the daemon until pods, until ports as well, until all was judged."""

    def __init__(self):
        self.curls, self.pods, self.ports, self.plans = [], [], [], []
        self.curl_bytes = self.n_pages = self.without_kib = 0
        self.figures = {}

    def take(self, bench, cluster, sandbox, n):
        sandbox.settle("nb", "sb")
        sample, self.curl_bytes, self.n_pages = measure_curl(
            bench, cluster, sandbox.remote("nb"))
        self.curls.append(sample)
        sandbox.settle("nb", "sb")
        with Daemon(bench, sandbox, cluster, "observe") as daemon:
            when = daemon.wait_for_pods(n)
            self.pods.append(daemon.sample(when))
            when = max(when, daemon.wait_for("read %d ports" % n)[0])
            self.ports.append(daemon.sample(when))
            plan = daemon.wait_for_plan()
            daemon.settle()
            self.plans.append(daemon.sample(plan))
            self.figures = daemon.figures()


def measure_lists(bench, cluster, sandbox, n, alone_ms):
    """The same with ports.  'alone_ms' is curl's time without anything beside
    it."""
    found = Lists()
    with Daemon(bench, sandbox, cluster, "observe", False) as daemon:
        daemon.wait_for("read %d ports" % n)
        daemon.settle()
        found.without_kib = memory_kib(daemon.pid, "VmRSS")
    for _ in range(bench.rounds(ROUNDS, 2)):
        found.take(bench, cluster, sandbox, n)
    tell_lists(bench.results, n, found, alone_ms)


def tell_lists(results, n, found, alone_ms):
    name, n_bytes = "kubernetes: lists", found.figures["bytes"]
    curl = results.add(name, "curl, bare IDL client", n, found.curls,
                       bytes=found.curl_bytes, pages=found.n_pages)
    listed = results.add(name, "ovn-ipguard, pods", n, found.pods)
    ours = results.add(name, "ovn-ipguard, and ports", n, found.ports,
                       bytes=n_bytes)
    plan = results.add(name, "ovn-ipguard, first plan", n, found.plans)
    results.note("%s: %d pages, %.1f MB for curl; %.1f MB for ovn-ipguard"
                 % (name, found.n_pages, found.curl_bytes / 1e6,
                    n_bytes / 1e6))
    for what, value, target in (
            ("time to pods and ports / curl and bare IDL client",
             ours["median_ms"] / curl["median_ms"], 1.5),
            ("time to the lists, with ports / curl alone",
             listed["median_ms"] / alone_ms, None),
            ("own memory per pod, as counted (bytes)",
             found.figures["kept"] / n, 400),
            ("resident memory per pod, all of it (bytes)",
             (plan["steady_kib"] - found.without_kib) * 1024 / n, None)):
        results.ratio("kubernetes: " + what, n, value, target)


def measure_idle(results, daemon, seconds, n):
    daemon.settle()
    cpu = cpu_ms(daemon.pid)
    time.sleep(seconds)
    used = cpu_ms(daemon.pid) - cpu
    results.ratio("kubernetes: idle: processor time (percent of a core)", n,
                  100 * used / 1000 / seconds, 0.5)


def measure_sets(results, cluster, sandbox, ports, count, arrivals):
    """An annotation names an address for a port that has none."""
    bare = [p for p in ports if p.bare][:count]
    nb = sandbox.nb()
    nb.monitor("Logical_Switch_Port", ["name", "addresses"])
    taken = []
    for p in bare:
        version = cluster.send(
            "PATCH", "/api/v1/namespaces/%s/pods/%s" % (p.ns, p.pod),
            {"metadata": {"annotations": data.annotations(ip_address=p.ip)}},
            "application/merge-patch+json")["metadata"]["resourceVersion"]
        done = wait_for_row(nb, "Logical_Switch_Port",
                            lambda row, p=p: p.full() in ovsdb_set(
                                row.get("addresses", "")))
        taken.append(Sample(1000 * (done - arrivals.when(version))))
        time.sleep(0.05)
    n = len(ports)
    run = results.add("kubernetes: sets", "event to Northbound", n, taken)
    slowest = sorted(s.ms for s in taken)
    results.note("kubernetes: sets: 9 of 10 within %.1f ms, all within %.1f ms"
                 % (slowest[len(slowest) * 9 // 10], slowest[-1]))
    results.ratio("kubernetes: sets: event to Northbound, median (ms)", n,
                  run["median_ms"], 20)


def measure_clears(results, cluster, sandbox, ports, count, arrivals):
    """A pod is replaced by one that wants another address."""
    uids = set_uids(cluster)
    chosen = [p for p in ports if p.idle][:count]
    nb, own = sandbox.nb(), sandbox.own()
    nb.monitor("Logical_Switch_Port", ["name", "addresses"])
    own.monitor("Hold", ["address", "state"])
    whole, commit, write = [], [], []
    reads = []
    for i, p in enumerate(chosen):
        path = "/api/v1/namespaces/%s/pods" % p.ns
        other = "10.%d.200.%d" % (p.switch, i + 10)
        start = time.monotonic()
        cluster.send("GET", "%s/%s" % (path, p.pod))
        reads.append(Sample(1000 * (time.monotonic() - start)))
        cluster.send("DELETE", "%s/%s?gracePeriodSeconds=0" % (path, p.pod))
        version = cluster.send("POST", path, make_pod(
            p, [p], uids[p.ns, p.sts],
            data.annotations(ip_address=other)))["metadata"][
                "resourceVersion"]
        held = wait_for_row(own, "Hold",
                            lambda row, p=p: row.get("address") == p.ip)
        done = wait_for_row(nb, "Logical_Switch_Port",
                            lambda row, p=p, other=other:
                            "%s %s" % (p.mac, other) in ovsdb_set(
                                row.get("addresses", "")))
        arrived = arrivals.when(version)
        whole.append(Sample(1000 * (done - arrived)))
        commit.append(Sample(1000 * (held - arrived)))
        write.append(Sample(1000 * (done - held)))
    n = len(ports)
    run = results.add("kubernetes: clears", "event to Northbound", n, whole)
    results.add("kubernetes: clears", "event to the own database", n, commit)
    results.add("kubernetes: clears", "from there to Northbound", n, write)
    results.add("kubernetes: clears", "a GET of a pod, alone", n, reads)
    results.note("kubernetes: clears: the settle time is %d ms of it"
                 % SETTLE_MS)
    results.ratio("kubernetes: clears: more than the settle time, median (ms)",
                  n, run["median_ms"] - SETTLE_MS, None)


def check_outcome(sandbox, ports, amounts):
    """Exactly what was to be done was done."""
    rows = {row["name"]: ovsdb_set(row["addresses"]) for row in
            sandbox.nb().select("Logical_Switch_Port", [],
                                ["name", "addresses"])}
    n_set = sum(rows[p.name] == [p.full()] for p in ports if p.bare)
    n_moved = sum(rows[p.name] != [p.full()] for p in ports if p.idle)
    n_left = sum(rows[p.name] == [p.full()] for p in ports
                 if not p.bare and not p.idle)
    wanted = (min(amounts.changes, sum(p.bare for p in ports)),
              min(amounts.clears, sum(p.idle for p in ports)),
              sum(not p.bare and not p.idle for p in ports))
    if (n_set, n_moved, n_left) != wanted:
        raise Failure("set, moved, untouched: %r were wanted, %r were found"
                      % (wanted, (n_set, n_moved, n_left)))
    journal = sandbox.own().select("Journal", [], ["_uuid", "action"])
    n_clears = sum(row["action"] == "clear" for row in journal)
    if n_clears != wanted[1]:
        raise Failure("%d clears in the journal" % n_clears)


def fill_databases(sandbox, ports):
    nb, sb = sandbox.nb(), sandbox.sb()
    data.fill_nb(nb, ports, 1)
    data.fill_sb(sb, nb, ports)
    for p in ports:
        if p.idle:
            sb.update("Port_Binding", [["logical_port", "==", p.name]],
                      {"chassis": ["set", []], "up": False})


def measure(bench, cluster, sandbox, ports, amounts):
    n = len(ports)
    curl_ms = measure_lists_alone(bench, cluster, sandbox, n)
    progress("filling databases with %d ports" % n)
    fill_databases(sandbox, ports)
    measure_lists(bench, cluster, sandbox, n, curl_ms)
    arrivals = Arrivals(cluster)
    arrivals.start()
    with Northd(sandbox), Daemon(bench, sandbox, cluster, "manage") as daemon:
        daemon.wait_for_plan()
        measure_idle(bench.results, daemon, amounts.idle_s, n)
        measure_sets(bench.results, cluster, sandbox, ports, amounts.changes,
                     arrivals)
        measure_clears(bench.results, cluster, sandbox, ports, amounts.clears,
                       arrivals)
        daemon.settle()
        check_outcome(sandbox, ports, amounts)


def run(bench, amounts):
    ports = make_ports(amounts.pods)
    cached = cached_cluster(ports)
    with Sandbox() as sandbox:
        folder = sandbox.path("cluster")
        shutil.copytree(cached, folder)
        for part in ("nb", "sb"):
            sandbox.create(part)
        sandbox.start("nb", "sb", "own")
        progress("starting the API server")
        with Cluster(folder) as cluster:
            cluster.stop("kube-controller-manager")
            measure(bench, cluster, sandbox, ports, amounts)


def control_plane():
    """The folder where tests/kubernetes/build-cluster puts the programs."""
    done = subprocess.run(
        ["/bin/bash", "-c", '. "$1/tests/kubernetes/cluster-lib.sh";'
         'echo "$bin"', "bench", TOP],
        check=True, text=True, stdout=subprocess.PIPE)
    return done.stdout.strip()


def find_control_plane(bench):
    """Whether it is there; its versions are told with the results."""
    folder = control_plane()
    for name in ("kube-apiserver", "etcd"):
        if not os.access("%s/%s" % (folder, name), os.X_OK):
            return False
        bench.results.meta[name] = first_line("%s/%s" % (folder, name),
                                              "--version")
        progress("%s: %s" % (name, bench.results.meta[name]))
    return True


def run_sizes(bench, sizes):
    if not find_control_plane(bench):
        bench.results.note("kubernetes: skipped, there is no control plane;"
                           " tests/kubernetes/build-cluster builds it")
        return
    amounts = QUICK if bench.quick else FULL
    run(bench, amounts._replace(pods=min(max(sizes), amounts.pods)))
