# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Each kind of site is what it says: where its sockets are seen from outside, and who gets in."""
import contextlib
import select
import socket
import threading

import pytest

from conftest import new_lab
from nat_lab import BY_NAME, EAST, FIRST_PORT, KINDS, N_PORTS, ONLY_THE_WEB, By, Outcome, Shores, SiteMaker, expected
from netlab import wait_for

pytestmark = pytest.mark.sanitized

PORTS = (7000, 7001)
SOON = 20  # seconds for what takes a few milliseconds


class Mirrors:
    """Four UDP sockets, two addresses by two ports, each of which tells who asks where it is seen, and can have the others say
    it instead; and TCP that accepts. One more, of IPv6, is alone."""

    def __init__(self, shores):
        spaces = [shores.host(EAST) for _ in range(2)]
        self.places = [(v4, port) for _, (v4, _) in spaces for port in PORTS]
        self.sockets, self.listeners = [], []
        for space, (v4, v6) in spaces:
            with space:
                self.sockets += [self.bind(socket.AF_INET, v4, port) for port in PORTS]
                self.listeners += [socket.create_server((v4, port)) for port in (443, *PORTS)]
        self.place6 = (v6, PORTS[0])
        with space:
            self.socket6 = self.bind(socket.AF_INET6, *self.place6)
        self.closed = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    @staticmethod
    def bind(family, host, port):
        udp = socket.socket(family, socket.SOCK_DGRAM)
        udp.bind((host, port))
        udp.setblocking(False)
        return udp

    def serve(self):
        all_of_them = [*self.sockets, self.socket6]
        while not self.closed.is_set():
            for udp in select.select(all_of_them, [], [], 0.2)[0]:
                data, seen = udp.recvfrom(100)
                # The indices of those that answer, in that order.
                for index in data:
                    (udp if udp is self.socket6 else self.sockets[index]).sendto(
                        b"%d %s %d" % (index, seen[0].encode(), seen[1]), seen)

    def close(self):
        self.closed.set()
        self.thread.join()
        for one in (*self.sockets, *self.listeners, self.socket6):
            one.close()


class World:
    def __init__(self, lab):
        self.shores = Shores(lab, delay=0)
        self.mirrors = Mirrors(self.shores)
        maker = SiteMaker(self.shores)
        self.sites = {kind.name: maker.pair(kind) for kind in KINDS}

    def udp(self, site):
        with site.space:
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("0.0.0.0", 0))
        udp.settimeout(SOON)
        return udp

    def ask(self, udp, at, who=None):
        """Where one mirror sees us: (host, port)."""
        udp.sendto(bytes([at if who is None else who]), self.mirrors.places[at])
        _, host, port = udp.recv(100).split()
        return host.decode(), int(port)


@pytest.fixture(scope="module")
def world():
    with contextlib.ExitStack() as stack:
        world = World(stack.enter_context(new_lab()))
        stack.callback(world.mirrors.close)
        yield world


def every_site(condition):
    """Both sites of each kind for which that is so."""
    return pytest.mark.parametrize("kind,side", [(kind, side) for kind in KINDS if condition(kind) for side in (0, 1)],
                                   ids=lambda value: getattr(value, "name", "ab"[value] if isinstance(value, int) else None))


@every_site(lambda kind: kind.v4 and kind.has_udp)
def test_where_it_is_seen(world, kind, side):
    site = world.sites[kind.name][side]
    with world.udp(site) as udp:
        seen = [world.ask(udp, at) for at in range(4)]
        own = udp.getsockname()[1]
    assert {host for host, _ in seen} == {site.outside}
    ports = [port for _, port in seen]
    if kind.mapping is By.NOTHING:
        assert ports == [own] * 4
    elif kind.mapping is By.ADDRESS:
        assert ports[0] == ports[1] != ports[2] == ports[3]
    else:
        assert len(set(ports)) == 4


@pytest.mark.parametrize("name", ["symmetric, sequential", "by address"])
def test_ports_follow_a_rule(world, name):
    with world.udp(world.sites[name][0]) as udp:
        ports = [world.ask(udp, at)[1] for at in range(4)]
    assert all(FIRST_PORT <= port < FIRST_PORT + N_PORTS for port in ports)
    if name == "symmetric, sequential":
        steps = {(after - before) % N_PORTS for before, after in zip(ports, ports[1:])}
        assert steps == {1}


@every_site(lambda kind: kind.v4 and kind.has_udp)
def test_who_gets_in(world, kind, side):
    """We have sent to the first mirror alone. It answers last, so that the others' answers have come or never will."""
    site = world.sites[kind.name][side]
    with world.udp(site) as udp:
        udp.sendto(bytes([3, 2, 1, 0]), world.mirrors.places[0])
        got = set()
        while 0 not in got:
            got.add(int(udp.recv(100).split()[0]))
    assert got == {By.NOTHING: {0, 1, 2, 3}, By.ADDRESS: {0, 1}, By.PORT: {0}}[kind.filtering]


