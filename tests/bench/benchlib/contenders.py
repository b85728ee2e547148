# SPDX-License-Identifier: Apache-2.0
"""The other clients of the Northbound database."""

import ctypes.util
import os
import signal
import subprocess
import time

from . import data
from .proc import (PATIENCE_S, Program, Sample, cpu_ms, memory_kib,
                   run_to_end)
from .rpc import Failure, Rpc

PORT_COLUMNS = ["_uuid", "addresses", "dynamic_addresses", "enabled",
                "external_ids", "name", "options", "port_security", "type"]
SYSTEM_PYTHON = "/usr/bin/python3"
JEMALLOC = "libjemalloc.so.2"
# Between two changes, of each contender: a server that is given no rest puts
# off what it has to free, and does it while somebody waits.
PAUSE_S = 0.4
# Of that, after a change, until the processor time that it took is read: the
# daemon's journal is written by then.
READ_S = 0.1


def nbctl(sandbox, *args):
    """One call of ovn-nbctl."""
    return ["ovn-nbctl", "--db=" + sandbox.remote("nb"), "--no-leader-only",
            "-t", "900"] + list(args)


def client_env():
    env = dict(os.environ)
    for name in ("OVN_NB_DAEMON", "OVN_NBCTL_OPTIONS"):
        env.pop(name, None)
    return env


def end_process(pid):
    """Waits for the end of a process that was told to end, and that is
    nobody's child here."""
    deadline = time.monotonic() + PATIENCE_S
    while os.path.exists("/proc/%d" % pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline += PATIENCE_S
        time.sleep(0.01)


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
        try:
            self.rpc.call("exit", [])
        except (Failure, OSError):
            pass                # It is gone, or does not answer.
        self.rpc.close()
        end_process(self.pid)


def have_jemalloc():
    return ctypes.util.find_library("jemalloc") == JEMALLOC


def have_ovsdbapp():
    return not subprocess.run([SYSTEM_PYTHON, "-c", "import ovsdbapp"],
                              check=False, stderr=subprocess.DEVNULL
                              ).returncode


# ---- The first copy. ----

def load_floor(bench, sandbox, _cached, allocator="libc", env=None):
    with Program([bench.floor, sandbox.remote("nb"), "load"],
                 dict(os.environ, **(env or {}))) as program:
        sample = program.sample(program.wait_for("^ready$")[0])
        program.wait_for("^trimmed %s$" % allocator)
        sample.steady_kib = memory_kib(program.pid, "VmRSS")
        return sample


def load_floor_jemalloc(bench, sandbox, cached):
    """With the allocator that the daemon has, set up as there."""
    return load_floor(bench, sandbox, cached, "jemalloc", {
        "LD_PRELOAD": JEMALLOC,
        "MALLOC_CONF": "narenas:1,dirty_decay_ms:-1,muzzy_decay_ms:0"})


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


def pace(pid, ports, set_one):
    """Returns samples of process 'pid', with the milliseconds that set_one()
    returned for each of 'ports', the first of which only warms up."""
    samples = []
    for p in ports:
        time.sleep(PAUSE_S - READ_S)
        cpu = cpu_ms(pid)
        ms = set_one(p)
        time.sleep(READ_S)
        samples.append(Sample(ms, cpu_ms(pid) - cpu,
                              memory_kib(pid, "VmHWM")))
    return samples[1:]


def set_by_program(argv, sandbox, ports, unit_ms):
    """By one that reads lines, and prints how long each took."""
    with Program(argv) as program:
        program.wait_for("^ready$")
        sandbox.settle()

        def set_one(p):
            n = len(program.said)
            program.child.stdin.write(lines([p]))
            program.child.stdin.flush()
            return unit_ms * float(program.wait_for(r"^[\d.]+$",
                                                    n)[1].group(0))

        return pace(program.pid, ports, set_one)


def set_floor(bench, sandbox, ports):
    return set_by_program([bench.floor, sandbox.remote("nb"), "set"], sandbox,
                          ports, 0.001)


def storm_floor(bench, sandbox, ports, batch):
    """Sets all of 'ports', 'batch' in each transaction.  Its time is that of
    all transactions."""
    with Program([bench.floor, sandbox.remote("nb"), "set",
                  str(batch)]) as program:
        program.wait_for("^trimmed")
        sandbox.settle()
        cpu, peak = cpu_ms(program.pid), memory_kib(program.pid, "VmHWM")
        program.child.stdin.write(lines(ports))
        program.child.stdin.close()
        done = program.wait_for(r"^done (\d+)$")[1]
        ms = sum(int(text) for _, text in program.said
                 if text and text.isdecimal()) / 1000
        return Sample(ms, int(done.group(1)) / 1000 - cpu, peak)


def set_nbctl_daemon(_bench, sandbox, ports):
    with Nbctl(sandbox) as daemon:
        daemon.run("get", "NB_Global", ".", "nb_cfg")
        sandbox.settle()

        def set_one(p):
            start = time.monotonic()
            daemon.run("lsp-set-addresses", p.name, p.full())
            return 1000 * (time.monotonic() - start)

        return pace(daemon.pid, ports, set_one)


def set_nbctl_cold(_bench, sandbox, ports):
    """Each call begins anew, so that none warms up."""
    return [run_to_end(nbctl(sandbox, "lsp-set-addresses", p.name, p.full()),
                       client_env()) for p in ports]


def set_ovsdbapp(bench, sandbox, ports):
    return set_by_program([SYSTEM_PYTHON, bench.path("load-ovsdbapp"),
                           sandbox.remote("nb"), "set"], sandbox, ports, 1)


def chain_nbctl(sandbox, ports):
    """One call of ovn-nbctl for each 1,000 ports, commands chained with
    "--"."""
    samples = []
    for i in range(0, len(ports), 1000):
        args = []
        for p in ports[i:i + 1000]:
            args += ["--", "lsp-set-addresses", p.name, p.full()]
        samples.append(run_to_end(nbctl(sandbox, *args[1:]), client_env()))
    return Sample(sum(s.ms for s in samples), sum(s.cpu_ms for s in samples),
                  max(s.peak_kib for s in samples))


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
