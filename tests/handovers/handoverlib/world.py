# SPDX-License-Identifier: Apache-2.0
"""What is around the daemon: a real OVN with one chassis, manifests, and a
stand-in for the CNI controller (mode guard) or for the operator who makes ports
(mode manage), and for the StatefulSet controller and the kubelet."""

import json
import os
import threading
import time

from benchlib.rpc import Database, Failure, ovsdb_set

from . import order

NB_COLUMNS = {"Logical_Switch": ["name", "ports"],
              "Logical_Switch_Port": ["name", "addresses", "enabled", "up",
                                      "options"]}
OWN_COLUMNS = {"Hold": ["address"], "Gate": ["address"],
               "Former_Port": ["name"]}
PREFIX = "ovn.kubernetes.io/"
# So many objects stay in each file that one is never suspiciously short.
BYSTANDERS = 20


class Stopped(Exception):
    """Somebody else has failed."""


class Mirror(threading.Thread):
    """What a database has, kept up to date; and who wants to know."""

    def __init__(self, db, columns, timeout, listener=None):
        super().__init__(daemon=True)
        self.db = db
        self.timeout = timeout
        self.listener = listener
        self.news = threading.Condition()
        self.rows = {table: {} for table in columns}
        self.ending = False
        self.broken = None
        self.take(db.call("monitor", [db.name, None, {
            table: [{"columns": c}] for table, c in columns.items()}]))
        self.start()

    def take(self, updates):
        with self.news:
            for table, changes in updates.items():
                for uuid, change in changes.items():
                    old = self.rows[table].get(uuid)
                    if "new" in change:
                        new = dict(old or {}, **change["new"])
                        self.rows[table][uuid] = new
                    else:
                        new = None
                        self.rows[table].pop(uuid, None)
                    if self.listener:
                        self.listener(table, old, new)
            self.news.notify_all()

    def run(self):
        try:
            while not self.ending:
                notice = self.db.next_notice(0.2)
                if notice and notice["method"] == "update":
                    self.take(notice["params"][1])
        except (OSError, Failure) as e:
            self.broken = e

    def wait(self, what, predicate, stop=None):
        """Until the predicate, called with the lock held, is true."""
        deadline = time.monotonic() + self.timeout
        with self.news:
            while not predicate():
                if stop and stop.is_set():
                    raise Stopped
                if self.broken:
                    raise self.broken
                if time.monotonic() > deadline:
                    raise Failure("not within %d s: %s" % (self.timeout,
                                                           what))
                self.news.wait(0.2)

    def end(self):
        self.ending = True
        self.join()
        self.db.close()


def ips(row):
    """The addresses in a port's row."""
    return {word for text in ovsdb_set(row["addresses"])
            for word in text.split()[1:]}


