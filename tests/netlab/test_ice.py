# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""ICE between two NATs, by the code that a daemon has: how soon a path is there, and how often where it takes a search.

The carrier is a line of its own between the devices, with the delay of the internet, which ICE may not use.
"""
import contextlib
import statistics
import subprocess
import time

import pytest

import netlab
from conftest import new_lab
from nat_lab import BY_NAME, EAST, WEST, Shores, SiteMaker

PEER = netlab.BUILD / "tests/netlab/ice-peer"
STUN = netlab.BUILD / "tests/netlab/stun-peer"
HERE, THERE = "9.9.9.1", "9.9.9.2"
PORT = 4001
# What the devices' facts say, as numbers of PeerupNatBehaviour: mapping, filtering, step.
CONE, ANY_PORT, NEXT_PORT = "1,3,0", "3,3,0", "3,3,1"
NAT = {"port-restricted": CONE, "symmetric": ANY_PORT, "symmetric, sequential": NEXT_PORT}

pytestmark = [pytest.mark.sanitized, pytest.mark.skipif(not PEER.exists(), reason=f"{PEER} is not built")]


class Process:
    def __init__(self, *words):
        self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.ready = self.process.stdout.readline().split()[1]

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.hear()

    def hear(self):
        return self.process.stdout.readline().split(maxsplit=2)

    def end(self):
        _, err = self.process.communicate(timeout=20)
        assert self.process.returncode == 0 and "Sanitizer" not in err, err

    def close(self):
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate()


class Pair:
    """A device behind a NAT of each of two kinds, the second listening; and a server."""

    def __init__(self, stack, one, other, delay):
        lab = stack.enter_context(new_lab())
        shores = Shores(lab, delay=delay)
        maker = SiteMaker(shores)
        here, there = maker.site(BY_NAME[one], WEST), maker.site(BY_NAME[other], EAST)
        lab.line((here.space, "private"), (there.space, "private"), delay=delay)
        for site, address in ((here, HERE), (there, THERE)):
            site.space.ip(f"addr add {address}/24 dev private", "link set private up")
        space, (host, _) = shores.host(EAST)
        self.stack, self.here = stack, here
        with space:
            server = self.start(STUN, "listen", host, 0)
        address = f"/ip4/{THERE}/tcp/{PORT}"
        with there.space:
            self.listener = self.start(PEER, "listen", 2, address, there.own[0] + "/24", host, server.ready, NAT[other])
        with here.space:
            self.dialer = self.start(PEER, "dial", 1, address, here.own[0] + "/24", host, server.ready, NAT[one],
                                     self.listener.ready)

    def start(self, *words):
        process = Process(*words)
        self.stack.callback(process.close)
        return process

    def end(self):
        self.dialer.end()
        self.listener.end()


@pytest.fixture
def make_pair():
    with contextlib.ExitStack() as stack:
        yield lambda *kinds, **settings: Pair(stack, *kinds, **settings)


# Whoever listens and begins learns of the path half a round trip after the other, and here the other's server is far.
@pytest.mark.calm
@pytest.mark.parametrize("delay, who", [(50, ("dial",)), (20, ("dial", "listen"))])
def test_soon_direct_between_two_nats(make_pair, delay, who):
    pair = make_pair("port-restricted", "port-restricted", delay=delay)
    soonest = 150 + 3 * 2 * delay
    for side in who:
        said = [pair.dialer.ask(side) for _ in range(5)]
        assert {word for word, *_ in said} == {"direct"}, said
        times = [float(milliseconds) for _, milliseconds, *_ in said]
        print(f"begun by who {side}s the carrier, round trip {2 * delay} ms: direct after {statistics.median(times):.0f} ms"
              f" ({min(times):.0f} to {max(times):.0f}), of {soonest} ms")
        assert statistics.median(times) <= soonest, times
    pair.end()


@pytest.mark.parametrize("one, other, tries", [("symmetric", "port-restricted", 20), ("port-restricted", "symmetric", 20),
                                               ("symmetric, sequential", "port-restricted", 10)])
def test_ports_are_searched(make_pair, one, other, tries):
    pair = make_pair(one, other, delay=20)
    said = [pair.dialer.ask("dial") for _ in range(tries)]
    times = sorted(float(milliseconds) for word, milliseconds, *_ in said if word == "direct")
    print(f"{one} and {other}: {len(times)} of {tries} direct, after {statistics.median(times):.0f} ms,"
          f" at worst {times[-1]:.0f}")
    assert len([time for time in times if time <= 3000]) >= 0.9 * tries, said
    pair.end()


def test_two_symmetric_ones_say_why_not(make_pair):
    pair = make_pair("symmetric", "symmetric", delay=5)
    word, _, why = pair.dialer.ask("dial")
    assert word == "failed" and why.startswith("Both NATs give every destination another port"), why
    pair.end()


def test_ends_with_the_address_that_it_is_bound_to(make_pair):
    pair = make_pair("port-restricted", "port-restricted", delay=5)
    assert pair.dialer.ask("keep")[0] == "direct"
    began = time.monotonic()
    pair.here.space.ip(f"addr del {pair.here.own[0]}/24 dev lan")
    word, _, why = pair.dialer.hear()
    took = time.monotonic() - began
    print(f"the connection ended {took * 1000:.0f} ms after its address")
    assert word == "closed" and why.startswith("This machine's address has changed"), why
    # Silence would be noticed after 14 s.
    assert took < 5
    pair.end()
