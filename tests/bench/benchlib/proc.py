# SPDX-License-Identifier: Apache-2.0
"""Programs under measurement: time, processor time and memory."""

import os
import re
import subprocess
import threading
import time

from .rpc import Failure, TIMEOUT_S, ask


class Sample:
    """One measured run.  None is what was not measured."""

    def __init__(self, ms, cpu_ms=None, peak_kib=None, steady_kib=None):
        self.ms = ms
        self.cpu_ms = cpu_ms
        self.peak_kib = peak_kib
        self.steady_kib = steady_kib


def memory_kib(pid, what):
    """'what' is VmHWM or VmRSS.  None for a process that has ended."""
    try:
        with open("/proc/%d/status" % pid, encoding="utf-8") as f:
            m = re.search(what + r":\s+(\d+) kB", f.read())
    except OSError:
        return None
    return int(m.group(1)) if m else None


def cpu_ms(pid):
    """Of all its threads, as the scheduler counts it."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task),
                  encoding="utf-8") as f:
            total += int(f.read().split()[0])
    return total / 1e6


def wakeups(pid):
    """How often its threads went to sleep, in other words woke up."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/status" % (pid, task),
                  encoding="utf-8") as f:
            total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)",
                                   f.read(), re.M).group(1))
    return total


def run_to_end(argv, env=None, wanted=0):
    """Runs 'argv', whose output goes nowhere, to its end, with the exit status
    'wanted'."""
    start = time.monotonic()
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, env=env,
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE) as child:
        peak = 0
        # What wait4() says of memory includes this program's own from before
        # the exec().
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, memory_kib(child.pid, "VmHWM") or 0)
            time.sleep(0.002)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != wanted:
            raise Failure("%s: %s" % (" ".join(argv),
                                      child.stderr.read().decode()))
    return Sample(1000 * (time.monotonic() - start),
                  1000 * (usage.ru_utime + usage.ru_stime), peak)


class Program:
    """A program that goes on running.  To be used in a with statement."""

    def __init__(self, argv, env=None):
        self.argv = argv
        self.start = time.monotonic()
        # A pipe for what it says; "what" is on standard output or error.
        # pylint: disable=consider-using-with
        self.child = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env=env)
        self.pid = self.child.pid
        self.said = []
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.terminate()
        self.child.wait()
        self.reader.join()
        self.child.stdout.close()

    def read(self):
        for line in self.child.stdout:
            now = time.monotonic()
            with self.news:
                self.said.append((now, line.rstrip("\n")))
                self.news.notify_all()
        with self.news:
            self.said.append((time.monotonic(), None))
            self.news.notify_all()

    def wait_for(self, pattern, since=0):
        """Waits for a line, from the one with number 'since' on.  Returns
        the time that it came and the match."""
        deadline = time.monotonic() + TIMEOUT_S
        n = since
        while True:
            with self.news:
                while n >= len(self.said):
                    if not self.news.wait(deadline - time.monotonic()):
                        raise Failure("%s: does not say \"%s\""
                                      % (self.argv[0], pattern))
                when, line = self.said[n]
            if line is None:
                raise Failure("%s: ended without saying \"%s\":\n%s"
                              % (" ".join(self.argv), pattern, "\n".join(
                                  text for _, text in self.said[-20:] if text)))
            m = re.search(pattern, line)
            if m:
                return when, m
            n += 1

    def sample(self, when):
        return Sample(1000 * (when - self.start), cpu_ms(self.pid),
                      memory_kib(self.pid, "VmHWM"),
                      memory_kib(self.pid, "VmRSS"))


FIRST_PLAN = "first plan: "


class Daemon(Program):
    """ovn-ipguard on the databases of a sandbox."""

    def __init__(self, bench, sandbox, pods, mode="observe", options=()):
        self.ctl = sandbox.path("ovn-ipguard.ctl")
        super().__init__([
            bench.daemon, "--mode=" + mode,
            "--ovnnb-db=" + sandbox.remote("nb"),
            "--ovnsb-db=" + sandbox.remote("sb"),
            "--db=" + (sandbox.remote("own") if mode != "observe" else "none"),
            "--unixctl=" + self.ctl, "-vconsole:info", "-vsyslog:off",
        ] + ["--pods=" + folder for folder in pods] + list(options))

    def ask(self, command, *args):
        return ask(self.ctl, command, *args)

    def wait_for_plan(self):
        return self.wait_for(FIRST_PLAN)[0]

    def reset_turns(self):
        self.ask("stopwatch/reset")

    def longest_turn_ms(self):
        text = self.ask("stopwatch/show", "ovn-ipguard-loop")
        return float(re.search(r"Maximum: (\d+)", text).group(1))

    def counters(self):
        # The library adds to its totals when it wakes, once a second at most.
        for _ in range(2):
            self.ask("coverage/show")
            time.sleep(1.2)
        text = self.ask("coverage/show")
        return {name: int(value) for name, value in
                re.findall(r"^(\w+) .*total: (\d+)$", text, re.M)}
