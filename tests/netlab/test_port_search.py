# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Port searches through real NATs: of a pair that ICE cannot bring together, nearly every try is direct within 3 s.

The figures are printed: of 20 tries how many worked, the median and the worst time of the slower side, and the packets
of the side that sent more.
"""
import contextlib
import json
import os
import pathlib
import socket
import statistics
import subprocess
import threading

import pytest

import netlab
from nat_lab import BY_NAME, EAST, WEST, By, Kind, Shores, SiteMaker

PROGRAM = netlab.BUILD / "tests/netlab/port-search"
PORT = 6000     # of the one socket; its NAT keeps it
MIRROR = 7000
TRIES, WORK = 20, 18
SECONDS = 3
PACKETS = 1536  # PEERUP_PORT_SEARCH_PROBES

DOUBLE_SYMMETRIC = Kind("symmetric, double", mapping=By.PORT, rules="masquerade fully-random", routers=2)

pytestmark = [pytest.mark.sanitized, pytest.mark.skipif(not PROGRAM.exists(), reason=f"{PROGRAM} is not built")]


class Side:
    """The program on a site."""

    def __init__(self, site, *args):
        self.site = site
        environment = {**os.environ, "G_DEBUG": "fatal-criticals"}
        with site.space:
            self.process = subprocess.Popen([PROGRAM, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.PIPE, text=True, env=environment)

    def n_sent(self):
        """UDP datagrams that have left the site's device."""
        with self.site.space:
            lines = pathlib.Path("/proc/thread-self/net/snmp").read_text().splitlines()
        names, values = (line.split() for line in lines if line.startswith("Udp:"))
        return int(values[names.index("OutDatagrams")])

    def begin(self, role, key, address, step):
        self.sent_before = self.n_sent()
        self.process.stdin.write(f"{role} {key} {address[0]} {address[1]} {step}\n")
        self.process.stdin.flush()

    def end(self):
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        result = json.loads(line)
        result["packets"] = self.n_sent() - self.sent_before - result.get("ours", 0)
        return result

    def close(self):
        out, err = self.process.communicate(timeout=20)
        assert self.process.returncode == 0 and not out and not err, (out, err)


class World:
    """A site with many ports and one with one, and somebody who sees where packets come from."""

    def __init__(self, lab, stack, many, one):
        shores = Shores(lab)
        maker = SiteMaker(shores)
        self.many, self.one = maker.site(many, WEST), maker.site(one, EAST)
        space, (self.mirror, _) = shores.host(EAST)
        with space:
            self.eye = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.eye.bind((self.mirror, MIRROR))
        self.eye.settimeout(20)
        self.sides = (Side(self.many, "many"), Side(self.one, "one", str(PORT)))
        for side in self.sides:
            stack.callback(side.close)

    def last_port(self):
        """Of the NAT with many: the one of a new socket, as it is seen from outside."""
        word = os.urandom(8)
        with self.many.space, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.sendto(word, (self.mirror, MIRROR))
        while True:
            data, seen = self.eye.recvfrom(100)
            if data == word:
                return seen[1]

    @contextlib.contextmanager
    def strays(self, seconds_between):
        """Others behind the same NAT open mappings too."""
        closed = threading.Event()

        def stray():
            while not closed.wait(seconds_between):
                with self.many.space, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                    other.sendto(b"stray", (self.mirror, MIRROR))

        thread = threading.Thread(target=stray)
        thread.start()
        try:
            yield
        finally:
            closed.set()
            thread.join()

    def search(self, n, step):
        """What both sides say of one search; by turns one and the other is controlling."""
        for router in self.many.routers + self.one.routers:
            netlab.forget_mappings(router)
        key = os.urandom(16).hex()
        roles = ("controlling", "controlled")[::1 if n % 2 else -1]
        targets = (self.one.outside, PORT), (self.many.outside, self.last_port())
        for side, role, target in zip(self.sides, roles, targets):
            side.begin(role, key, target, step)
        return [side.end() for side in self.sides]


def check_way(world, results):
    """Both found the same, and it carries what they say."""
    many, one = results
    assert many["way"] == f"{world.one.outside}:{PORT}" and one["way"].startswith(world.many.outside + ":"), results
    assert many["carries"] and one["carries"], results


@pytest.mark.parametrize("many,one,step", [
    (BY_NAME["symmetric"], BY_NAME["port-restricted"], 0),
    (BY_NAME["symmetric, sequential"], BY_NAME["port-restricted"], 1),
    (DOUBLE_SYMMETRIC, BY_NAME["double NAT"], 0),
], ids=["random", "sequential", "double NAT"])
def test_hard_pairs_meet(lab, many, one, step):
    times, packets = [], []
    with contextlib.ExitStack() as stack:
        world = World(lab, stack, many, one)
        if step:
            stack.enter_context(world.strays(0.002))
        for n in range(TRIES):
            results = world.search(n, step)
            packets.append(max(result["packets"] for result in results))
            assert packets[-1] <= PACKETS, results
            if all("way" in result for result in results):
                check_way(world, results)
                times.append(max(result["ms"] for result in results))
    print(f"{many.name} x {one.name}: {len(times)} of {TRIES} work, median {statistics.median(times)} ms and "
          f"{statistics.median(packets)} packets, at worst {max(times)} ms and {max(packets)} packets")
    assert sum(time <= SECONDS * 1000 for time in times) >= WORK, sorted(times)


def test_two_symmetric_ones_do_not(lab):
    """Random ports on both sides: it ends in time, within the bound, and says so."""
    with contextlib.ExitStack() as stack:
        world = World(lab, stack, BY_NAME["symmetric"], BY_NAME["symmetric"])
        for result in world.search(0, 0):
            assert "No port of" in result["error"] and result["packets"] <= PACKETS, result
            assert SECONDS * 1000 <= result["ms"] < SECONDS * 5000, result
