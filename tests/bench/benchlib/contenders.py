# SPDX-License-Identifier: Apache-2.0
"""The other clients of the Northbound database."""

import os
import re
import subprocess
import time

from . import data
from .proc import Program, Sample, cpu_ms, memory_kib, run_to_end
from .rpc import Failure, Rpc

PORT_COLUMNS = ["_uuid", "addresses", "dynamic_addresses", "enabled",
                "external_ids", "name", "options", "port_security", "type"]
SYSTEM_PYTHON = "/usr/bin/python3"


def nbctl(sandbox, *args):
    """One call of ovn-nbctl."""
    return ["ovn-nbctl", "--db=" + sandbox.remote("nb"), "--no-leader-only",
            "-t", "900"] + list(args)


def client_env():
    env = dict(os.environ)
    for name in ("OVN_NB_DAEMON", "OVN_NBCTL_OPTIONS"):
        env.pop(name, None)
    return env


class Nbctl:
    """ovn-nbctl as a daemon, spoken to over its control socket: without what
    it would take to start a client for each command."""

    def __init__(self, sandbox):
        pidfile = sandbox.path("nbctl.pid")
        env = dict(client_env(), OVN_RUNDIR=sandbox.folder)
        self.start = time.monotonic()
        done = subprocess.run(
            nbctl(sandbox, "--detach", "--pidfile=" + pidfile,
                  "--log-file=" + sandbox.path("nbctl.log")),
            check=False, env=env, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        if done.returncode:
            raise Failure("ovn-nbctl --detach: " + done.stderr)
        self.rpc = Rpc(done.stdout.strip())
        with open(pidfile, encoding="utf-8") as f:
            self.pid = int(f.read())

    def __enter__(self):
        return self

    def run(self, *args):
        return self.rpc.call("run", list(args))

    def sample(self):
        return Sample(1000 * (time.monotonic() - self.start),
                      cpu_ms(self.pid), memory_kib(self.pid, "VmHWM"),
                      memory_kib(self.pid, "VmRSS"))

    def __exit__(self, *_):
        self.rpc.call("exit", [])
        self.rpc.close()
        while os.path.exists("/proc/%d" % self.pid):
            time.sleep(0.01)


def have_ovsdbapp():
    return not subprocess.run([SYSTEM_PYTHON, "-c", "import ovsdbapp"],
                              check=False, stderr=subprocess.DEVNULL
                              ).returncode


# ---- The first copy. ----

def load_floor(bench, sandbox, _cached):
    with Program([bench.floor, sandbox.remote("nb"), "load"]) as program:
        return program.sample(program.wait_for("^ready$")[0])


def load_nbctl_cold(_bench, sandbox, _cached):
    return run_to_end(nbctl(sandbox, "--columns=" + ",".join(PORT_COLUMNS),
                            "list", "Logical_Switch_Port"), client_env())


def load_nbctl_daemon(_bench, sandbox, _cached):
    """A daemon answers when it has a copy."""
    with Nbctl(sandbox) as daemon:
        daemon.run("get", "NB_Global", ".", "nb_cfg")
        return daemon.sample()


def load_ovsdbapp(bench, sandbox, _cached):
    with Program([SYSTEM_PYTHON, bench.path("load-ovsdbapp"),
                  sandbox.remote("nb"), "load"]) as program:
        return program.sample(program.wait_for("^ready$")[0])


def load_dump(_bench, sandbox, _cached):
    return run_to_end(["ovsdb-client", "-t", "900", "dump",
                       sandbox.remote("nb"), "OVN_Northbound",
                       "Logical_Switch_Port"] + PORT_COLUMNS)


# ---- Setting addresses. ----

def lines(ports):
    return "".join("%s\t%s\n" % (p.name, p.full()) for p in ports)


def set_floor(bench, sandbox, ports, batch=1):
    """Returns the milliseconds of each transaction."""
    with Program([bench.floor, sandbox.remote("nb"), "set",
                  str(batch)]) as program:
        program.wait_for("^ready$")
        sandbox.settle()
        program.child.stdin.write(lines(ports))
        program.child.stdin.close()
        program.wait_for("^done$")
        return [int(text) / 1000 for _, text in program.said
                if text and re.match(r"\d+$", text)]


def set_nbctl_daemon(_bench, sandbox, ports):
    with Nbctl(sandbox) as daemon:
        daemon.run("get", "NB_Global", ".", "nb_cfg")
        sandbox.settle()
        times = []
        for p in ports:
            start = time.monotonic()
            daemon.run("lsp-set-addresses", p.name, p.full())
            times.append(1000 * (time.monotonic() - start))
        return times


def set_nbctl_cold(_bench, sandbox, ports):
    return [run_to_end(nbctl(sandbox, "lsp-set-addresses", p.name, p.full()),
                       client_env()).ms for p in ports]


def set_ovsdbapp(bench, sandbox, ports):
    with Program([SYSTEM_PYTHON, bench.path("load-ovsdbapp"),
                  sandbox.remote("nb"), "set"]) as program:
        program.wait_for("^ready$")
        sandbox.settle()
        times = []
        for p in ports:
            n = len(program.said)
            program.child.stdin.write(lines([p]))
            program.child.stdin.flush()
            times.append(float(program.wait_for(r"^[\d.]+$", n)[1].group(0)))
        return times


def chain_nbctl(sandbox, ports):
    """One call of ovn-nbctl for each 1,000 ports, commands chained with
    "--"."""
    start = time.monotonic()
    for i in range(0, len(ports), 1000):
        args = []
        for p in ports[i:i + 1000]:
            args += ["--", "lsp-set-addresses", p.name, p.full()]
        run_to_end(nbctl(sandbox, *args[1:]), client_env())
    return 1000 * (time.monotonic() - start)


def reset_ports(sandbox, ports):
    """Takes the addresses of 'ports' off again.  By uuid: for each other
    condition the server looks at all rows."""
    nb = sandbox.nb()
    uuids = {row["name"]: row["_uuid"] for row in nb.select(
        "Logical_Switch_Port", [], ["_uuid", "name"])}
    for i in range(0, len(ports), data.SWITCH_PORTS):
        nb.transact([{"op": "update", "table": "Logical_Switch_Port",
                      "where": [["_uuid", "==", uuids[p.name]]],
                      "row": {"addresses": p.addresses()}}
                     for p in ports[i:i + data.SWITCH_PORTS]])
    nb.close()
