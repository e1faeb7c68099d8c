# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Peers behind routers that let nobody in, which meet at relays of their own: what is carried, cut, lost and found again.

One world serves all tests. Each begins when everybody has a reservation everywhere, and those that do harm come last.
"""
import contextlib
import re
import signal
import socket
import subprocess
import time

import pytest

import netlab
from conftest import new_directory, new_lab, new_peers, new_servers
from far import MIB, hash_rest, pattern_hash, send_pattern
from netlab import wait_for
from relay_lab import CUT, DRAIN, PATIENCE, RELAY_HOSTS, World, says, wait_for_reset
from test_ssh import SSHD, Sshd
from test_stun import Agent, needs, needs_libnice

SIZE = 2 * MIB  # more than a stranger's circuit carries
# What shares the machine makes it slower, and the sanitizers still more. Printed is what it takes.
SLOWER = 5 if "asan" in netlab.BUILD.name else 2
RESTART = 3 * SLOWER  # seconds until a relay is used again, from when it is there again
FAILOVER = 5 * SLOWER  # seconds until another relay is used
DROP = """table inet hole {
    chain in { type filter hook input priority 0; policy drop; }
    chain out { type filter hook output priority 0; policy drop; }
}"""


@pytest.fixture(scope="module")
def running():
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(new_lab())
        directory = stack.enter_context(new_directory())
        serve = stack.enter_context(new_servers())
        world = World(lab, stack.enter_context(new_peers(directory)), serve, delays=(2, 30))
        world.start()
        yield world
        for device in world.devices:
            device.daemon_process.signal(signal.SIGTERM)


@pytest.fixture
def world(running):
    running.settle()
    return running


def test_reservations_are_told_in_status(world):
    relays = world.home.status()["relays"]
    assert [relay["id"] for relay in relays] == [relay.id for relay in world.relays]
    assert all(relay["state"] == "reserved" for relay in relays)


def test_a_service_is_reached_through_the_nearer_relay(world):
    with world.connect(world.forward("swap")) as connection:
        send_pattern(connection, SIZE)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(64, socket.MSG_WAITALL).decode() == pattern_hash(SIZE)
        assert hash_rest(connection) == (pattern_hash(SIZE), SIZE)
        there, here = world.home.connection(world.laptop), world.laptop.connection(world.home)
    assert (there["transport"], here["transport"]) == ("relay", "relay")
    assert RELAY_HOSTS[0] in here["address"] and "/p2p-circuit" in here["address"]


@pytest.mark.skipif(SSHD is None, reason="needs sshd")
def test_ssh_through_a_relay(world):
    with world.home.space:
        sshd = Sshd(world.home.home)
    try:
        world.home.run("service", "add", "ssh", sshd.port)
        world.home.daemon_process.wait_stderr("Service ssh .* is offered")
        proxy = world.forward("ssh")
        with world.laptop.space:
            done = subprocess.run(["ssh", *sshd.options(proxy), "root@127.0.0.1", "cat; exit 7"], input=b"across\n",
                                  capture_output=True, timeout=PATIENCE, check=False)
        assert (done.returncode, done.stdout) == (7, b"across\n"), done.stderr
    finally:
        sshd.process.end()


def test_only_strangers_are_cut(world):
    """By time and by bytes: who is in the relay's authorized_keys has neither limit, and is told so."""
    with world.connect(world.forward()) as kept, world.connect(world.forward(device=world.stranger)) as cut:
        assert says(kept, b"laptop") and says(cut, b"stranger")
        assert [world.is_limited(device, world.home) for device in (world.laptop, world.stranger)] == [False, True]
        assert [world.is_limited(world.home, device) for device in (world.laptop, world.stranger)] == [False, True]
        wait_for_reset(cut, CUT + PATIENCE)
        with world.connect(world.forward("swap", device=world.stranger)) as fat:
            # More than may pass.
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                send_pattern(fat, SIZE)
            wait_for_reset(fat, PATIENCE)
        assert says(kept, b"still here")
    with world.connect(world.forward(device=world.stranger)) as again:
        assert says(again, b"not for ever")


def test_who_is_not_authorized_is_refused(world):
    """By home, whoever relays."""
    nobody = world.make_device(world.make_peer("nobody", world.laptop.space))
    nobody.run("auth", "add", world.home.id, "--name", "home")
    done = nobody.run("ping", "home", code=None)
    assert done.returncode != 0
    assert "does not admit this device" in done.stderr, done.stderr


