# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The delay line itself: that what the other tests ask of it is what it does."""
import contextlib
import hashlib
import select
import signal
import socket
import struct
import threading
import time

import netlab

N = 20_000


def udp(space, host, port=7000):
    with space:
        end = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        end.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_RCVBUFFORCE", 33), 64 << 20)
        end.bind((host, port))
        end.settimeout(10)
        return end


@contextlib.contextmanager
def ends(lab, near=netlab.CLIENT, far=netlab.SERVER):
    with udp(lab.client, near) as client, udp(lab.server, far) as server:
        yield client, server


def round_trips(client, server, target, n):
    """Milliseconds of n exchanges, sorted."""
    times = []
    for i in range(n):
        began = time.perf_counter()
        client.sendto(b"%d" % i, target)
        data, source = server.recvfrom(100)
        server.sendto(data, source)
        assert client.recv(100) == b"%d" % i
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)


def send_numbered(client, server, n, size=200):
    """The numbers that came out, in their order, of 0 to n - 1 that were sent a little apart."""
    got = []

    def receive():
        server.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            while True:
                got.append(struct.unpack_from("!I", server.recv(2000))[0])

    receiver = threading.Thread(target=receive, daemon=True)
    receiver.start()
    target = server.getsockname()[:2]
    for i in range(n):
        client.sendto(struct.pack("!I", i) + bytes(size - 4), target)
        if i % 32 == 31:
            time.sleep(0.001)
    receiver.join()
    return got


def within(count, n, percent):
    """Whether count is within five standard deviations of what percent of n makes."""
    p = percent / 100
    return abs(count - n * p) < 5 * (n * p * (1 - p)) ** 0.5 + 1


def tcp_transfer(lab, size):
    """(Bits a second, whether the hashes are equal) of a TCP connection from the client to the server."""
    digests = []

    def receive():
        connection, _ = listener.accept()
        digest = hashlib.sha256()
        with connection:
            while data := connection.recv(1 << 20):
                digest.update(data)
        digests.append(digest.digest())

    with lab.server:
        listener = socket.create_server((netlab.SERVER, 0))
    receiver = threading.Thread(target=receive, daemon=True)
    receiver.start()
    with lab.client:
        client = socket.create_connection(listener.getsockname(), 10)
    sent, block, left = hashlib.sha256(), bytes(range(256)) * 4096, size
    began = time.perf_counter()
    with listener, client:
        while left > 0:
            part = block[: min(left, len(block))]
            client.sendall(part)
            sent.update(part)
            left -= len(part)
        client.shutdown(socket.SHUT_WR)
        receiver.join(60)
    assert not receiver.is_alive()
    return size * 8 / (time.perf_counter() - began), digests == [sent.digest()]


def test_delay_is_what_was_asked_for(lab):
    lab.join(delay=34)
    for near, far in ((netlab.CLIENT, netlab.SERVER), (netlab.CLIENT6, netlab.SERVER6)):
        with ends(lab, near, far) as (client, server):
            times = round_trips(client, server, (far, 7000), 10)
            # The quickest: a busy machine holds up some.
            assert 68 <= times[0] < 71, times


def test_each_direction_has_its_own_delay(lab):
    lab.join("--to-left", "--delay=40", delay=0)
    with ends(lab) as (client, server):
        began = time.perf_counter()
        client.sendto(b"x", (netlab.SERVER, 7000))
        server.recv(1)
        assert time.perf_counter() - began < 0.02
        # The quickest: a busy machine holds up some.
        assert 40 <= round_trips(client, server, (netlab.SERVER, 7000), 5)[0] < 43


def test_loss_is_within_statistical_bounds_and_repeats(lab):
    line = lab.join(loss=1, seed=5)
    with ends(lab) as (client, server):
        got = send_numbered(client, server, N)
    counted = line.end()["to_right"]
    assert got == sorted(got) and within(N - len(got), N, 1), len(got)
    assert counted["received"] == N and counted["lost"] == N - len(got) and counted["delivered"] == len(got)
    other = netlab.Lab()
    try:
        other.join(loss=1, seed=5)
        with ends(other) as (client, server):
            assert send_numbered(client, server, 2000) == [i for i in got if i < 2000]
    finally:
        other.close()


