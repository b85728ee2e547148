# SPDX-License-Identifier: Apache-2.0
"""A hold, from the clear to the release, with real ovn-northd and real
ovn-controllers; above ten, rows of chassis that a thread moves as soon as
nb_cfg changes stand in for them.  In turn with it "ovn-nbctl --wait=hv sync",
which waits for all chassis once."""

import json
import shutil
import time

from . import contenders, data, work_storm
from .proc import Daemon, Sample
from .rpc import Failure, TIMEOUT_S
from .sandbox import Sandbox
from .worker import Worker

NAME = "hold"
WHAT = "a hold, from clear to release"

REAL_MAX = 10
MOVES, MOVES_QUICK = 5, 2


class Phantoms(Worker):
    """Chassis that are rows only, and confirm at once."""

    def __init__(self, sandbox, n):
        super().__init__(sandbox.sb())
        self.uuids = []
        for i in range(n):
            results = self.connection.transact([
                {"op": "insert", "table": "Encap", "uuid-name": "encap",
                 "row": {"type": "geneve", "ip": "192.168.1.%d" % i,
                         "chassis_name": "phantom%d" % i}},
                {"op": "insert", "table": "Chassis", "uuid-name": "chassis",
                 "row": {"name": "phantom%d" % i, "hostname": "phantom",
                         "encaps": ["named-uuid", "encap"]}},
                {"op": "insert", "table": "Chassis_Private",
                 "row": {"name": "phantom%d" % i,
                         "chassis": ["named-uuid", "chassis"]}}])
            self.uuids.append(results[2]["uuid"])
        self.connection.monitor("SB_Global", ["nb_cfg"])
        self.start()

    def work(self):
        if self.connection.next_update(0.05):
            self.confirm()

    def confirm(self):
        cfg = self.connection.select("SB_Global", [], ["nb_cfg"])[0]["nb_cfg"]
        if self.uuids:
            self.connection.transact([
                {"op": "update", "table": "Chassis_Private",
                 "where": [["_uuid", "==", uuid]], "row": {"nb_cfg": cfg}}
                for uuid in self.uuids])


def wait_for_no_hold(own):
    deadline = time.monotonic() + TIMEOUT_S
    while own.select("Hold", [], ["_uuid"]):
        if time.monotonic() > deadline:
            raise Failure("hold: not released")
        time.sleep(0.05)


def wait_for_update(db, what, right):
    """Returns when it came."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        update = db.next_update(deadline - time.monotonic())
        if update is None:
            raise Failure("hold: %s" % what)
        if right(update):
            return time.monotonic()


def move(sandbox, own, nb, p, turn):
    """Returns a sample from the moment that the old address was seen to be
    gone to the one in which its hold was.  A clear and the set that follows
    are one transaction.  There is nothing to hold in turn 0."""
    ip = "10.0.%d.%d" % (100 + turn, p.n % 200 + 10)
    pod = data.make_pod(p, data.annotations(ip_address=ip))
    pod["metadata"]["uid"] += "-%d" % turn
    data.write_list(sandbox.path("moving/single-%d.json" % p.n), [pod])
    start = wait_for_update(nb, "the address is not moved", lambda update: (
        json.dumps("%s %s" % (p.mac, ip)) in json.dumps(update)))
    end = start
    if turn:
        end = wait_for_update(own, "not released", lambda update: any(
            "delete" in change for change in update.get("Hold", {}).values()))
    return Sample(1000 * (end - start))


def measure(bench, sandbox, cached, p, count):
    """Returns samples of the daemon and of ovn-nbctl, 'count' of each."""
    own, nb = sandbox.own(), work_storm.watch(sandbox)
    with Daemon(bench, sandbox, [cached + "/pods", sandbox.path("moving")],
                "manage", ["--unseen-settle=1000"]) as daemon:
        daemon.wait_for_plan()
        # What is out of order in the data is put in order first.
        time.sleep(5)
        wait_for_no_hold(own)
        own.monitor("Hold", ["address"])
        move(sandbox, own, nb, p, 0)
        ours, others = [], []
        for turn in range(1, count + 1):
            time.sleep(2.5)
            ours.append(move(sandbox, own, nb, p, turn))
            others.append(sync(sandbox))
    nb.close()
    own.close()
    return ours, others


def sync(sandbox):
    return contenders.run_to_end(
        contenders.nbctl(sandbox, "--wait=hv", "sync"),
        contenders.client_env())


def choose_sizes(_sizes):
    """It does not depend on the number of ports."""
    return [1000]


def run(bench, ports):
    cached = bench.cached(ports)
    single = next(p for p in data.make_ports(ports) if p.single)
    for n in (1,) if bench.quick else (1, 10, 100):
        with Sandbox() as sandbox:
            shutil.copy2(cached + "/nb.db", sandbox.folder)
            shutil.copytree(cached + "/moving", sandbox.path("moving"))
            sandbox.start("nb", "own")
            sandbox.shell("sandbox_start_sb")
            sandbox.shell("sandbox_start_northd")
            for i in range(1, min(n, REAL_MAX) + 1):
                sandbox.shell("sandbox_start_chassis ch%d" % i)
            sandbox.shell("sandbox_wait sandbox_has_chassis %d"
                          % min(n, REAL_MAX))
            with Phantoms(sandbox, max(0, n - REAL_MAX)):
                sync(sandbox)
                ours, others = measure(bench, sandbox, cached, single,
                                       bench.rounds(MOVES, MOVES_QUICK))
        name = "hold, %d chassis" % n
        mine = bench.results.add(name, "ovn-ipguard", ports, ours)
        other = bench.results.add(name, "ovn-nbctl --wait=hv sync", ports,
                                  others)
        bench.results.ratio(
            "%s: time, of two such waits of ovn-nbctl" % name, ports,
            mine["median_ms"] / other["median_ms"] / 2, None)
