# SPDX-License-Identifier: Apache-2.0
"""What all works share: the programs, the machine that they run on, where
results go, and how a run ends."""

import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from .results import Results
from .rpc import Failure
from .sandbox import TOP, Cache

HERE = os.path.join(TOP, "tests", "bench")


def fail(text):
    sys.exit("bench: " + text)


def progress(text):
    print("bench: " + text, flush=True)


def memory_kib(what="MemAvailable"):
    with open("/proc/meminfo", encoding="utf-8") as f:
        return {row.split(":")[0]: int(row.split()[1]) for row in f}[what]


def first_line(*argv):
    """What a program says first, as its version."""
    try:
        text = subprocess.run(argv, check=False, text=True,
                              stdin=subprocess.DEVNULL,
                              capture_output=True).stdout
    except OSError:
        text = ""
    return text.split("\n")[0].strip() or "not there"


def processors():
    cpu = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for row in f:
            if row.startswith("model name"):
                cpu = row.split(":", 1)[1].strip()
                break
    return "%d x %s" % (os.cpu_count(), cpu)


def system():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def find_build():
    for build in (os.environ.get("IPGUARD_BUILDDIR"), TOP + "/_build", TOP):
        if build and os.path.exists(build + "/agent/ovn-ipguard"):
            return os.path.abspath(build)
    return fail("ovn-ipguard is not built; try utilities/build")


class Bench:
    """To be used in a with statement.  'repeat' is how many rounds there are,
    None for what each work takes for enough."""

    PROGRAMS = {"daemon": "agent/ovn-ipguard", "floor": "tests/bench/floor",
                "allow_all": "tests/bench/allow-all",
                "ctl": "utilities/ovn-ipguardctl/ovn-ipguardctl"}

    def __init__(self, seed=1, quick=False, repeat=None, **meta):
        self.seed = seed
        self.quick = quick
        self.repeat = repeat
        self.build = find_build()
        self.folder = self.daemon = self.floor = self.allow_all = None
        self.ctl = None
        self.cache = Cache(seed)
        self.chance = random.Random(seed)
        self.results = Results(self.describe(meta))

    def __enter__(self):
        if subprocess.run(["make", "-s", "-C", self.build, "bench-programs"],
                          check=False, stdin=subprocess.DEVNULL).returncode:
            fail("tests/bench/floor and tests/bench/allow-all cannot be built"
                 " in %s" % self.build)
        # Copies, so that building meanwhile changes nothing.
        self.folder = tempfile.mkdtemp(prefix="ovn-ipguard-bench-programs.")
        for attribute, name in self.PROGRAMS.items():
            setattr(self, attribute, shutil.copy(
                os.path.join(self.build, name), self.folder))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def describe(self, meta):
        """What somebody has to know who is to measure the same again."""
        return {
            "date": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()),
            "commit": first_line("git", "-C", TOP, "describe", "--always",
                                 "--dirty"),
            "seed": self.seed, "quick": self.quick, "repeat": self.repeat,
            **meta,
            "ovn-ipguard": first_line(self.build + "/agent/ovn-ipguard",
                                      "--version"),
            "ovsdb-server": first_line("ovsdb-server", "--version"),
            "ovn-nbctl": first_line("ovn-nbctl", "--version"),
            "python3-ovsdbapp": first_line(
                "dpkg-query", "-W", "-f", "${Version}", "python3-ovsdbapp"),
            "curl": first_line("curl", "--version"),
            "python": platform.python_version(),
            "system": system(),
            "kernel": platform.release(),
            "processors": processors(),
            "memory_kib": memory_kib("MemTotal"),
            "memory_available_kib": memory_kib(),
            "load_before": os.getloadavg()[0],
        }

    def begin(self, name):
        """Before measurement 'name': its choices do not depend on what was
        measured before."""
        self.chance = random.Random("%d %s" % (self.seed, name))

    @staticmethod
    def path(name):
        return os.path.join(HERE, name)

    def cached(self, ports):
        return self.cache.get(ports, progress)

    def rounds(self, enough, quick=1):
        """How many rounds of contenders in turn there are to be."""
        return self.repeat or (quick if self.quick else enough)


def interrupt(*_):
    # Nothing is to keep what was started from being stopped.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def run_main(main):
    """Runs main().  A signal ends it as Ctrl-C does: all programs that were
    started are stopped."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        main()
    except Failure as e:
        fail("FAILED: %s" % e)
    except OSError as e:
        fail("FAILED: %s%s" % (e.filename and e.filename + ": " or "",
                               e.strerror or e))
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        sys.exit(130)
