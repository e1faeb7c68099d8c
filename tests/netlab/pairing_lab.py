# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""People at terminals who pair their machines: what they type, and what they see."""
import fcntl
import io
import os
import re
import socket
import struct
import subprocess
import termios
import time

import pexpect
from pexpect import fdpexpect

import qr
from conftest import BIN, COMPLAINTS, echo
from control import Control
from netlab import wait_for
from relay_lab import Internet
from relays import OwnRelay

PATIENCE = 60  # seconds for what takes less than one
RELAY = "5.6.7.2"
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
SPOKEN = re.compile(r"^ {4}(\d+(?:-[a-z]+){3})$", re.M)
LONG = re.compile(r"paste.*:\n\n(\S+)\n")
LINK = re.compile(r"^(peerup:join\?\S+)$", re.M)


class Terminal:
    """A command of a peer in a terminal of its own. The peer ends it, as its other processes."""

    def __init__(self, peer, *args, **env):
        self.log = io.StringIO()
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 300, 0, 0))
        with peer.space:
            # Forking by hand would not go with threads.
            self.process = subprocess.Popen(["setsid", "--ctty", BIN, *map(str, args)], env=peer.env(TERM="xterm-256color", **env),
                                            cwd=peer.home, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.child = fdpexpect.fdspawn(ours, timeout=PATIENCE, encoding="utf-8", codec_errors="replace")
        self.child.logfile_read = self.log
        self.pid = self.process.pid
        peer.processes.append(self)

    def seen(self):
        """All that was on the screen so far."""
        return ESCAPES.sub("", self.log.getvalue()).replace("\r\n", "\n")

    def stderr(self):
        return self.seen()

    def expect(self, pattern, seconds=PATIENCE):
        """Returns the match."""
        try:
            self.child.expect(pattern, timeout=seconds)
        except (pexpect.TIMEOUT, pexpect.EOF):
            raise AssertionError(f"no {pattern!r} in\n{self.seen()}") from None
        return self.child.match

    def type(self, line):
        self.child.send(f"{line}\n")

    def wait(self, code=0, seconds=PATIENCE):
        """Returns all that was seen when it has ended with that code."""
        try:
            self.child.expect(pexpect.EOF, timeout=seconds)
        except pexpect.TIMEOUT:
            raise AssertionError(f"it has not ended:\n{self.seen()}") from None
        ended = self.process.wait(seconds)
        assert code is None or ended == code, (ended, self.seen())
        return self.seen()

    def interrupt(self):
        """As Ctrl+C does."""
        self.child.send("\x03")

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.wait(None, 15)
        if not self.child.closed:
            self.child.close()
        assert not COMPLAINTS.search(self.seen()), self.seen()


class Invite(Terminal):
    """peerup invite in a terminal, whose code is there."""

    def __init__(self, peer, *options):
        self.began = time.monotonic()
        super().__init__(peer, "invite", *options)
        self.expect("It works once")
        # The last line of the card.
        self.expect("\n")
        seen = self.seen()
        self.long, self.link = LONG.search(seen)[1], LINK.search(seen)[1]
        self.spoken = found[1] if (found := SPOKEN.search(seen)) else None

    def picture(self, directory):
        """What a phone reads from the screen."""
        path = directory / "screen.png"
        path.write_bytes(qr.picture(qr.rows_of_blocks(self.seen())))
        return qr.zbar(path)


class Household:
    """Devices, of which home runs a daemon that offers echo and hidden. A visitor is a machine that was never used."""

    def __init__(self, make_peer, serve, home_space, other_space):
        self.make_peer, self.serve, self.other_space = make_peer, serve, other_space
        self.home = make_peer("home", home_space)
        self.n_visitors = 0

    def set_up_home(self, *options):
        self.home.run("init", "--port", self.home.port, *options)
        self.home.id = self.home.run("whoami").stdout.strip()
        with self.home.space:
            for name in ("echo", "hidden"):
                self.home.run("service", "add", name, self.serve(echo).port)
        return self.home

    def start_home(self):
        self.home.daemon()
        self.control = Control(self.home)

    def visitor(self, space=None):
        self.n_visitors += 1
        return self.make_peer(f"visitor{self.n_visitors}", space or self.other_space)

    def authorized(self, peer):
        """What a device's file says: {peer ID: words}."""
        return {line.split()[0]: line for line in peer.authorized_keys.read_text().splitlines()
                if line.strip() and not line.startswith("#")}


class NatHousehold(Household):
    """Both behind routers of their own, and one relay, made by relay setup, which knows home alone."""

    def __init__(self, lab, make_peer, serve):
        self.internet = Internet(lab)
        relay_space = self.internet.public(RELAY)
        super().__init__(make_peer, serve, self.internet.private("1.2.3.2", "192.168.1.2"), self.internet.private("1.2.4.2", "192.168.2.2"))
        self.relay = OwnRelay(make_peer("relay", relay_space))
        self.relay_address = f"{self.relay.address('quic', RELAY)}/p2p/{self.relay.id}"
        home = self.set_up_home("--relay", self.relay_address)
        self.relay.authorize(home)
        self.relay.start()
        self.start_home()
        self.wait_reserved()

    def wait_reserved(self):
        wait_for(lambda: [relay["state"] for relay in self.control.relays()] == ["reserved"], PATIENCE, "home's reservation")

    def member(self):
        """A device that the relay knows, too."""
        device = self.visitor()
        device.run("init", "--port", device.port, "--relay", self.relay_address)
        device.id = device.run("whoami").stdout.strip()
        self.relay.authorize(device)
        return device


class LanHousehold(Household):
    """Two machines on one cable: no router, no relay, no internet."""

    HOME, OTHER = "192.168.7.2", "192.168.7.3"

    def __init__(self, lab, make_peer, serve):
        home, other = lab.space(), lab.space()
        Internet.join(None, home, "lan", other, "lan")
        for space, host in ((home, self.HOME), (other, self.OTHER)):
            space.ip(f"addr add {host}/24 dev lan", "link set lan up")
        super().__init__(make_peer, serve, home, other)
        self.set_up_home()
        self.start_home()


def first_byte(device, name="home", service="echo"):
    """Returns when a byte has come back from a service of that peer, and the forward."""
    proxy = device.proxy(name, service)
    with device.space:
        connection = socket.create_connection(proxy.address, PATIENCE)
    with connection:
        connection.settimeout(PATIENCE)
        connection.sendall(b"!")
        assert connection.recv(1) == b"!"
    return proxy
