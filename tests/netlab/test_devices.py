# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Devices as a window sees them: objects that say what is, connected or not, and that are told of when it changes; and the
operations by which it changes services and single values of the configuration."""
import contextlib
import os
import signal
import socket
import stat
import time

import pytest

from conftest import echo
from control import Control, Refused
from http_api import Api
from netlab import wait_for
from relay_lab import World

gi = pytest.importorskip("gi")
from gi.repository import Gio, GLib  # noqa: E402

PATIENCE = 60  # seconds for what takes less than one
ROOT = "/dev/peerup/PeerUp"
DEVICE = "dev.peerup.PeerUp.Device1"
PROPERTIES = "org.freedesktop.DBus.Properties"
MANAGER = "org.freedesktop.DBus.ObjectManager"


def close(control):
    """Its daemon may be gone."""
    with contextlib.suppress(GLib.Error):
        control.close()


class Window:
    """What a program knows of a daemon's devices that asks once and then listens."""

    def __init__(self, peer):
        self.control = Control(peer)
        self.connection = self.control.connection
        self.changed = []  # (peer ID, properties)
        self.subscription = self.connection.signal_subscribe(None, None, None, None, None, Gio.DBusSignalFlags.NONE, self.on_signal)
        answer = self.connection.call_sync(None, ROOT, MANAGER, "GetManagedObjects", None, None, Gio.DBusCallFlags.NONE, 60000, None)
        self.devices = {path: interfaces[DEVICE] for path, interfaces in answer.unpack()[0].items() if DEVICE in interfaces}

    def on_signal(self, _connection, _sender, path, interface, name, parameters):
        values = parameters.unpack()
        if interface == MANAGER and name == "InterfacesAdded" and DEVICE in values[1]:
            self.devices[values[0]] = values[1][DEVICE]
        elif interface == MANAGER and name == "InterfacesRemoved" and DEVICE in values[1]:
            del self.devices[values[0]]
        elif interface == PROPERTIES and values[0] == DEVICE:
            self.devices[path].update(values[1])
            self.changed.append((path.rsplit("/", 1)[1], values[1]))

    def look(self):
        while GLib.MainContext.default().iteration(False):
            pass

    def of(self, other):
        """As it was told last; None for no device."""
        self.look()
        return self.devices.get(f"{ROOT}/devices/{other.id}")

    def wait(self, other, seconds=PATIENCE, **wanted):
        def there():
            device = self.of(other)
            return device is not None and all(device[name] == value for name, value in wanted.items())
        wait_for(there, seconds, f"{wanted} of {self.of(other)}")
        return self.of(other)

    def close(self):
        self.connection.signal_unsubscribe(self.subscription)
        self.look()
        close(self.control)


