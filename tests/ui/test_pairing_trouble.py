# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Invite and Join when something comes in between: another link, a stray key, a machine that sleeps, a code that is over."""
import re
import signal
import subprocess

import gi
import pytest

import ui
from pairing_lab import Invite, Terminal

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

pytestmark = pytest.mark.sanitized
CONFIRM = "Join This Device?"


@pytest.fixture
def home(make_peer, alone):
    home = make_peer("home", alone).init()
    home.daemon()
    return home


@pytest.fixture
def laptop(make_peer, alone):
    return make_peer("laptop", alone).init()


def open_link(app, link):
    """As the desktop does it when somebody follows a link."""
    command = ["gdbus", "call", "--session", "--dest", "dev.peerup.PeerUp", "--object-path", "/dev/peerup/PeerUp", "--method",
               "org.freedesktop.Application.Open", f"['{link}']", "{}"]
    subprocess.run(command, env=app.desktop.env(), capture_output=True, timeout=ui.PATIENCE, check=True)


def enter(app, code):
    app.set_text("Code or Link", code)
    app.activate("Next")


def begin(app, code):
    app.activate("Join with a Code")
    enter(app, code)
    app.wait_text(CONFIRM)
    app.activate("Join", within=app.top)


def test_a_stray_key_accepts_no_link(open_app, home, laptop):
    app = open_app(laptop, Invite(home, "--name", "home").link)
    app.wait_text(CONFIRM)
    app.raise_window()
    app.wait(lambda: app.focused() is not None and app.focused().role in ui.ENTRIES, "the focus in the name")
    # What is typed is taken in order: when the Tab has come, the Return has.
    app.key("Return", "Tab")
    app.wait(lambda: app.focused().role not in ui.ENTRIES, "the focus elsewhere")
    assert app.has(CONFIRM)
    assert home.id not in laptop.authorized_keys.read_text()
    app.quit()


def test_a_pairing_sleeps_and_no_link_ends_it(open_app, home, laptop):
    """The other machine stands still in mid-pairing; what would close Join asks first; then all goes on."""
    invite = Invite(home, "--name", "home")
    app = open_app(laptop)
    home.daemon_process.signal(signal.SIGSTOP)
    begin(app, invite.long)
    app.find("Cancel", ui.BUTTONS, within=app.top)
    open_link(app, "peerup:join?7-spoken-words-here")
    app.wait_text("Stop Joining?")
    app.picture("trouble-stop-joining")
    app.activate("Go On", within=app.top)
    app.wait_gone("Stop Joining?")
    home.daemon_process.signal(signal.SIGCONT)
    app.wait_text(re.compile("Do These Match on Both Devices|Try Again"))
    if app.has("Try Again"):
        app.activate("Try Again")
    app.wait_text("Do These Match on Both Devices?")
    app.activate("Match")
    app.wait_text("Paired")
    app.quit()


def test_a_pairing_is_stopped(open_app, home, laptop):
    invite = Invite(home, "--name", "home")
    app = open_app(laptop)
    home.daemon_process.signal(signal.SIGSTOP)
    begin(app, invite.long)
    app.find("Cancel", ui.BUTTONS, within=app.top)
    app.raise_window()
    app.press("Escape", lambda: app.has("Stop Joining?"), "the question")
    app.activate("Stop", within=app.top)
    app.wait_gone("Join with a Code", "dialog")
    home.daemon_process.signal(signal.SIGCONT)
    app.quit()


def test_codes_that_are_over(open_app, home, laptop, make_peer, alone):
    """Used by another, taken back: whoever has such a code is told so, and can go on with another one."""
    used = Invite(home, "--name", "home")
    Terminal(make_peer("other", alone), "join", "--name", "other", used.long).wait()
    used.wait(None)
    back = Invite(home, "--name", "home")
    back.interrupt()
    back.wait(None)
    app = open_app(laptop)
    begin(app, used.long)
    for code in (back.long, Invite(home, "--name", "home").long):
        app.wait_text("This Code No Longer Works")
        app.activate("Enter a Code")
        enter(app, code)
        app.wait_text(CONFIRM)
        app.activate("Join", within=app.top)
    app.wait_text("Do These Match on Both Devices?")
    app.activate("Later")
    app.wait_text("You can verify it later")
    app.quit()


def test_a_mistake_is_told_and_heard(open_app, home, laptop):
    """Where it is, on the screen and for whoever only hears the window."""
    code = Invite(home, "--name", "home").long
    app = open_app(laptop)
    app.activate("Join with a Code")
    heard = []
    app.bus.connection.signal_subscribe(app.bus.program, "org.a11y.atspi.Event.Object", "Announcement", None, None, Gio.DBusSignalFlags.NONE,
                                        lambda _connection, _sender, _path, _interface, _signal, parameters: heard.append(parameters[3]))

    def hears(text):
        while GLib.MainContext.default().iteration(False):
            pass
        return any(text in one for one in heard)

    app.set_text("Code or Link", code)
    app.wait(lambda: hears("The code is complete"), "that it is complete, said")
    group = code.split("-")[2]
    app.set_text("Code or Link", code.replace(group, group[1:] + group[0], 1))
    app.wait(lambda: app.find("Next", ui.BUTTONS).states.isdisjoint({"sensitive"}), "no way on")
    said = app.wait(lambda: heard and hears("") and heard[-1] != "The code is complete" and heard[-1], "what is wrong, said")
    app.wait_text(said)
    app.quit()


def test_the_time_that_an_invite_has_left(open_app, home):
    Invite(home, "--name", "home", "--ttl", "115s")
    app = open_app(home)
    app.choose("Add", "i")
    left = app.wait_text(re.compile(r"1 minute \d+ seconds left")).name
    app.wait(lambda: [one for one in app.all(re.compile(r"seconds left")) if one.name != left], "less time")
    app.quit()


def test_a_long_error_has_details(open_app, home):
    app = open_app(home)
    app.choose("Add", "i")
    # It has no relay with which an invite could be left.
    app.toggle("Leave the Invite with a Relay")
    app.activate("Create")
    app.wait_text("Cannot make a code")
    app.activate("Details")
    app.find("Cannot make a code", "alert dialog")
    app.picture("trouble-details")
    app.activate("Close", within=app.top)
    app.quit()


def test_a_code_of_ones_own(open_app, home):
    app = open_app(home, Invite(home, "--name", "home").link)
    app.wait_text("This Device Made the Code")
    app.activate("Enter a Code")
    app.find("Code or Link", ui.ENTRIES)
    app.quit()


def test_the_window_ends_while_a_pairing_goes_on(open_app, home, laptop):
    """SIGTERM is not asked about; nothing is left of it."""
    invite = Invite(home, "--name", "home")
    app = open_app(laptop)
    home.daemon_process.signal(signal.SIGSTOP)
    begin(app, invite.long)
    app.find("Cancel", ui.BUTTONS, within=app.top)
    app.running.signal(signal.SIGTERM)
    assert app.running.wait(ui.PATIENCE) == 0, app.stderr()
    home.daemon_process.signal(signal.SIGCONT)


def test_verifying_later(open_app, home, laptop):
    app = open_app(laptop)
    begin(app, Invite(home, "--name", "home").long)
    app.wait_text("Do These Match on Both Devices?")
    app.activate("Later")
    app.activate("Open")
    app.choose("Device Menu", "v")
    app.wait_text("Do These Match on Both Devices?")
    app.wait_text(home.json("verify", laptop.run("whoami").stdout.strip())["transcript_digits"])
    app.activate("Match")
    app.wait_gone("Do These Match on Both Devices?")
    assert not app.has("Do These Match?")
    app.quit()
