# SPDX-License-Identifier: Apache-2.0
"""What the databases and manifests of the benchmarks hold.

There are 1000 ports of pods on each switch, as Kube-OVN writes them: 20
StatefulSets of 20 pods with an ip_pool, 500 plain pods with an address, and
100 plain pods without one, whose ports have a MAC alone: the benchmarks of
changes give them their addresses.  Two things are out of order, each SEEDS
times, all on the first switch: a port lacks the address that its pod wants,
and a port has an address that its StatefulSet, without a pod at that time,
has replaced by another.

ovn-northd would take longer to fill the Southbound database than everything
else together, so that what it and one chassis would have made of the ports is
written here.
"""

import json
import os
import random

SWITCH_PORTS = 1000
SETS = 20               # StatefulSets on a switch, and the replicas of each.
SEEDS = 10
BARE = 100              # Ports of a switch without an address.
SINGLES = 60            # Those of the first switch with a file of their own.


class Port:
    """One pod and its port."""

    def __init__(self, switch, n):
        self.switch = switch
        self.n = n
        self.ns = "ns%d" % switch
        self.mac = "0a:00:00:%02x:%02x:%02x" % (switch, n >> 8, n & 255)
        self.ip = "10.%d.%d.%d" % (switch, n // 200, n % 200 + 10)
        self.bare = n >= SWITCH_PORTS - BARE
        self.single = (switch == 0 and self.bare
                       and n >= SWITCH_PORTS - SINGLES)
        if n < SETS * SETS:
            self.sts = "db%d" % (n // SETS)
            self.ordinal = n % SETS
            self.pod = "%s-%d" % (self.sts, self.ordinal)
        else:
            self.sts = None
            self.pod = "web%d" % n
        self.name = "%s.%s" % (self.pod, self.ns)
        seed = switch == 0 and self.sts and n // SETS < SEEDS
        self.lacking = bool(seed and self.ordinal == SETS - 2)
        self.stale = bool(seed and self.ordinal == SETS - 1)
        # What its StatefulSet wants for it.
        self.wanted = self.ip
        if self.stale:
            self.wanted = "10.%d.200.%d" % (switch, n // SETS + 10)

    def full(self):
        return "%s %s" % (self.mac, self.ip)

    def addresses(self):
        return self.mac if self.lacking or self.bare else self.full()


def make_ports(n_ports):
    return [Port(switch, n) for switch in range(n_ports // SWITCH_PORTS)
            for n in range(SWITCH_PORTS)]


def switches(ports):
    for i in range(0, len(ports), SWITCH_PORTS):
        yield ports[i].switch, ports[i:i + SWITCH_PORTS]


def fill_nb(nb, ports, seed):
    """Rows come in an order of chance, as they do where pods come and go."""
    chance = random.Random(seed)
    nb.transact([{"op": "insert", "table": "NB_Global",
                  "row": {"name": "bench"}}])
    for switch, members in switches(ports):
        members = members[:]
        chance.shuffle(members)
        nb.transact([{
            "op": "insert", "table": "Logical_Switch_Port",
            "uuid-name": "p%d" % p.n,
            "row": {"name": p.name, "addresses": p.addresses(),
                    "port_security": p.full(),
                    "external_ids": ["map", [
                        ["vendor", "kube-ovn"], ["ls", "ls%d" % switch],
                        ["pod", "%s/%s" % (p.ns, p.pod)]]]},
        } for p in members] + [{
            "op": "insert", "table": "Logical_Switch",
            "row": {"name": "ls%d" % switch,
                    "ports": ["set", [["named-uuid", "p%d" % p.n]
                                      for p in members]]}}])


def binding(p, chassis):
    row = {"logical_port": p.name, "mac": p.addresses(),
           "port_security": p.full(),
           "datapath": ["named-uuid", "dp"], "tunnel_key": p.n + 1}
    if not (p.stale or p.lacking or p.bare):
        row["chassis"] = chassis
        row["up"] = True
    return {"op": "insert", "table": "Port_Binding", "row": row}


def fill_sb(sb, nb, ports):
    """What ovn-northd and one chassis would have made of it."""
    uuids = {row["name"]: row["_uuid"][1] for row in
             nb.select("Logical_Switch", [], ["name", "_uuid"])}
    sb.transact([
        {"op": "insert", "table": "SB_Global", "row": {}},
        {"op": "insert", "table": "Encap", "uuid-name": "encap",
         "row": {"type": "geneve", "ip": "192.168.0.1",
                 "chassis_name": "ch1"}},
        {"op": "insert", "table": "Chassis", "uuid-name": "chassis",
         "row": {"name": "ch1", "hostname": "ch1",
                 "encaps": ["named-uuid", "encap"]}},
        {"op": "insert", "table": "Chassis_Private",
         "row": {"name": "ch1", "chassis": ["named-uuid", "chassis"]}}])
    chassis = sb.select("Chassis", [], ["_uuid"])[0]["_uuid"]
    for switch, members in switches(ports):
        name = "ls%d" % switch
        sb.transact([{
            "op": "insert", "table": "Datapath_Binding", "uuid-name": "dp",
            "row": {"tunnel_key": switch + 1,
                    "external_ids": ["map", [["name", name],
                                             ["logical-switch",
                                              uuids[name]]]]}}]
                    + [binding(p, chassis) for p in members])


# ---- Manifests. ----

def annotations(**values):
    return {"ovn.kubernetes.io/" + key: value
            for key, value in values.items()}


def make_set(members):
    first = members[0]
    pool = ";".join(p.wanted for p in members)
    return {"apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": first.sts, "namespace": first.ns,
                         "uid": "sts-%s-%s" % (first.ns, first.sts)},
            "spec": {"replicas": len(members), "serviceName": first.sts,
                     "selector": {"matchLabels": {"app": first.sts}},
                     "template": {
                         "metadata": {"labels": {"app": first.sts},
                                      "annotations":
                                          annotations(ip_pool=pool)},
                         "spec": {"containers": [{"name": "main"}]}}}}


def make_pod(p, notes=None):
    metadata = {"name": p.pod, "namespace": p.ns,
                "uid": "pod-%s-%s" % (p.ns, p.pod),
                "creationTimestamp": "2026-01-01T00:00:00Z"}
    owner = {"controller": True, "blockOwnerDeletion": True}
    if p.sts:
        owner.update(apiVersion="apps/v1", kind="StatefulSet", name=p.sts,
                     uid="sts-%s-%s" % (p.ns, p.sts))
    else:
        owner.update(apiVersion="apps/v1", kind="ReplicaSet", name="web",
                     uid="rs-%s" % p.ns)
    if notes:
        metadata["annotations"] = dict(notes)
    metadata["ownerReferences"] = [owner]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata,
            "spec": {"nodeName": "ch1", "containers": [{"name": "main"}]},
            "status": {"phase": "Running"}}


def write_list(path, items):
    """As safely as the manual tells users to: beside it, then over it."""
    with open(path + ".tmp", "w", encoding="utf-8") as f:
        json.dump({"apiVersion": "v1", "kind": "List", "items": items}, f)
    os.rename(path + ".tmp", path)


def write_switch(folder, members):
    """The objects of one switch that no benchmark changes."""
    items = []
    for i in range(0, SETS * SETS, SETS):
        replicas = members[i:i + SETS]
        sts = make_set(replicas)
        items.append(sts)
        notes = sts["spec"]["template"]["metadata"]["annotations"]
        items += [make_pod(p, notes) for p in replicas if not p.stale]
    items += [make_pod(p) for p in members[SETS * SETS:] if not p.bare]
    write_list(os.path.join(folder, "%s.json" % members[0].ns), items)


def write_bare(folder, members):
    """The bare pods of a switch other than the single ones."""
    write_list(os.path.join(folder, "%s-bare.json" % members[0].ns),
               [make_pod(p) for p in members if p.bare and not p.single])


def write_single(folder, p, ip=None):
    write_list(os.path.join(folder, "single-%d.json" % p.n),
               [make_pod(p, annotations(ip_address=ip) if ip else None)])


def write_manifests(folder, ports):
    """Two folders: what stays, and what benchmarks change."""
    still, moving = folder + "/pods", folder + "/moving"
    os.mkdir(still)
    os.mkdir(moving)
    for _, members in switches(ports):
        write_switch(still, members)
        write_bare(moving, members)
    for p in ports[:SWITCH_PORTS]:
        if p.single:
            write_single(moving, p)
