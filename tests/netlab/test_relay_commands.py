# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""peerup relay add, list, info, check, remove: a device and the relays it uses, with a daemon and without."""
import contextlib
import os
import socket
import stat
import threading

import pytest

from conftest import Server, free_port
from netlab import wait_for
from relays import OwnRelay

OTHER = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"


def relays_of(peer):
    """The relay.addresses in force."""
    return peer.json("config", "show")["relay"]["addresses"]


def step(answer, name, key="steps"):
    return next(step for step in answer[key] if step["step"] == name)


@pytest.fixture
def relay(make_peer):
    return OwnRelay(make_peer("server")).start()


@pytest.fixture
def both(relay):
    """Its addresses as they are written down."""
    return [f"{relay.address('quic')}/p2p/{relay.id}", f"{relay.address()}/p2p/{relay.id}"]


def test_add_finds_both_transports_and_pins_the_identity(peer, relay, both):
    relay.authorize(peer)
    peer.config.write_text(peer.config.read_text().replace("relay:\n", "relay:  # mine\n"))
    done = peer.run("relay", "add", f"127.0.0.1:{relay.port}", "--name", "vps")
    assert relay.id in done.stdout and "compare" in done.stdout and "QUIC" in done.stdout and "TCP" in done.stdout
    assert relays_of(peer) == both and "relay:  # mine" in peer.config.read_text()
    assert stat.S_IMODE(os.stat(peer.config).st_mode) == 0o600
    only, = peer.json("relay", "list")
    assert (only["number"], only["name"], only["peer_id"], only["addresses"]) == (1, "vps", relay.id, both)


@pytest.mark.parametrize("form", ["127.0.0.1:{port}", "localhost:{port}", "/ip4/127.0.0.1/tcp/{port}", "[::1]:{port}",
                                  "/ip4/127.0.0.1/udp/{port}/quic-v1", "/ip4/127.0.0.1/tcp/{port}/p2p/{id}"])
def test_add_takes_every_form(peer, relay, form):
    relay.authorize(peer)
    answer = peer.json("relay", "add", form.format(port=relay.port, id=relay.id))
    assert answer["peer_id"] == relay.id and answer["status"] == "added" and answer["reserved"], answer
    assert len(relays_of(peer)) == 2 and all(address.endswith(f"/p2p/{relay.id}") for address in relays_of(peer))


def test_add_again_doubles_nothing_and_completes_what_is_missing(peer, relay, both):
    peer.run("relay", "add", relay.address())
    before = peer.config.read_bytes()
    assert peer.json("relay", "add", f"127.0.0.1:{relay.port}")["status"] == "unchanged"
    assert peer.config.read_bytes() == before
    peer.config.write_text("".join(line for line in peer.config.read_text().splitlines(keepends=True) if both[1] not in line))
    assert relays_of(peer) == both[:1]
    assert peer.json("relay", "add", f"127.0.0.1:{relay.port}")["status"] == "updated"
    assert relays_of(peer) == both


def test_a_daemon_says_when_it_is_reserved(peer, relay):
    relay.authorize(peer)
    peer.daemon()
    answer = peer.json("relay", "add", f"127.0.0.1:{relay.port}", "--name", "vps")
    assert answer["reserved"] and step(answer, "reservation")["result"] == "ok"
    info, = peer.json("relay", "info", "vps")["relays"]
    assert info["state"] == "reserved" and info["peer_id"] == relay.id and info["expires_at"] > 0 and info["failures"] == 0
    assert peer.json("relay", "list")[0]["state"] == "reserved"
    text = peer.run("relay", "info").stdout
    assert f"/p2p/{relay.id}/p2p-circuit/p2p/{peer.id}" in text and "vps" in text


@pytest.mark.parametrize("with_daemon", [False, True], ids=["no-daemon", "daemon"])
def test_who_is_not_authorized_is_told_what_to_run_there(peer, relay, with_daemon):
    if with_daemon:
        peer.daemon()
    answer = peer.json("relay", "add", f"127.0.0.1:{relay.port}")
    assert answer["status"] == "added" and not answer["reserved"]
    assert f"peerup relay authorize {peer.id}" in step(answer, "reservation")["next"]
    relay.authorize(peer)
    answer = wait_for(lambda: (again := peer.json("relay", "add", f"127.0.0.1:{relay.port}"))["reserved"] and again, 60, "the reservation")
    assert answer["status"] == "unchanged"


def test_a_wrong_identity_changes_nothing(peer, relay):
    before = peer.config.read_bytes()
    done = peer.run("relay", "add", f"{relay.address()}/p2p/{OTHER}", code=1)
    assert OTHER in done.stderr and relay.id in done.stderr and peer.config.read_bytes() == before


