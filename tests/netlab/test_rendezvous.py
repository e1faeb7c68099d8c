# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A relay as "relay setup" makes it, and strangers that come to it by the pass of somebody's invite."""
import itertools
import re
import signal
import subprocess

import pytest

import netlab
from conftest import COMPLAINTS
from netlab import wait_for
from relays import OwnRelay

PEER = netlab.BUILD / "tests/netlab/rendezvous-peer"
SEEDS = itertools.count(1)
DENIED, NOT_FOUND = "error 17 ", "error 13 "

pytestmark = pytest.mark.skipif(not PEER.exists(), reason=f"{PEER} is not built")


class Device:
    """A peer that does what it is told; see rendezvous-peer.c."""

    def __init__(self, peer, relay):
        self.process = subprocess.Popen([PEER, "peer", str(next(SEEDS)), relay], env=peer.env(), text=True, cwd=peer.home,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.id = self.process.stdout.readline().split()[1]

    def say(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def do(self, *words):
        answer = self.say(*words)
        assert not answer.startswith("error"), (words, answer)
        return answer

    def is_connected(self):
        return self.say("connected") == "yes"

    def end(self):
        _, stderr = self.process.communicate(timeout=20)
        assert self.process.returncode == 0 and not COMPLAINTS.search(stderr), stderr


@pytest.fixture
def world(request, make_peer):
    """A relay that runs, an inviter and another device that it knows, with reservations, and a stranger."""
    class World:
        pass

    it = World()
    peer = make_peer("server")
    it.relay = OwnRelay(peer).start()
    it.address = f"{it.relay.address(getattr(request, 'param', 'tcp'))}/p2p/{it.relay.id}"
    it.devices = []
    it.device = lambda: it.devices.append(Device(peer, it.address)) or it.devices[-1]
    it.inviter, it.other, it.stranger = it.device(), it.device(), it.device()
    for device in it.inviter, it.other:
        it.relay.authorize(device)
        device.do("reserve")
    it.kept = lambda: sorted(path.name for path in (it.relay.directory / "rendezvous").glob("*"))
    yield it
    for device in it.devices:
        device.end()


def keys(world):
    return (world.relay.directory / "authorized_keys").read_text()


def wait_out(world, device):
    wait_for(lambda: not device.is_connected(), 20, "being out")
    assert world.stranger.say("circuit", world.inviter.id).startswith("error")


@pytest.mark.parametrize("world", ["tcp", "quic"], indirect=True)
def test_a_pass_is_for_one_inviter_and_one_invite(world):
    inviter, other, stranger = world.inviter, world.other, world.stranger
    assert stranger.say("find", 42, inviter.id).startswith("error")
    assert stranger.say("pass", 42, inviter.id, "open-sesame").startswith(DENIED)
    assert inviter.do("register", 42, 600, "open-sesame", "-") == "ok"
    assert stranger.say("pass", 42, inviter.id, "open-barley").startswith(DENIED)
    assert stranger.say("circuit", inviter.id).startswith("error")
    assert stranger.do("pass", 42, inviter.id, "open-sesame") == "ok"
    assert stranger.do("find", 42, inviter.id) == f"found {inviter.id} here -"
    assert stranger.do("circuit", inviter.id) == "ok"
    assert stranger.say("circuit", other.id).startswith("error")
    assert stranger.say("reserve").startswith("error")
    assert stranger.say("register", 43, 600, "-", "-").startswith(DENIED)
    assert stranger.id not in keys(world)
    # The invite is over.
    assert inviter.do("unregister", 42, "-", 0, "-") == "ok"
    wait_out(world, stranger)
    assert stranger.say("pass", 42, inviter.id, "open-sesame").startswith(DENIED)


def test_an_invite_ends_by_itself(world):
    inviter, stranger = world.inviter, world.stranger
    assert inviter.do("register", 42, 6, "open-sesame", "sealed") == "ok"
    assert world.kept() == [f"{inviter.id}-42"]
    assert stranger.do("pass", 42, inviter.id, "open-sesame") == "ok"
    assert stranger.do("circuit", inviter.id) == "ok"
    wait_out(world, stranger)
    assert not world.kept()
    assert inviter.say("find", 42, "-").startswith(NOT_FOUND)


def test_who_has_joined_stays_while_the_inviter_does(world):
    inviter, other, stranger = world.inviter, world.other, world.stranger
    assert inviter.do("register", 42, 600, "open-sesame", "-") == "ok"
    assert stranger.do("pass", 42, inviter.id, "open-sesame") == "ok"
    assert stranger.do("circuit", inviter.id) == "ok"
    assert inviter.do("unregister", 42, stranger.id, 0, "Laptop") == "ok"
    assert re.search(f"^{stranger.id}  sponsor={inviter.id}  # Laptop$", keys(world), re.M)
    assert stranger.is_connected()
    assert stranger.do("circuit", inviter.id) == "ok"
    assert stranger.do("reserve") == "ok"
    assert other.do("circuit", stranger.id) == "ok"
    # Who was brought brings nobody.
    third = world.device()
    assert stranger.do("register", 43, 600, "open-barley", "-") == "ok"
    assert stranger.say("unregister", 43, third.id, 0, "Phone").startswith(DENIED)
    # And goes with the one who has brought him.
    path = world.relay.directory / "authorized_keys"
    before = world.relay.n_read()
    path.write_text("".join(line for line in keys(world).splitlines(keepends=True) if not line.startswith(inviter.id)))
    wait_for(lambda: world.relay.n_read() > before, 20, "reading authorized_keys again")
    wait_for(lambda: not stranger.is_connected(), 20, "being out")
    assert other.say("circuit", stranger.id).startswith("error")


def test_a_relay_that_sponsors_nobody(world):
    inviter, stranger = world.inviter, world.stranger
    config = world.relay.config
    text = config.read_text()
    assert "\n  sponsor: true\n" in text
    config.write_text(text.replace("\n  sponsor: true\n", "\n  sponsor: false\n"))
    assert inviter.do("register", 42, 600, "open-sesame", "-") == "ok"
    assert stranger.do("pass", 42, inviter.id, "open-sesame") == "ok"
    assert stranger.do("circuit", inviter.id) == "ok"

    def is_refused():
        return inviter.say("unregister", 43, stranger.id, 0, "Laptop").startswith(DENIED)

    # It may take a moment to read its file.
    wait_for(is_refused, 20, "relay.sponsor")
    before = keys(world)
    assert inviter.say("unregister", 42, stranger.id, 0, "Laptop").startswith(DENIED)
    assert keys(world) == before
    assert inviter.say("find", 42, "-").startswith(NOT_FOUND)


def test_what_was_left_outlives_the_relay(world):
    inviter, other = world.inviter, world.other
    assert inviter.do("register", 42, 600, "open-sesame", "sealed-invite") == "ok"
    assert inviter.do("register", 43, 600, "-", "-") == "ok"
    assert other.do("find", 42, "-") == f"found {inviter.id} here sealed-invite"
    assert other.do("leave", 42, inviter.id, "sealed-answer") == "ok"
    world.relay.process.signal(signal.SIGKILL)
    world.relay.process.wait()
    world.relay.start()
    wait_for(lambda: inviter.say("fetch", 42) == f"left {other.id} sealed-answer", 30, "fetching what was left")
    assert other.say("find", 43, "-").startswith(NOT_FOUND)
    # Its pass works, too.
    assert world.stranger.do("pass", 42, inviter.id, "open-sesame") == "ok"
    assert inviter.do("unregister", 42, "-", 0, "-") == "ok"
    assert not world.kept()


@pytest.mark.by_the_clock
def test_a_guest_stays_fifteen_seconds(world):
    assert world.inviter.do("register", 42, 600, "open-sesame", "-") == "ok"
    assert world.stranger.do("connect") == "ok"
    assert world.stranger.is_connected()
    wait_for(lambda: not world.stranger.is_connected(), 60, "being sent away")
    assert world.stranger.do("pass", 42, world.inviter.id, "open-sesame") == "ok"


@pytest.mark.parametrize("mode,expected", [
    (["honest"], f"{NOT_FOUND}"),
    (["swap", "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"], "found 12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA here -"),
    (["delay", "100"], f"{NOT_FOUND}"),
    (["truncate", "4"], "error 12 "),
    (["replay"], f"{NOT_FOUND}"),
])
def test_hostile_relays_are_what_they_say(make_peer, mode, expected):
    """The tools of other tests."""
    peer = make_peer("server")
    port = peer.port
    with subprocess.Popen([PEER, "relay", "7", f"/ip4/127.0.0.1/tcp/{port}", *mode], env=peer.env(TMPDIR=str(peer.home)),
                          cwd=peer.home, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as relay:
        relay_id = relay.stdout.readline().split()[1]
        device = Device(peer, f"/ip4/127.0.0.1/tcp/{port}/p2p/{relay_id}")
        assert device.say("find", 42, "-").startswith(expected)
        device.say("register", 42, 60, "-", "-")
        if mode == ["replay"]:
            assert device.say("find", 42, "-").startswith(NOT_FOUND)
        device.end()
        _, stderr = relay.communicate(timeout=20)
        assert relay.returncode == 0 and not COMPLAINTS.search(stderr), stderr
