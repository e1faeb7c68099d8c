# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The daemon's QUIC socket among packets that nobody should send."""
import collections
import contextlib
import os
import pathlib
import select
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest

import netlab
import quic_initial
from conftest import BIG, echo, pss, wait_for
from far import MIB, hash_rest, pattern_hash, send_pattern

# With the sanitizers, which are slow, a part of them.
N_INITIALS = 40_000 if BIG >= 64 * MIB else 20_000
INITIALS_PER_SECOND = 20_000
RETRY = 0x30


def peak(pid):
    """Bytes of memory that the process had at most since forget_peak()."""
    line, = (line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10


def forget_peak(pid):
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


class Answers:
    """What leaves for the spoofed addresses, by address, and how many Initials came from them."""

    def __init__(self):
        self.sent = collections.Counter()
        self.n_received = self.n_retries = 0

    def take(self, packet):
        if not (packet.target if packet.outgoing else packet.source).startswith("20."):
            return
        if not packet.outgoing:
            self.n_received += 1
            return
        self.sent[packet.target] += packet.size - 28
        self.n_retries += packet.payload[0] & 0xF0 == 0xC0 | RETRY


def test_initials_from_everywhere(lab, far):
    lab.join(delay=5)
    far = far()
    proxy = far.share(echo)
    wait_for(lambda: far.laptop.connection(far.home))
    far.part()
    answers, home = Answers(), far.home.daemon_process.pid
    lab.capture(lab.server, answers.take)
    forget_peak(home)
    before = peak(home)
    with lab.client:
        flood = subprocess.Popen([sys.executable, quic_initial.__file__, netlab.SERVER, str(far.home.port), str(N_INITIALS),
                                  str(INITIALS_PER_SECOND)])
    try:
        began = time.monotonic()
        wait_for(lambda: answers.n_retries > 1000, 20, "Retry")
        asked = time.monotonic()
        with far.connect(proxy) as connection:
            connection.sendall(b"x")
            assert connection.recv(1) == b"x"
        honest = time.monotonic() - asked
        assert flood.poll() is None, "the flood ended before the honest client was served"
        assert flood.wait(60) == 0
        took = time.monotonic() - began
    finally:
        flood.kill()
        flood.wait()
    wait_for(lambda: answers.n_received >= N_INITIALS * 0.99, 20, "the end of the flood")
    grown = peak(home) - before
    print(f"{answers.n_received} Initials in {took:.1f} s, {answers.n_retries} Retry, {len(answers.sent)} addresses answered, at most "
          f"{max(answers.sent.values())} bytes to one; memory grew by {grown / MIB:.1f} MiB; an honest client waited {honest * 1000:.0f} ms")
    assert max(answers.sent.values()) <= 3 * quic_initial.SMALLEST
    assert sum(answers.sent.values()) <= quic_initial.SMALLEST * answers.n_received
    assert answers.n_retries > N_INITIALS / 2
    # Each begun handshake takes some 60 KiB.
    assert grown < 64 * MIB and honest < 5
    assert far.home.status()["state"] == "running"


def send_alone(lab, port, datagram):
    """The answers to a datagram from a socket of its own, within a short while after it or the line's round trip."""
    with lab.client, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect((netlab.SERVER, port))
        sender.send(datagram)
        answers = []
        while select.select([sender], [], [], 0.1)[0]:
            answers.append(sender.recv(65536))
        return answers


def unasked(lab, far):
    """Sends one of each kind; the names of those whose answers are not what they should be."""
    ids = os.urandom(8), os.urandom(8)
    whole = quic_initial.initial(*ids)
    strange = quic_initial.long_header(0x1A2A3A4A, *ids, 1200)

    def is_reset(datagram):
        return lambda answers: len(answers) == 1 and 21 <= len(answers[0]) < len(datagram) and answers[0][0] & 0xC0 == 0x40

    def is_silence(answers):
        return answers == []

    def is_negotiation(answers):
        return len(answers) == 1 and quic_initial.parse_version_negotiation(answers[0]) == (ids[1], ids[0], [quic_initial.V1])

    stray = quic_initial.short_header(os.urandom(8), 100)
    kinds = {
        "nothing": (b"", is_silence),
        "one byte": (b"\x40", is_silence),
        "64 KiB of zeros": (bytes(65507), is_silence),
        "64 KiB of noise as an Initial": (quic_initial.long_header(1, *ids, 65507), is_silence),
        "a short Initial": (whole[:1199], is_silence),
        "an Initial cut off, with padding": (whole[:40] + bytes(1160), is_silence),
        "an Initial that is not sealed well": (whole[:-1] + bytes([whole[-1] ^ 1]), is_silence),
        "an unknown version": (strange, is_negotiation),
        "an unknown version in too few bytes": (strange[:1199], is_silence),
        "version negotiation": (quic_initial.long_header(0, *ids, 1200), is_silence),
        "a packet of a connection that is not": (stray, is_reset(stray)),
        "a packet too small to be answered": (stray[:21], is_silence),
    }
    return [(name, [answer[:40] for answer in answers]) for name, (datagram, is_right) in kinds.items()
            if not is_right(answers := send_alone(lab, far.home.port, datagram))]


def send_batches(lab, far, n):
    """Datagrams that the kernel hands over several at a time: noise, and Initials between noise."""
    with lab.client, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for i in range(n):
            parts = [quic_initial.initial(os.urandom(8), os.urandom(8)) if (i + j) % 4 == 0 else os.urandom(1200) for j in range(40)]
            sender.sendmsg([b"".join(parts)], [(socket.SOL_UDP, 103, struct.pack("H", 1200))], 0, (netlab.SERVER, far.home.port))


def test_odd_datagrams_beside_a_transfer(lab, far):
    lab.join(delay=5, rate=200)
    far = far()
    size = max(BIG, 16 * MIB)

    def send(connection):
        assert connection.recv(1)
        send_pattern(connection, size)

    proxy = far.share(send)
    with far.connect(proxy) as connection:
        wait_for(lambda: far.laptop.connection(far.home))
        before = far.identity()
        wrong = []
        sender = threading.Thread(target=lambda: wrong.extend(unasked(lab, far)) or send_batches(lab, far, 20), daemon=True)
        connection.sendall(b"!")
        assert connection.recv(1)
        sender.start()
        rest = hash_rest(connection)[1]
        sender.join()
    assert wrong == []
    assert rest == size - 1 and far.identity() == before


@pytest.mark.parametrize(("ahead", "most"), [(False, 1 << 30), (True, 3)], ids=["behind", "ahead"])
def test_packets_from_the_wrong_address(lab, far, ahead, most):
    """Who copies a client's packets gets neither its connection nor many bytes, even by a quicker way (RFC 9000 9.3.3)."""
    lab.join(delay=5, rate=200)
    lab.add_second_way(delay=0)
    lab.client.ip("route add default dev wan2 metric 1000")
    far = far()
    size, copied, to_stranger = max(BIG, 16 * MIB), [], []
    stranger = "20.0.0.1"

    def send(connection):
        assert connection.recv(1)
        send_pattern(connection, size)

    def copy(packet):
        if packet.outgoing and packet.target_port == far.home.port and len(copied) < most:
            copied.append(len(packet.payload))
            raw.sendto(quic_initial.ipv4_udp(quic_initial.ipv4(stranger), quic_initial.ipv4(packet.target), 4000, packet.target_port,
                                             packet.payload), (packet.target, 0))

    def count(packet):
        if packet.outgoing and packet.target == stranger:
            to_stranger.append(packet.size - 28)

    proxy = far.share(send)
    with far.connect(proxy) as connection, lab.client, contextlib.closing(quic_initial.raw_socket()) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"wan2" if ahead else b"wan")
        wait_for(lambda: far.laptop.connection(far.home))
        before = far.identity()
        lab.capture(lab.server, count)
        capture = lab.capture(lab.client, copy)
        connection.sendall(b"!")
        down = hash_rest(connection)
        capture.close()
    print(f"{len(copied)} packets, {sum(copied)} bytes copied; {len(to_stranger)} packets, {sum(to_stranger)} bytes to the stranger")
    assert len(copied) >= 3 and bool(to_stranger) == ahead
    assert sum(to_stranger) <= 3 * sum(copied)
    assert down == (pattern_hash(size), size) and far.identity() == before
    assert netlab.CLIENT in far.home.connection(far.laptop)["address"]
