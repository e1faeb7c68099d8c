# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What a person is notified of while the window is closed, and what the buttons do."""
import shlex
import subprocess
import time

import pytest
from gi.repository import GLib

import ui
from control import Control
from house import WORDS, House
from netlab import wait_for
from notifications import Notifications
from pairing_lab import NatHousehold, Terminal
from peers import COMPLAINTS

HOSTILE = "<b>Tom</b> & \u202eAnna"


@pytest.fixture
def house(make_peer, serve, alone):
    return House(make_peer, serve, alone)


def close_window(app):
    """It runs on without one."""
    app.close_window()
    app.wait(lambda: not app.windows(), "the end of the window")


def wait_window(app):
    """Its window, as the person finds it."""
    app.window = app.wait(app.find_window, "its window on the screen")


def test_pairing(open_app, make_peer, house):
    """The question is told of; Compare opens it and answers nothing."""
    home = house.home
    home.daemon()
    control = Control(home)
    app = open_app(home)
    notifications = Notifications(app.desktop)
    app.wait_text("This Device")
    close_window(app)

    visitor = make_peer("visitor", house.space)
    Terminal(visitor, "join", "--name", HOSTILE, control.call("CreateInvite", "(a{sv})", {})["code"]).wait()
    visitor.id = visitor.run("whoami").stdout.strip()
    shown = notifications.wait_shown("wants to pair")
    assert not set("<>&\u202e") & set(shown.title + shown.body) and visitor.json("verify", home.id)["transcript_digits"] in shown.body
    assert shown.actions.keys() == {"", "Compare", "Reject"} and shown.hints["urgency"] == 2
    notifications.press(shown, "Compare")
    wait_window(app)
    app.wait_text("Do These Match?")
    app.wait_text(visitor.json("verify", home.id)["transcript_digits"])
    assert control.call("ListPrompts")
    app.activate("Match", within=app.top)
    wait_for(lambda: not control.call("ListPrompts"), ui.PATIENCE, "the answer in the engine")
    assert notifications.count("wants to pair") == 1
    app.quit()


def test_pairing_rejected_and_joined(open_app, make_peer, house):
    """Reject undoes it; one that is matched elsewhere has joined."""
    home = house.home
    home.daemon()
    control = Control(home)
    app = open_app(home)
    notifications = Notifications(app.desktop)
    app.wait_text("This Device")
    close_window(app)

    for name in ("first", "second"):
        visitor = make_peer(name, house.space)
        Terminal(visitor, "join", "--name", name, control.call("CreateInvite", "(a{sv})", {})["code"]).wait()
        visitor.id = visitor.run("whoami").stdout.strip()
        shown = notifications.wait_shown(name, "wants to pair")
        if name == "first":
            notifications.press(shown, "Reject")
            wait_for(lambda: visitor.id not in home.authorized_keys.read_text(), ui.PATIENCE, "the pairing undone")
        else:
            home.run("verify", visitor.id, "--yes")
            notifications.wait_gone(name, "wants to pair")
            notifications.wait_shown(name, "has joined")
    assert notifications.count("first", "has joined") == 0
    assert not app.windows()
    app.quit()


