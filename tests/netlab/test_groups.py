# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Pairing in groups at a relay, by the command: codes made, used, revoked, and kept over a restart."""
import os
import signal
import stat
import time

import pytest

from conftest import connect, echo
from netlab import wait_for
from relays import OwnRelay

PATIENCE = 60  # seconds for what takes less than one


class Members:
    """A relay, and devices that have its codes."""

    def __init__(self, make_peer):
        self.make_peer = make_peer
        self.relay = OwnRelay(make_peer("server")).start()

    def pair(self, *options):
        """The codes, a line each."""
        done = self.relay.peer.run("relay", "pair", "--config", self.relay.config, *options)
        assert "peerup verify" in done.stderr
        return done.stdout.split("\n")[:-1]

    def groups(self):
        return self.relay.peer.json("relay", "pair", "list", "--config", self.relay.config)

    def device(self, name, daemon=True):
        device = self.make_peer(name)
        device.init()
        if daemon:
            device.daemon()
        return device

    def restart(self):
        """Killed, as by a power cut."""
        self.relay.process.signal(signal.SIGKILL)
        self.relay.process.process.wait(PATIENCE)
        self.relay.start()

    def keys(self):
        """The relay's authorized_keys."""
        return (self.relay.directory / "authorized_keys").read_text()


def known_to(device):
    """The IDs in its authorized_keys, without its own."""
    return {entry["peer_id"] for entry in device.json("auth", "list")} - {device.id}


def lines_of(device, other):
    """Of its authorized_keys, those about another."""
    return [line for line in (device.config.parent / "authorized_keys").read_text().split("\n") if line.startswith(other)]


@pytest.fixture
def members(make_peer):
    return Members(make_peer)


def test_all_come_to_know_each_other(members, serve, show):
    """In the original the first two never take the third. The relay is killed and started again in between."""
    codes = members.pair("--count", "4")
    assert len(codes) == 4 and len(set(codes)) == 4
    alpha = members.device("alpha", daemon=False)
    alpha.run("service", "add", "echo", serve(echo).port)
    alpha.daemon()
    devices = [alpha, members.device("beta"), members.device("gamma")]
    began = time.monotonic()
    for device, code in zip(devices[:2], codes):
        answer = device.json("join", code, "--name", device.name)
        assert (answer["kind"], answer["peer_id"]) == ("relay", members.relay.id), answer
    members.restart()
    assert members.groups()[0]["used"] == 2
    devices[2].json("join", codes[2], "--name", "gamma")
    everybody = {device.id for device in devices} | {members.relay.id}
    for device in devices:
        wait_for(lambda device=device: known_to(device) == everybody - {device.id}, PATIENCE, f"{device.name} to know all")
    show("three join a group, the relay killed once in between, until all know each other", f"{time.monotonic() - began:.1f} s")

    # By their names, both ways, each with each; and a service.
    for device in devices:
        for other in devices:
            if other is not device:
                device.run("ping", other.name, "--count", "1")
    with connect(devices[2].proxy("alpha", "echo")) as connection:
        connection.sendall(b"to a member")
        assert connection.recv(100) == b"to a member"

    group, = members.groups()
    assert (group["codes"], group["used"], group["ours"]) == (4, 3, True) and group["expires_at"] > time.time()
    assert {member["name"] for member in group["members"]} == {"alpha", "beta", "gamma"}
    # What is kept names no token, and is nobody else's to read.
    kept = members.relay.directory / "groups"
    assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600
    for device in devices:
        assert all(f"group={group['id']}" in line for other in everybody - {device.id} for line in lines_of(device, other))
        assert {entry.get("group") for entry in device.json("auth", "list") if entry["peer_id"] in everybody - {device.id}} == {group["id"]}
        assert f"group {group['id']}" in device.run("auth", "list").stdout
        assert "role=guest" in lines_of(device, members.relay.id)[0]

    # Who has no code of its own, or one that was used, is refused in one sentence.
    late = members.device("late")
    refused = late.run("join", codes[0], code=1)
    assert "used" in refused.stderr and known_to(late) == set()
    # And after the group is revoked the last code is worth nothing; those who are in stay in.
    members.relay.peer.run("relay", "pair", "revoke", group["id"], "--config", members.relay.config)
    assert "revoked" in late.run("join", codes[3], code=1).stderr
    assert late.id not in members.keys() and devices[1].id in members.keys()
    devices[1].run("ping", "alpha", "--count", "1")
    # A member that is removed stays removed, however often the relay names it.
    devices[0].run("auth", "remove", devices[1].id)
    members.restart()
    wait_for(lambda: devices[0].json("relay", "list")[0]["state"] == "reserved", PATIENCE, "the reservation")
    devices[2].run("ping", "alpha", "--count", "1")
    assert devices[1].id not in known_to(devices[0])


def test_codes_and_members_that_end(members):
    """--ttl is over, and --expires counts from the join on."""
    short, = members.pair("--ttl", "1s")
    ends = members.groups()[0]["expires_at"]
    code, = members.pair("--expires", "5s")
    device, late = members.device("alpha"), members.device("late", daemon=False)
    device.run("join", code)
    assert "expires=" in next(line for line in members.keys().split("\n") if line.startswith(device.id))
    wait_for(lambda: time.time() > ends, PATIENCE, "the end of the code")
    assert late.run("join", short, code=1).stderr and late.id not in members.keys()
    members.relay.process.wait_stderr("no longer admitted", PATIENCE)


def test_what_is_said_of_bad_words(members):
    peer, config = members.relay.peer, members.relay.config
    for words in (["--count", "0"], ["--count", "101"], ["--ttl", "31d"], ["--namespace", "not a name"]):
        assert peer.run("relay", "pair", "--config", config, *words, code=1).stderr
    for words in (["--ttl", "soon"], ["revoke"], ["what"]):
        assert peer.run("relay", "pair", "--config", config, *words, code=2).stderr
    assert "relay pair list" in peer.run("relay", "pair", "revoke", "00000000", "--config", config, code=1).stderr
    assert members.groups() == []
    members.relay.process.end()
    assert "run" in peer.run("relay", "pair", "--config", config, code=1).stderr
