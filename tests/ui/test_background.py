# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The program without its window: what is shared goes on, there is a way back, and it ends when it is told to."""
import shlex
import socket
import subprocess
import sys
import threading

import pytest

import ui
from house import WORDS, House
from netlab import wait_for
from peers import Running
from stage import fetch

# Root, too, may write only what it is allowed to.
POWERLESS = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner", "--inh-caps", "-dac_override,-dac_read_search,-fowner")
ENDS = {"run-in-background": "false"}
SERVICE = """[D-BUS Service]
Name=dev.peerup.PeerUp
Exec={script}
"""
SCRIPT = """#!/bin/sh
{env} {gtk} --gapplication-service --config {config} 2>{errors}
echo $? >{code}
"""


@pytest.fixture
def home(make_peer, alone):
    return make_peer("home", alone).init()


@pytest.fixture
def house(make_peer, serve, alone):
    return House(make_peer, serve, alone)


def call(desktop, method, *words, path="/dev/peerup/PeerUp", dest="dev.peerup.PeerUp"):
    command = ["gdbus", "call", "--session", "--dest", dest, "--object-path", path, "--method", method, *map(str, words)]
    return subprocess.run(command, env=desktop.env(), capture_output=True, text=True, timeout=ui.PATIENCE, check=False)


def owner(desktop, name="dev.peerup.PeerUp"):
    """The process that has that name; 0 for none."""
    done = call(desktop, "org.freedesktop.DBus.GetConnectionUnixProcessID", name, path="/org/freedesktop/DBus", dest="org.freedesktop.DBus")
    return int(done.stdout.split()[1].rstrip(",)")) if done.returncode == 0 else 0


class Notifications:
    """A notification daemon on a desktop, and what it was told."""

    def __init__(self, desktop):
        self.running = Running([sys.executable, "-m", "dbusmock", "--session", "--template", "notification_daemon"],
                               desktop.env() | {"PYTHONUNBUFFERED": "1"}, desktop.directory, "notifications")
        desktop.stack.callback(desktop.end, self.running.process)
        wait_for(lambda: owner(desktop, "org.freedesktop.Notifications"), ui.PATIENCE, "the notification daemon")

    def count(self, text):
        return sum(" Notify " in line and text in line for line in self.running.stdout().splitlines())

    def wait(self, text):
        wait_for(lambda: self.count(text), ui.PATIENCE, f"a notification that says {text!r}")


class SessionManager:
    """GNOME's, as far as it is asked to keep the system awake."""

    def __init__(self, desktop):
        name = "org.gnome.SessionManager"
        self.running = Running([sys.executable, "-m", "dbusmock", "--session", name, "/org/gnome/SessionManager", name],
                               desktop.env() | {"PYTHONUNBUFFERED": "1"}, desktop.directory, "manager")
        desktop.stack.callback(desktop.end, self.running.process)
        wait_for(lambda: owner(desktop, name), ui.PATIENCE, "the session's manager")
        for method, takes, gives, code in (("Inhibit", "susu", "u", "ret = 77"), ("Uninhibit", "u", "", ""),
                                           ("RegisterClient", "ss", "o", "ret = dbus.ObjectPath('/client')")):
            done = call(desktop, "org.freedesktop.DBus.Mock.AddMethod", name, method, takes, gives, code,
                        path="/org/gnome/SessionManager", dest=name)
            assert done.returncode == 0, done.stderr

    def calls(self, name):
        return [line for line in self.running.stdout().splitlines() if f" {name} " in line]

    def inhibits(self):
        return len(self.calls("Inhibit")) > len(self.calls("Uninhibit"))

    def flags(self):
        return [int(line.split()[-1]) for line in self.calls("Inhibit")]


def close(app):
    app.close_window()
    app.wait(lambda: not app.windows(), "the end of the window")


def launch(open_app, app, *args):
    """Once more, as by a click on its icon."""
    again = open_app(app.peer, *args, desktop=app.desktop, wait=False)
    assert again.running.wait(ui.PATIENCE) == 0, again.stderr()


def serves(peer):
    return peer.run("status", code=None).returncode == 0


