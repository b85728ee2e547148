# SPDX-License-Identifier: Apache-2.0
"""What ovn-northd and the chassis do as far as ovn-ipguard waits for it.

The real ones would be what is measured at 100,000 ports: here, addresses of
ports that change in NB are copied to their bindings, then nb_cfg to SB and to
every chassis, which so confirm at once.  Where the real ones can be had
(work_hold.py, work_sb.py) they are."""

import time

from .rpc import ovsdb_set
from .worker import Worker

BATCH = 1000


class Bumps(Worker):
    """When nb_cfg changed in NB, told to somebody who does nothing else: who
    copies ports meanwhile is late."""

    def __init__(self, sandbox):
        super().__init__(sandbox.nb())
        self.times = []
        self.connection.monitor("NB_Global", ["nb_cfg"])
        self.start()

    def work(self):
        if self.connection.next_update(0.05):
            self.times.append(time.monotonic())


class Northd(Worker):
    def __init__(self, sandbox):
        super().__init__(sandbox.nb())
        self.nb = self.connection
        self.sb = sandbox.sb()
        self.cfg = -1           # What SB has.
        # Name of a port to the uuid of its binding: servers look rows up by
        # uuid fast, and by name slowly.
        self.bindings = {
            row["logical_port"]: row["_uuid"] for row in self.sb.select(
                "Port_Binding", [], ["_uuid", "logical_port"])}
        quiet = {"initial": False, "insert": False, "delete": False}
        self.nb.call("monitor", ["OVN_Northbound", "bench", {
            "NB_Global": {"columns": ["nb_cfg"], "select": quiet},
            "Logical_Switch_Port": {"columns": ["name", "addresses",
                                                "port_security"],
                                    "select": quiet}}])
        self.publish(self.nb.select("NB_Global", [], ["nb_cfg"])[0]["nb_cfg"])
        self.start()

    def work(self):
        update = self.nb.next_update(0.05)
        if update:
            self.take(update)

    def end(self):
        try:
            super().end()
        finally:
            self.sb.close()

    def take(self, update):
        rows = [change["new"] for change in
                update.get("Logical_Switch_Port", {}).values()]
        for i in range(0, len(rows), BATCH):
            self.sb.transact([
                {"op": "update", "table": "Port_Binding",
                 "where": [["_uuid", "==", self.bindings[row["name"]]]],
                 "row": {"mac": ["set", ovsdb_set(row["addresses"])],
                         "port_security": ["set", ovsdb_set(
                             row["port_security"])]}}
                for row in rows[i:i + BATCH] if row["name"] in self.bindings])
        for change in update.get("NB_Global", {}).values():
            self.publish(change["new"]["nb_cfg"])

    def publish(self, cfg):
        if cfg != self.cfg:
            self.cfg = cfg
            self.sb.transact([{"op": "update", "table": table, "where": [],
                               "row": {"nb_cfg": cfg}}
                              for table in ("SB_Global", "Chassis_Private")])
