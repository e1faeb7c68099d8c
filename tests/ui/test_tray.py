# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The icon in a real tray, that of Xfce's panel: it is seen, its menu does what it says, and there is one."""
import pytest

import panel
import ui
from house import House
from screens import DIALOGS


@pytest.fixture
def desk(make_desktop):
    if reason := panel.missing():
        pytest.skip(reason)
    return make_desktop()


@pytest.fixture
def tray(desk):
    made = []

    def make(**options):
        made.append(panel.Panel(desk, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def house(desk, make_peer, serve, alone):
    return House(make_peer, serve, alone)


def wait_seen(tray, empty):
    """The panel with something in it that was not there before."""
    tray.desktop.wait(lambda: tray.picture() != empty, "an icon that is seen")


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_seen(open_app, house, tray, dark):
    bar = tray(dark=dark)
    empty = bar.picture()
    app = open_app(house.home, desktop=bar.desktop)
    icon = bar.wait_icon()
    wait_seen(bar, empty)
    assert icon.get("Status") == "Active"
    assert icon.get("IconName") == "dev.peerup.PeerUp-off-symbolic"
    app.settle()
    bar.desktop.picture().save(ui.PICTURES / f"tray-{'dark' if dark else 'light'}.png")
    app.quit()
    bar.wait_none()


def test_it_is_found_by_name(open_app, house, tray):
    """Where the icons are installed, the theme's is shown, in the panel's own colour."""
    bar = tray(dark=True)
    bar.install_icons()
    empty = bar.picture()
    app = open_app(house.home, desktop=bar.desktop)
    bar.wait_icon()
    wait_seen(bar, empty)
    app.settle()
    bar.desktop.picture(0, 0, 200, panel.SIZE).save(ui.PICTURES / "tray-by-name.png")
    app.quit()


def test_the_menu(open_app, house, tray):
    bar = tray()
    app = open_app(house.home, desktop=bar.desktop)
    icon = bar.wait_icon()
    icon.wait_entry("web", checked=True)
    assert [label.strip("\u2068\u2069") for _, label, _, _ in icon.menu()] == [
        "Open Peer-Up", "No device connected", "Share \u2068printer", "Share \u2068ssh", "Share \u2068web", "Invite a Device…", "Join with a Code…", "Quit"]
    assert not icon.find("No device")[3]
    # By what is in force, and in the window at the same time.
    icon.choose("web")
    icon.wait_entry("web", checked=False)
    app.select("This Device")
    app.wait(lambda: "checked" not in app.find("Share web", "switch").states, "web off in the window")
    app.activate("Share web", "switch")
    icon.wait_entry("web", checked=True)
    icon.choose("Join")
    app.find("Join with a Code", DIALOGS)
    app.press("Escape", lambda: not app.all("Join with a Code", DIALOGS), "the dialog to close")
    # It ends.
    icon.choose("Quit")
    assert app.running.wait(ui.PATIENCE) == 0, app.stderr()
    app.check()
    bar.wait_none()


def test_what_is_connected(open_app, house, tray):
    bar = tray()
    house.start_home().start_laptop()
    app = open_app(house.home, desktop=bar.desktop)
    icon = bar.wait_icon()
    house.wait_connected()
    icon.wait_entry("1 device connected")
    bar.desktop.wait(lambda: icon.get("IconName") == "dev.peerup.PeerUp-connected-symbolic", "the icon for it")
    # What it runs on goes.
    house.home.run("stop")
    bar.desktop.wait(lambda: icon.get("Status") == "NeedsAttention", "an icon that wants to be looked at")
    assert icon.get("IconName") == "dev.peerup.PeerUp-trouble-symbolic"
    assert [entry[3] for entry in icon.menu() if "Invite" in entry[1]] == [False]
    app.settle()
    bar.desktop.picture(0, 0, 200, panel.SIZE).save(ui.PICTURES / "tray-trouble.png")
    app.quit()


def test_clicks(open_app, house, tray):
    """By the mouse: the left button opens the window, the right one the menu."""
    bar = tray()
    empty = bar.picture()
    app = open_app(house.home, desktop=bar.desktop)
    bar.wait_icon().wait_entry("web", checked=True)
    wait_seen(bar, empty)
    # Behind another one's window.
    bar.desktop.xdotool("windowminimize", app.window)
    app.wait(lambda: app.find_window() is None, "no window")
    bar.click(1)
    app.wait(app.find_window, "the window again")
    app.settle()
    before = bar.desktop.picture()
    bar.click(3)
    app.wait(lambda: bar.desktop.picture() != before, "a menu")
    app.settle()
    bar.desktop.picture().save(ui.PICTURES / "tray-menu.png")
    app.quit()


def test_the_tray_restarts(open_app, house, tray):
    """However often, and also while nobody looks: there is one icon."""
    bar = tray()
    app = open_app(house.home, desktop=bar.desktop)
    names = {bar.wait_icon().name}
    for _ in range(2):
        bar.kill()
        bar.start()
        names.add(bar.wait_icon().name)
    assert len(names) == 1
    app.quit()
    bar.wait_none()


def test_the_tray_comes_late(open_app, house, tray, desk):
    app = open_app(house.home, desktop=desk)
    app.wait_text("laptop")
    bar = tray()
    bar.wait_icon().wait_entry("ssh", checked=True)
    app.quit()