def test_what_is_shared_goes_on_without_the_window(open_app, make_desktop, house):
    desktop = make_desktop()
    notifications = Notifications(desktop)
    app = open_app(house.home, desktop=desktop)
    house.start_laptop().wait_connected()
    address = "{}:{}".format(*house.laptop.proxy("home", "web").address)
    close(app)
    assert fetch(house.space, address) == WORDS.decode()
    notifications.wait("Peer-Up Keeps Running")
    launch(open_app, app)
    app.wait_shown()
    app.wait_text("laptop")
    close(app)
    assert fetch(house.space, address) == WORDS.decode()
    # It is said once.
    assert notifications.count("Peer-Up Keeps Running") == 1
    app.quit()


def test_it_quits_without_a_question_where_nobody_could_see_one(open_app, house):
    app = open_app(house.home)
    house.start_laptop().wait_connected()
    host, port = house.laptop.proxy("home", "ssh").address
    with house.space, socket.create_connection((host, port), ui.PATIENCE) as connection:
        connection.sendall(b"in use")
        assert connection.recv(100)
        close(app)
        # What the tray asks for has somebody who can answer.
        app.activate_action("ask-quit")
        app.wait_shown()
        app.find("Quit Peer-Up?")
        app.activate("Cancel")
        app.wait_gone("Quit Peer-Up?")
        close(app)
        app.quit()


def test_closing_quits_where_it_may_not_go_on(open_app, home):
    app = open_app(home, settings=ENDS)
    app.find("Invite a Device", ui.BUTTONS)
    app.close_window()
    assert app.running.wait(ui.PATIENCE) == 0, app.stderr()


def test_a_window_closed_over_a_dialog(open_app, home):
    """The dialog ends first: an invite that nobody sees is taken back, and nothing of it stays behind."""
    app = open_app(home)
    app.activate("Invite a Device")
    app.activate("Create", within=app.top)
    app.find("Full Code", "list item")
    assert [one["state"] for one in home.json("invite", "list")] == ["open"]
    app.close_window()
    app.wait_gone("Full Code", "list item")
    close(app)
    wait_for(lambda: not [one for one in home.json("invite", "list") if one["state"] == "open"], ui.PATIENCE, "the end of the invite")
    app.quit()


def test_a_hidden_start(open_app, make_desktop, home):
    desktop = make_desktop()
    notifications = Notifications(desktop)
    app = open_app(home, "--hidden", desktop=desktop, wait=False)
    wait_for(lambda: serves(home), ui.PATIENCE, "the engine's socket")
    notifications.wait("Peer-Up Keeps Running")
    # As it is at the next login, where it runs already.
    launch(open_app, app, "--hidden")
    assert app.find_window() is None
    launch(open_app, app)
    app.wait_shown()
    app.find("Invite a Device", ui.BUTTONS)
    app.quit()


def test_a_hidden_start_that_fails(open_app, make_desktop, home):
    """Nobody sees a page that says why, so it is said otherwise."""
    home.config.write_text("network: [")
    desktop = make_desktop()
    notifications = Notifications(desktop)
    app = open_app(home, "--hidden", desktop=desktop, wait=False)
    notifications.wait("config.yaml")
    launch(open_app, app)
    app.wait_shown()
    # There is nothing that could go on.
    app.close_window()
    assert app.running.wait(ui.PATIENCE) == 0, app.stderr()


def test_no_screen(open_app, make_desktop, home):
    app = open_app(home, "--hidden", desktop=make_desktop(), wait=False, DISPLAY="")
    assert app.running.wait(ui.PATIENCE) == 1
    assert "There is no screen to show a window on" in app.stderr()


class Activated:
    """The program as the session bus starts it."""

    def __init__(self, open_app, desktop, peer, **options):
        # Of a run that only shows its version, the surroundings.
        env = open_app(peer, "--version", desktop=desktop, wait=False, **options).env
        self.desktop, self.errors, self.code = desktop, desktop.directory / "activated.err", desktop.directory / "activated.code"
        script = desktop.directory / "activated"
        words = {"env": shlex.join(["env", "-i", *(f"{key}={value}" for key, value in env.items())]), "gtk": ui.GTK,
                 "config": shlex.quote(str(peer.config)), "errors": self.errors, "code": self.code}
        script.write_text(SCRIPT.format(**words))
        script.chmod(0o755)
        (desktop.services() / "dev.peerup.PeerUp.service").write_text(SERVICE.format(script=script))
        call(desktop, "org.freedesktop.DBus.ReloadConfig", path="/org/freedesktop/DBus", dest="org.freedesktop.DBus")

    def activate_action(self, name, target=""):
        done = call(self.desktop, "org.freedesktop.Application.ActivateAction", name, f"[{target}]", "{}")
        assert done.returncode == 0, (done.stderr, self.errors.read_text())

    def wait_end(self):
        wait_for(lambda: self.code.exists() and self.code.read_text().strip(), ui.PATIENCE, "its end")
        assert self.code.read_text().strip() == "0", self.errors.read_text()

    def windows(self):
        return self.desktop.try_xdotool("search", "--onlyvisible", "--name", ".").stdout.split()


