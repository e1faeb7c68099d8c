# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The command over QUIC, on lines that delay, lose, shrink, change and break."""
import contextlib
import hashlib
import signal
import socket
import threading
import time

import pytest

import netlab
from conftest import BIG, COMPLAINTS, connect, echo, pss, recv_all, wait_for

PATTERN = bytes(range(256)) * 4096
QUIC, TCP = "quic-v1", "tcp"
# A dead peer is noticed within this many seconds.
NOTICED = 15
MIB = 1 << 20


class Far:
    """home in the namespace server offers "test", which laptop in the namespace client has as a port."""

    def __init__(self, lab, make_peer, serve, transports):
        self.lab, self.serve, self.transports = lab, serve, transports
        self.home = make_peer("home", lab.server).init()
        self.laptop = make_peer("laptop", lab.client).init()
        for peer in (self.home, self.laptop):
            peer.listen_on(*(f"/ip4/0.0.0.0/{'udp' if t == QUIC else 'tcp'}/{peer.port}{'/quic-v1' if t == QUIC else ''}"
                             for t in transports))
        self.home.authorize(self.laptop)
        self.laptop.knows(self.home, *(self.home.address(netlab.SERVER, t) for t in transports))

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
            return connect(proxy, seconds)

    def identity(self):
        """What says that a connection is still the same, at both ends."""
        there, here = self.home.connection(self.laptop), self.laptop.connection(self.home)
        assert there and here
        assert (there["connections"], here["connections"]) == (1, 1)
        assert here["transport"] == there["transport"] == self.transports[0]
        n_connected = self.home.daemon_process.stderr().count("Connected ")
        return there["connected_at"], here["connected_at"], n_connected


@pytest.fixture
def far(lab, make_peer, serve):
    """far(transport...): two peers on the lab's line, which must be joined."""
    return lambda *transports: Far(lab, make_peer, serve, transports or (QUIC,))


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


