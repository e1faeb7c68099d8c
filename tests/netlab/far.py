# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Two peers that run the command on the lab's line, and bytes whose hash is known."""
import hashlib
import signal
import socket
import time

import pytest

from netlab import wait_for

MIB = 1 << 20
PATTERN = bytes(range(256)) * 4096
QUIC, TCP = "quic-v1", "tcp"
# A dead peer is noticed within this many seconds.
NOTICED = 15


class Far:
    """home in the namespace server offers "test", which laptop in the namespace client has as a port.

    laptop knows every host of home by every transport, in this order.
    """

    def __init__(self, lab, make_peer, serve, transports, hosts):
        self.may_dial_anew = False
        self.lab, self.serve, self.transports = lab, serve, transports
        self.home = make_peer("home", lab.server).init()
        self.laptop = make_peer("laptop", lab.client).init()
        for peer in (self.home, self.laptop):
            peer.listen_on(*(listen_address(host, transport, peer.port) for host in hosts for transport in transports))
            peer.be_private()
        self.home.authorize(self.laptop)
        self.laptop.knows(self.home, *(self.home.address(host, transport) for host in hosts for transport in transports))

    def share(self, handler):
        """Runs all; returns the proxy, which has not been used."""
        with self.lab.server:
            server = self.serve(handler)
        self.home.run("service", "add", "test", server.port)
        self.home.daemon()
        self.laptop.daemon()
        return self.laptop.proxy("home", "test")

    def connect(self, proxy, seconds=60):
        with self.lab.client:
            connection = socket.create_connection(proxy.address, seconds)
        connection.settimeout(seconds)
        return connection

    def part(self):
        """home begins anew; whether the proxy has no connection now, as laptop may have dialed home by itself already."""
        before = self.laptop.connection(self.home)
        self.home.daemon_process.signal(signal.SIGTERM)
        assert self.home.daemon_process.wait() == 0
        wait_for(lambda: self.laptop.connection(self.home) is None)
        self.home.daemon()
        # Nor is one under way, which may have begun while home was away: its first packet is sent again after a second.
        return (before is None or self.laptop.connection(self.home) is None) and not self.laptop.dials(self.home)

    def identity(self):
        """What says that a connection is still the same, at both ends; nothing where there may be another by now."""
        if self.may_dial_anew:
            return None
        there, here = self.home.connection(self.laptop), self.laptop.connection(self.home)
        assert there and here
        assert (there["connections"], here["connections"]) == (1, 1)
        assert here["transport"] == there["transport"] == self.transports[0]
        n_connected = self.home.daemon_process.stderr().count("Connected ")
        return there["connected_at"], here["connected_at"], n_connected


def way(transport, port):
    """What follows the host in an address; a WebSocket is where a web server would be."""
    return {QUIC: f"udp/{port}/quic-v1", TCP: f"tcp/{port}"}.get(transport, f"tcp/443/{transport}")


def listen_address(host, transport, port):
    return ("/ip6/::/" if ":" in host else "/ip4/0.0.0.0/") + way(transport, port)


def send_pattern(connection, size):
    left = size
    while left > 0:
        part = PATTERN[: min(left, len(PATTERN))]
        connection.sendall(part)
        left -= len(part)


def pattern_hash(size):
    digest = hashlib.sha256()
    for left in range(size, 0, -len(PATTERN)):
        digest.update(PATTERN[:left])
    return digest.hexdigest()


def hash_rest(connection, progress=lambda n: None):
    """(Hash, bytes) of what comes until the end; progress is told of the bytes."""
    digest, size = hashlib.sha256(), 0
    while data := connection.recv(1 << 18):
        digest.update(data)
        size += len(data)
        progress(size)
    return digest.hexdigest(), size


def swap(size):
    """A service that reads all there is, and answers with its hash and size bytes of the pattern."""

    def handler(connection):
        connection.sendall(hash_rest(connection)[0].encode())
        send_pattern(connection, size)

    return handler


def transfer_both_ways(far, proxy, size):
    """Up and then down."""
    with far.connect(proxy) as connection:
        send_pattern(connection, size)
        connection.shutdown(socket.SHUT_WR)
        up = b""
        while len(up) < 64:
            part = connection.recv(64 - len(up))
            assert part
            up += part
        down = hash_rest(connection)
    assert up.decode() == pattern_hash(size) and down == (pattern_hash(size), size)


def flood(connection):
    while True:
        connection.sendall(PATTERN)


def seconds_until_reset(connection):
    began = time.monotonic()
    connection.settimeout(NOTICED + 5)
    with pytest.raises(ConnectionResetError):
        while connection.recv(1 << 18):
            pass
    return time.monotonic() - began


def was_reset(connection, seconds):
    """Whether it ends so within this time; what comes is dropped."""
    connection.settimeout(seconds)
    try:
        while connection.recv(1 << 18):
            pass
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True
    raise AssertionError("it ended as if all had come")