@every_site(lambda kind: not kind.has_udp)
def test_no_udp_gets_out(world, kind, side):
    site = world.sites[kind.name][side]
    before = site.refused()
    with world.udp(site) as udp:
        udp.sendto(b"\0", world.mirrors.places[0])
        wait_for(lambda: site.refused() == before + 1, SOON, "the router's refusal")
        assert not select.select([udp], [], [], 0)[0]


@every_site(lambda kind: kind.v4 and not kind.is_public)
def test_what_tcp_gets_out(world, kind, side):
    site = world.sites[kind.name][side]
    with site.space:
        socket.create_connection((world.mirrors.places[0][0], 443), SOON).close()
        if kind.blocked is not ONLY_THE_WEB:
            socket.create_connection(world.mirrors.places[0], SOON).close()
            return
        before = site.refused()
        with socket.socket() as tcp:
            tcp.setblocking(False)
            tcp.connect_ex(world.mirrors.places[0])
            wait_for(lambda: site.refused() > before, SOON, "the router's refusal")


@every_site(lambda kind: kind.v6)
def test_ipv6_is_not_translated(world, kind, side):
    site = world.sites[kind.name][side]
    with site.space, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
        udp.settimeout(SOON)
        udp.sendto(b"\0", world.mirrors.place6)
        _, host, port = udp.recv(100).split()
        assert (host.decode(), int(port)) == (site.own[-1], udp.getsockname()[1])


@every_site(lambda kind: kind.v6 and not kind.is_public)
def test_ipv6_lets_no_stranger_in(world, kind, side):
    site = world.sites[kind.name][side]
    before = site.refused()
    world.mirrors.socket6.sendto(b"stranger", (site.own[-1], 5000))
    wait_for(lambda: site.refused() == before + 1, SOON, "the router's refusal")


def test_ipv6_only_has_no_ipv4(world):
    with world.sites["IPv6 only"][0].space, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        with pytest.raises(OSError):
            udp.sendto(b"\0", world.mirrors.places[0])


def exchange(world, name):
    """Each side of a kind has told where it is seen, and sends there to the other: ([what came], packets refused)."""
    sites = world.sites[name]
    before = sum(site.refused() for site in sites)
    with world.udp(sites[0]) as one, world.udp(sites[1]) as other:
        seen = [world.ask(udp, 0) for udp in (one, other)]
        one.sendto(b"1", seen[1])
        other.sendto(b"2", seen[0])
        one.sendto(b"3", seen[1])
        wait_for(lambda: select.select([other], [], [], 0)[0] or sum(site.refused() for site in sites) > before + 2, SOON,
                 "a packet or a refusal")
        came = []
        for udp in (one, other):
            udp.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    came.append((udp.recvfrom(100)))
    return came, seen


def test_a_carrier_with_hairpin(world):
    """What comes is from where the other is seen, not from where it is."""
    came, seen = exchange(world, "CGNAT, hairpin")
    assert came and {source for _, source in came} <= set(seen)


@pytest.mark.parametrize("name", ["CGNAT", "one network"])
def test_without_hairpin(world, name):
    assert exchange(world, name)[0] == []


def test_devices_of_one_network(world):
    sites = world.sites["one network"]
    with world.udp(sites[0]) as one, world.udp(sites[1]) as other:
        one.sendto(b"neighbour", (sites[1].own[0], other.getsockname()[1]))
        assert other.recvfrom(100) == (b"neighbour", (sites[0].own[0], one.getsockname()[1]))


def test_what_theory_allows():
    """The table of what ICE reaches, found by hand with another implementation; the search for ports is ours."""
    direct, likely, relayed = Outcome.DIRECT, Outcome.LIKELY, Outcome.RELAYED
    names = ("public", "full cone", "address-restricted", "port-restricted", "double NAT", "symmetric", "by address")
    table = {
        "public": [direct] * 7,
        "full cone": [direct] * 7,
        "address-restricted": [direct] * 7,
        "port-restricted": [direct] * 5 + [likely] * 2,
        "double NAT": [direct] * 5 + [likely] * 2,
        "symmetric": [direct] * 3 + [likely] * 2 + [relayed] * 2,
    }
    for one, outcomes in table.items():
        assert [expected(BY_NAME[one], BY_NAME[other]) for other in names] == outcomes
    assert all(expected(one, other) == expected(other, one) for one in KINDS for other in KINDS)
    assert expected(BY_NAME["no UDP"], BY_NAME["public"]) is direct
    assert expected(BY_NAME["only TCP 443"], BY_NAME["public"]) is relayed
    assert expected(BY_NAME["IPv6 only"], BY_NAME["IPv6 too"]) is direct
    assert expected(BY_NAME["IPv6 only"], BY_NAME["public"]) is direct
    assert expected(BY_NAME["IPv6 only"], BY_NAME["full cone"]) is relayed
