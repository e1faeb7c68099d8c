# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What peers offer to each other: told by event, filtered by grants, kept while they are away."""
import contextlib
import json
import subprocess
import time

import pytest
from gi.repository import Gio, GLib

import control
from conftest import free_port
from netlab import BUILD, wait_for

LONG = 60  # seconds; the machine may be busy
PEER1 = "dev.peerup.PeerUp.Peer1"


class Events:
    """Changes of a peer's Services as the daemon's objects tell them, and what they are now."""

    def __init__(self, peer, other):
        self.control = control.Control(peer)
        self.path = f"/dev/peerup/PeerUp/peers/{other.id}"
        self.seen = []
        self.peer_changes = []
        self.control.connection.signal_subscribe(None, "org.freedesktop.DBus.Properties", "PropertiesChanged", self.path,
                                                 None, Gio.DBusSignalFlags.NONE, self.on_changed)

        self.control.connection.signal_subscribe(None, None, "PeerChanged", None, other.id, Gio.DBusSignalFlags.NONE,
                                                 lambda *told: self.peer_changes.append(told[5].unpack()[1]))

    def on_changed(self, _connection, _sender, _path, _interface, _signal, parameters):
        interface, changed, _ = parameters.unpack()
        if interface == PEER1 and "Services" in changed:
            self.seen.append([service["name"] for service in changed["Services"]])

    def get(self, name):
        answer = self.control.connection.call_sync(None, self.path, "org.freedesktop.DBus.Properties", "Get",
                                                   GLib.Variant("(ss)", (PEER1, name)), None, Gio.DBusCallFlags.NONE,
                                                   control.PATIENCE, None)
        return answer.unpack()[0]

    def wait_for(self, came, what):
        def look():
            while GLib.MainContext.default().iteration(False):
                pass
            return came()
        wait_for(look, LONG, what)

    def await_names(self, *names):
        """The peer's list comes to be this, by an event and without a question."""
        self.wait_for(lambda: list(names) in self.seen, f"{names}")
        del self.seen[:self.seen.index(list(names)) + 1]


def replace_config(peer, edit):
    """At once: a daemon must never find half a file."""
    beside = peer.config.with_suffix(".new")
    beside.touch(0o600)
    beside.write_text(edit(peer.config.read_text()))
    beside.replace(peer.config)


def names(peer, other):
    return [service["name"] for service in peer.json("services", other.name)]


@pytest.fixture
def events(pair):
    """(home, laptop, what laptop's daemon tells of home): both run and have met; home offers nothing yet."""
    home, laptop = pair
    home.daemon()
    laptop.daemon()
    laptop.run("connect", "home")
    wait_for(lambda: laptop.connection(home).get("services_source") == "discovery", LONG, "an answer")
    events = Events(laptop, home)
    yield home, laptop, events
    events.control.close()


def test_services_are_told_as_they_change(events):
    home, laptop, told = events
    assert names(laptop, home) == []
    home.run("service", "add", "films", "8096", "--kind", "jellyfin", "--tag", "attic", "--tag", "Büro")
    told.await_names("films")
    assert [service["name"] for service in told.get("Services")] == ["films"]
    service, = laptop.json("services", "home")
    assert service.pop("age_us") < 15_000_000
    assert service == {"name": "films", "kind": "jellyfin", "tags": ["attic", "Büro"], "source": "discovery",
                       "protocol": "/peerup/films/1.0.0"}
    assert told.get("ServicesSource") == "discovery"
    assert abs(told.get("ServicesAt") - time.time()) < LONG
    home.run("expose", "web", "8080", "--kind", "http", "--tag", "new")
    told.await_names("films", "web")
    home.run("service", "disable", "films")
    told.await_names("web")
    home.run("service", "enable", "films")
    told.await_names("films", "web")
    home.run("unexpose", "web")
    told.await_names("films")
    # What it is called is told, too, though its protocol stays the same.
    replace_config(home, lambda text: text.replace("jellyfin", "plex"))
    wait_for(lambda: [one["kind"] for one in told.get("Services")] == ["plex"], LONG, "the other kind")
    out = laptop.run("services", "home").stdout
    assert [line.split() for line in out.splitlines()] == [["NAME", "KIND", "TAGS"], ["films", "plex", "attic,", "Büro"]]


