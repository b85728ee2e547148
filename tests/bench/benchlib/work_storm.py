# SPDX-License-Identifier: Apache-2.0
"""Storms.  First as many addresses as possible are set at once, with nothing
to clear: the pods of one port in ten get an annotation.  Then the same pods
are replaced by others that want other addresses: each is a clear, a set, a
hold with its barriers, and a release.  The brake, which is there to stop just
this, is raised by options."""

import json
import time

from . import contenders, data
from .northd import Bumps, Northd
from .proc import Daemon, Sample, cpu_ms, memory_kib
from .results import median
from .rpc import Failure, TIMEOUT_S
from .sandbox import Sandbox, load

NAME = "storm"
WHAT = "many addresses at once"

OPTIONS = ["--brake-clears=1000000", "--brake-floor=1000000",
           "--max-holds=1000000"]
MOVES = "storm of moves"
STORMS = (1000, 10000)
FLOOR_BATCH = 300
# Until what is free was given back.
TRIMMED_S = 4


class Moved:
    """The pod of a bare port that came back with another uid and wish."""

    def __init__(self, p):
        self.p = p
        self.ip = "10.%d.%d.%d" % (p.switch, 50 + p.n // 200,
                                   p.n % 200 + 10)

    def manifest(self):
        pod = data.make_pod(self.p, data.annotations(ip_address=self.ip))
        pod["metadata"]["uid"] += "-2"
        return pod


def files(sandbox, chosen, every):
    """The files that the pods of 'chosen' ports are in, each with all ports
    that it is about.  'every' are all bare ports."""
    touched = {p.switch for p in chosen}
    members = {}
    for p in every:
        if p.switch in touched and not p.single:
            members.setdefault(p.switch, []).append(p)
    for some in members.values():
        yield "%s/%s-bare.json" % (sandbox.path("moving"), some[0].ns), some


def wait_for_addresses(nb, wanted):
    """'wanted' are address strings.  Returns when the last was seen."""
    left = set(wanted)
    deadline = time.monotonic() + TIMEOUT_S
    while left:
        update = nb.next_update(deadline - time.monotonic())
        if update is None:
            raise Failure("storm: %d addresses are not set, as %s"
                          % (len(left), next(iter(left))))
        for change in update.get("Logical_Switch_Port", {}).values():
            left.discard(json.dumps(change["new"]["addresses"]))
    return time.monotonic()


def watch(sandbox):
    nb = sandbox.nb()
    nb.call("monitor", ["OVN_Northbound", "storm", {"Logical_Switch_Port": {
        "columns": ["addresses"],
        "select": {"initial": False, "insert": False, "delete": False}}}])
    return nb


def rate(times):
    """How many there were a second, from the first to the last."""
    return ((len(times) - 1) / (times[-1] - times[0]) if len(times) > 1
            else 0)


class Storm:
    """What one storm cost the daemon."""

    def __init__(self, sandbox, daemon, northd):
        self.daemon = daemon
        self.northd = northd
        self.bumps = Bumps(sandbox)
        daemon.reset_turns()
        self.cpu = cpu_ms(daemon.pid)
        self.start = time.monotonic()

    def end(self, when):
        sample = Sample(1000 * (when - self.start),
                        cpu_ms(self.daemon.pid) - self.cpu,
                        memory_kib(self.daemon.pid, "VmHWM"))
        sample.turn = self.daemon.longest_turn_ms()
        self.bumps.end()
        sample.bumps = rate(self.bumps.times)
        if self.northd.error:
            raise self.northd.error
        return sample


def storm_of_sets(storm, sandbox, chosen, every):
    nb = watch(sandbox)
    names = {p.name for p in chosen}
    for path, members in files(sandbox, chosen, every):
        data.write_list(path, [data.make_pod(p, data.annotations(
            ip_address=p.ip) if p.name in names else None) for p in members])
    when = wait_for_addresses(nb, [json.dumps(p.full()) for p in chosen])
    nb.close()
    return storm.end(when)


def storm_of_moves(storm, sandbox, chosen, every):
    """Ends when no hold is left."""
    nb = watch(sandbox)
    own = sandbox.own()
    moved = {p.name: Moved(p) for p in chosen}
    for path, members in files(sandbox, chosen, every):
        data.write_list(path, [
            moved[p.name].manifest() if p.name in moved else data.make_pod(p)
            for p in members])
    wait_for_addresses(nb, [json.dumps("%s %s" % (m.p.mac, m.ip))
                            for m in moved.values()])
    nb.close()
    storm.moved_ms = 1000 * (time.monotonic() - storm.start)
    deadline = time.monotonic() + TIMEOUT_S
    while own.select("Hold", [], ["_uuid"]):
        if time.monotonic() > deadline:
            raise Failure("storm: holds are not released")
        time.sleep(0.1)
    own.close()
    return storm.end(time.monotonic())


