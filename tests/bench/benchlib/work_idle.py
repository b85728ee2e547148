# SPDX-License-Identifier: Apache-2.0
"""Nothing happens: how often the daemon wakes up, what processor time it
takes, and what it sends and receives.  It is in the mode "guard", with a lock
and a database of its own, and what was out of order has been put in order.
The databases are behind relays that count bytes."""

import contextlib
import os
import selectors
import socket
import threading
import time

from . import work_hold
from .northd import Northd
from .proc import Daemon, Sample, cpu_ms, memory_kib, wakeups
from .rpc import Failure, connect
from .sandbox import Sandbox, load

NAME = "idle"
WHAT = "nothing happens"

IDLE_S = 600
IDLE_QUICK_S = 15
# What follows the start: the settle time, and what is given back.
CALM_S = 8


class Relay(threading.Thread):
    """Passes everything on between a socket of its own and a server's."""

    def __init__(self, path, server):
        super().__init__(daemon=True)
        self.server = server
        self.n_bytes = 0
        self.listener = socket.socket(socket.AF_UNIX)
        fd = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.listener.bind("/proc/self/fd/%d/%s"
                               % (fd, os.path.basename(path)))
        finally:
            os.close(fd)
        self.listener.listen()
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ, None)
        self.start()

    def run(self):
        while True:
            for key, _ in self.selector.select():
                if key.data is None:
                    client = self.listener.accept()[0]
                    server = connect(self.server)
                    for one, other in ((client, server), (server, client)):
                        one.settimeout(None)
                        self.selector.register(one, selectors.EVENT_READ,
                                               other)
                else:
                    self.copy(key.fileobj, key.data)

    def copy(self, source, target):
        try:
            data = source.recv(1 << 20)
            self.n_bytes += len(data)
            if data:
                target.sendall(data)
                return
        except OSError:
            pass
        for end in (source, target):
            if end in self.selector.get_map():
                self.selector.unregister(end)
            end.close()


class Relayed:
    """A sandbox whose databases are reached through relays."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.folder = sandbox.folder
        self.relays = {part: Relay(sandbox.path(part + ".relay.sock"),
                                   sandbox.path(part + ".sock"))
                       for part in ("nb", "sb", "own")}

    def path(self, name):
        return self.sandbox.path(name)

    def remote(self, part):
        return "unix:" + self.path(part + ".relay.sock")

    def n_bytes(self):
        return sum(relay.n_bytes for relay in self.relays.values())


class Idler:
    """A daemon of its own databases, that has nothing to do."""

    def __init__(self, bench, ports, stack):
        self.ports = ports
        sandbox = stack.enter_context(Sandbox())
        cached = bench.cached(ports)
        load(sandbox, cached, "nb", "sb", "own")
        self.relayed = Relayed(sandbox)
        self.daemon = stack.enter_context(
            Daemon(bench, self.relayed, [cached + "/pods",
                                         sandbox.path("moving")], "guard"))
        self.daemon.wait_for_plan()
        self.daemon.wait_for("this instance is now active")
        with Northd(sandbox):
            # Longer than it takes until the first address is taken.
            time.sleep(CALM_S)
            own = sandbox.own()
            work_hold.wait_for_no_hold(own)
            if not own.select("Journal", [], ["_uuid"]):
                raise Failure("idle: nothing was put in order")
            own.close()

    def read(self):
        pid = self.daemon.pid
        return cpu_ms(pid), wakeups(pid), self.relayed.n_bytes()


def run_sizes(bench, sizes):
    """All sizes side by side: those that do nothing are in nobody's way."""
    seconds = IDLE_QUICK_S if bench.quick else IDLE_S
    with contextlib.ExitStack() as stack:
        idlers = [Idler(bench, ports, stack) for ports in sizes]
        time.sleep(CALM_S)
        before = [idler.read() for idler in idlers]
        time.sleep(seconds)
        for idler, then in zip(idlers, before):
            cpu, woken, sent = (
                end - begin for begin, end in zip(then, idler.read()))
            pid = idler.daemon.pid
            add(bench.results, idler.ports, seconds, woken, sent,
                Sample(1000 * seconds, cpu, memory_kib(pid, "VmHWM"),
                       memory_kib(pid, "VmRSS")))


def add(results, ports, seconds, woken, sent, sample):
    results.add(NAME, "ovn-ipguard", ports, [sample],
                wakeups=woken, bytes=sent)
    results.ratio("idle: wake-ups of all threads in a minute", ports,
                  woken * 60 / seconds, 1)
    results.ratio("idle: bytes to and from databases", ports, sent, 0)
    results.ratio("idle: processor time in ms a minute", ports,
                  sample.cpu_ms * 60 / seconds, None)
