# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Peers as people have them: the command and its daemon, each with a home of its own."""
import contextlib
import json
import pathlib
import re
import subprocess
import time


class Peer:
    def __init__(self, bench, name):
        self.bench, self.home = bench, bench.dir / name
        (self.home / "run").mkdir(parents=True)
        (self.home / "run").chmod(0o700)
        self.env = dict(bench.env, HOME=str(self.home), XDG_CONFIG_HOME=str(self.home / ".config"),
                        XDG_RUNTIME_DIR=str(self.home / "run"))
        self.run("init")
        config = self.home / ".config/peerup/config.yaml"
        config.write_text(config.read_text().replace("\n  mdns: true\n", "\n  mdns: false\n"))
        self.id = json.loads(self.run("whoami", "--json"))["peer_id"]

    def run(self, *arguments):
        return subprocess.run([self.bench.peerup, *arguments], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=True).stdout

    def start(self, *arguments, **options):
        return self.bench.start(self.bench.peerup, *arguments, env=self.env, **options)


def pss(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.M).group(1)) / 1024


def wait_address(peer):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(subprocess.CalledProcessError, KeyError):
            for address in json.loads(peer.run("status", "--json"))["listen_addresses"]:
                if address.startswith("/ip4/127.0.0.1/tcp/"):
                    return address if "/p2p/" in address else f"{address}/p2p/{peer.id}"
        time.sleep(0.05)
    raise RuntimeError("the daemon does not say where it listens")
