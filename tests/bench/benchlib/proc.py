# SPDX-License-Identifier: Apache-2.0
"""Programs under measurement: time, processor time and memory."""

import os
import re
import select
import subprocess
import tempfile
import threading
import time

from .rpc import Failure, TIMEOUT_S, ask

# For a program to end that was told to.
PATIENCE_S = 60


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


def end_child(child):
    """Ends a program, whatever state it is in."""
    if child.stdin:
        try:
            child.stdin.close()
        except OSError:
            pass                # It has ended, and did not read everything.
    child.terminate()
    try:
        child.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def watch_to_end(child):
    """Returns the status, the usage, and the largest amount of memory: what
    wait4() says of that includes this program's own from before the exec().
    The end itself is told at once."""
    ended = os.pidfd_open(child.pid)
    try:
        peak = 0
        while not select.select([ended], [], [], 0.002)[0]:
            peak = max(peak, memory_kib(child.pid, "VmHWM") or 0)
    finally:
        os.close(ended)
    _, status, usage = os.wait4(child.pid, 0)
    return status, usage, peak


def run_to_end(argv, env=None, wanted=0):
    """Runs 'argv', whose output goes nowhere, to its end, with the exit status
    'wanted'."""
    with tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, env=env,
                              stdout=subprocess.DEVNULL,
                              stderr=errors) as child:
            try:
                status, usage, peak = watch_to_end(child)
            except BaseException:
                end_child(child)
                raise
            end = time.monotonic()
            child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != wanted:
            errors.seek(0)
            raise Failure("%s: exit status %d: %s" % (
                " ".join(argv)[:200], child.returncode,
                errors.read().decode(errors="replace")[-2000:]))
    return Sample(1000 * (end - start),
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
        end_child(self.child)
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
                                  text for _, text in self.said[-20:]
                                  if text)))
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