def test_access(open_app, house):
    """Allowed from the notification, while the window is closed, and what waited goes on."""
    home, laptop = house.home, house.laptop
    home.run("service", "acl", "web", "--allow", "attic")
    app = open_app(home)
    notifications = Notifications(app.desktop)
    app.wait_text("This Device")
    close_window(app)
    house.start_laptop().wait_connected()
    proxy = laptop.proxy("home", "web")
    with house.space:
        curl = subprocess.Popen(["curl", "-sS", "--noproxy", "*", "http://{}:{}/".format(*proxy.address)], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        shown = notifications.wait_shown("asks for")
        assert "web" in shown.title and shown.actions.keys() == {"", "Allow for 1 Hour", "Decline"}
        notifications.press(shown, "Allow for 1 Hour")
        assert curl.communicate(timeout=ui.PATIENCE)[0] == WORDS.decode()
    finally:
        curl.kill()
    assert not app.windows()
    assert notifications.count("asks for") == 1
    app.quit()


def test_nobody_waits_where_nobody_would_know(open_app, house):
    """No window and no notification server: the engine asks nobody. With either, it does."""
    home, laptop = house.home, house.laptop
    home.run("service", "acl", "web", "--allow", "attic")
    home.daemon()
    control = Control(home)
    app = open_app(home)
    app.wait_text("This Device")
    house.start_laptop().wait_connected()
    proxy = laptop.proxy("home", "web")

    def ask():
        """Whether a question arose before the answer was no."""
        with house.space:
            curl = subprocess.Popen(["curl", "-sS", "--noproxy", "*", "http://{}:{}/".format(*proxy.address)],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return wait_for(lambda: control.call("ListPrompts") or (curl.poll() is not None and [None]), ui.PATIENCE, "an answer")[0]
        finally:
            curl.kill()
            curl.wait()

    close_window(app)
    wait_for(lambda: ask() is None, ui.PATIENCE, "a refusal at once")
    notifications = Notifications(app.desktop)
    question = wait_for(ask, ui.PATIENCE, "a question")
    notifications.wait_shown("asks for")
    # Answered elsewhere.
    control.call("AnswerPrompt", "(us)", question["number"], "allow")
    notifications.wait_gone("asks for")
    notifications.end()
    home.run("grant", "revoke", laptop.id, "web")
    wait_for(lambda: ask() is None, ui.PATIENCE, "a refusal at once")
    app.check()
    app.quit()


def test_access_that_ends(open_app, house):
    """Told of once; an hour more is a button away, without a window."""
    home, laptop = house.home, house.laptop
    home.daemon()
    control = Control(home)
    app = open_app(home)
    notifications = Notifications(app.desktop)
    app.wait_text("This Device")
    close_window(app)
    until = int(time.time()) + 290
    control.call("AddGrant", "(ssx)", laptop.id, "web", until)
    shown = notifications.wait_shown("Access Ends in 5 Minutes")
    assert "laptop" in shown.body and "web" in shown.body
    assert shown.actions.keys() == {"", "Extend by 1 Hour", "Open"}
    notifications.press(shown, "Extend by 1 Hour")
    wait_for(lambda: control.call("ListGrants")[0]["until"] == until + 3600, ui.PATIENCE, "an hour more")
    # Another one that the person takes back.
    control.call("AddGrant", "(ssx)", laptop.id, "ssh", until)
    notifications.wait_shown("Access Ends", "ssh")
    control.call("RevokeGrant", "(ss)", laptop.id, "ssh")
    notifications.wait_gone("Access Ends")
    assert notifications.count("Access Ends") == 2 and not app.windows()
    app.quit()


def test_relay_is_lost(lab, make_peer, serve, open_app):
    household = NatHousehold(lab, make_peer, serve)
    app = open_app(household.home)
    notifications = Notifications(app.desktop)
    app.wait_text("This Device")
    close_window(app)
    household.relay.process.process.kill()
    household.relay.process.process.wait()
    shown = notifications.wait_shown("No Relay Can Be Reached")
    household.relay.start()
    household.wait_reserved()
    notifications.wait_gone("No Relay Can Be Reached")
    assert notifications.count("No Relay Can Be Reached") == 1
    assert shown.actions.keys() == {""}
    app.quit()


def test_switches(open_app, house):
    """What is turned off is not told of, and withdrawn where it is, while the program runs."""
    home, laptop = house.home, house.laptop
    home.daemon()
    control = Control(home)
    app = open_app(home, GSETTINGS_BACKEND="keyfile")
    notifications = Notifications(app.desktop)
    app.wait_text("This Device")
    close_window(app)
    control.call("AddGrant", "(ssx)", laptop.id, "web", int(time.time()) + 200)
    notifications.wait_shown("Access Ends", "web")
    command = ["gsettings", "set", "dev.peerup.PeerUp", "notify-grant-ending", "false"]
    subprocess.run(command, env=app.env, check=True, timeout=ui.PATIENCE)
    notifications.wait_gone("Access Ends")
    control.call("AddGrant", "(ssx)", laptop.id, "ssh", int(time.time()) + 200)
    wait_for(lambda: len(control.call("ListGrants")) == 2, ui.PATIENCE, "both grants")
    subprocess.run([*command[:-1], "true"], env=app.env, check=True, timeout=ui.PATIENCE)
    control.call("AddGrant", "(ssx)", laptop.id, "printer", int(time.time()) + 200)
    notifications.wait_shown("Access Ends", "printer")
    assert notifications.count("ssh") == 0
    app.quit()


def test_notification_taken_back_before_it_is_there(open_app, house):
    """A server that is slow: what is over when it answers does not stay on the screen."""
    home, laptop = house.home, house.laptop
    home.daemon()
    control = Control(home)
    app = open_app(home)
    notifications = Notifications(app.desktop)
    notifications.be_slow()
    app.wait_text("This Device")
    close_window(app)
    for _ in range(3):
        control.call("AddGrant", "(ssx)", laptop.id, "web", int(time.time()) + 290)
        control.call("RevokeGrant", "(ss)", laptop.id, "web")
    control.call("AddGrant", "(ssx)", laptop.id, "ssh", int(time.time()) + 290)
    notifications.wait_shown("Access Ends", "ssh")
    notifications.wait_gone("Access Ends", "web")
    app.quit()


def test_server_that_refuses(open_app, house):
    """It is said in the log, once, and nothing else happens."""
    said = "unable to send notifications through org.freedesktop.Notifications"  # GLib's own words
    home, laptop = house.home, house.laptop
    home.daemon()
    control = Control(home)
    app = open_app(home)
    notifications = Notifications(app.desktop)
    notifications.refuse()
    app.wait_text("This Device")
    close_window(app)
    for service in ("web", "ssh"):
        control.call("AddGrant", "(ssx)", laptop.id, service, int(time.time()) + 290)
    app.desktop.wait(lambda: notifications.count("Access Ends") == 2, "both notifications")
    app.desktop.wait(lambda: said in app.stderr(), "the reason in the log")
    control.call("RevokeGrant", "(ss)", laptop.id, "")
    app.activate_action("open")
    wait_window(app)
    app.wait_text("This Device")
    assert app.stderr().count(said) == 1
    app.quit()


def test_program_is_started_for_a_button(make_desktop, house):
    """As a desktop that keeps notifications does it when the program has ended: by the name on the bus."""
    home, laptop = house.home, house.laptop
    home.daemon()
    control = Control(home)
    until = int(time.time()) + 290
    control.call("AddGrant", "(ssx)", laptop.id, "web", until)
    desktop = make_desktop()
    log = desktop.directory / "started.log"
    settings = {"DISPLAY": desktop.display, "AT_SPI_BUS_ADDRESS": desktop.a11y_bus, "GDK_BACKEND": "x11", "GSK_RENDERER": "cairo",
                "GSETTINGS_BACKEND": "memory", "GSETTINGS_SCHEMA_DIR": str(ui.BUILD / "data"), "LC_ALL": "C.UTF-8",
                "DBUS_SESSION_BUS_ADDRESS": desktop.session_bus}
    words = " ".join(f"{key}={shlex.quote(value)}" for key, value in home.env(**settings).items())
    script = desktop.directory / "start.sh"
    script.write_text(f"#!/bin/sh\nexec env -i {words} {ui.GTK} --gapplication-service >>{log} 2>&1\n")
    script.chmod(0o755)
    (desktop.services() / "dev.peerup.PeerUp.service").write_text(f"[D-BUS Service]\nName=dev.peerup.PeerUp\nExec={script}\n")
    notifications = Notifications(desktop)
    bus = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
    notifications.call(*bus, "ReloadConfig")

    notifications.activate("extend-grant", GLib.Variant("(ssx)", (laptop.id, "web", 3600)))
    wait_for(lambda: control.call("ListGrants")[0]["until"] == until + 3600, ui.PATIENCE, "an hour more")
    pid = notifications.call(*bus, "GetConnectionUnixProcessID", "(s)", "dev.peerup.PeerUp")
    # Nobody has asked for a window.
    assert desktop.try_xdotool("search", "--onlyvisible", "--pid", pid).stdout == ""
    notifications.activate("show-device", GLib.Variant("s", laptop.id))
    desktop.wait(lambda: desktop.try_xdotool("search", "--onlyvisible", "--pid", pid).stdout, "a window")
    notifications.activate("quit")
    desktop.wait(lambda: not notifications.call(*bus, "NameHasOwner", "(s)", "dev.peerup.PeerUp"), "the end of the program")
    assert not COMPLAINTS.search(log.read_text()), log.read_text()