class Network:
    """One logical switch with its StatefulSets.  Its hand-overs follow one
    another; those of different networks do not wait for each other."""

    def __init__(self, world, n, has):
        self.world = world
        self.n = n
        self.switch = "ls%d" % n
        self.wanted = dict(has)         # By the templates.
        self.uids = dict.fromkeys(order.PODS, 1)
        # Annotations of the pods that are there.
        self.pods = {pod: self.template(pod[0]) for pod in order.PODS}
        self.plugged = {}               # Pod to the name of its interface.
        self.lock = threading.RLock()
        self.promised = {}              # Address to pod: the CNI's IPAM.

    def port(self, pod):
        return "%s-%d.ns%d" % (pod + (self.n,))

    def mac(self, pod):
        return "0a:00:00:00:%02x:%02x" % (self.n, order.PODS.index(pod) + 1)

    # -- Kubernetes' part.

    def template(self, sts):
        own = [self.wanted[pod] for pod in order.PODS if pod[0] == sts]
        return {PREFIX + "ip_address": own[0]} if len(own) == 1 else {
            PREFIX + "ip_pool": ";".join(own)}

    def objects(self):
        ns = "ns%d" % self.n
        for sts in sorted({pod[0] for pod in order.PODS}):
            yield {"apiVersion": "apps/v1", "kind": "StatefulSet",
                   "metadata": {"name": sts, "namespace": ns,
                                "uid": "sts-%s-%s" % (ns, sts)},
                   "spec": {"replicas": sum(pod[0] == sts
                                            for pod in order.PODS),
                            "serviceName": sts,
                            "selector": {"matchLabels": {"app": sts}},
                            "template": {"metadata": {
                                "labels": {"app": sts},
                                "annotations": self.template(sts)}}}}
        for pod, notes in self.pods.items():
            sts, ordinal = pod
            yield {"apiVersion": "v1", "kind": "Pod",
                   "metadata": {
                       "name": "%s-%d" % pod, "namespace": ns,
                       "uid": "%s-%s-%d-%d" % (ns, sts, ordinal,
                                               self.uids[pod]),
                       "creationTimestamp": "2026-01-01T00:00:00Z",
                       "annotations": notes,
                       "ownerReferences": [{
                           "apiVersion": "apps/v1", "kind": "StatefulSet",
                           "name": sts, "uid": "sts-%s-%s" % (ns, sts),
                           "controller": True}]},
                   "spec": {"nodeName": "ch1"},
                   "status": {"phase": "Running"}}
        for n in range(BYSTANDERS):
            yield {"apiVersion": "v1", "kind": "Pod",
                   "metadata": {"name": "bystander-%d" % n, "namespace": ns,
                                "uid": "%s-bystander-%d" % (ns, n)}}

    def write(self):
        path = self.world.sandbox.path("pods/%s.json" % self.switch)
        with open(path + ".tmp", "w", encoding="utf-8") as f:
            json.dump({"apiVersion": "v1", "kind": "List",
                       "items": list(self.objects())}, f)
        os.rename(path + ".tmp", path)

    def retarget(self, pod, new):
        """The template changes, and the pod is deleted for it."""
        self.unplug(pod)
        with self.lock:
            self.wanted[pod] = new
            del self.pods[pod]
            self.write()

    def create_pod(self, pod):
        with self.lock:
            self.uids[pod] += 1
            self.pods[pod] = self.template(pod[0])
            self.write()

    def annotate(self, pod, **notes):
        with self.lock:
            self.pods[pod] = dict(self.pods[pod], **{
                PREFIX + key: value for key, value in notes.items()})
            self.write()

    # -- The node's part.

    def plug(self, pod):
        name = "n%d%s%d.%d" % (self.n, pod[0], pod[1], self.uids[pod])
        self.world.chassis("insert", name, self.port(pod))
        self.plugged[pod] = name

    def unplug(self, pod):
        name = self.plugged.pop(pod, None)
        if name:
            self.world.chassis("delete", name)

    # -- The part of the CNI controller, or of who makes ports by hand.

    def make_ports(self):
        nb = self.world.sandbox.nb()
        operations = [self.insert_row(pod, i) for i, pod in
                      enumerate(order.PODS)]
        operations.append({
            "op": "insert", "table": "Logical_Switch",
            "row": {"name": self.switch, "ports": ["set", [
                ["named-uuid", "row%d" % i]
                for i in range(len(order.PODS))]]}})
        nb.transact(operations)
        nb.close()

    def full(self, pod):
        return "%s %s" % (self.mac(pod), self.wanted[pod])

    def insert_row(self, pod, i=0):
        text = self.full(pod)
        return {"op": "insert", "table": "Logical_Switch_Port",
                "uuid-name": "row%d" % i,
                "row": {"name": self.port(pod), "addresses": text,
                        "port_security": text,
                        "external_ids": ["map", [
                            ["vendor", "kube-ovn"], ["ls", self.switch],
                            ["pod", "ns%d/%s-%d" % ((self.n,) + pod)]]]}}

    def row(self, pod):
        """The port's row as the mirror has it, or None."""
        name = self.port(pod)
        for row in self.world.nb.rows["Logical_Switch_Port"].values():
            if row["name"] == name:
                return row
        return None

    def others_with(self, pod, address):
        """Ports of other pods that have the address, by the IPAM or in NB."""
        found = [other for other, ip in self.promised.items()
                 if ip == address and other != pod]
        for other in order.PODS:
            row = self.row(other)
            if other != pod and row and address in ips(row):
                found.append(other)
        return found

    def write_port(self, pod, anew):
        nb = self.world.sandbox.nb()
        where = [["name", "==", self.port(pod)]]
        if anew is None:
            nb.update("Logical_Switch_Port", where,
                      {"addresses": self.full(pod),
                       "port_security": self.full(pod)})
        else:
            uuid = nb.select("Logical_Switch_Port", where, ["_uuid"])[0][
                "_uuid"]
            switch = [["name", "==", self.switch]]
            nb.transact([{"op": "mutate", "table": "Logical_Switch",
                          "where": switch,
                          "mutations": [["ports", "delete", uuid]]}])
            time.sleep(anew)
            nb.transact([self.insert_row(pod), {
                "op": "mutate", "table": "Logical_Switch", "where": switch,
                "mutations": [["ports", "insert",
                               ["set", [["named-uuid", "row0"]]]]]}])
        nb.close()


class World:
    def __init__(self, sandbox, what, mode, timeout, listener):
        self.sandbox = sandbox
        self.mode = mode
        os.mkdir(sandbox.path("pods"))
        self.conf = Database(sandbox.path("ch1/db.sock"), "Open_vSwitch")
        self.conf_lock = threading.Lock()
        self.networks = [Network(self, n, has)
                         for n, has in sorted(what.first.items())]
        for network in self.networks:
            network.write()
            network.make_ports()
        self.nb = Mirror(sandbox.nb(), NB_COLUMNS, timeout, listener)
        self.own = Mirror(sandbox.own(), OWN_COLUMNS, timeout)
        for network in self.networks:
            for pod in order.PODS:
                network.plug(pod)
        self.nb.wait("all ports are up", lambda: all(
            row["up"] is True
            for row in self.nb.rows["Logical_Switch_Port"].values()))

    def chassis(self, mutator, name, port=None):
        """Adds an interface to the chassis, or takes it away."""
        if mutator == "insert":
            operations = [
                {"op": "insert", "table": "Interface", "uuid-name": "i",
                 "row": {"name": name, "type": "dummy",
                         "external_ids": ["map", [["iface-id", port]]]}},
                {"op": "insert", "table": "Port", "uuid-name": "p",
                 "row": {"name": name, "interfaces": ["named-uuid", "i"]}}]
            ref = ["named-uuid", "p"]
        else:
            with self.conf_lock:
                ref = self.conf.select("Port", [["name", "==", name]],
                                       ["_uuid"])[0]["_uuid"]
            operations = []
        operations.append({"op": "mutate", "table": "Bridge",
                           "where": [["name", "==", "br-int"]],
                           "mutations": [["ports", mutator, ["set", [ref]]]]})
        with self.conf_lock:
            self.conf.transact(operations)

    def end(self):
        self.nb.end()
        self.own.end()
        self.conf.close()
