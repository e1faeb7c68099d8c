# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""An internet with relays, and peers behind routers that let nobody in.

Each of home and laptop is behind a router of its own that masquerades; each relay has an address that
all can reach. Every site hangs on the internet by a veth pair, or by a delay line where a round trip matters.
"""
import signal
import socket
import time

import pytest

import netlab
from conftest import echo
from far import QUIC, TCP, listen_address, swap
from netlab import wait_for

RELAY_HOSTS = ("5.6.7.2", "5.6.8.2")
WAYS = ((QUIC, TCP), (TCP,))  # of each; the first is in the configurations of its peers
CUT = 3  # seconds after which strangers are cut off
DRAIN = 4  # seconds for circuits that are open when a relay goes
PATIENCE = 60  # seconds for what takes less than one


class Internet:
    """The namespaces and what joins them; lab is that of netlab."""

    def __init__(self, lab):
        self.lab = lab
        self.hub = lab.space()
        self.hub.sysctl("net/ipv4/ip_forward", 1)
        self.n_sites = 0

    def attach(self, space, host, **line):
        """space gets "wan" with that address, a default route and the internet at the other end."""
        self.n_sites += 1
        port, gateway = f"site{self.n_sites}", host.rpartition(".")[0] + ".1"
        if line:
            self.lab.line((self.hub, port), (space, "wan"), **line)
        else:
            self.join(self.hub, port, space, "wan")
        self.hub.ip(f"addr add {gateway}/24 dev {port}", f"link set {port} up")
        space.ip(f"addr add {host}/24 dev wan", "link set wan up", f"route add default via {gateway}")

    def join(self, left, left_name, right, right_name):
        left.ip(f"link add {left_name} type veth peer name {right_name}-peer")
        with left:
            netlab.check("ip", "link", "set", f"{right_name}-peer", "netns", right.path)
        right.ip(f"link set {right_name}-peer name {right_name}")

    def public(self, host, **line):
        space = self.lab.space()
        self.attach(space, host, **line)
        return space

    def private(self, outside, inside, relays=()):
        """The Namespace of a device behind a router, which lets only answers in, and with relays no UDP out but to them."""
        router, space = self.lab.space(), self.lab.space()
        self.attach(router, outside)
        self.join(router, "lan", space, "lan")
        gateway = inside.rpartition(".")[0] + ".1"
        router.sysctl("net/ipv4/ip_forward", 1)
        router.ip(f"addr add {gateway}/24 dev lan", "link set lan up")
        space.ip(f"addr add {inside}/24 dev lan", "link set lan up", f"route add default via {gateway}")
        if relays:
            # Where devices find a direct path, relays have nothing to do.
            router.nft(f"""
                table ip alone {{
                  chain forward {{
                    type filter hook forward priority -1;
                    iifname lan meta l4proto udp ip daddr != {{ {", ".join(relays)} }} drop
                  }}
                }}""")
        router.nft("""
            table ip filter {
              chain input { type filter hook input priority 0; policy drop; ct state established,related accept; }
              chain forward { type filter hook forward priority 0; policy drop;
                ct state established,related accept; iifname lan accept; }
            }
            table ip nat {
              chain post { type nat hook postrouting priority srcnat; oifname wan masquerade; }
            }""")
        return space


class World:
    """One or two relays, and home, laptop and a stranger who have them in their configuration. The second has TCP only.

    home offers "echo" and "swap". The relays admit everybody; home and laptop are in their authorized_keys, the stranger is not.
    """

    def __init__(self, lab, make_peer, serve, delays=(0,)):
        self.internet = Internet(lab)
        self.make_peer = make_peer
        self.relays = []
        for number, delay in enumerate(delays):
            space = self.internet.public(RELAY_HOSTS[number], **({"delay": delay} if delay else {}))
            self.relays.append(self.make_relay(make_peer(f"relay{number}", space), RELAY_HOSTS[number], WAYS[number]))
        there = self.internet.private("1.2.3.2", "192.168.1.2", RELAY_HOSTS)
        here = self.internet.private("1.2.4.2", "192.168.2.2", RELAY_HOSTS)
        self.home = self.make_device(make_peer("home", there))
        self.laptop = self.make_device(make_peer("laptop", here))
        self.stranger = self.make_device(make_peer("stranger", here))
        self.devices = (self.home, self.laptop, self.stranger)
        for relay in self.relays:
            relay.authorize(self.home)
            relay.authorize(self.laptop)
        for device in (self.laptop, self.stranger):
            self.home.authorize(device)
            device.run("auth", "add", self.home.id, "--name", "home")
        for name, handler in (("echo", echo), ("swap", swap(2 << 20))):
            with there:
                self.home.run("service", "add", name, serve(handler).port)

    @staticmethod
    def make_relay(relay, host, ways):
        relay.host, relay.way = host, ways[0]
        relay.init()
        relay.listen_on(*(listen_address(host, way, relay.port) for way in ways))
        text = relay.config.read_text()
        text = text.replace("enable_connection_gating: true", "enable_connection_gating: false")
        text = text.replace("\nrelay:\n", f"\nrelay:\n  drain_time: {DRAIN}s\n")
        relay.config.write_text(f"{text}\nresources:\n  session_duration: {CUT}s\n  session_data_limit: 1MB\n")
        return relay

    @staticmethod
    def stop(relay):
        relay.daemon_process.signal(signal.SIGTERM)
        assert relay.daemon_process.wait(DRAIN + PATIENCE) == 0

    def restart(self, relay):
        """Seconds from its return until one of laptop's connections gets through."""
        proxy = self.forward()
        relay.daemon("relay", "serve")
        began = time.monotonic()
        wait_for(lambda: self.reaches(proxy), PATIENCE, "a way through the relay that is back")
        return time.monotonic() - began

    def make_device(self, device):
        words = [word for relay in self.relays for word in ("--relay", relay.address(relay.host, relay.way))]
        device.run("init", "--port", device.port, *words)
        device.id = device.run("whoami").stdout.strip()
        return device

    def start(self):
        for relay in self.relays:
            relay.daemon("relay", "serve")
        for device in self.devices:
            device.daemon()
        self.settle()

    def settle(self):
        """Until everybody has a reservation everywhere."""
        for device in self.devices:
            wait_for(lambda: self.states(device) == ["reserved"] * len(self.relays), PATIENCE, f"{device.name}'s reservations")

    @staticmethod
    def states(device):
        return [relay["state"] for relay in device.status()["relays"]]

    @staticmethod
    def is_limited(device, other):
        """Whether what stands between the two says that a relay bounds it."""
        limited, = {one["limited"] for one in device.json("connections") if one["peer_id"] == other.id}
        return limited

    def connect(self, proxy, seconds=PATIENCE):
        with proxy.space:
            connection = socket.create_connection(proxy.address, seconds)
        connection.settimeout(seconds)
        return connection

    def reaches(self, proxy):
        with self.connect(proxy) as connection:
            return says(connection, b"anybody there?")

    def forward(self, service="echo", device=None):
        device = device or self.laptop
        proxy = device.proxy("home", service)
        proxy.space = device.space
        return proxy


def says(connection, text):
    """Whether the echo answers; not, if the connection is over."""
    try:
        connection.sendall(text)
        back = b""
        while len(back) < len(text):
            part = connection.recv(len(text) - len(back))
            if not part:
                return False
            back += part
    except (ConnectionResetError, BrokenPipeError):
        return False
    assert back == text
    return True


def wait_for_reset(connection, seconds):
    """It never looks as if all had come."""
    connection.settimeout(seconds)
    with pytest.raises(ConnectionResetError):
        while connection.recv(1 << 16):
            pass