def test_the_configuration_takes_over_what_is_exposed(events):
    home, _laptop, told = events
    home.run("expose", "web", "8080", "--kind", "http")
    told.await_names("web")
    taken = "\nservices: {web: {enabled: true, local_address: 'localhost:8080', kind: plex}}\n"
    replace_config(home, lambda text: text.replace("\nservices: {}\n", taken))
    wait_for(lambda: [one["kind"] for one in told.get("Services")] == ["plex"], LONG, "the other kind")


def test_peers_change_without_their_services(events):
    home, laptop, told = events
    home.run("service", "add", "ssh", "22")
    told.wait_for(lambda: any([one["name"] for one in peer.get("services", [])] == ["ssh"] for peer in told.peer_changes),
                  "the services, which have changed")
    del told.peer_changes[:]
    laptop.run("disconnect", "home")
    told.wait_for(lambda: any(peer["state"] == "disconnected" for peer in told.peer_changes), "the end of the connection")
    gone = next(peer for peer in told.peer_changes if peer["state"] == "disconnected")
    assert "services" not in gone and "services_at" in gone
    assert [one["name"] for one in told.get("Services")] == ["ssh"]


def test_each_is_told_what_it_may_use(events):
    home, laptop, told = events
    for service in ("ssh", "web"):
        home.run("service", "add", service, "22")
    told.await_names("ssh", "web")
    home.run("service", "acl", "ssh", "--nobody")
    told.await_names("web")
    home.run("grant", "add", "laptop", "ssh")
    told.await_names("ssh", "web")
    home.run("grant", "revoke", "laptop", "ssh")
    told.await_names("web")
    home.run("grant", "add", "laptop", "ssh", "--for", "20s")
    told.await_names("ssh", "web")
    told.await_names("web")
    assert names(laptop, home) == ["web"]


def test_many_changes_at_once(events):
    """More than the other side would take pushes: the last one is told."""
    home, laptop, told = events
    services = [f"s{i:02}" for i in range(20)]
    daemon = control.Control(home)
    for service in services:
        daemon.call("Expose", "(ssa{sv})", service, "localhost:1", {"allowed": GLib.Variant("as", [])})
    for service in services:
        daemon.call("AddGrant", "(ssx)", laptop.id, service, 0)
    told.await_names(*services)
    for service in services[1:]:
        daemon.call("RevokeGrant", "(ss)", laptop.id, service)
    told.await_names("s00")
    daemon.close()


def test_guests_and_strangers(make_peer):
    home, guest, stranger = (make_peer(name).init() for name in ("home", "guest", "stranger"))
    home.run("auth", "add", guest.id, "--guest", "--name", "guest")
    guest.knows(home)
    # home dials it, so it is connected, but it is in no file of home's.
    stranger.authorize(home)
    home.run("service", "add", "ssh", "22")
    home.run("service", "add", "web", "80")
    home.run("grant", "add", "guest", "web")
    for peer in (home, guest, stranger):
        peer.daemon()
    guest.run("connect", "home")
    wait_for(lambda: guest.connection(home).get("services_source") == "discovery", LONG, "an answer")
    assert names(guest, home) == ["web"]
    home.run("connect", stranger.address())
    wait_for(lambda: stranger.connection(home).get("services_source") == "discovery", LONG, "an answer")
    assert names(stranger, home) == []
    # Nor does home ask on its own who is nothing to it.
    assert "services" not in home.connection(stranger)
    assert home.json("services", stranger.id) == []


def test_what_was_said_stays(events):
    home, laptop, told = events
    home.run("service", "add", "ssh", "22", "--kind", "ssh")
    told.await_names("ssh")
    home.daemon_process.end()
    wait_for(lambda: laptop.connection(home) is None, LONG, "the end of the connection")
    service, = laptop.json("services", "home")
    assert service["name"] == "ssh" and service["age_us"] > 0
    assert [service["name"] for service in told.get("Services")] == ["ssh"]
    # Completion needs no connection, and offers what is home's and not what is the laptop's.
    laptop.run("service", "add", "own", "22")
    for words in (("proxy", "home", ""), ("proxy", home.id, "s"), ("daemon", "connect", "--peer", "home", "--service", "")):
        offered = json.loads(laptop.run("--json", "__complete", "bash", len(words), "--", *words).stdout)
        assert [entry["value"] for entry in offered] == ["ssh"], words
    # Back again, it is asked without anybody's doing.
    home.run("service", "add", "web", "80")
    home.daemon()
    laptop.run("connect", "home")
    told.await_names("ssh", "web")


