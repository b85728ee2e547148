# SPDX-License-Identifier: Apache-2.0
"""An API server with many pods: etcd and kube-apiserver, as
tests/kubernetes/build-cluster built them.  It is filled once and kept; each
run works with a copy."""

import contextlib
import hashlib
import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import time

from . import data
from .bench import progress
from .rpc import Failure
from .sandbox import TOP, cache_folder

KUBERNETES = os.path.join(TOP, "tests", "kubernetes")
REPLICAS = 20
# What the daemon asks for where metadata are enough.
META = ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,"
        "application/json")


# ---- What there is. ----

class Port(data.Port):
    """A pod of a StatefulSet and its port.  The pods of the last StatefulSet
    of each switch name no address, and their ports have none."""

    def __init__(self, switch, n):
        super().__init__(switch, n)
        self.sts = "db%d" % (n // REPLICAS)
        self.ordinal = n % REPLICAS
        self.pod = "%s-%d" % (self.sts, self.ordinal)
        self.name = "%s.%s" % (self.pod, self.ns)
        self.lacking = self.stale = self.single = False
        self.bare = n >= data.SWITCH_PORTS - REPLICAS
        # Its pod does not run: the port is bound to no chassis.
        self.idle = n < REPLICAS
        self.wanted = self.ip


def make_ports(n_pods):
    return [Port(switch, n) for switch in range(n_pods // data.SWITCH_PORTS)
            for n in range(data.SWITCH_PORTS)]


def sets_of(ports):
    for i in range(0, len(ports), REPLICAS):
        yield ports[i:i + REPLICAS]


def notes_of(members):
    if members[0].bare:
        return {}
    return data.annotations(ip_pool=";".join(p.ip for p in members),
                            logical_switch="ls%d" % members[0].switch)


def make_set(members):
    first = members[0]
    return {"apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": first.sts, "namespace": first.ns},
            "spec": {"replicas": len(members), "serviceName": first.sts,
                     "selector": {"matchLabels": {"app": first.sts}},
                     "template": {
                         "metadata": {"labels": {"app": first.sts},
                                      "annotations": notes_of(members)},
                         "spec": {"containers": [{"name": "main",
                                                  "image": "pause"}]}}}}


def revision_name(members):
    return members[0].sts + "-5f4d8c7b9"


def owner(members, uid):
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "uid": uid,
            "name": members[0].sts, "controller": True,
            "blockOwnerDeletion": True}


def make_revision(members, uid):
    return {"apiVersion": "apps/v1", "kind": "ControllerRevision",
            "metadata": {"name": revision_name(members),
                         "namespace": members[0].ns,
                         "labels": {"app": members[0].sts},
                         "ownerReferences": [owner(members, uid)]},
            "revision": 1,
            "data": {"spec": {"template":
                              make_set(members)["spec"]["template"]}}}


def make_pod(p, members, uid, notes=None):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": p.pod, "namespace": p.ns,
                "annotations": notes_of(members) if notes is None else notes,
                "labels": {"app": p.sts,
                           "apps.kubernetes.io/pod-index": str(p.ordinal),
                           "controller-revision-hash":
                               revision_name(members),
                           "statefulset.kubernetes.io/pod-name": p.pod},
                "ownerReferences": [owner(members, uid)]},
            # No such node: nobody starts them.
            "spec": {"nodeName": "none", "terminationGracePeriodSeconds": 0,
                     "containers": [{"name": "main", "image": "pause"}]}}


# ---- The API server. ----

