# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The command over QUIC, on lines that delay, lose, shrink and break."""
import contextlib
import signal
import threading
import time

import pytest

from conftest import BIG, COMPLAINTS, echo, pss, recv_all, wait_for
from far import MIB, NOTICED, flood, seconds_until_reset, swap, transfer_both_ways


# What is lost costs time more than bytes, so there are fewer where more is lost.
@pytest.mark.parametrize(("settings", "size"), [
    ({"loss": 1, "delay": 2}, BIG // 16),
    ({"loss": 5, "delay": 2}, BIG // 64),
    ({"loss": 30, "delay": 2}, BIG // 1024),
    ({"reorder": 5, "hold": 3, "delay": 2}, BIG // 16),
    ({"duplicate": 5, "delay": 2}, BIG // 16),
    ({"loss": 1, "reorder": 2, "duplicate": 2, "delay": 10}, BIG // 16),
    ({"delay": 34}, BIG // 4),
], ids=lambda value: "-".join(f"{name}{n}" for name, n in value.items()) if isinstance(value, dict) else "")
def test_transfer_on_a_bad_line(lab, far, settings, size):
    line = lab.join(**settings)
    far = far()
    size = max(size, MIB // 16)
    proxy = far.share(swap(size))
    began = time.monotonic()
    transfer_both_ways(far, proxy, size)
    print(f"{settings}: {2 * size * 8 / (time.monotonic() - began) / 1e6:.0f} Mbit/s")
    far.identity()
    counted = line.counts()
    for name, key in (("loss", "lost"), ("reorder", "reordered"), ("duplicate", "duplicated")):
        assert (counted["to_left"][key] > 0) == (name in settings)


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


@pytest.mark.by_the_clock
def test_peer_killed_in_mid_transfer(lab, far):
    lab.join(delay=5, rate=100)
    far = far()
    proxy = far.share(flood)
    with far.connect(proxy) as connection:
        assert connection.recv(1 << 16)
        far.home.daemon_process.signal(signal.SIGKILL)
        far.home.daemon_process.wait()
        assert seconds_until_reset(connection) < NOTICED


@pytest.mark.by_the_clock
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