def test_a_notification_starts_it(open_app, make_desktop, home):
    desktop = make_desktop()
    activated = Activated(open_app, desktop, home)
    before = activated.windows()
    activated.activate_action("show-relays")
    desktop.wait(lambda: len(activated.windows()) > len(before), "the window")
    assert serves(home)
    activated.activate_action("quit")
    activated.wait_end()


@pytest.mark.parametrize("settings", [None, ENDS], ids=["stays", "ends"])
def test_a_notification_that_needs_no_window(open_app, make_desktop, house, settings):
    """It does what is asked, and stays where it may."""
    desktop = make_desktop()
    activated = Activated(open_app, desktop, house.home, settings=settings)
    activated.activate_action("share", "<'web'>")
    offered = lambda: next(one for one in house.home.json("service", "list") if one["name"] == "web")["enabled"]  # noqa: E731
    wait_for(lambda: not offered(), ui.PATIENCE, "web to be off")
    if settings is None:
        assert serves(house.home) and owner(desktop)
        activated.activate_action("quit")
    activated.wait_end()


def test_a_home_that_cannot_be_written(open_app, make_desktop, home):
    """It runs or says why not, and ends well: nothing that it would have liked to keep is worth an end."""
    (home.home / ".config/gtk-4.0").mkdir(parents=True, exist_ok=True)
    (home.home / ".config/gtk-4.0/settings.ini").touch()
    subprocess.run(["chmod", "-R", "a-w", home.home / ".config"], check=True)
    home.home.chmod(0o500)
    app = open_app(home, "--hidden", desktop=make_desktop(), wait=False, prefix=POWERLESS)
    wait_for(lambda: serves(home) or "peerup-gtk" in app.stderr() or app.process.poll() is not None, ui.PATIENCE, "a start")
    launch(open_app, app)
    app.wait_shown()
    app.quit()


def test_the_system_stays_awake_for_a_transfer(open_app, make_desktop, house, serve):
    """And for nothing else: not for what is shared, nor for a connection that waits."""
    desktop = make_desktop()
    manager = SessionManager(desktop)
    full, more = threading.Event(), threading.Event()

    def flood(connection):
        while not full.is_set():
            connection.sendall(bytes(1 << 16))
        more.wait(ui.PATIENCE)

    with house.space:
        source = serve(flood)
    house.home.run("service", "add", "flood", source.port)
    app = open_app(house.home, desktop=desktop)
    house.start_laptop().wait_connected()
    assert not manager.inhibits()
    host, port = house.laptop.proxy("home", "flood").address
    with house.space, socket.create_connection((host, port), ui.PATIENCE) as connection:
        def drink():
            while connection.recv(1 << 16):
                pass
        drinker = threading.Thread(target=drink)
        drinker.start()
        try:
            wait_for(manager.inhibits, ui.PATIENCE, "the inhibition")
            # Of sleep alone: the screen may go dark.
            assert manager.flags() == [4]
            full.set()
            wait_for(lambda: not manager.inhibits(), ui.PATIENCE, "the end of the inhibition")
        finally:
            full.set()
            more.set()
            connection.shutdown(socket.SHUT_RDWR)
            drinker.join()
    app.quit()


def test_two_logins_of_one_person(open_app, make_desktop, home):
    """Each has a session bus of its own, and the profile has one engine."""
    first = open_app(home, desktop=make_desktop())
    first.find("Invite a Device", ui.BUTTONS)
    wait_for(lambda: serves(home), ui.PATIENCE, "the engine's socket")
    second = open_app(home, desktop=make_desktop())
    second.find("Invite a Device", ui.BUTTONS)
    assert home.status()["pid"] == first.pid
    second.quit()
    assert home.status()["pid"] == first.pid
    first.quit()