class Cluster:
    """A folder of tests/kubernetes/cluster-up, of which only etcd and the API
    server are left running.  To be used in a with statement."""

    def __init__(self, folder):
        self.folder = folder
        self.server = None
        self.context = None

    def __enter__(self):
        environment = dict(
            os.environ, K8S_WAIT="300", K8S_APISERVER_ARGS=
            "--enable-priority-and-fairness=false "
            "--max-requests-inflight=0 --max-mutating-requests-inflight=0",
            K8S_CONTROLLERS=
            "serviceaccount-controller,node-lifecycle-controller")
        try:
            self.start(environment)
        except BaseException:
            with contextlib.suppress(Failure):
                self.call("cluster-down")
            raise
        return self

    def start(self, environment):
        self.call("cluster-up", environment)
        for name in ("kwok", "kube-scheduler"):
            self.stop(name)
        with open(self.folder + "/server", encoding="ascii") as f:
            self.server = f.read().strip()
        self.context = ssl.create_default_context(
            cafile=self.folder + "/ca.crt")
        self.context.load_cert_chain(self.folder + "/pki/admin.crt",
                                     self.folder + "/pki/admin.key")

    def __exit__(self, *_):
        self.call("cluster-down")

    def call(self, script, environment=None):
        done = subprocess.run(
            [os.path.join(KUBERNETES, script), self.folder], check=False,
            env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise Failure("%s: %s" % (script, done.stdout))

    def stop(self, name):
        with open("%s/run/%s.pid" % (self.folder, name),
                  encoding="ascii") as f:
            os.kill(int(f.read()), signal.SIGTERM)

    def connect(self):
        return http.client.HTTPSConnection(self.server[len("https://"):],
                                           timeout=900, context=self.context)

    def send(self, method, path, body=None, kind="application/json",
             accept="application/json"):
        conn = self.connect()
        conn.request(method, path, body and json.dumps(body),
                     {"Content-Type": kind, "Accept": accept})
        answer = conn.getresponse()
        text = answer.read()
        conn.close()
        if answer.status >= 300:
            raise Failure("%s %s: %d %s" % (method, path, answer.status,
                                            text[:300]))
        return json.loads(text)

    def pages(self, path, accept):
        """The paths of all pages of a list, and their objects."""
        paths, objects, token = [], [], None
        while token != "":
            paths.append(path + ("&continue=" + token if token else ""))
            page = self.send("GET", paths[-1], accept=accept)
            objects += page["items"]
            token = page["metadata"].get("continue", "")
        return paths, objects

    def send_many(self, requests):
        """Makes objects, many at a time: (method, path, kind, object)."""
        with tempfile.NamedTemporaryFile("w", suffix=".curl") as f:
            for i, (method, path, kind, obj) in enumerate(requests):
                if i:
                    f.write("next\n")
                f.write('url = "%s%s"\nrequest = %s\n'
                        'header = "Content-Type: %s"\ndata = %s\n'
                        'output = "/dev/null"\nsilent\nfail\n'
                        'show-error\ncacert = "%s/ca.crt"\n'
                        'cert = "%s/pki/admin.crt"\n'
                        'key = "%s/pki/admin.key"\n'
                        % (self.server, path, method, kind,
                           json.dumps(json.dumps(obj)), self.folder,
                           self.folder, self.folder))
            f.flush()
            done = subprocess.run(
                ["curl", "--parallel", "--parallel-max", "48",
                 "--no-progress-meter", "--fail-early", "-K", f.name],
                check=False, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise Failure("curl: %s" % done.stdout[-2000:])

    def token(self):
        with open(self.folder + "/client.token", encoding="ascii") as f:
            return f.read().strip()


def fill(cluster, ports):
    """Namespaces, StatefulSets with their status and revisions, pods."""
    spaces = sorted({p.ns for p in ports})
    core, apps = "/api/v1/namespaces", "/apis/apps/v1/namespaces"
    kind = "application/json"
    cluster.send_many([("POST", core, kind, {
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}})
        for ns in spaces])
    for ns in spaces:
        deadline = time.monotonic() + 300
        while not cluster.send("GET", "%s/%s/serviceaccounts"
                               % (core, ns))["items"]:
            if time.monotonic() > deadline:
                raise Failure("no ServiceAccount in %s" % ns)
            time.sleep(0.2)
    groups = list(sets_of(ports))
    progress("%d StatefulSets" % len(groups))
    cluster.send_many([("POST", "%s/%s/statefulsets" % (apps, g[0].ns), kind,
                        make_set(g)) for g in groups])
    uids = set_uids(cluster)
    requests = []
    for g in groups:
        key = g[0].ns, g[0].sts
        requests.append(("POST", "%s/%s/controllerrevisions" % (apps, key[0]),
                         kind, make_revision(g, uids[key])))
        requests.append((
            "PATCH", "%s/%s/statefulsets/%s/status" % ((apps,) + key),
            "application/merge-patch+json", {"status": {
                "observedGeneration": 1, "replicas": len(g),
                "readyReplicas": len(g), "currentReplicas": len(g),
                "updatedReplicas": len(g),
                "currentRevision": revision_name(g),
                "updateRevision": revision_name(g)}}))
    cluster.send_many(requests)
    progress("%d pods" % len(ports))
    for i in range(0, len(groups), 500):
        cluster.send_many([
            ("POST", "%s/%s/pods" % (core, p.ns), kind,
             make_pod(p, g, uids[p.ns, p.sts]))
            for g in groups[i:i + 500] for p in g])


def set_uids(cluster):
    _, objects = cluster.pages("/apis/apps/v1/statefulsets?limit=500",
                               META)
    return {(o["metadata"]["namespace"], o["metadata"]["name"]):
            o["metadata"]["uid"] for o in objects}


def cached_cluster(ports):
    """The folder of a filled cluster."""
    digest = hashlib.sha256()
    for path in (os.path.join(KUBERNETES, "go.sum"), __file__):
        with open(path, "rb") as f:
            digest.update(f.read())
    parent = cache_folder()
    prefix = "kubernetes-%d-" % len(ports)
    target = os.path.join(parent, prefix + digest.hexdigest()[:12])
    if os.path.isdir(target):
        return target
    os.makedirs(parent, exist_ok=True)
    for old in os.listdir(parent):
        if old.startswith(prefix):
            shutil.rmtree(os.path.join(parent, old))
    progress("filling an API server with %d pods (kept in %s)"
             % (len(ports), target))
    partial = target + ".tmp.%d" % os.getpid()
    try:
        with Cluster(partial) as cluster:
            fill(cluster, ports)
        os.rename(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target
