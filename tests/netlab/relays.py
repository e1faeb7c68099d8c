# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A relay that "peerup relay setup" made in a directory of its own."""
import os
import select
import socket

from conftest import free_port
from netlab import wait_for


class OwnRelay:
    """The files of a relay, and the peer whose home its commands run in."""

    def __init__(self, peer, *options, port=None):
        self.peer = peer
        self.directory = peer.home / "relay"
        self.port = port or free_port()
        self.config = self.directory / "relay-server.yaml"
        self.made = peer.json("relay", "setup", "--config-dir", self.directory, "--port", self.port, *options)
        self.id = self.made["peer_id"]
        self.process = None

    def setup(self, *options, code=0):
        return self.peer.json("relay", "setup", "--config-dir", self.directory, *options, code=code)

    def check(self, *options, code=0):
        return self.setup("--check", *options, code=code)

    def authorize(self, peer, *options):
        """Returns when a relay that runs has taken it in."""
        before = self.n_read()
        self.peer.run("relay", "authorize", peer.id, "--config", self.config, *options)
        if self.process is not None:
            wait_for(lambda: self.n_read() > before, 20, "reading authorized_keys again")

    def n_read(self):
        return self.process.stderr().count("authorized_keys was read again") if self.process is not None else 0

    def start(self):
        """Starts it, and waits until it says that it is ready."""
        path = self.peer.runtime / "relay-notify"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(os.fspath(path))
            self.process = self.peer.start("relay", "serve", "--config", self.config, NOTIFY_SOCKET=str(path))
            while not select.select([notify], [], [], 0.2)[0]:
                assert self.process.process.poll() is None, self.process.stderr()
            assert notify.recv(100) == b"READY=1"
        return self

    def address(self, transport="tcp", host="127.0.0.1"):
        way = f"udp/{self.port}/quic-v1" if transport == "quic" else f"tcp/{self.port}"
        return f"/{'ip6' if ':' in host else 'ip4'}/{host}/{way}"