def test_another_relay_in_a_known_place_changes_nothing(peer, make_peer, relay):
    peer.run("relay", "add", f"127.0.0.1:{relay.port}")
    relay.process.end()
    impostor = OwnRelay(make_peer("impostor"), port=relay.port).start()
    before = peer.config.read_bytes()
    done = peer.run("relay", "add", f"127.0.0.1:{relay.port}", code=1)
    assert relay.id in done.stderr and impostor.id in done.stderr and "relay remove" in done.stderr
    assert peer.config.read_bytes() == before
    peer.run("relay", "remove", relay.id)
    assert peer.json("relay", "add", f"127.0.0.1:{relay.port}")["peer_id"] == impostor.id


def test_two_identities_at_one_address_are_named(peer, make_peer):
    """TCP is one relay, and UDP with the same number another."""
    one, two = OwnRelay(make_peer("one")), OwnRelay(make_peer("two"))
    for relay, transport in ((one, "tcp"), (two, "udp")):
        kept = [line for line in relay.config.read_text().splitlines(keepends=True)
                if not line.startswith('    - "/ip') or f"/{transport}/" in line]
        relay.config.write_text("".join(kept).replace(str(relay.port), str(one.port)))
        relay.start()
    before = peer.config.read_bytes()
    done = peer.run("relay", "add", f"127.0.0.1:{one.port}", code=1)
    assert one.id in done.stderr and two.id in done.stderr and peer.config.read_bytes() == before
    answer = peer.json("relay", "check", f"127.0.0.1:{one.port}", code=1)
    assert one.id in step(answer, "peer ID", "checks")["text"] and two.id in step(answer, "peer ID", "checks")["text"]


def test_an_unreachable_address_has_a_reason_for_each_transport(peer):
    port, before = free_port(), peer.config.read_bytes()
    done = peer.run("relay", "add", f"127.0.0.1:{port}", code=1)
    lines = done.stdout.split("\n")
    assert any("QUIC" in line for line in lines) and any("TCP" in line for line in lines)
    assert f"TCP port {port}" in done.stdout and f"UDP port {port}" in done.stdout
    assert f"127.0.0.1:{port}" in done.stderr and peer.config.read_bytes() == before


def test_one_transport_is_enough(peer, make_peer):
    relay = OwnRelay(make_peer("server"))
    relay.config.write_text("".join(line for line in relay.config.read_text().splitlines(keepends=True) if "/quic-v1" not in line))
    relay.start()
    relay.authorize(peer)
    answer = peer.json("relay", "add", f"127.0.0.1:{relay.port}")
    assert answer["reserved"] and step(answer, "QUIC")["result"] == "mend" and step(answer, "TCP")["result"] == "ok"
    assert relays_of(peer) == [f"{relay.address()}/p2p/{relay.id}"]


def test_what_is_no_relay_is_told(peer, make_peer):
    other = make_peer("other").init()
    other.authorize(peer)
    other.daemon()
    answer = peer.json("relay", "check", other.address(), code=1)
    assert step(answer, "reservation", "checks")["result"] == "mend"
    assert "no relay" in step(answer, "reservation", "checks")["next"]


def test_garbage_and_silence_end_in_time(peer):
    """What listens there is something else: it says nonsense, or nothing at all."""
    done = threading.Event()

    def chatter(connection):
        connection.sendall(b"SSH-2.0-nothing_of_ours\r\n" * 100)
        done.wait(20)

    server = Server(chatter)
    with contextlib.closing(server), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole:
        hole.bind(("127.0.0.1", server.port))
        answer = peer.run("relay", "add", f"127.0.0.1:{server.port}", code=1, timeout=50)
        done.set()
    assert "QUIC" in answer.stdout and "TCP" in answer.stdout and "no relay answers" in answer.stderr


@pytest.mark.parametrize("args,hint", [
    (["add", "not an address"], "203.0.113.7"),
    (["add", OTHER], "peer ID"),
    (["add", "203.0.113.7:0"], "65535"),
    (["add", f"/ip4/203.0.113.7/tcp/1/p2p/{OTHER}/p2p-circuit"], "through another"),
    (["check", "two words"], "203.0.113.7"),
    (["remove", "1"], "peerup relay add"),
    (["info", "1"], "peerup daemon"),
    (["authorize", "nobody"], "nobody"),
])
def test_bad_arguments_leave_the_files(peer, args, hint):
    before = peer.config.read_bytes(), peer.authorized_keys.read_bytes()
    done = peer.run("relay", *args, code=1)
    assert hint in done.stderr and done.stdout == ""
    assert (peer.config.read_bytes(), peer.authorized_keys.read_bytes()) == before


def test_a_name_that_is_taken_changes_nothing(peer, relay):
    peer.run("auth", "add", OTHER, "--name", "vps")
    before = peer.config.read_bytes()
    done = peer.run("relay", "add", f"127.0.0.1:{relay.port}", "--name", "vps", code=1)
    assert "vps" in done.stderr and OTHER in done.stderr and peer.config.read_bytes() == before


