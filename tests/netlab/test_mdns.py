# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Machines in one network find each other, without a relay and without anybody who tells them an address."""
import contextlib
import json
import pathlib
import secrets
import shlex
import socket
import struct
import subprocess
import sys
import threading

import netlab
import pytest
from conftest import echo, wait_for
from control import Control

try:
    import zeroconf
except ImportError:
    zeroconf = None

GROUP, PORT = "224.0.0.251", 5353
SERVICE = "_p2p._udp.local"
SOON = 15  # seconds for what takes one on an idle machine
INTEROP = pathlib.Path(__file__).resolve().parents[1] / "interop"


class Lan:
    """A bridge, and whoever is plugged in."""

    def __init__(self, lab):
        self.lab, self.hub, self.n = lab, lab.space(), 1
        self.hub.ip("link add lan type bridge", "link set lan up")
        if pathlib.Path("/proc/sys/net/bridge").exists():
            for name in ("iptables", "ip6tables"):
                self.hub.sysctl(f"net/bridge/bridge-nf-call-{name}", 0)

    def plug(self, space, ip4=True, ip6=False):
        """space gets the device lan; its IPv4 address is told."""
        self.n += 1
        port = f"port{self.n}"
        self.hub.ip(f"link add {port} type veth peer name {port}-peer")
        with self.hub:
            netlab.check("ip", "link", "set", f"{port}-peer", "netns", space.path)
        self.hub.ip(f"link set {port} master lan up")
        space.ip(f"link set {port}-peer name lan", "link set lan up")
        if ip4:
            space.ip(f"addr add 192.168.7.{self.n}/24 dev lan")
        if ip6:
            # IPv6 sends no multicast without a link-local one, and none is made by itself here.
            space.ip(f"addr add fe80::{self.n}/64 dev lan nodad", f"addr add fd00:7::{self.n}/64 dev lan nodad")
        return f"192.168.7.{self.n}"

    def space(self, **options):
        space = self.lab.space()
        space.host = self.plug(space, **options)
        return space


@pytest.fixture
def lan(lab):
    return Lan(lab)


@pytest.fixture
def make(lan, make_peer):
    """make(name, space=None, **options of plug): a peer with mDNS in a namespace of its own; it does not run yet."""

    def new(name, space=None, **options):
        peer = make_peer(name, space or lan.space(**options))
        peer.mdns = True
        peer.init()
        change(peer, "\nnetwork:\n", "\nnetwork:\n  port_mapping: false\n")
        return peer

    return new


def change(peer, old, new):
    text = peer.config.read_text()
    assert old in text
    peer.config.write_text(text.replace(old, new))


def pair(make, **options):
    """(home, laptop): they run and trust each other, and nobody has told them anything else."""
    home, laptop = make("home", **options), make("laptop", **options)
    for peer in (home, laptop):
        peer.daemon()
    home.authorize(laptop)
    laptop.authorize(home)
    return home, laptop


def reaches(peer, other):
    return peer.run("ping", other.name, "--count", "1", code=None).returncode == 0


def meet(peer, other):
    wait_for(lambda: reaches(peer, other), SOON, f"a way from {peer.name} to {other.name}")
    connection = peer.connection(other)
    assert connection["path"] == "direct", connection
    return connection


def has_port(space):
    """Whether anybody in that namespace has the port of mDNS."""
    with space:
        text = "".join(pathlib.Path("/proc/thread-self/net", name).read_text() for name in ("udp", "udp6"))
    return f":{PORT:04X} " in text


# Ours with ours


def test_found_by_auth_add_alone(make):
    home, laptop = pair(make)
    meet(laptop, home)
    assert home.connection(laptop)["path"] == "direct"


def test_ipv6_only(make):
    home, laptop = pair(make, ip4=False, ip6=True)
    assert "/ip6/fd00:7::" in json.dumps(meet(laptop, home))


def test_network_that_comes_later(lan, lab, make, serve):
    """Both start without any network. What waits for the other connects by itself as soon as there is one."""
    home, laptop = make("home", lab.space()), make("laptop", lab.space())
    with home.space:
        home.run("service", "add", "echo", serve(echo).port)
    for peer, other in ((home, laptop), (laptop, home)):
        peer.authorize(other)
    for peer in (home, laptop):
        peer.daemon()
        assert peer.status()["problems"] == []
    control = Control(laptop)
    try:
        _, address = control.forward(home, "echo")
        for peer in (home, laptop):
            lan.plug(peer.space)
        wait_for(lambda: any(c["path"] == "direct" for c in control.connections(home)), SOON, "a connection to home")
        with laptop.space, socket.create_connection(address, SOON) as connection:
            connection.sendall(b"hello")
            assert connection.recv(100) == b"hello"
    finally:
        control.close()


