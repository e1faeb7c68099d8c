# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Changes that concern TCP, which cannot move; and what a daemon sends that nobody uses.

The faults of NATs, relays and direct paths stand in test_nat_faults.py.
"""
import time

import pytest

import netlab
from conftest import echo
from far import TCP
from netlab import wait_for
from relay_lab import PATIENCE, says

# What shares the machine makes it slower, and the sanitizers still more. Printed is what it takes.
SLOWER = 5 if "asan" in netlab.BUILD.name else 2
USABLE = 3 * SLOWER  # seconds until a forward answers again
FAILOVER = 5 * SLOWER  # the same, where nobody says that the way is gone
IDLE = 60  # seconds
IDLE_PACKETS = 24  # both ways in that time, at most: two questions in a minute, each with an answer, would do

COUNT = """table inet lab {
    counter sent { }
    counter received { }
    chain out { type filter hook output priority 0; oifname wan counter name sent; }
    chain in { type filter hook input priority 0; iifname wan counter name received; }
}"""


def answers(far, proxy, seconds=1):
    try:
        with far.connect(proxy, seconds) as connection:
            return says(connection, b"anybody there?")
    except OSError:
        return False


def seconds_until_answer(far, proxy, began):
    wait_for(lambda: answers(far, proxy), PATIENCE, "an answer")
    return time.monotonic() - began


@pytest.mark.parametrize("who, limit", [("laptop", USABLE), ("home", FAILOVER)])
def test_tcp_from_an_address_that_is_gone(lab, far, who, limit):
    """Whoever loses the address, the one who dials is soon through again: home cannot tell that it has another."""
    lab.join(delay=5)
    far = far(TCP, hosts=(netlab.SERVER, "5.6.7.3"))
    proxy = far.share(echo)
    with far.connect(proxy) as held:
        assert says(held, b"before")
        began = time.monotonic()
        if who == "laptop":
            lab.change_address(netlab.CLIENT, netlab.CLIENT_NEXT)
        else:
            lab.server.ip(f"addr del {netlab.SERVER}/24 dev wan", "addr add 5.6.7.3/24 dev wan", "route replace default dev wan")
        took = seconds_until_answer(far, proxy, began)
    print(f"{who} has another address: usable after {took:.2f} s")
    assert took < limit


def test_tcp_from_an_address_that_is_back(lab, far):
    """As when a lease is renewed: what is connected goes on."""
    lab.join(delay=5)
    far = far(TCP)
    proxy = far.share(echo)
    with far.connect(proxy) as held:
        assert says(held, b"before")
        before = far.identity()
        lab.change_address(netlab.CLIENT, netlab.CLIENT, 0)
        assert says(held, b"after")
        time.sleep(2)  # longer than an address may be away
        assert says(held, b"later")
        assert far.identity() == before


@pytest.mark.by_the_clock
def test_idle_daemon_says_little(lab, make_peer, record_property):
    """One with a relay that holds a reservation for it, and nothing else."""
    lab.join(delay=5)
    relay, idle = make_peer("relay", lab.server), make_peer("idle", lab.client)
    relay.id = relay.run("init", "--port", relay.port).stdout.strip()
    idle.id = idle.run("init", "--port", idle.port, "--relay", relay.address(netlab.SERVER, "quic-v1")).stdout.strip()
    relay.authorize(idle)
    relay.daemon("relay", "serve")
    idle.daemon()
    wait_for(lambda: [one["state"] for one in idle.status()["relays"]] == ["reserved"], PATIENCE, "the reservation")
    time.sleep(IDLE / 2)  # until it knows its network
    lab.client.nft(COUNT)
    began = time.monotonic()
    time.sleep(IDLE)
    seconds = time.monotonic() - began
    sent, received = lab.client.counter("sent"), lab.client.counter("received")
    record_property("idle", f"a daemon with one relay, nothing used: {sent[0] / seconds * 60:.1f} packets a minute sent and "
                    f"{received[0] / seconds * 60:.1f} received, {(sent[1] + received[1]) / seconds * 60:.0f} bytes a minute")
    assert 0 < sent[0] + received[0] < IDLE_PACKETS * seconds / IDLE
    assert [one["state"] for one in idle.status()["relays"]] == ["reserved"]
