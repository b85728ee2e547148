# SPDX-License-Identifier: Apache-2.0
"""The daemon under test, or an active and a standby one, which are killed at
moments of chance."""

import os
import subprocess
import threading
import time

from benchlib.rpc import Failure, ask

from .world import Stopped

# Short times: what counts is the order of events.
OPTIONS = ["--settle-time=100", "--unseen-settle=200",
           "--barrier-interval=100", "--cni-gc=0",
           # As many clears as here would be an accident elsewhere.
           "--brake-clears=1000000", "--brake-floor=1000000",
           # A slow machine is no reason to open a gate unclean.
           "--gate-max-seconds=3600", "--chassis-timeout=3600",
           "--journal-max=1000000"]


class Daemon:
    def __init__(self, program, sandbox, mode, n):
        self.sandbox = sandbox
        self.name = "ovn-ipguard-%d" % n
        self.argv = [program, "--no-chdir", "-vconsole:off", "-vsyslog:off",
                     "--pidfile=" + sandbox.path(self.name + ".pid"),
                     "--log-file=" + sandbox.path(self.name + ".log"),
                     "--unixctl=" + sandbox.path(self.name + ".ctl"),
                     "--ovnnb-db=" + sandbox.remote("nb"),
                     "--ovnsb-db=" + sandbox.remote("sb"),
                     "--db=" + sandbox.remote("own"),
                     "--pods=" + sandbox.path("pods"),
                     "--dialect=kube-ovn", "--mode=" + mode] + OPTIONS
        self.stderr = open(sandbox.path(self.name + ".stderr"), "ab")
        self.child = None
        self.start()

    def start(self):
        self.child = subprocess.Popen(
            self.argv, stdin=subprocess.DEVNULL, stdout=self.stderr,
            stderr=self.stderr,
            env=dict(os.environ, OVN_RUNDIR=self.sandbox.folder))

    def ask(self, command, *args):
        return ask(self.sandbox.path(self.name + ".ctl"), command, *args)

    def check(self):
        """It must not have ended by itself."""
        if self.child.poll() is not None:
            raise Failure("the daemon ended, with status %d"
                          % self.child.returncode)

    def kill(self):
        self.check()
        self.child.kill()
        self.child.wait()

    def stop(self, timeout):
        """As an operator does."""
        self.check()
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.ask("exit")
                break
            except OSError:     # It has just been started.
                self.check()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        if self.child.wait(timeout):
            raise Failure("exit: status %d" % self.child.returncode)

    def end(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        self.stderr.close()


class Crasher(threading.Thread):
    """Kills daemons as the order says."""

    def __init__(self, daemons, crashes, run):
        super().__init__(daemon=True)
        self.daemons = daemons
        self.crashes = crashes
        self.run_state = run
        self.done = 0
        self.start()

    def run(self):
        state = self.run_state
        try:
            for crash in self.crashes:
                state.wait_begun(crash.number)
                time.sleep(crash.delay)
                daemon = self.daemons[crash.instance % len(self.daemons)]
                if crash.orderly:
                    daemon.stop(state.timeout)
                else:
                    daemon.kill()
                time.sleep(crash.down)
                daemon.start()
                self.done += 1
        except Stopped:
            pass
        except Exception as e:      # pylint: disable=broad-except
            state.fail("crash: %s" % e)
