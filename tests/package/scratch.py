# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A root to install packages in: this one, with a layer above it that takes all that is written.

It lives in a mount namespace and a network of its own, held by one process; when that ends, nothing is left.
What is mounted into this root, as the checkout and its builds may be, is not in it.
"""

import pathlib
import shutil
import subprocess

# The layer is in memory, as one of an overlay's layers cannot lie in another overlay.
HOLD = """
mount --make-rprivate / 2>/dev/null || true  # in a root that is no mount of its own they are private already
mount -t tmpfs -o mode=755 tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
for d in dev proc sys; do mount --rbind "/$d" "$1/root/$d"; done
mount -t tmpfs -o mode=1777 tmpfs "$1/root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$1/root/run"
mkdir "$1/root/run/dbus"
mkdir "$1/root/packages"
cp "$2"/*.deb "$1/root/packages"
# Documentation and languages are installed here, whatever the other root leaves out.
rm -rf "$1/root/etc/dpkg/dpkg.cfg.d"
ip link set lo up
exec chroot "$1/root" sh -c 'echo ready; exec cat'
"""
ENV = {"HOME": "/root", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


class Root:
    """The root, until end()."""

    def __init__(self, directory, packages):
        place = directory / "scratch"
        place.mkdir()
        self.log = directory / "scratch.log"
        with self.log.open("w") as log:
            self.holder = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "unchanged", "--net", "sh", "-euc", HOLD, "sh", place, packages],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.holder.stdout.readline() == "ready\n", self.log.read_text()
        self.enter = ["nsenter", "--target", str(self.holder.pid), "--mount", "--net", "--root", "--wd"]

    def start(self, *command, user=None, env=None, **kwargs):
        who = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
        return subprocess.Popen([*self.enter, *who, *map(str, command)], env=ENV if env is None else env, **kwargs)

    def run(self, *command, code=0, user=None, env=None, timeout=300):
        """What a command says, both ways."""
        process = self.start(*command, user=user, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace")
        try:
            words, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        assert code is None or process.returncode == code, (command, process.returncode, words)
        return words

    def files(self):
        """The names of all files and folders, but those of dpkg's own books, logs and caches."""
        found = self.run("find", "/", "-xdev", "(", "-path", "/packages", "-o", "-path", "/var/lib/dpkg", "-o", "-path",
                         "/var/log", "-o", "-path", "/var/cache", ")", "-prune", "-o", "-print")
        return set(found.splitlines())

    def write(self, path, text):
        self.run("sh", "-euc", 'mkdir -p "$(dirname "$1")"; printf %s "$2" > "$1"', "sh", path, text)

    def end(self):
        self.holder.stdin.close()
        self.holder.wait(30)


def missing():
    """Why no packages can be built, or nothing."""
    tools = [tool for tool in ("dpkg-buildpackage", "dh", "lintian") if not shutil.which(tool)]
    return f"no {tools[0]}: install dpkg-dev, debhelper and lintian" if tools else None


def packages(directory):
    return sorted(pathlib.Path(directory).glob("*.deb"))
