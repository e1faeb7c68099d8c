# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Devices on sites of every kind, with two relays of ours that all of them reach somehow."""
import concurrent.futures
import contextlib
import select
import signal
import socket
import time

from conftest import echo
from control import Control
from far import QUIC, TCP, listen_address
from nat_lab import EAST, WEST, Shores, SiteMaker
from netlab import wait_for
from relay_lab import says

WEB = "ws"
MOMENT = 0.1  # seconds between two tries
AT_ONCE = 4  # programs that start at the same time
PATIENCE = 60  # seconds for what takes less than one


def at_once(function, things, workers=AT_ONCE):
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, things))


class Relay:
    """One with addresses of both families, by QUIC, by TCP, and where the web is."""

    def __init__(self, peer, hosts):
        self.peer, self.hosts = peer, hosts
        peer.id = peer.run("init", "--port", peer.port).stdout.strip()
        # WebSockets of both families share a port.
        peer.listen_on(*(listen_address(host, way, peer.port) for host in hosts for way in (QUIC, TCP, WEB)))
        text = peer.config.read_text()
        text = text.replace("\nrelay:\n", "\nrelay:\n  drain_time: 1s\n")
        peer.config.write_text(text)

    def addresses(self):
        return [self.peer.address(host, way) for host in self.hosts for way in (QUIC, TCP, WEB)]

    def admit(self, devices):
        with open(self.peer.authorized_keys, "a") as keys:
            keys.writelines(f"{device.id}\n" for device in devices)

    def start(self):
        self.peer.daemon("relay", "serve")


class Try:
    """A connection through a forward which says something at once."""

    def __init__(self, device, address):
        self.connection = device.connect(address)
        self.connection.sendall(b"?")
        self.connection.setblocking(False)

    def fileno(self):
        return self.connection.fileno()

    def has_answer(self):
        """Or has ended."""
        try:
            return self.connection.recv(1) == b"?"
        except OSError:
            return False

    def close(self):
        self.connection.close()


class Device:
    """A peer at a site, with an echo that it offers, and its daemon's D-Bus."""

    def __init__(self, peer, site, relays, serve):
        self.peer, self.site, self.space, self.name, self.relays = peer, site, peer.space, peer.name, relays
        words = [word for relay in relays for address in relay.addresses() for word in ("--relay", address)]
        self.id = peer.id = peer.run("init", "--port", peer.port, *words).stdout.strip()
        with peer.space:
            port = serve(echo).port
        text = peer.config.read_text()
        # It relays for nobody: that would be one way more.
        text = text.replace("\nrelay:\n", "\nrelay:\n  serve_peers: false\n")
        # No router here forwards ports (test_port_mapping.py has one that does), and libgssdp, which is asked for one, loses
        # the name of an interface with each of its changes.
        text = text.replace("\nnetwork:\n", "\nnetwork:\n  port_mapping: false\n")
        text = text.replace("\nservices: {}\n", f'\nservices:\n  echo:\n    enabled: true\n    local_address: "127.0.0.1:{port}"\n')
        peer.config.write_text(text)
        self.control = None

    def admit(self, others):
        with open(self.peer.authorized_keys, "a") as keys:
            keys.writelines(f"{other.id}\n" for other in others)

    def start(self):
        self.peer.daemon()
        self.control = Control(self.peer)

    def forward(self, other, service="echo"):
        """(host, port) where other's service is, from now on."""
        return self.control.forward(other, service)[1]

    def has_ended(self):
        return self.peer.daemon_process.process.poll() is not None

    def is_reserved(self):
        relays = self.control.relays()
        return len(relays) == len(self.relays) and all(relay["state"] == "reserved" for relay in relays)

    def is_measured(self):
        """Whether it knows its NAT, or that nobody can tell: what is searched before that is searched in the dark."""
        return self.control.network()["grade"] != ""

    def connect(self, address, seconds=PATIENCE):
        with self.space:
            connection = socket.create_connection(address, seconds)
        connection.settimeout(seconds)
        return connection

    def reaches(self, address, seconds=PATIENCE):
        """Whether a new connection through a forward of this device answers."""
        with contextlib.suppress(OSError):
            with self.connect(address, seconds) as connection:
                return says(connection, b"?")
        return False

    def seconds_until_usable(self, address, began, limit):
        """From began until a new connection through a forward answers; every moment another is tried. None: it did not."""
        tries = []
        try:
            while time.monotonic() < began + limit:
                tries.append(Try(self, address))
                until = time.monotonic() + MOMENT
                while (left := until - time.monotonic()) > 0 and tries:
                    for one in select.select(tries, [], [], left)[0]:
                        if one.has_answer():
                            return time.monotonic() - began
                        tries.remove(one)
                        one.close()
                time.sleep(max(0, until - time.monotonic()))
            return None
        finally:
            for one in tries:
                one.close()

    def path(self, other):
        """"direct" or "relayed"; None while they are not connected."""
        peer = self.control.peer(other)
        return peer.get("path") if peer and peer["state"] == "connected" else None


class NatWorld:
    """A relay on either shore, and devices made by device(); start() runs all of them."""

    def __init__(self, lab, make_peer, serve, **settings):
        self.make_peer, self.serve = make_peer, serve
        self.shores = Shores(lab, **settings)
        self.sites = SiteMaker(self.shores)
        self.all_relays, self.devices = [], []
        self.relays = [self.relay(f"relay{shore}", shore) for shore in (WEST, EAST)]

    def relay(self, name, shore):
        space, hosts = self.shores.host(shore)
        self.all_relays.append(Relay(self.make_peer(name, space), hosts))
        return self.all_relays[-1]

    def device(self, name, site, relays=None):
        peer = self.make_peer(name, site.space)
        device = Device(peer, site, relays or self.relays, self.serve)
        self.devices.append(device)
        return device

    def start(self):
        for relay in self.all_relays:
            relay.admit(self.devices)
        at_once(Relay.start, self.all_relays)
        at_once(Device.start, self.devices)
        self.settle()

    def settle(self):
        """Until everybody has a reservation everywhere, and knows its NAT."""
        for device in self.devices:
            wait_for(device.is_reserved, PATIENCE, f"{device.name}'s reservations")
            wait_for(device.is_measured, PATIENCE, f"what {device.name} knows of its NAT")

    def end(self):
        """All at once, so that each waits for its own last things alone."""
        for peer in [device.peer for device in self.devices] + [relay.peer for relay in self.all_relays]:
            if peer.daemon_process:
                peer.daemon_process.signal(signal.SIGTERM)
