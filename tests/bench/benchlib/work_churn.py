# SPDX-License-Identifier: Apache-2.0
"""Memory over a day: 24 times what may happen in an hour.  Each hour one port
in fifty goes and comes back as another row, as many pods are replaced, and
one in a hundred moves to another address, with all that belongs to it.  After
the first hours, when tables have grown to what they need, memory must not grow
any more."""

import time

from . import data, work_storm
from .northd import Northd
from .proc import Daemon, Sample, cpu_ms, memory_kib
from .rpc import Failure, TIMEOUT_S
from .sandbox import Sandbox, load

NAME = "churn"
WHAT = "memory over 24 hours of change"

HOURS = 24
HOURS_QUICK = 6
SETTLED = 4             # Hours after which memory may not grow.


class Day:
    def __init__(self, bench, sandbox, daemon, ports):
        self.chance = bench.chance
        self.sandbox = sandbox
        self.daemon = daemon
        self.bare = [p for p in ports if p.bare and not p.single]
        self.plain = [p for p in ports if not p.bare and not p.sts]
        self.n_ports = len(ports)
        self.nb = sandbox.nb()
        self.switches = {row["name"]: row["_uuid"] for row in
                         self.nb.select("Logical_Switch", [],
                                        ["name", "_uuid"])}

    def replace_rows(self):
        """Rows of ports of plain pods go, and come back under new uuids."""
        chosen = self.chance.sample(self.plain, self.n_ports // 50)
        for p in chosen:
            row = self.nb.select("Logical_Switch_Port",
                                 [["name", "==", p.name]],
                                 ["_uuid", "external_ids"])[0]
            switch = self.switches["ls%d" % p.switch]
            self.nb.transact([
                {"op": "mutate", "table": "Logical_Switch",
                 "where": [["_uuid", "==", switch]],
                 "mutations": [["ports", "delete", row["_uuid"]]]},
                {"op": "insert", "table": "Logical_Switch_Port",
                 "uuid-name": "p",
                 "row": {"name": p.name, "addresses": p.full(),
                         "port_security": p.full(),
                         "external_ids": row["external_ids"]}},
                {"op": "mutate", "table": "Logical_Switch",
                 "where": [["_uuid", "==", switch]],
                 "mutations": [["ports", "insert",
                                ["named-uuid", "p"]]]}])

    def move_pods(self, hour):
        """Bare pods come back as others that want other addresses."""
        touched = self.chance.sample(sorted({p.switch for p in self.bare}),
                                     max(1, self.n_ports // 10000))
        for switch in touched:
            members = [p for p in self.bare if p.switch == switch]
            pods = []
            for p in members:
                ip = "10.%d.%d.%d" % (p.switch, 100 + hour, p.n % 200 + 10)
                pod = data.make_pod(p, data.annotations(ip_address=ip))
                pod["metadata"]["uid"] += "-%d" % hour
                pods.append(pod)
            data.write_list("%s/%s-bare.json" % (self.sandbox.path("moving"),
                                                 members[0].ns), pods)
        own = self.sandbox.own()
        deadline = time.monotonic() + TIMEOUT_S
        time.sleep(3)
        while own.select("Hold", [], ["_uuid"]):
            if time.monotonic() > deadline:
                raise Failure("churn: holds are not released")
            time.sleep(0.2)
        own.close()

    def hour(self, n):
        self.replace_rows()
        self.move_pods(n)
        # Calm for long enough that what is free is given back.
        time.sleep(3)
        self.daemon.ask("version")
        return memory_kib(self.daemon.pid, "VmRSS")


def choose_sizes(sizes):
    """A day with more ports shows nothing more, and takes an hour."""
    return [ports for ports in sizes if ports <= 10000]


def run(bench, ports):
    cached = bench.cached(ports)
    hours = HOURS_QUICK if bench.quick else HOURS
    # So many rows there are in the journal when it is SETTLED.
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb", "own")
        with Daemon(bench, sandbox, [cached + "/pods",
                                     sandbox.path("moving")], "manage",
                    work_storm.OPTIONS + ["--journal-max=200"]) as daemon, \
                Northd(sandbox) as northd:
            daemon.wait_for_plan()
            start, cpu = time.monotonic(), cpu_ms(daemon.pid)
            day = Day(bench, sandbox, daemon, data.make_ports(ports))
            memory = [day.hour(n) for n in range(hours)]
            if northd.error:
                raise northd.error
            sample = Sample(1000 * (time.monotonic() - start),
                            cpu_ms(daemon.pid) - cpu,
                            memory_kib(daemon.pid, "VmHWM"), memory[-1])
    bench.results.add(NAME, "ovn-ipguard", ports, [sample],
                      kib_by_hour=memory)
    bench.results.note("churn: MB after each hour: " + " ".join(
        "%.1f" % (kib / 1024) for kib in memory))
    bench.results.ratio("churn: memory at the end, of that after %d hours"
                        % SETTLED, ports, memory[-1] / memory[SETTLED - 1],
                        1.05)
