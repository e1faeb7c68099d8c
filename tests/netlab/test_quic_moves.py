# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The command over QUIC while the way between the peers changes: it is the same connection before and after.

A third of the bytes have crossed when the change comes, and it must be over before all have.
"""
import socket
import threading
import time

import pytest

import netlab
from conftest import BIG, wait_for
from far import MIB, NOTICED, QUIC, TCP, flood, hash_rest, pattern_hash, send_pattern, was_reset
from netlab import NO_UDP


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
    transfer(far, lambda: lab.change_address(netlab.CLIENT, netlab.CLIENT_NEXT))
    assert netlab.CLIENT_NEXT in far.home.connection(far.laptop)["address"]


def test_many_changes_while_a_gibibyte_crosses(lab, far):
    """To another address and back, by another way and back; a gibibyte unless the sanitizers are there. What crosses goes
    on by the connection it began on; where a change takes long, another may be made meanwhile."""
    size, parts = 16 * BIG, 10
    # Five seconds, and queues of 75 ms: what is lost at a change is megabytes.
    mbit = size * 8 / 5e6
    queue = int(mbit * 125 * 75)
    lab.join(delay=5, rate=mbit, queue=queue)
    lab.add_second_way(delay=10, rate=mbit, queue=queue)
    far = far()
    far.may_dial_anew = True
    changes = [lambda: lab.change_address(netlab.CLIENT, netlab.CLIENT_NEXT), lab.use_second_way,
               lambda: lab.change_address(netlab.CLIENT_NEXT, netlab.CLIENT), lab.use_second_way]
    n_read, n_changes = [0], [0]

    def send(connection):
        assert connection.recv(1)
        send_pattern(connection, size)

    def disturb():
        for i in range(1, parts):
            wait_for(lambda: n_read[0] > i * size // parts // 2, 60)
            changes[(i - 1) % len(changes)]()
            n_changes[0] = i

    proxy = far.share(send)
    with far.connect(proxy) as connection:
        wait_for(lambda: far.laptop.connection(far.home))
        before = far.identity()
        disturber = threading.Thread(target=disturb, daemon=True)
        disturber.start()
        began = time.monotonic()
        connection.sendall(b"!")
        down = hash_rest(connection, lambda n: n_read.__setitem__(0, n))
        print(f"{size // MIB} MiB over {n_changes[0]} changes: {size * 8 / (time.monotonic() - began) / 1e6:.0f} Mbit/s")
    assert n_changes[0] == parts - 1
    assert down == (pattern_hash(size), size) and far.identity() == before


@pytest.mark.by_the_clock
@pytest.mark.parametrize("transfer", [download_with_change, upload_with_change], ids=["down", "up"])
def test_address_comes_back_after_a_while(lab, far, transfer):
    """As when a wireless network is out of reach for a moment. What runs goes on; meanwhile another connection may be made."""
    lab.join(delay=5, rate=FLOW_MBIT)
    far = far()
    far.may_dial_anew = True
    transfer(far, lambda: lab.change_address(netlab.CLIENT, netlab.CLIENT, 3))


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


@pytest.mark.by_the_clock
@pytest.mark.parametrize("transfer", [download_with_change, upload_with_change], ids=["down", "up"])
def test_nat_rebinds(lab, far, transfer):
    lab.join_by_nat(delay=5, rate=FLOW_MBIT)
    far = far()
    transfer(far, lambda: lab.rebind("31000-31999"))
    address = far.home.connection(far.laptop)["address"]
    assert netlab.CLIENT in address and 31000 <= int(address.split("/")[4]) < 32000, address


@pytest.mark.by_the_clock
def test_connection_that_cannot_move_ends_at_once(lab, far):
    """No peer lets one move for ever: for each move it must have heard of the one before."""
    lab.join(delay=5, rate=100)
    far = far(QUIC, TCP)
    proxy = far.share(flood)
    addresses = [f"1.2.3.{n}" for n in range(2, 20)]
    with far.connect(proxy) as connection:
        assert connection.recv(1 << 16)
        far.identity()
        lab.server.nft(NO_UDP)
        began, n_moves = time.monotonic(), 0
        for old, new in zip(addresses, addresses[1:]):
            lab.change_address(old, new, 0)
            n_moves += 1
            if was_reset(connection, 0.6):
                break
        took = time.monotonic() - began
    print(f"ended with move {n_moves}, {took:.1f} s after the last packet of the peer")
    assert 2 < n_moves < 12 and took < NOTICED - 6
    began = time.monotonic()
    with far.connect(proxy) as connection:
        assert connection.recv(1)
    print(f"TCP {time.monotonic() - began:.2f} s later")
    lab.server.nft("flush table inet lab")