def rest(daemon):
    """Returns its memory in KiB when it has been calm for a while."""
    time.sleep(TRIMMED_S)
    daemon.ask("version")
    return memory_kib(daemon.pid, "VmRSS")


def run_daemon(bench, sandbox, cached, chosen, every, samples):
    with Daemon(bench, sandbox, [cached + "/pods", sandbox.path("moving")],
                "manage", OPTIONS) as daemon, Northd(sandbox) as northd:
        daemon.wait_for_plan()
        # Everything is judged once more when it becomes the active instance.
        daemon.wait_for("this instance is now active")
        sandbox.settle("nb", "sb")
        before_kib = rest(daemon)
        storm = Storm(sandbox, daemon, northd)
        sample = storm_of_sets(storm, sandbox, chosen, every)
        samples.setdefault(NAME, []).append(sample)
        # Moves need ports that the pods settled on.
        time.sleep(3)
        storm = Storm(sandbox, daemon, northd)
        sample = storm_of_moves(storm, sandbox, chosen, every)
        sample.moved_ms = storm.moved_ms
        sample.before_kib = before_kib
        sample.steady_kib = rest(daemon)
        samples.setdefault(MOVES, []).append(sample)


def choose_sizes(sizes):
    return [ports for ports in sizes if ports >= 10 * min(STORMS)]


def run(bench, ports):
    all_ports = data.make_ports(ports)
    bare = [p for p in all_ports if p.bare and not p.single]
    for n in STORMS:
        # As many as there are, less those with a file of their own.
        if n <= ports // 10:
            run_storm(bench, ports, n, bare)


def run_storm(bench, ports, n, every):
    cached = bench.cached(ports)
    chosen = every[:n]
    ours, floor, chain = {}, [], []
    # A round of the largest takes a quarter of an hour.
    for _ in range(bench.rounds(3 if n * ports <= 10 ** 9 else 1)):
        with Sandbox() as sandbox:
            load(sandbox, cached, "nb", "sb", "own")
            run_daemon(bench, sandbox, cached, chosen, every, ours)
            contenders.reset_ports(sandbox, chosen)
            floor.append(contenders.storm_floor(bench, sandbox, chosen,
                                                FLOOR_BATCH))
            contenders.reset_ports(sandbox, chosen)
            chain.append(contenders.chain_nbctl(sandbox, chosen))
    add(bench.results, ports, n, len(chosen), ours, floor, chain)


def add(results, ports, n, count, ours, floor, chain):
    name = "storm of %d" % n

    def per_second(run):
        run["changes_per_s"] = count / run["median_ms"] * 1000
        return run["changes_per_s"]

    mine = results.add(name, "ovn-ipguard", ports, ours[NAME])
    bare = results.add(name, "bare IDL client", ports, floor)
    other = results.add(name, "ovn-nbctl, chained", ports, chain)
    for run in (mine, bare, other):
        results.note("%s, %s: %.0f changes a second"
                     % (name, run["contender"], per_second(run)))
    big = ports >= 100000 and n == 10000
    results.ratio("%s: changes a second, of ovn-nbctl's" % name, ports,
                  mine["changes_per_s"] / other["changes_per_s"],
                  10 if big else None, at_least=True)
    results.ratio("%s: changes a second, of the bare client's" % name, ports,
                  mine["changes_per_s"] / bare["changes_per_s"], None)
    moves = ours[MOVES]
    run = results.add("%s of %d" % (MOVES, n), "ovn-ipguard", ports, moves)
    results.note("%s of %d: %.0f moves a second, %.0f released a second"
                 % (MOVES, n, count / max(s.moved_ms for s in moves) * 1000,
                    per_second(run)))
    for what, samples in ((name, ours[NAME]), (run["name"], moves)):
        results.ratio("%s: longest turn of the loop in ms" % what, ports,
                      max(s.turn for s in samples), 100 if big else None)
        # In a storm of a few seconds one that is told late makes more of a
        # difference than there may be.
        results.ratio("%s: bumps of nb_cfg a second" % what, ports,
                      max(s.bumps for s in samples), 1 if big else None)
    results.ratio("%s: memory afterwards, of that before" % run["name"],
                  ports, run["steady_kib"] / median(
                      [s.before_kib for s in moves]), None)
