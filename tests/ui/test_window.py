# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The program as such: it starts with nothing, is there once, and ends well."""
import pytest

import ui
from house import House
from netlab import wait_for


@pytest.fixture
def home(make_peer, alone):
    return make_peer("home", alone)


def test_a_first_start_makes_a_device(open_app, home):
    app = open_app(home)
    app.find("Invite a Device", ui.BUTTONS)
    app.find("Join with a Code", ui.BUTTONS)
    wait_for(home.config.exists, 60, "a configuration")
    assert home.run("whoami").stdout.startswith("12D3KooW")
    app.quit()


def test_it_serves_the_command(open_app, home):
    """The engine in the window is the daemon of the profile, until it quits."""
    app = open_app(home)
    wait_for(lambda: home.run("status", code=None).returncode == 0, 60, "the engine's socket")
    app.quit()
    home.run("status", code=1)


def test_a_second_start_raises_the_first_window(open_app, home):
    first = open_app(home)
    second = open_app(home, desktop=first.desktop, wait=False)
    assert second.running.wait(ui.PATIENCE) == 0, second.stderr()
    assert len(first.windows()) == 1


def test_it_attaches_to_a_daemon_and_leaves_it_running(open_app, make_peer, serve, alone):
    house = House(make_peer, serve, alone).start_home().start_laptop().wait_connected()
    app = open_app(house.home)
    app.wait_text("laptop")
    app.quit()
    assert house.laptop.connection(house.home)


def test_two_profiles_have_two_windows(open_app, make_peer, alone):
    """Each on a desktop of its own, as two people at one machine."""
    apps = [open_app(make_peer(name, alone)) for name in ("home", "laptop")]
    for app in apps:
        app.find("Invite a Device", ui.BUTTONS)
