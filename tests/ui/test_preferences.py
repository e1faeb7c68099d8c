# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Preferences, keys and About: what a switch says is so, and what is refused goes back."""
import re

import pytest
from gi.repository import GLib

import panel
from house import House
from screens import DIALOGS

PAGES = {
    "General": {"Run in Background": True, "Start at Login": False, "Show Icon in the Tray": True},
    "Notifications": {"Somebody Wants to Pair": True, "A Device Asks for a Service": True, "Access Ends in Five Minutes": True,
                      "A Device Has Joined": True, "A Device Goes Offline or Comes Back": False, "A Relay Is Lost": True},
    # Of the configuration that tests have.
    "Network": {"Find Devices in the Local Network": False, "Open a Port on the Router": False},
}
TABS = ("tab", "page tab", "radio button", "toggle button", "button", "push button")
SIZES = ((1000, 700), (360, 294))


@pytest.fixture
def house(make_peer, serve, alone):
    return House(make_peer, serve, alone)


def open_by_key(app, key, dialog):
    app.wait_text("laptop")
    app.raise_window()
    app.press(key, lambda: app.has(dialog, DIALOGS), dialog)


def show_page(app, name):
    app.activate(name, TABS, within=app.top)


def is_on(app, name):
    return "checked" in app.find(name, "switch", within=app.top).states


def wait_switch(app, name, on):
    """As it says, and it can be used."""
    app.wait(lambda: (node := app.find(name, "switch", within=app.top)) and ("checked" in node.states) == on and "sensitive" in node.states,
             f"{name!r} {'on' if on else 'off'}")


def test_all_that_can_be_chosen(open_app, house):
    app = open_app(house.home)
    open_by_key(app, "ctrl+comma", "Preferences")
    app.wait_text("This desktop shows no tray icons")
    for page, switches in PAGES.items():
        show_page(app, page)
        for name, on in switches.items():
            wait_switch(app, name, on)
    # No other one on top of it.
    app.key("ctrl+comma")
    for width, height in SIZES:
        app.resize(width, height)
        for page in PAGES:
            show_page(app, page)
            app.picture(f"preferences-{page.lower()}-{width}")
    app.press("Escape", lambda: not app.all(None, DIALOGS), "the dialog to close")
    app.quit()


def test_the_tray_goes_and_comes(open_app, house, make_desktop):
    if reason := panel.missing():
        pytest.skip(reason)
    bar = panel.Panel(make_desktop())
    app = open_app(house.home, desktop=bar.desktop)
    first = bar.wait_icon().name
    open_by_key(app, "ctrl+comma", "Preferences")
    app.wait_text("With what is shared, and how devices are reached")
    app.activate("Show Icon in the Tray", "switch")
    bar.wait_none()
    app.activate("Show Icon in the Tray", "switch")
    assert bar.wait_icon().name != first
    app.quit()
    bar.wait_none()
    bar.close()


def test_the_engine_does_as_is_said(open_app, house):
    house.start_home()
    app = open_app(house.home)
    open_by_key(app, "ctrl+comma", "Preferences")
    show_page(app, "Network")
    wait_switch(app, "Find Devices in the Local Network", False)
    app.activate("Find Devices in the Local Network", "switch")
    wait_switch(app, "Find Devices in the Local Network", True)
    assert re.search(r"^  mdns: true$", house.home.config.read_text(), re.M)
    # While a configuration waits, nothing else changes it: the switch goes back, and it is said why.
    text = house.home.config.read_text()
    other = house.home.home / "other.yaml"
    other.write_text(text + "\n# another one\n")
    other.chmod(0o600)
    house.home.run("config", "apply", other, "--confirm-timeout", "10m")
    app.activate("Find Devices in the Local Network", "switch")
    app.wait_text("First keep the new configuration")
    app.picture("preferences-refused")
    wait_switch(app, "Find Devices in the Local Network", True)
    house.home.run("config", "confirm")
    app.activate("Find Devices in the Local Network", "switch")
    wait_switch(app, "Find Devices in the Local Network", False)
    app.quit()


def test_keys(open_app, house):
    app = open_app(house.home)
    open_by_key(app, "ctrl+question", "Keyboard Shortcuts")
    rows = {node.name: node.text() for node in app.all(None, ("list item", "row"), within=app.top)}
    for title, key in (("Preferences", "Ctrl+,"), ("Invite a Device", "Ctrl+N"), ("Help", "F1")):
        assert f" · {key} · " in rows[title], rows
    for width, height in SIZES:
        app.resize(width, height)
        app.picture(f"shortcuts-{width}")
    app.press("Escape", lambda: not app.all(None, DIALOGS), "the dialog to close")
    # They are those that work.
    for key, title in (("ctrl+n", "Invite a Device"), ("ctrl+j", "Join with a Code")):
        open_by_key(app, key, title)
        app.press("Escape", lambda: not app.all(None, DIALOGS), "the dialog to close")
    app.quit()


def test_about(open_app, house):
    app = open_app(house.home)
    app.wait_text("laptop")
    # As people come to it.
    app.choose("Main Menu", "a")
    app.wait_text("Peer-Up")
    app.wait_text("The Peer-Up authors")
    for width, height in SIZES:
        app.resize(width, height)
        app.picture(f"about-{width}")
    app.select("Troubleshooting", within=app.top)
    app.select("Debugging Information", within=app.top)
    box = app.find("Debugging Information", ("text", "text box"), within=app.top)
    text = box.call("Text", "GetText", GLib.Variant("(ii)", (0, -1)))[0]
    # Nothing by which a person is known.
    assert "libadwaita" in text and "Engine 0" in text and "in this program" in text
    assert house.home.run("whoami").stdout.strip() not in text and str(house.home.home) not in text
    app.quit()