def test_off_is_silent(lan, make):
    """With discovery.mdns: false there is no socket, until the configuration says otherwise."""
    home, laptop = make("home"), make("laptop")
    change(home, "  mdns: true\n", "  mdns: false\n")
    for peer in (home, laptop):
        peer.daemon()
    home.authorize(laptop)
    laptop.authorize(home)
    assert has_port(laptop.space)
    assert not has_port(home.space)
    assert not reaches(laptop, home)
    change(home, "  mdns: false\n", "  mdns: true\n")
    meet(laptop, home)
    change(home, "  mdns: true\n", "  mdns: false\n")
    wait_for(lambda: not has_port(home.space), SOON, "the end of the sockets")


# With other programs


@contextlib.contextmanager
def js_peer(space, key):
    """(peer ID, lines that it prints, as they come) of a js-libp2p node with mDNS."""
    listed = subprocess.run(["sh", INTEROP / "prepare", "--list"], capture_output=True, text=True, check=True, timeout=30)
    _, command, *reason = next(line for line in listed.stdout.splitlines() if line.startswith("js\t")).split("\t")
    if reason:
        pytest.skip(f"js-libp2p: {reason[0]}")
    # It leaves the interface to the routes.
    space.ip("route add 224.0.0.0/4 dev lan")
    with space:
        process = subprocess.Popen([*shlex.split(command), "find", "--key", key, "--at", f"/ip4/{space.host}/tcp/0"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    lines = []
    reader = threading.Thread(target=lambda: [lines.append(json.loads(line)) for line in process.stdout], daemon=True)
    reader.start()
    try:
        listening = wait_for(lambda: next((line for line in lines if line["event"] == "listening"), None), 60,
                             "js-libp2p's start")
        yield listening["peer"], lines
    finally:
        process.stdin.close()
        process.wait(20)
        reader.join(5)


def test_js(lan, make):
    home = make("home")
    home.daemon()
    with js_peer(lan.space(), secrets.token_hex(32)) as (other, lines):
        found = wait_for(lambda: next((line for line in lines if line["event"] == "found" and line["peer"] == home.id), None),
                         SOON, "our peer in js-libp2p")
        assert f"/ip4/{home.space.host}/tcp/{home.port}" in [address.split("/p2p/")[0] for address in found["addrs"]]
        home.run("auth", "add", other, "--name", "other")
        wait_for(lambda: home.run("ping", "other", "--count", "1", code=None).returncode == 0, SOON, "a way to js-libp2p")


@contextlib.contextmanager
def zeroconf_in(space):
    if zeroconf is None:
        pytest.skip("Debian has it in python3-zeroconf")
    with space:
        instance = zeroconf.Zeroconf(interfaces=[space.host])
    try:
        yield instance
    finally:
        instance.close()


def strings(text):
    """Those of a TXT record."""
    while text:
        yield text[1:1 + text[0]]
        text = text[1 + text[0]:]


def test_zeroconf_browses(lan, make):
    home = make("home")
    home.daemon()
    names = []
    with zeroconf_in(lan.space()) as other:
        browser = zeroconf.ServiceBrowser(other, f"{SERVICE}.", handlers=[lambda name, **_: names.append(name)])
        name = wait_for(lambda: names[0] if names else None, SOON, "our peer in zeroconf")
        info = wait_for(lambda: other.get_service_info(f"{SERVICE}.", name, 3000), SOON, "its details")
        browser.cancel()
    label = name.split(".")[0]
    assert 32 <= len(label) <= 63 and home.id not in name
    assert f"dnsaddr=/ip4/{home.space.host}/tcp/{home.port}/p2p/{home.id}".encode() in list(strings(info.text))
    assert info.port == home.port
    assert info.addresses == [socket.inet_aton(home.space.host)]


def test_zeroconf_registers(lan, make):
    """What zeroconf says of home, which is silent itself, is as good as what home would say."""
    home, laptop = make("home"), make("laptop")
    change(home, "  mdns: true\n", "  mdns: false\n")
    for peer in (home, laptop):
        peer.daemon()
    home.authorize(laptop)
    laptop.authorize(home)
    text = f"dnsaddr={home.address(home.space.host)}".encode()
    label = secrets.token_hex(16)
    info_args = dict(type_=f"{SERVICE}.", name=f"{label}.{SERVICE}.", addresses=[socket.inet_aton(home.space.host)], port=home.port,
                     properties=bytes([len(text)]) + text, server=f"{label}.local.")
    with zeroconf_in(lan.space()) as other:
        other.register_service(zeroconf.ServiceInfo(**info_args))
        meet(laptop, home)


# Bad input


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def record(owner, kind, data, ttl=120):
    return name(owner) + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def claim(peer_id, *addresses):
    """An answer that says that the peer is there."""
    label = f"{secrets.token_hex(16)}.{SERVICE}"
    texts = [f"dnsaddr={address}/p2p/{peer_id}".encode() for address in addresses]
    return (struct.pack(">6H", 0, 0x8400, 0, 2, 0, 0) + record(SERVICE, 12, name(label)) +
            record(label, 16, b"".join(bytes([len(text)]) + text for text in texts)))


@contextlib.contextmanager
def mouth(space):
    """say(bytes): to everybody, from the port of mDNS."""
    with space, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(space.host))
        out.bind((space.host, PORT))
        yield lambda data: out.sendto(data, (GROUP, PORT))


def processor_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def random_id():
    """Of an RSA key that nobody has."""
    number, text = int.from_bytes(b"\x12\x20" + secrets.token_bytes(32)), ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    return text


LOOPS = [
    struct.pack(">6H", 0, 0, 1, 0, 0, 0) + b"\xc0\x0c\x00\x0c\x00\x01",
    struct.pack(">6H", 0, 0, 2, 0, 0, 0) + b"\xc0\x12\x00\x0c\x00\x01" + b"\xc0\x0c\x00\x0c\x00\x01",
    struct.pack(">6H", 0, 0x8400, 0, 1, 0, 0) + b"\x01a\xc0\x0c\x00\x0c\x00\x01\x00\x00\x00\x78\x00\x02\xc0\x0c",
    struct.pack(">6H", 0, 0x8400, 0, 0xffff, 0xffff, 0xffff) + b"\0" * 1400,
    b"", b"\0", b"\xff" * 1400,
]


def test_flood(lan, make, show):
    """Ten thousand answers, and what would turn a reader in circles, cost little, and who comes then is found."""
    home, laptop = make("home"), make("laptop")
    for peer in (home, laptop):
        peer.daemon()
    before = processor_seconds(laptop.daemon_process.process)
    memory = laptop.status()
    answers = [claim(random_id(), "/ip4/192.168.7.250/tcp/1") for _ in range(500)]
    with mouth(lan.space()) as say:
        for i in range(10000):
            say(answers[i % len(answers)])
            if i % 100 == 0:
                for data in LOOPS:
                    say(data)
    home.authorize(laptop)
    laptop.authorize(home)
    meet(laptop, home)
    assert memory["peers"] == [] and [peer["id"] for peer in laptop.status()["peers"]] == [home.id]
    cost = processor_seconds(laptop.daemon_process.process) - before
    show("mDNS", f"10,000 answers of strangers cost {cost:.2f} s of processor time")
    assert cost < 10


@contextlib.contextmanager
def listener(space, host):
    """((host, port), from where connections came) of a TCP server, which closes them."""
    with space:
        server = socket.create_server((host, 0))
    accepted = []

    def accept():
        with contextlib.suppress(OSError):
            while True:
                connection, place = server.accept()
                accepted.append(place)
                connection.close()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server.getsockname(), accepted
    finally:
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()


def test_claims_about_others(lan, make):
    """Somebody says of home that it is on the internet, on loopback and at his own place: only the last is dialed, and
    comes to nothing."""
    evil, laptop, home = lan.space(), make("laptop"), make("home")
    evil.ip("addr add 8.8.8.8/32 dev lo")
    laptop.space.ip(f"route add default via {evil.host}")
    laptop.daemon()
    laptop.authorize(home)
    with listener(evil, "8.8.8.8") as (internet, on_internet), listener(laptop.space, "127.0.0.1") as (loopback, on_loopback), \
            listener(evil, evil.host) as (there, on_lan), mouth(evil) as say:
        # The way is there, so that it is our choice not to take it.
        with laptop.space:
            socket.create_connection(internet, 5).close()
        wait_for(lambda: on_internet, SOON, "the test's own connection")

        def is_tried():
            say(claim(home.id, *(f"/ip4/{host}/tcp/{port}" for host, port in (internet, loopback, there))))
            assert not reaches(laptop, home)
            return on_lan

        wait_for(is_tried, SOON, "a try at the address of this network")
        assert len(on_internet) == 1 and not on_loopback


def test_port_that_is_not_shared(lan, make):
    """The other program is named as a problem; all else goes on, and so does mDNS once it is gone."""
    home, laptop = make("home"), make("laptop")
    with laptop.space:
        other = subprocess.Popen([sys.executable, "-c", "import socket, sys\n"
                                  "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                                  f"s.bind(('0.0.0.0', {PORT}))\nprint(flush=True)\nsys.stdin.read()"],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    other.stdout.readline()
    for peer in (home, laptop):
        peer.daemon()
    problem, = (text for text in laptop.status()["problems"] if "5353" in text)
    assert "another program" in problem and "discovery.mdns" in problem
    home.authorize(laptop)
    address = home.address(home.space.host)
    wait_for(lambda: laptop.run("ping", address, "--count", "1", code=None).returncode == 0, SOON, "a way to home's address")
    other.communicate()
    # A change of network is what it looks again at.
    laptop.space.ip("addr add 192.168.7.200/24 dev lan")
    wait_for(lambda: not any("5353" in text for text in laptop.status()["problems"]), SOON, "the end of the problem")


def test_shared_port(lan, make):
    """Two nodes on one machine, and a program that shares the port with both."""
    space = lan.space()
    home, laptop = make("home", space), make("laptop", space)
    with mouth(space):
        pass
    with zeroconf_in(space):
        for peer in (home, laptop):
            peer.daemon()
            assert not any("5353" in text for text in peer.status()["problems"])
        home.authorize(laptop)
        laptop.authorize(home)
        meet(laptop, home)
