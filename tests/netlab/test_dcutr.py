# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""DCUtR with go-libp2p on one side: a circuit through our relay becomes a direct connection, through NATs.

Addresses look public, without which go-libp2p does nothing. Each pair of NATs is one world, and has everything in it that
can be asked there: both versions of go-libp2p, QUIC and TCP, and either side as the one that dials, each with ports of its
own, so that no mapping of one is there for the other.
"""
import contextlib
import pathlib
import re
import sys

import pytest

import netlab
from conftest import COMPLAINTS, LSAN
from far import QUIC, TCP
from relay_lab import Internet, World

sys.path.append(str(pathlib.Path(__file__).parents[1] / "interop"))
from peers import Program, peer_id, seed, seed_hex, stacks  # noqa: E402

pytestmark = pytest.mark.sanitized

RELAY = "5.6.7.2"
OURS = netlab.BUILD / "tests/interop/peerup-interop"
STACKS = ("go-0.47", "go-new")
WAYS = ("quic", "tcp")
TRANSPORTS = {"quic": "quic-v1", "tcp": "tcp"}
PATIENCE = 60  # seconds for what takes less than one, or five where a try came to nothing
THIRD_TRY = 9  # it begins no earlier
# Both NATs let in only what was sent to; or the one that dials has none, or the one that is dialed.
WORLDS = {"behind two NATs": (True, True), "dialed from the open": (False, True), "dialed in the open": (True, False)}


def listen_address(way, port):
    return f"/ip4/0.0.0.0/{'udp' if way == 'quic' else 'tcp'}/{port}" + ("/quic-v1" if way == "quic" else "")


class Punching:
    """The relay, the two sites and what runs there."""

    def __init__(self, lab, make_peer, dialer_hidden, dialed_hidden):
        internet = Internet(lab)
        self.relay = World.make_relay(make_peer("relay", internet.public(RELAY)), RELAY, (QUIC, TCP))
        text = self.relay.config.read_text()
        self.relay.config.write_text(re.sub("(session_duration:) .*", r"\1 600s", text))
        self.relay.daemon("relay", "serve")
        self.sites = {
            "dialer": self.site(internet, dialer_hidden, "1.2.3.2", "192.168.1.2"),
            "dialed": self.site(internet, dialed_hidden, "1.2.4.2", "192.168.2.2"),
        }
        self.port = 4000

    @staticmethod
    def site(internet, hidden, outside, inside):
        return internet.private(outside, inside) if hidden else internet.public(outside)

    def start(self, stack, command, site, way):
        """A program of that stack on a port of its own, and the relay's address by that way."""
        self.port += 1
        key = seed("dcutr", site, stack, str(self.port))
        relay = self.relay.address(RELAY, QUIC if way == "quic" else TCP)
        words = ["listen", "--transport", way, "--security", "tls", "--key", seed_hex(key), "--at",
                 listen_address(way, self.port), "--punch", "--relay", relay]
        with self.sites[site]:
            program = Program([*command, *words])
        return program, peer_id(key), relay


def commands():
    """The command line of each stack, or the reason why there is none."""
    found = stacks()
    found["peerup"] = [str(OURS)] if OURS.exists() else f"{OURS} is not built"
    return found


@pytest.fixture(autouse=True)
def sanitizers(monkeypatch):
    monkeypatch.setenv("LSAN_OPTIONS", f"suppressions={LSAN}:print_suppressions=0")
    monkeypatch.setenv("G_DEBUG", "fatal-criticals")


def direct(program, peer, way):
    return program.wait_for("connected", seconds=PATIENCE, peer=peer, transport=TRANSPORTS[way])


def upgrade(world, found, dialer, dialed, way):
    """Seconds from the circuit to the direct connection, as the slower side saw it, and what ours said of it."""
    with contextlib.ExitStack() as ended:
        programs, peers = {}, {}
        for site, stack in (("dialed", dialed), ("dialer", dialer)):
            programs[site], peers[site], relay = world.start(stack, found[stack], site, way)
            ended.callback(programs[site].stop)
        for program in programs.values():
            program.wait_for("reserved", seconds=PATIENCE)
            program.wait_for("punching", seconds=PATIENCE)
        programs["dialer"].say(f"connect {relay}/p2p-circuit/p2p/{peers['dialed']}")
        relayed = programs["dialer"].wait_for("connected", seconds=PATIENCE, peer=peers["dialed"], transport="relay")
        try:
            of_dialer = direct(programs["dialer"], peers["dialed"], way)
            of_dialed = direct(programs["dialed"], peers["dialer"], way)
        except AssertionError as failure:
            raise AssertionError("\n".join([str(failure), *(program.story() for program in programs.values())])) from None
        assert not of_dialer["limited"] and not of_dialed["limited"]
        ours = of_dialer if dialer == "peerup" else of_dialed
        return max(of_dialer["at"], of_dialed["at"]) - relayed["at"], ours


@pytest.mark.parametrize("name", WORLDS)
def test_dcutr(lab, make_peer, name):
    found = commands()
    missing = [reason for reason in found.values() if isinstance(reason, str)]
    if isinstance(found["peerup"], str) or all(isinstance(found[stack], str) for stack in STACKS):
        pytest.skip("; ".join(missing))
    world = Punching(lab, make_peer, *WORLDS[name])
    for stack in STACKS:
        if isinstance(found[stack], str):
            print(f"without {found[stack]}")
            continue
        for way in WAYS:
            for dialer, dialed in (("peerup", stack), (stack, "peerup")):
                seconds, ours = upgrade(world, found, dialer, dialed, way)
                print(f"{name}, {dialer} dials {dialed} by {way}: direct after {seconds:.2f} s")
                # go-libp2p dials back by itself whoever dialed it and is in the open.
                if dialer == "peerup" and not WORLDS[name][0]:
                    assert not ours["outbound"]
                else:
                    # In the open we may be reached before we send anything.
                    assert ours["punched"] or not WORLDS[name][dialed == "peerup"]
                    # Whoever dialed is the client; in a third try over TCP it is the other way round.
                    assert ours["outbound"] == (dialer == "peerup") or (way == "tcp" and seconds > THIRD_TRY)