def test_that_there_was_nothing_is_not_told_as_now(events):
    home, laptop, told = events
    assert names(laptop, home) == []
    home.daemon_process.end()
    wait_for(lambda: laptop.connection(home) is None, LONG, "the end of the connection")
    done = laptop.run("services", "home", code=None)
    assert done.returncode != 0 and "offers nothing" not in done.stdout + done.stderr
    assert "is not connected" in done.stderr and "s ago it offered nothing" in done.stderr, done.stderr
    assert "connect to it" in done.stderr


def test_errors_say_what_to_do(pair):
    _home, laptop = pair
    laptop.daemon()
    done = laptop.run("services", "nobody", code=None)
    assert done.returncode != 0 and "nobody" in done.stderr
    done = laptop.run("services", "home", code=None)
    assert done.returncode != 0
    assert "home" in done.stderr and "is not connected" in done.stderr and "connect to it" in done.stderr, done.stderr
    done = laptop.run("service", "add", "x", "22", "--kind", "Ssh", code=None)
    assert done.returncode != 0 and "kind" in done.stderr and "a-z" in done.stderr
    done = laptop.run("service", "add", "x", "22", "--tag", "a\nb", code=None)
    assert done.returncode != 0 and "tag" in done.stderr
    done = laptop.run("service", "add", "discovery", "22", code=None)
    assert done.returncode != 0 and "Peer-Up itself" in done.stderr
    assert laptop.json("service", "list") == []


@contextlib.contextmanager
def program(laptop, what, *protocols):
    """A peer called "other" that says what, connected to laptop's daemon."""
    port = free_port()
    address = f"/ip4/127.0.0.1/tcp/{port}"
    process = subprocess.Popen([f"{BUILD}/tests/netlab/discovery-peer", "1", address, what, *protocols],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=laptop.env())
    try:
        word, peer_id = process.stdout.readline().split()
        assert word == "ready"
        laptop.run("auth", "add", f"{address}/p2p/{peer_id}", "--name", "other")
        laptop.daemon()
        laptop.run("connect", "other")
        yield peer_id
    finally:
        process.stdin.close()
        assert process.wait(LONG) == 0


def test_a_peer_that_does_not_know_the_protocol(peer):
    spoken = ["/peerup/ssh/1.0.0", "/peerup/web/1.0.0", "/peerup/ice/1.0.0", "/peerup/pair/1.0.0", "/peerup/web/2.0.0",
              "/peerup/Bad/1.0.0", "/peerup/1.0.0", "/other/x/1.0.0"]
    with program(peer, "none", *spoken):
        listed = peer.json("services", "other")
        assert [(one["name"], one["kind"], one["tags"], one["source"]) for one in listed] == [
            ("ssh", "", [], "identify"), ("web", "", [], "identify")]


def test_hostile_texts(peer):
    with program(peer, "hostile"):
        listed = peer.json("services", "other")
        assert [(one["name"], one["kind"], one["tags"], one["protocol"]) for one in listed] == [
            ("spy", "", [], "/peerup/spy/1.0.0"),
            # Markup is text, and whoever shows it escapes it.
            ("web", "", ["<b>bold</b> & co"], "/peerup/web/1.0.0")]
        out = peer.run("services", "other").stdout
        assert "\u202e" not in out and "\x1b" not in out


@pytest.mark.parametrize("what", ["many", "endless", "silent"])
def test_answers_that_are_none(peer, what):
    with program(peer, what):
        done = peer.run("services", "other", code=None)
        assert done.returncode != 0 and "did not say what it offers" in done.stderr, done.stderr
        # The daemon goes on.
        assert json.loads(peer.run("peers", "--json").stdout)[0]["name"] == "other"