def test_duplicates_and_reorders(lab):
    line = lab.join(duplicate=2, reorder=3, hold=4)
    with ends(lab) as (client, server):
        got = send_numbered(client, server, N)
    counted = line.end()["to_right"]
    late = sum(1 for i in range(1, len(got)) if got[i] < max(got[max(0, i - 500):i]))
    assert set(got) == set(range(N)) and len(got) == N + counted["duplicated"]
    assert within(counted["reordered"], N, 3) and within(counted["duplicated"], N, 2) and late > N * 0.02


def test_rate_and_queue_bound_what_passes(lab):
    line = lab.join("--to-right", "--rate=20", "--queue=30000")
    with ends(lab) as (client, server):
        for _ in range(100):
            client.sendto(bytes(972), (netlab.SERVER, 7000))
        began, n = time.perf_counter(), 0
        while select.select([server], [], [], 0.2)[0]:
            server.recv(2000)
            n, ended = n + 1, time.perf_counter()
    counted = line.end()["to_right"]
    # 30,000 bytes of packets of 1,000 wait, and what left while they came; 12 ms at 20 Mbit/s.
    assert 29 <= n <= 60 and counted["queue_full"] == 100 - n, counted
    assert counted["max_queue"] <= 30_000 and 0.008 < ended - began < 0.04


def test_black_hole_swallows_by_the_size_of_the_packet(lab):
    line = lab.join(mtu=1400)
    with ends(lab) as (client, server):
        client.sendto(bytes(1400 - 28), (netlab.SERVER, 7000))
        assert len(server.recv(2000)) == 1372
        client.sendto(bytes(1400 - 27), (netlab.SERVER, 7000))
        assert not select.select([server], [], [], 0.2)[0]
        # Super-packets are judged by their segments.
        for segment, expected in ((1372, 10), (1373, 0)):
            client.sendmsg([bytes(10 * segment)], [(socket.SOL_UDP, 103, struct.pack("H", segment))], 0, (netlab.SERVER, 7000))
            n = 0
            while select.select([server], [], [], 0.2)[0]:
                assert len(server.recv(2000)) == segment
                n += 1
            assert n == expected
    assert line.end()["to_right"]["too_big"] == 11


def test_tcp_is_whole_with_super_packets(lab):
    line = lab.join(delay=1)
    rate, equal = tcp_transfer(lab, 256 << 20)
    print(f"one TCP connection, super-packets, 2 ms: {rate / 1e9:.2f} Gbit/s, line {line.processor_seconds():.2f} s")
    assert equal and rate > 50e6
    assert line.end()["to_right"]["memory_full"] == 0


def test_tcp_is_whole_under_loss_reordering_and_duplication(lab):
    lab.join(delay=2, loss=0.5, reorder=1, duplicate=1)
    rate, equal = tcp_transfer(lab, 8 << 20)
    assert equal


def test_line_ends_by_signal_and_by_the_end_of_input(lab):
    line = lab.join()
    line.process.send_signal(signal.SIGTERM)
    assert line.process.wait(5) == 0
    again = netlab.Line((lab.client, "a"), (lab.server, "b"), seconds=0.2)
    assert again.process.wait(5) == 0
    again.close()


def test_router_masquerades_and_rebinds(lab):
    lab.join_by_nat(delay=2)
    with udp(lab.client, netlab.INSIDE) as client, udp(lab.server, netlab.SERVER) as server:
        sources = []
        for _ in range(2):
            client.sendto(b"x", (netlab.SERVER, 7000))
            sources.append(server.recvfrom(10)[1])
            server.sendto(b"y", sources[-1])
            assert client.recv(10) == b"y"
            lab.rebind("31000-31999")
        assert sources[0] == (netlab.CLIENT, 7000) and sources[1][0] == netlab.CLIENT and 31000 <= sources[1][1] < 32000
        # The old mapping is gone: nothing comes in by it.
        server.sendto(b"late", sources[0])
        assert not select.select([client], [], [], 0.2)[0]


def test_address_and_way_change(lab):
    lab.join(delay=1)
    lab.add_second_way(delay=3)
    with udp(lab.client, "0.0.0.0") as client, udp(lab.server, netlab.SERVER) as server:
        sources = []
        for change in (lambda: lab.change_address(netlab.CLIENT, netlab.CLIENT_NEXT), lab.use_second_way, lab.lose_first_way):
            change()
            client.sendto(b"x", (netlab.SERVER, 7000))
            data, source = server.recvfrom(10)
            server.sendto(data, source)
            assert client.recv(10) == b"x"
            sources.append(source[0])
    assert sources == [netlab.CLIENT_NEXT, netlab.CLIENT_SECOND, netlab.CLIENT_SECOND]
