# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Both sides of a pairing, and what follows from it, by the keyboard alone."""
import re
import socket

import pytest

import ui
from netlab import wait_for
from pairing_lab import Invite, LanHousehold, Terminal
from stage import address_in, full_code

pytestmark = pytest.mark.sanitized


def press_button(app, name):
    """Goes to it by Tab and presses it by Return, until it is not there any more."""
    app.find(name, "button")
    app.tab_to(name, "button")
    app.press("Return", lambda: not app.has(name, "button", app.top), f"what {name!r} does")


def test_joining(lab, make_peer, serve, open_app):
    household = LanHousehold(lab, make_peer, serve)
    invite = Invite(household.home, "--name", "home")
    device = household.visitor()
    app = open_app(device)
    app.find("Join with a Code", ui.BUTTONS)
    app.raise_window()
    app.press("ctrl+j", lambda: app.has("Join with a Code", "dialog"), "Join")
    entry = app.tab_to("Code or Link", "text box")
    app.type(invite.long)
    app.wait(lambda: entry.value() == invite.long, "the code in the entry")
    press_button(app, "Next")
    press_button(app, "Join")
    app.wait_text("Do These Match on Both Devices?")
    press_button(app, "Match")
    app.wait_text("Paired")
    press_button(app, "Open")
    app.find("echo", "switch")
    app.tab_to("echo", "switch")
    app.press("space", lambda: "checked" in app.find("echo", "switch").states, "echo in use")
    host, port = address_in(app, "echo").split(":")
    with device.space, socket.create_connection((host, int(port)), ui.PATIENCE) as connection:
        connection.settimeout(ui.PATIENCE)
        connection.sendall(b"!")
        assert connection.recv(1) == b"!"
    remove(app, device, "home")
    app.wait_text("Connect Your Devices")


def remove(app, device, name):
    """By the menu of its page, and its letter."""
    app.tab_to("Device Menu", "toggle button")
    app.press("Return", lambda: app.has(None, "menu item"), "the menu of the device")
    app.press("m", lambda: app.has(re.compile(f"^Remove .*{name}"), "alert dialog"), "the question")
    # What cannot be undone is not where Return would do it.
    assert app.focused().name == "Cancel"
    press_button(app, "Remove")
    app.wait_gone(name, "list item")
    wait_for(lambda: not [line for line in device.authorized_keys.read_text().splitlines() if line and not line.startswith("#")],
             ui.PATIENCE, "the end of its authorization")


def test_inviting(lab, make_peer, serve, open_app):
    household = LanHousehold(lab, make_peer, serve)
    device, other = household.visitor(household.home.space), household.visitor()
    app = open_app(device)
    app.find("Invite a Device", ui.BUTTONS)
    app.raise_window()
    app.press("ctrl+n", lambda: app.has("Invite a Device", "dialog"), "Invite")
    press_button(app, "Create")
    Terminal(other, "join", "--name", "other", full_code(app)).wait()
    app.wait_text("Do These Match on Both Devices?")
    press_button(app, "Match")
    app.wait_text("Paired")
    press_button(app, "Done")
    other.id = other.run("whoami").stdout.strip()
    wait_for(lambda: other.id in device.authorized_keys.read_text(), ui.PATIENCE, "its authorization")
    app.find("other", "list item")
