# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""miniupnpd as the router of a home: the daemon has its ports forwarded, by the best of what the router speaks."""
import contextlib
import json
import shutil
import signal
import socket
import subprocess
import time

import pytest

from conftest import new_directory, new_lab, new_peers
from far import QUIC
from nat_lab import BY_NAME, EAST, WEST, Shores, SiteMaker
from netlab import check, wait_for

SOON = 60  # seconds for what takes a few
# Seconds that a router has to have been up for its restart to show in its clock (RFC 6887 8.5 allows for two).
OLD_ENOUGH = 4
INSIDE = "192.168.1.2"
# What PCP's first byte is; NAT-PMP's is 0.
NO_PCP = """table inet deaf {
    chain input { type filter hook input priority -10; udp dport 5351 @th,64,8 2 drop; }
}"""
TABLE = """table inet upnp {
    chain miniupnpd { }
    chain prerouting_miniupnpd { }
    chain postrouting_miniupnpd { }
    chain pre { type nat hook prerouting priority -100; jump prerouting_miniupnpd; }
    chain post { type nat hook postrouting priority 100; jump postrouting_miniupnpd; }
}"""
CONFIG = """ext_ifname=wan
listening_ip=lan
ipv6_disable=yes
enable_pcp_pmp={pcp}
enable_upnp={upnp}
upnp_table_name=upnp
upnp_nat_table_name=upnp
secure_mode=yes
system_uptime=no
uuid=8a1bb1e0-6b7c-4b4e-9d2c-5f8f9a8f3c11
allow 1024-65535 192.168.1.0/24 1024-65535
deny 0-65535 0.0.0.0/0 0-65535
"""

pytestmark = [pytest.mark.sanitized, pytest.mark.skipif(not shutil.which("miniupnpd"), reason="miniupnpd is not installed")]


class Router:
    """A router with miniupnpd, which can be ended and started again."""

    def __init__(self, space, directory):
        self.space, self.directory = space, directory
        self.process = None
        self.started = 0
        space.nft(TABLE)

    def start(self, pcp="yes", upnp="no"):
        config = self.directory / "miniupnpd.conf"
        config.write_text(CONFIG.format(pcp=pcp, upnp=upnp))
        self.started = time.monotonic()
        with self.space, open(self.directory / "miniupnpd.log", "a") as log:
            self.process = subprocess.Popen(["miniupnpd", "-d", "-f", config, "-P", self.directory / "pid"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(SOON)
            self.process = None

    def forget(self):
        """As a router does that is switched off."""
        self.stop()
        for chain in ("miniupnpd", "prerouting_miniupnpd", "postrouting_miniupnpd"):
            self.space.nft(f"flush chain inet upnp {chain}")

    def forwarded(self):
        """The (protocol, port) that come in."""
        with self.space:
            rules = json.loads(check("nft", "-j", "list", "chain", "inet", "upnp", "prerouting_miniupnpd"))["nftables"]
        found = set()
        for rule in (item["rule"]["expr"] for item in rules if "rule" in item):
            if any("dnat" in part for part in rule):
                found |= {(part["match"]["left"]["payload"]["protocol"], part["match"]["right"]) for part in rule
                          if "match" in part and part["match"]["left"].get("payload", {}).get("field") == "dport"}
                found |= {("th", part["match"]["right"]) for part in rule
                          if "match" in part and part["match"]["left"].get("payload", {}).get("protocol") == "th"}
        return found


class World:
    def __init__(self, lab, make_peer, directory):
        shores = Shores(lab, delay=0)
        self.site = SiteMaker(shores).site(BY_NAME["port-restricted"], WEST)
        self.router = Router(self.site.routers[0], directory)
        self.home = make_peer("home", self.site.space).init()
        space, _ = shores.host(EAST)
        self.visitor = make_peer("visitor", space).init()
        self.home.authorize(self.visitor)

    def ports(self):
        return {port for _, port in self.router.forwarded()}

    def wait_for_mapping(self, by):
        pattern = rf"forwards UDP {self.site.outside}:{self.home.port} to port {self.home.port}, by {by}\n"
        self.home.daemon_process.wait_stderr(pattern, SOON)
        wait_for(lambda: self.ports() == {self.home.port}, SOON, "the router's rules")
        # The doctor tells what there is.
        wait_for(lambda: f"the router forwards {self.site.outside}:{self.home.port} (UDP, {by})"
                 in " ".join(self.home.run("doctor", code=None).stdout.split()), SOON, "the doctor's word of it")

    def visit(self):
        self.visitor.run("ping", self.home.address(self.site.outside, QUIC), "-c", "1")
        with self.visitor.space, socket.create_connection((self.site.outside, self.home.port), SOON) as connection:
            assert connection.recv(100).endswith(b"/multistream/1.0.0\n")

    def end(self):
        self.home.daemon_process.signal(signal.SIGTERM)
        assert self.home.daemon_process.wait(SOON) == 0
        wait_for(lambda: not self.ports(), SOON, "the end of the forwarding")
        self.router.stop()


    def clean_up(self):
        """After a test that has failed, so that the others do not."""
        if self.home.daemon_process and self.home.daemon_process.process.poll() is None:
            self.home.daemon_process.end()
        self.router.forget()


@pytest.fixture(scope="module")
def whole_world():
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(new_directory())
        lab = stack.enter_context(new_lab())
        world = World(lab, stack.enter_context(new_peers(directory)), directory)
        stack.callback(world.router.stop)
        yield world


@pytest.fixture
def world(whole_world):
    yield whole_world
    whole_world.clean_up()


def test_pcp_and_a_router_that_is_restarted(world):
    world.router.start()
    wait_for(lambda: time.monotonic() > world.router.started + OLD_ENOUGH, SOON, "a router that is not new")
    world.home.daemon()
    world.wait_for_mapping("PCP")
    world.home.daemon_process.wait_stderr("Reachability B", SOON)
    world.visit()
    world.router.forget()
    assert not world.ports()
    world.router.start()
    began = time.monotonic()
    wait_for(lambda: world.ports() == {world.home.port}, SOON, "the forwarding after the router's restart")
    print(f"forwarded again {time.monotonic() - began:.1f} s after the router's restart")
    world.visit()
    world.end()


def test_nat_pmp_where_pcp_is_not_answered(world):
    world.router.space.nft(NO_PCP)
    world.router.start()
    world.home.daemon()
    world.wait_for_mapping("NAT-PMP")
    world.visit()
    world.end()
    world.router.space.nft("delete table inet deaf")


def test_upnp_where_the_gateway_speaks_nothing_else(world):
    world.router.start(pcp="no", upnp="yes")
    world.home.daemon()
    world.wait_for_mapping("UPnP")
    world.visit()
    world.end()
