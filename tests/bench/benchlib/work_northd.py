# SPDX-License-Identifier: Apache-2.0
"""One change and one hold while ovn-northd is busy with what others change,
and while it is not, in turn.  Beside it "ovn-nbctl --wait=sb sync", which
waits for the same ovn-northd once, where a hold has to do so twice."""

import time

from . import contenders, data, work_change, work_hold, work_sb, work_storm
from .proc import Daemon, Sample, cpu_ms
from .sandbox import Sandbox, load
from .worker import Worker

NAME = "northd"
WHAT = "a change and a hold while ovn-northd is busy"

PORTS_MAX = 10000
ROUNDS = 3
CHANGES, HOLDS, SYNCS = 4, 2, 3
ROUNDS_MAX = (data.SINGLES - 1) // (2 * CHANGES)
# Longer than between two barriers, so that each hold waits for its own.
APART_S = 1.5


class Restless(Worker):
    """Changes a switch again and again, for which ovn-northd computes
    everything anew."""

    def __init__(self, sandbox):
        super().__init__(sandbox.nb())
        self.snoop = False
        self.start()

    def work(self):
        if not self.ending.wait(0.05):
            self.snoop = not self.snoop
            self.connection.update(
                "Logical_Switch", [["name", "==", "ls0"]],
                {"other_config": ["map", [
                    ["mcast_snoop", str(self.snoop).lower()]]]})


class Measurement:
    """What one state of ovn-northd, calm or busy, showed."""

    def __init__(self):
        self.changes, self.holds, self.syncs = [], [], []
        self.bumps = self.seconds = self.northd_ms = 0


class Scene:
    def __init__(self, sandbox, singles):
        self.sandbox = sandbox
        self.moving = sandbox.path("moving")
        self.own, self.nb = sandbox.own(), work_storm.watch(sandbox)
        self.mover, self.rest = singles[0], iter(singles[1:])
        self.turn = 0
        # What is out of order in the data is put in order first.
        time.sleep(5)
        work_hold.wait_for_no_hold(self.own)
        self.own.monitor("Hold", ["address"])
        self.move()

    def move(self):
        sample = work_hold.move(self.sandbox, self.own, self.nb, self.mover,
                                self.turn)
        self.turn += 1
        return sample

    def change(self):
        p = next(self.rest)
        nb = work_change.watch(self.sandbox, [p])
        start = time.monotonic()
        data.write_single(self.moving, p, p.ip)
        end = work_change.wait_for_address(nb, p, p.full())
        nb.close()
        return Sample(1000 * (end - start))

    def nb_cfg(self):
        nb = self.sandbox.nb()
        cfg = nb.select("NB_Global", [], ["nb_cfg"])[0]["nb_cfg"]
        nb.close()
        return cfg

    def take(self, found):
        """Adds to 'found' what the state of the moment shows."""
        northd = self.sandbox.pid("ovn-northd")
        cpu, start, cfg = cpu_ms(northd), time.monotonic(), self.nb_cfg()
        for _ in range(CHANGES):
            time.sleep(0.3)
            found.changes.append(self.change())
        for _ in range(HOLDS):
            time.sleep(APART_S)
            found.holds.append(self.move())
        found.bumps += self.nb_cfg() - cfg
        found.seconds += time.monotonic() - start
        found.northd_ms += cpu_ms(northd) - cpu
        for _ in range(SYNCS):
            found.syncs.append(contenders.run_to_end(
                contenders.nbctl(self.sandbox, "--wait=sb", "sync"),
                contenders.client_env()))

    def close(self):
        self.nb.close()
        self.own.close()


def measure(bench, sandbox, cached, singles):
    found = {"calm": Measurement(), "busy": Measurement()}
    with Daemon(bench, sandbox, [cached + "/pods", sandbox.path("moving")],
                "manage", ["--unseen-settle=1000"]) as daemon:
        daemon.wait_for_plan()
        scene = Scene(sandbox, singles)
        for _ in range(min(bench.rounds(ROUNDS), ROUNDS_MAX)):
            work_sb.wait_for_northd(sandbox)
            scene.take(found["calm"])
            with Restless(sandbox):
                time.sleep(1)
                scene.take(found["busy"])
        scene.close()
    return found


def choose_sizes(sizes):
    """With more ports ovn-northd would be all that is measured."""
    return [ports for ports in sizes if ports <= PORTS_MAX]


def run(bench, ports):
    cached = bench.cached(ports)
    singles = [p for p in data.make_ports(ports) if p.single]
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb", "own")
        # The one chassis of the data confirms at once.
        with work_hold.Phantoms(sandbox, 0) as chassis:
            sb = sandbox.sb()
            chassis.uuids += [row["_uuid"] for row in
                              sb.select("Chassis_Private", [], ["_uuid"])]
            sb.close()
            sandbox.shell("sandbox_start_northd")
            work_sb.wait_for_northd(sandbox)
            found = measure(bench, sandbox, cached, singles)
    add(bench.results, ports, found)


def add(results, ports, found):
    runs = {}
    for state, m in found.items():
        name = "northd %s" % state
        results.note("%s: ovn-northd took %.0f %% of a processor"
                     % (name, m.northd_ms / m.seconds / 10))
        runs[state] = [results.add("%s: %s" % (name, what), contender, ports,
                                   samples)
                       for what, contender, samples in (
                           ("change", "ovn-ipguard", m.changes),
                           ("hold", "ovn-ipguard", m.holds),
                           ("hold", "ovn-nbctl --wait=sb sync", m.syncs))]
        results.ratio("%s: hold, of two such waits of ovn-nbctl" % name,
                      ports, runs[state][1]["median_ms"]
                      / runs[state][2]["median_ms"] / 2, None)
        results.ratio("%s: bumps of nb_cfg a second" % name, ports,
                      m.bumps / m.seconds, 1)
    results.ratio("northd busy: time of a change, of that when it is calm",
                  ports, runs["busy"][0]["median_ms"]
                  / runs["calm"][0]["median_ms"], None)