@pytest.mark.parametrize("how", ["1", "vps", "{id}", "127.0.0.1:{port}", "/ip4/127.0.0.1/tcp/{port}"])
def test_remove_by_every_name(peer, relay, how):
    peer.run("relay", "add", f"127.0.0.1:{relay.port}", "--name", "vps")
    peer.run("relay", "remove", how.format(id=relay.id, port=relay.port))
    assert relays_of(peer) == [] and peer.json("relay", "list") == []
    assert "peerup relay add" in peer.run("relay", "list").stderr


def test_remove_leaves_the_others(peer, relay, make_peer):
    second = OwnRelay(make_peer("second")).start()
    for one in (relay, second):
        peer.run("relay", "add", f"127.0.0.1:{one.port}")
    assert [entry["peer_id"] for entry in peer.json("relay", "list")] == [relay.id, second.id]
    done = peer.run("relay", "remove", "7", code=1)
    assert relay.id in done.stderr and second.id in done.stderr
    peer.run("relay", "remove", "1")
    assert [entry["peer_id"] for entry in peer.json("relay", "list")] == [second.id]


# check, from another machine's point of view

def test_check_tells_all_there_is_to_know(peer, relay):
    relay.authorize(peer)
    answer = peer.json("relay", "check", f"127.0.0.1:{relay.port}")
    assert answer["healthy"] and answer["peer_id"] == relay.id
    assert {name: step(answer, name, "checks")["result"] for name in ("QUIC", "TCP", "peer ID", "round trip", "reservation", "STUN")} == {
        "QUIC": "ok", "TCP": "ok", "peer ID": "note", "round trip": "ok", "reservation": "ok", "STUN": "ok"}
    assert "127.0.0.1:" in step(answer, "STUN", "checks")["text"]
    assert relays_of(peer) == []


def test_check_says_what_is_wrong(peer, relay):
    answer = peer.json("relay", "check", f"{relay.address()}/p2p/{OTHER}", code=1)
    assert step(answer, "peer ID", "checks")["result"] == step(answer, "reservation", "checks")["result"] == "mend"
    assert f"peerup relay authorize {peer.id}" in step(answer, "reservation", "checks")["next"]


def test_check_leaves_the_daemons_reservation_alone(peer, relay):
    relay.authorize(peer)
    process = peer.daemon()
    assert peer.json("relay", "add", f"127.0.0.1:{relay.port}")["reserved"]
    answer = peer.json("relay", "check", f"127.0.0.1:{relay.port}")
    assert answer["healthy"] and "daemon of this device" in step(answer, "reservation", "checks")["text"]
    assert peer.json("relay", "info")["relays"][0]["state"] == "reserved"
    assert process.stderr().count("reserved") == 1


def test_check_needs_no_identity(make_peer, relay):
    answer = make_peer("visitor").json("relay", "check", f"127.0.0.1:{relay.port}")
    assert answer["peer_id"] == relay.id and step(answer, "reservation", "checks")["result"] == "unknown"


def test_info_of_the_relay_that_this_machine_is(relay, peer):
    relay.authorize(peer)
    peer.daemon()
    assert peer.json("relay", "add", f"127.0.0.1:{relay.port}")["reserved"]
    answer = relay.peer.json("relay", "info", "--config", relay.config)
    assert answer["relays"] == [] and answer["service"]["state"] == "serving" and answer["service"]["reservations"] == 1
    text = relay.peer.run("relay", "info", "--config", relay.config).stdout
    assert "This device is a relay" in text and "1 of 128 reservations" in text
    assert "service" in peer.json("relay", "info")


def test_two_devices_meet_through_a_relay_that_was_added(make_peer, relay, serve):
    """The way of the README: each knows the peer ID of the other, and no address at all."""
    home, laptop = make_peer("home").init(), make_peer("laptop").init()
    for device in (home, laptop):
        relay.authorize(device)
    home.authorize(laptop)
    home.listen_on("/ip4/127.0.0.1/tcp/0")
    web = serve(lambda connection: connection.sendall(b"hello"))
    home.run("service", "add", "web", web.port)
    home.daemon()
    assert home.json("relay", "add", f"127.0.0.1:{relay.port}", "--name", "vps")["reserved"]
    laptop.run("auth", "add", home.id, "--name", "home")
    laptop.daemon()
    assert laptop.json("relay", "add", f"127.0.0.1:{relay.port}")["reserved"]
    proxy = laptop.proxy("home", "web")
    with socket.create_connection(proxy.address, 20) as connection:
        connection.settimeout(20)
        assert connection.recv(100) == b"hello"
    # On one machine they soon find a direct path.
    events = [event for paths in laptop.status()["paths"] if paths["peer_id"] == home.id for event in paths["events"]]
    assert next(event["path"] for event in events if event["type"] == "opened") == "relayed"
    # The relay would wait for them.
    laptop.close()
    home.close()