@pytest.mark.parametrize("settings", [
    {"loss": 1, "delay": 2},
    {"reorder": 5, "hold": 3, "delay": 2},
    {"duplicate": 5, "delay": 2},
    {"loss": 1, "reorder": 2, "duplicate": 2, "delay": 10},
    {"delay": 34},
], ids=lambda settings: "-".join(settings))
def test_transfer_on_a_bad_line(lab, far, settings):
    line = lab.join(**settings)
    far = far()
    size = max(BIG // (4 if set(settings) == {"delay"} else 16), MIB)
    proxy = far.share(swap(size))
    began = time.monotonic()
    transfer_both_ways(far, proxy, size)
    print(f"{settings}: {2 * size * 8 / (time.monotonic() - began) / 1e6:.0f} Mbit/s")
    far.identity()
    counted = line.counts()
    for name, key in (("loss", "lost"), ("reorder", "reordered"), ("duplicate", "duplicated")):
        assert (counted["to_left"][key] > 0) == (name in settings)


def test_first_byte_after_few_round_trips(lab, far):
    lab.join(delay=34)
    far = far()
    proxy = far.share(lambda connection: connection.sendall(b"!"))
    # A new forward connects ahead of its use, and one whose peer went does not: so let it go.
    wait_for(lambda: far.laptop.connection(far.home))
    far.home.daemon_process.signal(signal.SIGTERM)
    assert far.home.daemon_process.wait() == 0
    far.home.daemon()
    took = []
    for _ in range(2):
        assert took or far.laptop.connection(far.home) is None
        began = time.monotonic()
        with far.connect(proxy) as connection:
            assert connection.recv(1) == b"!"
        took.append(time.monotonic() - began)
    print(f"connect and first byte {took[0] * 1000:.0f} ms = {took[0] / 0.068:.2f} RTT; "
          f"on the connection {took[1] * 1000:.0f} ms = {took[1] / 0.068:.2f} RTT")
    assert 2 * 0.068 <= took[0] < 4 * 0.068 + 0.1 and 0.068 <= took[1] < 2 * 0.068 + 0.1


def test_quic_is_preferred_where_both_work(lab, far):
    lab.join(delay=5)
    far = far(QUIC, TCP)
    proxy = far.share(echo)
    with far.connect(proxy) as connection:
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"
    far.identity()


def test_tcp_takes_over_where_udp_is_blocked(lab, far):
    lab.join(delay=10)
    lab.server.nft("""table inet lab {
        chain in { type filter hook input priority 0; meta l4proto udp drop; }
    }""")
    far = far(QUIC, TCP)
    proxy = far.share(lambda connection: connection.sendall(b"!"))
    began = time.monotonic()
    with far.connect(proxy) as connection:
        assert connection.recv(1) == b"!"
    took = time.monotonic() - began
    print(f"TCP where UDP is blocked: {took * 1000:.0f} ms at an RTT of 20 ms")
    assert 0.25 < took < 1.5
    assert far.laptop.connection(far.home)["transport"] == TCP


# Changes of the path: one third of the bytes have crossed when it comes, and it must be over before all have.

FLOW = max(BIG, 4 * MIB)
# With this rate the whole takes three seconds, or somewhat longer where that were much.
FLOW_MBIT = min(max(FLOW * 8 / 3e6, 10), 1000)


def download_with_change(far, change):
    """A transfer, change() in the midst of it, and the connection is the same after as before."""
    def send(connection):
        assert connection.recv(1)
        send_pattern(connection, FLOW)

    proxy = far.share(send)
    n_read, changed, stall = [0], [], [0, time.monotonic()]

    def progress(n):
        now = time.monotonic()
        n_read[0], stall[:] = n, (max(stall[0], now - stall[1]), now)

    def disturb():
        wait_for(lambda: n_read[0] > FLOW // 3, 60)
        change()
        changed.append(n_read[0])

    with far.connect(proxy) as connection:
        wait_for(lambda: far.laptop.connection(far.home))
        before = far.identity()
        disturber = threading.Thread(target=disturb, daemon=True)
        disturber.start()
        connection.sendall(b"!")
        down = hash_rest(connection, progress)
        disturber.join()
    print(f"longest stall {stall[0]:.2f} s")
    assert down == (pattern_hash(FLOW), FLOW) and changed and changed[0] < FLOW * 9 // 10
    assert far.identity() == before


def upload_with_change(far, change):
    """Likewise, in the midst of what goes up."""
    got, n_read = [], [0]

    def take(connection):
        connection.sendall(b"!")
        got.append(hash_rest(connection, lambda n: n_read.__setitem__(0, n)))
        connection.sendall(b"!")

    proxy = far.share(take)
    with far.connect(proxy) as connection:
        assert connection.recv(1) == b"!"
        before = far.identity()
        sender = threading.Thread(target=lambda: send_pattern(connection, FLOW) or connection.shutdown(socket.SHUT_WR), daemon=True)
        sender.start()
        wait_for(lambda: n_read[0] > FLOW // 3, 60)
        change()
        assert n_read[0] < FLOW * 9 // 10
        assert connection.recv(1) == b"!"
        sender.join()
    assert got == [(pattern_hash(FLOW), FLOW)] and far.identity() == before


@pytest.mark.parametrize("transfer", [download_with_change, upload_with_change], ids=["down", "up"])
def test_client_changes_its_address(lab, far, transfer):
    lab.join(delay=5, rate=FLOW_MBIT)
    far = far()
    transfer(far, lab.change_address)
    assert netlab.CLIENT_NEXT in far.home.connection(far.laptop)["address"]


def test_client_gets_a_better_way_and_loses_the_old_one(lab, far):
    lab.join(delay=5, rate=FLOW_MBIT)
    second = lab.add_second_way(delay=10, rate=FLOW_MBIT)
    far = far()

    def change():
        lab.use_second_way()
        time.sleep(0.5)
        lab.lose_first_way()

    download_with_change(far, change)
    assert netlab.CLIENT_SECOND in far.home.connection(far.laptop)["address"]
    assert second.counts()["to_left"]["bytes"] > FLOW // 10


@pytest.mark.parametrize("transfer", [download_with_change, upload_with_change], ids=["down", "up"])
def test_nat_rebinds(lab, far, transfer):
    lab.join_by_nat(delay=5, rate=FLOW_MBIT)
    far = far()
    transfer(far, lambda: lab.rebind("31000-31999"))
    address = far.home.connection(far.laptop)["address"]
    assert netlab.CLIENT in address and 31000 <= int(address.split("/")[4]) < 32000, address


def path_mtu_of_transfer(lab, far, line):
    """The biggest packets, IP header included, that crossed in each direction."""
    far = far()
    size = max(BIG // 8, MIB)
    transfer_both_ways(far, far.share(swap(size)), size)
    far.identity()
    counted = line.counts()
    return counted, min(counted[direction]["biggest"] for direction in counted)


def test_path_mtu_of_an_ordinary_line_is_used(lab, far):
    _, biggest = path_mtu_of_transfer(lab, far, lab.join(delay=2))
    assert 1400 < biggest <= 1500


def test_least_mtu_on_the_line(lab, far):
    _, biggest = path_mtu_of_transfer(lab, far, lab.join(delay=2, device_mtu=1280, mtu=1280))
    assert 1200 < biggest <= 1280


def test_least_mtu_behind_a_router_that_says_so(lab, far):
    _, biggest = path_mtu_of_transfer(lab, far, lab.join_by_nat(delay=2, device_mtu=1280, mtu=1280))
    assert 1200 < biggest <= 1280


def test_black_hole_for_bigger_packets(lab, far):
    counted, biggest = path_mtu_of_transfer(lab, far, lab.join(delay=2, mtu=1400))
    assert 1200 < biggest <= 1400
    # Probes alone are lost to it, not what the transfer is made of.
    assert 0 < sum(counted[direction]["too_big"] for direction in counted) < 50


def seconds_until_reset(connection):
    began = time.monotonic()
    connection.settimeout(NOTICED + 5)
    with pytest.raises(ConnectionResetError):
        while connection.recv(1 << 18):
            pass
    return time.monotonic() - began


def flood(connection):
    while True:
        connection.sendall(PATTERN)


def test_peer_killed_in_mid_transfer(lab, far):
    lab.join(delay=5, rate=100)
    far = far()
    proxy = far.share(flood)
    with far.connect(proxy) as connection:
        assert connection.recv(1 << 16)
        far.home.daemon_process.signal(signal.SIGKILL)
        far.home.daemon_process.wait()
        assert seconds_until_reset(connection) < NOTICED


def test_line_goes_dead_under_streams_that_flow_and_that_wait(lab, far):
    lab.join(delay=5, rate=100)
    far = far()
    proxy = far.share(lambda connection: flood(connection) if connection.recv(1) == b"f" else recv_all(connection))
    with far.connect(proxy) as flowing, far.connect(proxy) as waiting:
        flowing.sendall(b"f")
        waiting.sendall(b"w")
        assert flowing.recv(1 << 16)
        lab.client.nft("""table inet lab {
            chain in { type filter hook input priority 0; iifname wan drop; }
            chain out { type filter hook output priority 0; oifname wan drop; }
        }""")
        took = []
        threads = [threading.Thread(target=lambda c=c: took.append(seconds_until_reset(c))) for c in (flowing, waiting)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print("dead line noticed after", [round(t, 1) for t in took])
        assert len(took) == 2 and max(took) < NOTICED
        wait_for(lambda: far.home.status()["services"][0]["active"] == 0, NOTICED)


def test_stopped_reader_grows_no_memory(lab, far):
    lab.join(delay=5)
    far = far()
    proxy = far.share(flood)
    home, laptop = far.home.daemon_process, far.laptop.daemon_process
    with far.connect(proxy) as connection:
        assert connection.recv(1 << 16)
        # The program behind the port does not read.
        time.sleep(1.5)
        full = pss(home.pid), pss(laptop.pid)
        time.sleep(1)
        assert pss(home.pid) < full[0] + 8 * MIB and pss(laptop.pid) < full[1] + 8 * MIB
        # The peer does not read either.
        laptop.signal(signal.SIGSTOP)
        with contextlib.closing(connection):
            time.sleep(2)
            assert pss(home.pid) < full[0] + 8 * MIB
            laptop.signal(signal.SIGCONT)
            assert connection.recv(1 << 16)
    print(f"stopped reader: sender {full[0] / MIB:.0f} MiB, receiver {full[1] / MIB:.0f} MiB")


def test_stream_that_waits_does_not_hold_up_another(lab, far):
    lab.join(delay=5)
    far = far()
    proxy = far.share(lambda connection: flood(connection) if connection.recv(1) == b"f" else connection.sendall(b"!"))
    with far.connect(proxy) as stuck:
        stuck.sendall(b"f")
        assert stuck.recv(1)
        time.sleep(1)
        with far.connect(proxy, 5) as other:
            other.sendall(b"x")
            assert other.recv(1) == b"!"


def test_both_ends_leave_in_order(lab, far):
    lab.join(delay=5)
    far = far()
    proxy = far.share(echo)
    with far.connect(proxy) as connection:
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"
    proxy.end()
    far.laptop.daemon_process.signal(signal.SIGTERM)
    assert far.laptop.daemon_process.wait() == 0
    wait_for(lambda: far.home.connection(far.laptop) is None, 5, "the end of the connection at the other side")
    far.home.daemon_process.signal(signal.SIGTERM)
    assert far.home.daemon_process.wait() == 0
    assert not COMPLAINTS.search(far.home.daemon_process.stderr())