@pytest.fixture
def window():
    """window(peer): one that is closed at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda peer: stack.enter_context(contextlib.closing(Window(peer)))


@pytest.fixture
def control():
    """control(peer): one that is closed at the end."""
    made = []
    yield lambda peer: made.append(Control(peer)) or made[-1]
    for one in made:
        close(one)


@pytest.fixture
def couple(make_peer):
    """Two that know each other and do not connect by themselves; no daemon runs yet."""
    home, laptop = make_peer("home").init(), make_peer("laptop").init()
    for one, other in ((home, laptop), (laptop, home)):
        one.be_private()
        one.authorize(other)
    return home, laptop


def meet(laptop, home):
    laptop.run("ping", home.address(), "-c", "1", timeout=60)


def done(api, method, path, body=None):
    status, answer = api.ask(method, path, body)
    assert 200 <= status < 300, answer


def last_seen(peer):
    return peer.config.parent / "last_seen"


def test_it_is_told_what_becomes_of_a_device(couple, window, control):
    home, laptop = couple
    home.daemon()
    shown = window(home)
    device = shown.wait(laptop, State="disconnected", Name="laptop", Path="", LastSeenAt=0, Pairing="complete", Explanation="Not connected.")
    assert device["PeerId"] == laptop.id and not device["Guest"] and not device["Ended"] and device["Services"] == []
    before = int(time.time())
    laptop.daemon()
    control(laptop).call("Connect", "(s)", home.address())
    device = shown.wait(laptop, State="connected", Path="direct", Silent=False)
    assert before <= device["LastSeenAt"] <= time.time() and device["Explanation"].startswith("Directly, to 127.0.0.1")
    wait_for(lambda: shown.of(laptop)["RttUs"] > 0, PATIENCE, "a round trip")
    listed = {one["peer_id"]: one for one in shown.control.call("ListAuthorized")}
    assert listed[laptop.id]["state"] == "connected" and listed[laptop.id]["path"] == "direct" and listed[laptop.id]["bytes_received"] > 0
    laptop.daemon_process.signal(signal.SIGTERM)
    laptop.daemon_process.wait(30)
    device = shown.wait(laptop, State="disconnected", Path="", RttUs=0, Explanation="Not connected.")
    assert device["LastSeenAt"] >= before


def test_a_device_behind_a_relay(lab, make_peer, serve, window, control):
    world = World(lab, make_peer, serve)
    relay, = world.relays
    world.home.run("auth", "add", relay.id, "--name", "hub")
    world.start()
    shown = window(world.home)
    shown.wait(relay, State="connected", Name="hub", IsRelay=True, Path="direct", RelayId="")
    assert not shown.wait(world.laptop, State="disconnected")["IsRelay"]
    control(world.laptop).call("Connect", "(s)", world.home.id)
    device = shown.wait(world.laptop, State="connected", Path="relayed", RelayId=relay.id, RelayName="hub", Punched=False)
    assert "relay hub" in device["Explanation"]
    # What is looked for, and that it was not found.
    wait_for(lambda: any(values.get("Searching") for _, values in shown.changed), PATIENCE, "a search")
    device = shown.wait(world.laptop, Searching=False, State="connected")
    assert "because" in device["Explanation"]
    relay.daemon_process.signal(signal.SIGKILL)
    wait_for(lambda: shown.of(relay)["State"] != "connected", PATIENCE, "the end of the relay")
    wait_for(lambda: shown.of(world.laptop)["State"] != "connected", PATIENCE, "the end of the path")


def test_nothing_is_told_where_nothing_changes(couple, window, control):
    home, laptop = couple
    home.daemon()
    laptop.daemon()
    shown = window(home)
    user = control(laptop)
    user.call("Connect", "(s)", home.address())
    shown.wait(laptop, State="connected")
    wait_for(lambda: shown.of(laptop)["RttUs"] > 0, PATIENCE, "a round trip")
    wait_for(lambda: shown.of(laptop)["Explanation"].startswith("Directly"), PATIENCE, "the explanation")
    shown.changed.clear()
    for _ in range(50):
        user.call("Ping", "(s)", home.id)
        shown.control.call("ListAuthorized")
    shown.look()
    told = {name for _, values in shown.changed for name in values}
    # What it offers may have come meanwhile, and what a busy machine does to round trips.
    assert told <= {"RttUs", "Services"}, shown.changed


def test_a_device_that_was_seen_before_the_restart(couple, window):
    home, laptop = couple
    home.daemon()
    began = int(time.time())
    meet(laptop, home)
    seen = window(home).wait(laptop, State="disconnected")
    wait_for(lambda: laptop.id in (last_seen(home).read_text() if last_seen(home).exists() else ""), PATIENCE, "the file")
    assert stat.S_IMODE(last_seen(home).stat().st_mode) == 0o600
    # A crash takes nothing of it.
    home.daemon_process.signal(signal.SIGKILL)
    home.daemon_process.wait(30)
    home.daemon()
    shown = window(home)
    again = shown.wait(laptop, State="disconnected", Name="laptop")
    assert began <= again["LastSeenAt"] <= time.time() and seen["LastSeenAt"] in (0, again["LastSeenAt"])
    assert {one["peer_id"]: one["last_seen_at"] for one in shown.control.call("ListAuthorized")}[laptop.id] == again["LastSeenAt"]
    # Whoever is taken out is forgotten, at the end of the run at the latest.
    home.run("auth", "remove", "laptop")
    wait_for(lambda: shown.of(laptop) is None, PATIENCE, "the end of the device")
    home.daemon_process.signal(signal.SIGTERM)
    assert home.daemon_process.wait(30) == 0
    assert laptop.id not in last_seen(home).read_text()
    # What nobody can read is put aside, and the daemon goes on.
    last_seen(home).write_text("what is this?\n")
    os.chmod(last_seen(home), 0o600)
    home.daemon().wait_stderr(r"last_seen cannot be used: line 1 .*last_seen\.broken")
    assert last_seen(home).with_name("last_seen.broken").read_text() == "what is this?\n"


def test_devices_come_go_and_are_called(peer, make_peer, window):
    other = make_peer("other").init()
    peer.daemon()
    shown = window(peer)
    assert shown.of(other) is None
    peer.run("auth", "add", other.id, "--comment", "the other", "--guest")
    shown.wait(other, Comment="the other", Guest=True, Name="")
    shown.control.call("SetName", "(ss)", "attic", other.id)
    shown.wait(other, Name="attic")
    # By an editor.
    text = peer.authorized_keys.read_text()
    beside = peer.authorized_keys.with_suffix(".new")
    beside.write_text(text.replace("the other", "the one in the attic"))
    beside.chmod(0o600)
    beside.replace(peer.authorized_keys)
    shown.wait(other, Comment="the one in the attic")
    shown.control.call("Deauthorize", "(s)", "attic")
    wait_for(lambda: shown.of(other) is None, PATIENCE, "the end of the device")


def test_devices_stay_while_the_file_is_gone(couple, window):
    home, laptop = couple
    home.daemon()
    shown = window(home)
    shown.wait(laptop, State="disconnected")
    home.authorized_keys.unlink()
    with pytest.raises(Refused):
        shown.control.call("ListAuthorized")
    wait_for(lambda: any("authorized_keys" in problem for problem in shown.control.property("Problems")), PATIENCE, "the problem")
    assert shown.of(laptop)["PeerId"] == laptop.id


def test_services_are_changed_while_they_are_used(couple, serve, control):
    home, laptop = couple
    server = serve(echo)
    home.config.write_text(home.config.read_text() + "# the last line\n")
    home.daemon()
    laptop.daemon()
    owner, user = control(home), control(laptop)
    user.call("Connect", "(s)", home.address())

    def offered():
        with contextlib.suppress(Refused):
            return {one["name"]: (one["kind"], one["tags"]) for one in user.call("ListPeerServices", "(s)", home.id)}
        return None

    owner.call("AddService", "(ssa{sv})", "web", f"127.0.0.1:{server.port}",
                 {"kind": GLib.Variant("s", "http"), "tags": GLib.Variant("as", ["attic"]), "allowed": GLib.Variant("as", ["laptop"])})
    wait_for(lambda: offered() == {"web": ("http", ["attic"])}, PATIENCE, "the service")
    service, = owner.call("ListServices")
    assert service["restricted"] and service["allowed_peers"] == [laptop.id] and not service["transient"]
    _, address = user.forward(home, "web")
    with socket.create_connection(address, PATIENCE) as stream:
        stream.settimeout(PATIENCE)
        stream.sendall(b"hello")
        assert stream.recv(5) == b"hello"
        # Its streams end with the name.
        owner.call("ChangeService", "(sa{sv})", "web", {"name": GLib.Variant("s", "site"), "kind": GLib.Variant("s", ""),
                                                        "tags": GLib.Variant("as", []), "allowed": GLib.Variant("as", [])})
        with contextlib.suppress(ConnectionError):
            assert stream.recv(5) == b""
    wait_for(lambda: offered() == {"site": ("", [])}, PATIENCE, "the other name")
    assert not owner.call("ListServices")[0]["restricted"]
    for name, address in (("A b", "127.0.0.1:1"), ("ok", "nowhere"), ("site", "127.0.0.1:1")):
        with pytest.raises(Refused):
            owner.call("AddService", "(ssa{sv})", name, address, {})
    with pytest.raises(Refused):
        owner.call("ChangeService", "(sa{sv})", "site", {"allowed": GLib.Variant("as", ["nobody-of-that-name"])})
    api = Api(home)
    done(api, "POST", "/v1/services", {"name": "nas", "address": "127.0.0.1:445", "options": {"enabled": False}})
    assert {one["name"]: one["enabled"] for one in api.get("/v1/engine/services")} == {"site": True, "nas": False}
    done(api, "PUT", "/v1/config/values/services.nas.enabled", {"value": "true"})
    wait_for(lambda: set(offered() or ()) == {"site", "nas"}, PATIENCE, "the second one")
    done(api, "DELETE", "/v1/services/nas")
    owner.call("RemoveService", "(s)", "site")
    wait_for(lambda: offered() == {}, PATIENCE, "the end of them")
    text = home.config.read_text()
    assert text.endswith("# the last line\n") and "site" not in text and home.run("config", "validate").returncode == 0


def test_a_value_is_set_at_once(peer, control):
    peer.config.write_text(peer.config.read_text() + "# the last line\n")
    peer.daemon()
    owner = control(peer)
    assert owner.property("RelayState") == "off"
    owner.call("SetConfigValue", "(ss)", "relay.serve", "true")
    wait_for(lambda: owner.property("RelayState") == "serving", PATIENCE, "the relay")
    owner.call("SetConfigValue", "(ss)", "relay.serve", "")
    wait_for(lambda: owner.property("RelayState") in ("off", "draining", "drained"), PATIENCE, "its end")
    for key, value in (("relay.serve", "perhaps"), ("relay.drain_time", "soon"), ("relay.colour", "red"), ("relay.addresses", "x"),
                       ("services", ""), ("identity.key_file", "x"), ("security.authorized_keys_file", "")):
        with pytest.raises(Refused):
            owner.call("SetConfigValue", "(ss)", key, value)
    causes = ["config unset relay.serve", "config set relay.serve"]
    wait_for(lambda: [one["cause"] for one in owner.call("ListConfigs")][:2] == causes, PATIENCE, "the archive")
    assert peer.config.read_text().endswith("# the last line\n")


def test_what_this_machine_is_called(peer, control):
    # Of this machine alone, whatever network the tests are run in.
    peer.listen_on(f"/ip4/127.0.0.1/tcp/{peer.port}")
    peer.daemon()
    owner = control(peer)
    assert owner.property("MachineName") == os.uname().nodename
    wait_for(lambda: owner.property("Grade") == "F", PATIENCE, "the grade")
    network = owner.network()
    assert owner.property("Grade") == network["grade"] and owner.property("GradeSentence") == network["sentence"]
    assert owner.property("GradeAdvice") == network["advice"]
