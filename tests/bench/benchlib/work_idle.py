# SPDX-License-Identifier: Apache-2.0
"""Nothing happens: how often the daemon wakes up, what processor time it
takes, and what it sends and receives.  The databases are behind relays that
count bytes."""

import os
import selectors
import socket
import threading
import time

from .proc import Daemon, Sample, cpu_ms, memory_kib, wakeups
from .rpc import connect
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


def run(bench, ports):
    cached = bench.cached(ports)
    seconds = IDLE_QUICK_S if bench.quick else IDLE_S
    with Sandbox() as sandbox:
        load(sandbox, cached, "nb", "sb", "own")
        relayed = Relayed(sandbox)
        with Daemon(bench, relayed, [cached + "/pods",
                                     sandbox.path("moving")]) as daemon:
            daemon.wait_for_plan()
            time.sleep(CALM_S)
            cpu, woken = cpu_ms(daemon.pid), wakeups(daemon.pid)
            sent = relayed.n_bytes()
            time.sleep(seconds)
            sample = Sample(1000 * seconds, cpu_ms(daemon.pid) - cpu,
                            memory_kib(daemon.pid, "VmHWM"),
                            memory_kib(daemon.pid, "VmRSS"))
            woken = wakeups(daemon.pid) - woken
            sent = relayed.n_bytes() - sent
    bench.results.add(NAME, "ovn-ipguard", ports, [sample],
                      wakeups=woken, bytes=sent)
    bench.results.ratio("idle: wake-ups of all threads in a minute", ports,
                        woken * 60 / seconds, 1)
    bench.results.ratio("idle: bytes to and from databases", ports, sent, 0)
    bench.results.ratio("idle: processor time in ms a minute", ports,
                        sample.cpu_ms * 60 / seconds, None)
