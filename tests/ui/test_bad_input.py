# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What goes wrong around the window, and what it says then."""
import re
import signal
import socket

import pytest

import ui
from house import add_devices, add_services
from netlab import wait_for
from peers import free_port

pytestmark = pytest.mark.sanitized

CANNOT_START = "Peer-Up Cannot Start"
RUNS = "This Device"


@pytest.fixture
def home(make_peer, alone):
    return make_peer("home", alone).init()


def test_no_session_bus(open_app, home):
    app = open_app(home, bus=False)
    app.wait_text(RUNS)


def test_a_taken_port(open_app, home, alone):
    """It says which, and what can be done; the rest works."""
    with alone, socket.create_server(("0.0.0.0", home.port)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("0.0.0.0", home.port))
        app = open_app(home)
        app.wait_text(re.compile(f"{home.port}.*used by another program"))
        app.activate("Details")
        app.find("What Is Wrong", "alert dialog")
        app.picture("bad-taken-port")
        app.activate("Close")
    app.quit()


def test_a_key_that_cannot_be_read(open_app, home):
    key = home.config.parent / "identity.key"
    good = key.read_bytes()
    key.write_bytes(b"nonsense")
    app = open_app(home)
    app.wait_text(CANNOT_START)
    app.wait_text("identity.key")
    app.activate("Copy Details")
    key.write_bytes(good)
    app.activate("Try Again")
    app.wait_text(RUNS)
    app.quit()


def test_a_broken_configuration_goes_back(open_app, home):
    home.daemon()
    home.run("service", "add", "ssh", 22)
    wait_for(lambda: len(home.json("config", "list")) > 1, 60, "a last good configuration")
    home.run("stop")
    good = home.config.read_text()
    home.config.write_text(good.replace("services:", "services: [", 1))
    app = open_app(home)
    app.wait_text(CANNOT_START)
    app.picture("bad-configuration")
    app.activate("Go Back to the Last Good Configuration")
    app.wait_text(RUNS)
    assert home.config.read_text() == good
    app.quit()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_daemon_ends_while_the_window_is_attached(open_app, home, number):
    """The window says so, and starts an engine of its own."""
    home.daemon()
    app = open_app(home)
    app.wait_text(RUNS)
    home.daemon_process.signal(number)
    app.wait_text("Peer-Up Is Not Running")
    app.activate("Start")
    app.wait_text(RUNS)
    assert home.run("whoami").stdout.strip() == home.id
    app.quit()


def test_the_daemon_comes_back(open_app, home):
    home.daemon()
    app = open_app(home)
    app.wait_text(RUNS)
    home.run("stop")
    app.wait_text("Peer-Up Is Not Running")
    home.daemon()
    app.wait_text(RUNS)
    app.quit()


@pytest.mark.parametrize("name", ["Invite a Device", "Join with a Code"])
def test_the_window_closes_while_a_dialog_is_open(open_app, home, name):
    app = open_app(home, settings={"run-in-background": "false"})
    app.activate(name)
    app.find(name, "dialog")
    app.close_window()
    app.wait_gone(name, "dialog")
    app.close_window()
    assert app.running.wait(ui.PATIENCE) == 0, app.stderr()


@pytest.mark.parametrize("link, said", [("https://example.org/join?x", "is not a Peer-Up link"), ("file:///etc/passwd", "is not a Peer-Up link")])
def test_a_link_that_is_not_ours(open_app, home, link, said):
    app = open_app(home, link)
    app.wait_text(said)
    assert not app.has(None, "dialog")


def search_services(app):
    """Among 200 on a page."""
    app.wait_text("service-000")
    app.set_text("Search services", " SERVICE-19")
    app.wait_gone("service-000")
    app.wait(lambda: {node.name for node in app.all(re.compile("^service-"), "label")} == {f"service-19{number}" for number in range(10)},
             "the ten that match")
    app.set_text("Search services", "nothing is called so")
    app.wait_text("No Results Found")
    assert not app.has("service-190")
    app.set_text("Search services", "")
    app.wait_text("service-000")
    assert not app.has("No Results Found")


def test_many_devices_and_services(open_app, home, alone):
    """Each is found; the list has no more rows than one sees."""
    names = [f"device-{number:03}" for number in range(500)]
    add_devices(home, names)
    add_services(home, [f"service-{number:03}" for number in range(200)], free_port())
    app = open_app(home)
    app.wait_text("device-000")
    assert len(app.all(re.compile("^device-"))) < 250
    search_services(app)
    app.set_text("Search Devices", "DEVICE-499")
    app.wait_text("device-499")
    app.wait_gone("device-000")
    app.select("device-499")
    app.wait_text(re.compile("device-499.*May Use Here"))
    search_services(app)
    app.quit()
