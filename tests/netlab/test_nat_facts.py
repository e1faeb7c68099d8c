# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What the daemon finds out about each kind of NAT by itself, with two relays to ask, and what it makes of it."""
import contextlib
import dataclasses
import re

import pytest

from conftest import new_directory, new_lab, new_peers
from far import QUIC, TCP
from nat_lab import BY_NAME, EAST, WEST, Shores, SiteMaker
from netlab import wait_for
from relay_lab import World as RelayWorld

pytestmark = pytest.mark.sanitized

# Not what is measured here: all of them start at once.
SOON = 30
NONE, ADDRESS, PORT = "endpoint-independent", "address-dependent", "address-and-port-dependent"


@dataclasses.dataclass(frozen=True)
class Facts:
    """What the log says; None: nobody has seen us."""

    mapping: str
    filtering: str
    step: int = 0
    kept: bool = True
    shared: bool = False


OPEN = Facts(NONE, NONE)
# By the name of the kind: the facts and the grade.
EXPECTED = {
    "public": (OPEN, "B"),
    "full cone": (OPEN, "B"),
    "address-restricted": (Facts(NONE, ADDRESS), "C"),
    "port-restricted": (Facts(NONE, PORT), "C"),
    "symmetric": (Facts(PORT, PORT, kept=False), "D"),
    "symmetric, sequential": (Facts(PORT, PORT, step=1, kept=False), "D"),
    "by address": (Facts(ADDRESS, PORT, kept=False), "D"),
    "double NAT": (Facts(NONE, PORT), "C"),
    "carrier": (Facts(NONE, PORT, shared=True), "C"),
    "no UDP": (None, "E"),
}


class World:
    """Two relays, the first of which has two addresses, and a device behind a NAT of each kind."""

    def __init__(self, lab, make_peer):
        self.shores = Shores(lab, delay=0)
        self.relays = [self.make_relay(make_peer, number) for number in range(2)]
        maker = SiteMaker(self.shores)
        self.sites = {name: self.make_site(maker, name) for name in EXPECTED}
        self.devices = {name: self.make_device(make_peer, name, site) for name, site in self.sites.items()}
        for device in self.devices.values():
            device.daemon()

    def make_relay(self, make_peer, number):
        space, (v4, _) = self.shores.host(EAST)
        hosts = [v4]
        if number == 0:
            hosts.append(v4.removesuffix("2") + "3")
            space.ip(f"addr add {hosts[1]}/24 dev wan")
        relay = RelayWorld.make_relay(make_peer(f"relay{number}", space), v4, (QUIC, TCP))
        # By name, because only what is bound to one of two hosts can answer from the other.
        relay.listen_on(*(f"/ip4/{host}/{way}" for host in hosts for way in (f"udp/{relay.port}/quic-v1", f"tcp/{relay.port}")))
        relay.daemon("relay", "serve")
        return relay

    def make_site(self, maker, name):
        if name != "carrier":
            return maker.site(BY_NAME[name], WEST)
        # A device that the carrier's NAT alone stands before.
        carrier, outside, _ = maker.router(WEST, BY_NAME["port-restricted"], "100.64.0.1")
        return maker.device(BY_NAME["port-restricted"], carrier, outside, "100.64.0.2", [carrier])

    def make_device(self, make_peer, name, site):
        device = make_peer(re.sub(r"\W", "", name), site.space)
        words = [word for relay in self.relays for way in (QUIC, TCP)
                 for word in ("--relay", relay.address(relay.host, way))]
        device.run("init", "--port", device.port, *words)
        # On all interfaces: the address is the router's business.
        device.id = device.run("whoami").stdout.strip()
        return device


@pytest.fixture(scope="module")
def world():
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(new_directory())
        lab = stack.enter_context(new_lab())
        yield World(lab, stack.enter_context(new_peers(directory)))


def read_facts(device):
    """What was logged last of IPv4: (where it is seen, Facts), (None, None) if nobody has seen it."""
    lines = re.findall(r"IPv4: (.*)", device.daemon_process.stderr())
    if not lines or lines[-1] == "not seen by anybody":
        return None, None
    seen = re.fullmatch(r"(\S+) seen as (\S+), mapping (\S+), filtering ([a-z-]+)(, port kept)?(, shared)?, step (-?\d+)",
                        lines[-1])
    assert seen, lines[-1]
    return seen[2], Facts(seen[3], seen[4], int(seen[7]), bool(seen[5]), bool(seen[6]))


def grade(device):
    grades = re.findall(r"Reachability ([A-F]): ", device.daemon_process.stderr())
    return grades[-1] if grades else None


@pytest.mark.parametrize("name", EXPECTED)
def test_facts_and_grade(world, name):
    device, (facts, expected_grade) = world.devices[name], EXPECTED[name]
    wait_for(lambda: grade(device) == expected_grade and read_facts(device)[1] == facts, SOON,
             f"{expected_grade} and {facts} of {name}") if facts else wait_for(
                 lambda: grade(device) == expected_grade, SOON, f"{expected_grade} of {name}")
    where, found = read_facts(device)
    assert found == facts
    assert facts is None or where.split(":")[0] == world.sites[name].outside
