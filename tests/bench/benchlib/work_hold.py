# SPDX-License-Identifier: Apache-2.0
"""A hold, from the clear to the release, with real ovn-northd and real
ovn-controllers; above ten, rows of chassis that a thread moves as soon as
nb_cfg changes stand in for them.  Beside it "ovn-nbctl --wait=hv sync", which
waits for all chassis once."""

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
MOVES = 5


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


def pod(p, turn):
    manifest = data.make_pod(p, data.annotations(
        ip_address="10.0.%d.%d" % (100 + turn, p.n % 200 + 10)))
    manifest["metadata"]["uid"] += "-%d" % turn
    return manifest


def move(sandbox, own, nb, p, turn):
    """Returns a sample from the moment that the old address was seen to be
    gone to the one in which its hold was."""
    data.write_list(sandbox.path("moving/single-%d.json" % p.n),
                    [pod(p, turn)])
    address = json.dumps(pod(p, turn)["metadata"]["annotations"][
        "ovn.kubernetes.io/ip_address"]).strip('"')
    while True:
        update = nb.next_update(TIMEOUT_S)
        if update is None:
            raise Failure("hold: the address is not moved")
        if address in json.dumps(update):
            break
    start = time.monotonic()
    if turn:
        deadline = start + TIMEOUT_S
        gone = False
        while not gone and time.monotonic() < deadline:
            update = own.next_update(deadline - time.monotonic())
            gone = any("delete" in change for change in
                       (update or {}).get("Hold", {}).values())
    return Sample(1000 * (time.monotonic() - start))


def measure(bench, sandbox, cached, singles):
    own, nb = sandbox.own(), work_storm.watch(sandbox)
    with Daemon(bench, sandbox, [cached + "/pods", sandbox.path("moving")],
                "manage", ["--unseen-settle=1000"]) as daemon:
        daemon.wait_for_plan()
        # What is out of order in the data is put in order first.
        time.sleep(5)
        wait_for_no_hold(own)
        own.monitor("Hold", ["address"])
        p = singles[0]
        move(sandbox, own, nb, p, 0)
        samples = []
        for turn in range(1, MOVES + 1):
            time.sleep(2.5)
            samples.append(move(sandbox, own, nb, p, turn))
    nb.close()
    own.close()
    return samples


def sync(sandbox):
    return [contenders.run_to_end(
        contenders.nbctl(sandbox, "--wait=hv", "sync"),
        contenders.client_env()) for _ in range(MOVES)]


def run(bench, ports):
    if ports != min(bench.options.ports):
        return                  # It does not depend on the number of ports.
    cached = bench.cached(1000)
    singles = [p for p in data.make_ports(1000) if p.single]
    for n in (1, 10) if bench.quick else (1, 10, 100):
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
            phantoms = Phantoms(sandbox, max(0, n - REAL_MAX))
            sync(sandbox)
            name = "hold, %d chassis" % n
            ours = bench.results.add(name, "ovn-ipguard", 1000, measure(
                bench, sandbox, cached, singles))
            other = bench.results.add(name, "ovn-nbctl --wait=hv sync", 1000,
                                      sync(sandbox))
            phantoms.end()
            bench.results.ratio(
                "%s: time, of two such waits of ovn-nbctl" % name, 1000,
                ours["median_ms"] / other["median_ms"] / 2, None)
