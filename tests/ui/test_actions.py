# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What notifications, the tray and the desktop ask of the program over the session bus."""
import datetime
import subprocess

import pytest

import ui
from house import House
from netlab import wait_for


@pytest.fixture
def house(make_peer, serve, alone):
    return House(make_peer, serve, alone)


def grants(app):
    """What the engine in the window knows of them; the file that the command writes is read a moment later."""
    command = ["gdbus", "call", "--session", "--dest", "dev.peerup.PeerUp.Engine", "--object-path", "/dev/peerup/PeerUp/Engine",
               "--method", "dev.peerup.PeerUp.Engine1.ListGrants"]
    return subprocess.run(command, env=app.desktop.env(), capture_output=True, text=True, timeout=ui.PATIENCE, check=False).stdout


def test_actions_that_show_something(open_app, house):
    app = open_app(house.home)
    app.activate_action("show-relays")
    app.find("Add Relay", ui.BUTTONS)
    app.activate_action("show-device", f"<'{house.laptop.id}'>")
    app.wait_text("Compare codes to be sure")
    app.activate_action("show-device", "<'nobody'>")
    app.wait_text("This device is not one of yours any more")
    app.activate_action("about")
    app.wait_text("The Peer-Up authors")
    app.quit()


def test_pairing_is_begun_from_outside(open_app, house):
    app = open_app(house.home)
    app.activate_action("invite")
    app.find("Create", ui.BUTTONS)
    # Whoever brings a code wants that one now.
    app.activate_action("join", "<'word word'>")
    app.find("Join with a Code", "dialog")
    app.quit()


def test_share_switches_a_service(open_app, house):
    """Twice, and it is as it was."""
    app = open_app(house.home)
    enabled = lambda: next(one for one in house.home.json("service", "list") if one["name"] == "web")["enabled"]  # noqa: E731
    app.wait_text("This Device")
    assert enabled()
    app.activate_action("share", "<'web'>")
    wait_for(lambda: not enabled(), ui.PATIENCE, "web to be off")
    app.activate_action("share", "<'web'>")
    wait_for(enabled, ui.PATIENCE, "web to be on again")
    app.activate_action("share", "<'nothing'>")
    app.wait_text("there is no such service any more")
    app.quit()


def test_access_is_extended_but_not_brought_back(open_app, house):
    home, laptop = house.home, house.laptop
    app = open_app(home)
    home.run("grant", "add", laptop.id, "web", "--for", "1h")
    wait_for(lambda: "<'web'>" in grants(app), ui.PATIENCE, "the grant in the engine")
    until = lambda: datetime.datetime.fromisoformat(home.json("grant", "list")[0]["until"])  # noqa: E731
    before = until()
    target = f"<('{laptop.id}', 'web', int64 3600)>"
    app.activate_action("extend-grant", target)
    wait_for(lambda: until() - before == datetime.timedelta(hours=1), ui.PATIENCE, "an hour more")
    home.run("grant", "revoke", laptop.id, "web")
    wait_for(lambda: grants(app) == "(@aa{sv} [],)\n", ui.PATIENCE, "the end of the grant in the engine")
    app.activate_action("extend-grant", target)
    app.wait_text("Cannot extend the access: it has ended")
    assert home.json("grant", "list") == []
    app.quit()


def test_an_answer_to_a_question_that_is_over(open_app, house):
    app = open_app(house.home)
    app.wait_text("This Device")
    app.activate_action("answer-prompt", "<(uint32 77, '12D3KooW', 'allow')>")
    app.wait_text("Cannot answer: ")
    app.activate_action("show-prompt", "<uint32 77>")
    app.wait_text("This question is over")
    app.quit()


def test_help_where_there_is_no_viewer(open_app, house):
    choices = house.home.home / ".config/mimeapps.list"
    choices.write_text("[Removed Associations]\nx-scheme-handler/help=yelp.desktop;org.gnome.Yelp.desktop;\n")
    app = open_app(house.home)
    app.activate_action("help", "<'pair'>")
    app.wait_text("install the help viewer")
    app.quit()