def test_a_relay_for_those_who_are_authorized(world):
    relay, others = world.relays[1], [device for device in world.devices if device is not world.stranger]
    text = relay.config.read_text()
    relay.config.write_text(text.replace("enable_connection_gating: false", "enable_connection_gating: true"))
    try:
        wait_for(lambda: world.states(world.stranger) == ["reserved", "waiting"], PATIENCE, "the stranger's refusal")
        assert all(world.states(device) == ["reserved", "reserved"] for device in others)
    finally:
        relay.config.write_text(text)


def test_stun_from_behind_a_router(world):
    needs("turnutils_stunclient")
    relay = world.relays[0]
    with world.laptop.space:
        done = subprocess.run(["turnutils_stunclient", "-p", str(relay.port), relay.host], capture_output=True, text=True,
                              timeout=PATIENCE, check=True)
    assert re.search(r"reflexive addr: 1\.2\.4\.2:\d+", done.stdout), done.stdout


def test_libnice_agents_learn_where_they_are(world):
    needs_libnice()
    relay = world.relays[0]
    with contextlib.ExitStack() as stack:
        agents = []
        for space, role in ((world.laptop.space, "controlling"), (world.relays[1].space, "controlled")):
            agents.append(Agent(space, relay.host, relay.port, role))
            stack.callback(agents[-1].end)
        descriptions = [agent.read() for agent in agents]
        assert re.search(r"1\.2\.4\.2 \d+ typ srflx raddr 192\.168\.2\.2", descriptions[0]), descriptions[0]
        agents[0].write(descriptions[1])
        agents[1].write(descriptions[0])
        assert [agent.read() for agent in agents] == ["ready"] * 2


def test_a_relay_that_drains(world):
    """What is open goes on until the deadline; who has another relay meets there."""
    leaving, staying = world.relays
    proxy = world.forward()
    with world.connect(proxy) as connection:
        assert says(connection, b"before")
        assert leaving.host in world.laptop.connection(world.home)["address"]
        began = time.monotonic()
        leaving.daemon_process.signal(signal.SIGTERM)
        wait_for(lambda: all(world.states(device) == ["waiting", "reserved"] for device in world.devices), PATIENCE,
                 "everybody's knowledge that the relay drains")
        while time.monotonic() < began + DRAIN / 2:
            assert says(connection, b"going on")
            time.sleep(0.1)
        assert leaving.daemon_process.process.poll() is None
        wait_for_reset(connection, PATIENCE)
    assert leaving.daemon_process.wait(PATIENCE) == 0
    with world.connect(proxy) as connection:
        assert says(connection, b"through the other")
        assert staying.host in world.laptop.connection(world.home)["address"]
    leaving.daemon("relay", "serve")


def test_a_relay_that_is_restarted(world):
    """And there is no other: its peers find it again by themselves, and reserve."""
    relay, other = world.relays
    world.stop(other)
    world.stop(relay)
    took = world.restart(relay)
    other.daemon("relay", "serve")
    print(f"a restarted relay was used after {took:.2f} s")
    assert took < RESTART


def test_a_relay_that_dies_and_comes_back(world):
    """Nobody has told its peers, but for the kernel."""
    other, relay = world.relays
    world.stop(other)
    relay.daemon_process.signal(signal.SIGKILL)
    relay.daemon_process.wait()
    took = world.restart(relay)
    other.daemon("relay", "serve")
    print(f"a relay that had died was used after {took:.2f} s")
    assert took < RESTART


def test_a_relay_in_a_black_hole(world):
    """Nobody is told at all; a peer that is not connected yet finds the way through the second."""
    first, second = world.relays
    world.laptop.daemon_process.signal(signal.SIGTERM)
    assert world.laptop.daemon_process.wait() == 0
    world.laptop.daemon()
    world.settle()
    first.space.nft(DROP)
    try:
        began = time.monotonic()
        assert world.reaches(world.forward())
        took = time.monotonic() - began
        assert second.host in world.laptop.connection(world.home)["address"]
    finally:
        first.space.nft("delete table inet hole")
    print(f"the second relay was used after {took:.2f} s")
    assert took < FAILOVER
