# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""One pair behind ordinary home routers: relayed at once, direct soon, what runs goes on, and back when the way breaks."""
import contextlib
import json
import time

import pytest

import netlab
from conftest import new_directory, new_lab, new_peers, new_servers
from nat_lab import BY_NAME, EAST
from nat_world import NatWorld
from netlab import wait_for
from relay_lab import says

# What shares the machine makes it slower, and the sanitizers still more. Printed is what it takes.
SLOWER = 5 if "asan" in netlab.BUILD.name else 2
DIRECT = 3  # seconds until the path is direct, on a machine of its own
FALLBACK = 5  # seconds until new streams go by the relay, and until that is shown
PROVEN = 10  # seconds that a direct path has to last until the relayed one is given up
PATIENCE = 60


@pytest.fixture(scope="module")
def world():
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(new_lab())
        directory = stack.enter_context(new_directory())
        serve = stack.enter_context(new_servers())
        world = NatWorld(lab, stack.enter_context(new_peers(directory)), serve)
        laptop, home = (world.device(name, site) for name, site in
                        zip(("laptop", "home"), world.sites.pair(BY_NAME["port-restricted"])))
        laptop.admit([home])
        home.admit([laptop])
        world.start()
        world.laptop, world.home = laptop, home
        yield world
        world.end()


def paths(device, other):
    return [connection["path"] for connection in device.control.connections(other)]


def shown(device, other):
    """(state, path) as peerup status --json has it."""
    status = json.loads(device.peer.run("status", "--json").stdout)
    peer = next(peer for peer in status["peers"] if peer["id"] == other.id)
    return peer["state"], peer.get("path")


def test_climbs_and_falls_back(world):
    laptop, home = world.laptop, world.home
    address = laptop.forward(home)
    began = time.monotonic()
    with laptop.connect(address) as first:
        assert says(first, b"by the relay")
        relayed = time.monotonic() - began
        wait_for(lambda: laptop.path(home) == home.path(laptop) == "direct", DIRECT * SLOWER, "a direct path on both sides")
        direct = time.monotonic() - began
        assert shown(laptop, home) == ("connected", "direct")
        # Who came through a NAT that was opened for him shows nobody else the way in.
        assert {device.control.network()["grade"] for device in (laptop, home)} == {"C"}
        # What began on the relay goes on there, for as long as it likes; what is new does not.
        assert says(first, b"still there") and laptop.reaches(address)
        time.sleep(max(0, began + direct + PROVEN + 1 - time.monotonic()))
        assert says(first, b"and still") and "relayed" in paths(laptop, home)
    wait_for(lambda: set(paths(laptop, home)) == set(paths(home, laptop)) == {"direct"}, PATIENCE, "the end of the relayed path")

    hub = world.shores.shores[EAST].hub
    ends = f"{{ {laptop.site.outside}, {home.site.outside} }}"
    began = time.monotonic()
    hub.nft(f"""
        table inet hole {{
          chain forward {{
            type filter hook forward priority 0;
            ip saddr {ends} ip daddr {ends} drop
          }}
        }}""")
    usable = laptop.seconds_until_usable(address, began, PATIENCE)
    wait_for(lambda: shown(laptop, home) == ("connected", "relayed"), FALLBACK * SLOWER, "that the relay is shown")
    told = time.monotonic() - began
    hub.nft("delete table inet hole")
    print(f"relayed after {relayed:.2f} s, direct after {direct:.2f} s; "
          f"black hole: usable after {usable:.2f} s, shown after {told:.2f} s")
    assert usable < FALLBACK * SLOWER
