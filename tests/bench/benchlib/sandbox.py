# SPDX-License-Identifier: Apache-2.0
"""The databases' servers, ovn-northd and chassis, through the functions of
utilities/sandbox-lib.sh; and the cache of filled databases."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time

from . import data
from .proc import cpu_ms
from .rpc import Database, Failure, TIMEOUT_S

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.realpath(__file__)))))


def shell(folder, script, check=True):
    """Runs shell code with the sandbox's functions in 'folder'."""
    done = subprocess.run(
        ["/bin/bash", "-c",
         'IPGUARD_SRCDIR=$1; . "$1/utilities/sandbox-lib.sh";'
         'sandbox_need_programs ovsdb-server ovsdb-tool && sandbox_use "$2"'
         ' || exit 1\n' + script, "bench", TOP, folder],
        check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    if check and done.returncode:
        raise Failure("%s\n%s" % (script, done.stdout))
    return done.stdout


class Sandbox:
    """A folder with servers.  To be used in a with statement."""

    def __init__(self, keep=False):
        self.keep = keep
        self.folder = tempfile.mkdtemp(prefix="ovn-ipguard-bench.")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shell(self.folder, "sandbox_stop", check=False)
        if self.keep:
            print("bench: everything is in %s" % self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def remote(self, name):
        return "unix:%s/%s.sock" % (self.folder, name)

    def shell(self, script, check=True):
        return shell(self.folder, script, check)

    def start(self, *parts):
        """Of "nb", "sb" and "own"."""
        for part in parts:
            self.shell('sandbox_start_server %s "$2/%s.db"' % (part, part)
                       if part != "own" else "sandbox_start_own")

    def stop(self, *parts):
        for part in parts:
            self.shell("sandbox_kill %s" % part)

    def pid(self, part):
        return int(self.shell("sandbox_pid %s" % part))

    def settle(self, *parts):
        """Waits until the servers are at rest.  The first transactions after
        a client has read all there is take a server long, because it still
        has what it had sent to free; whoever comes first must not be taken
        for slow.  They are done here, in a column that nobody looks at."""
        nb = self.nb()
        for i in range(60):
            nb.update("NB_Global", [], {"ipsec": bool(i % 2)})
        nb.close()
        self.rest(*parts or ("nb",))

    def rest(self, *parts, calm_s=0.3):
        """Waits until none of 'parts' has done anything for so long."""
        pids = [self.pid(part) for part in parts]
        deadline = time.monotonic() + TIMEOUT_S
        since, last = time.monotonic(), sum(cpu_ms(pid) for pid in pids)
        while time.monotonic() < min(since + calm_s, deadline):
            time.sleep(0.1)
            now = sum(cpu_ms(pid) for pid in pids)
            if now - last >= 1:
                since = time.monotonic()
            last = now

    def nb(self):
        return Database(self.path("nb.sock"), "OVN_Northbound")

    def sb(self):
        return Database(self.path("sb.sock"), "OVN_Southbound")

    def own(self):
        return Database(self.path("own.sock"), "OVN_IPGuard")

    def create(self, part):
        schema = {"nb": "ovn-nb.ovsschema", "sb": "ovn-sb.ovsschema"}[part]
        self.shell('ovsdb-tool create "$2/%s.db" '
                   '"$(sandbox_find_schema %s ovn-central)"' % (part, schema))


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "ovn-ipguard", "bench")


class Cache:
    """Filled databases and manifests, kept between runs, one folder for each
    number of ports."""

    def __init__(self, seed):
        self.seed = seed
        self.folder = cache_folder()

    def key(self):
        """Changes with whatever the content depends on."""
        digest = hashlib.sha256(b"%d" % self.seed)
        with open(data.__file__, "rb") as f:
            digest.update(f.read())
        with tempfile.TemporaryDirectory() as folder:
            digest.update(shell(folder, "ovsdb-tool --version; for s in nb "
                                "sb; do sha256sum < \"$(sandbox_find_schema "
                                "ovn-$s.ovsschema ovn-central)\"; done",
                                check=False).encode())
        return digest.hexdigest()[:12]

    def get(self, n_ports, progress):
        """Returns the folder for so many ports, made if need be."""
        name = "%d-%s" % (n_ports, self.key())
        target = os.path.join(self.folder, name)
        if os.path.isdir(target):
            return target
        os.makedirs(self.folder, exist_ok=True)
        for old in os.listdir(self.folder):
            if old.startswith("%d-" % n_ports):
                shutil.rmtree(os.path.join(self.folder, old))
        progress("filling databases with %d ports (kept in %s)"
                 % (n_ports, target))
        partial = target + ".tmp.%d" % os.getpid()
        os.mkdir(partial)
        try:
            self.fill(partial, data.make_ports(n_ports))
            os.rename(partial, target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return target

    def fill(self, folder, ports):
        with Sandbox() as sandbox:
            for part in ("nb", "sb"):
                sandbox.create(part)
            sandbox.start("nb", "sb")
            nb, sb = sandbox.nb(), sandbox.sb()
            data.fill_nb(nb, ports, self.seed)
            data.fill_sb(sb, nb, ports)
            for part in ("nb", "sb"):
                sandbox.shell('ovs-appctl -t "$2/%s.ctl" '
                              'ovsdb-server/compact' % part)
            sandbox.stop("nb", "sb")
            for part in ("nb", "sb"):
                shutil.copy(sandbox.path(part + ".db"), folder)
        data.write_manifests(folder, ports)


def load(sandbox, cached, *parts):
    """Puts databases of the cache into 'sandbox' and starts their servers.
    Files keep their time: they count as left alone for long."""
    for part in parts:
        if part != "own":
            shutil.copy2(os.path.join(cached, part + ".db"), sandbox.folder)
    shutil.copytree(os.path.join(cached, "moving"), sandbox.path("moving"))
    sandbox.start(*parts)
