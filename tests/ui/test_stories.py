# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What a person does with the window, from its first start to the end, with real devices and a relay around it."""
import contextlib
import re
import socket

from house import WORDS, web
from netlab import wait_for
from pairing_lab import Invite, Terminal
from stage import Stage, address_in, fetch, full_code, share_web

LONG = 60  # seconds
SOON = 8  # seconds: a grant that one sees end


def add_relay(app, address):
    app.choose("Add", "r")
    app.find("Add Relay", "dialog")
    app.set_text("Address of the Relay", address)
    app.activate("Add", within=app.top)
    app.wait_gone("Add Relay", "dialog")
    app.wait(lambda: [row for row in app.all("Relays", "list item") if row.description == "1 in use"], "a relay in use")


def invite_guest(app, service):
    """The code by which a device joins that may use this service alone."""
    app.choose("Add", "i")
    app.select("Chosen Services", within=app.top)
    app.activate(service, "switch", within=app.top)
    app.wait(lambda: any("checked" in one.states for one in app.all(service, "switch", app.top)), f"{service} chosen")
    app.activate("Create")
    return full_code(app)


def compare_and_match(app, mine, other):
    """What the window shows is what the other device shows."""
    app.wait_text("Do These Match on Both Devices?")
    app.wait_text(other.json("verify", mine.id)["transcript_digits"])
    app.activate("Match")


def wait_state(app, device, words):
    """The line under its name in the sidebar."""
    app.wait(lambda: [row for row in app.all(device, "list item") if re.search(words, row.description)], f"{device}: {words}")


def is_served(space, address):
    """Whether a person sees the page there, now."""
    try:
        return fetch(space, address, "--retry", 0) == WORDS.decode()
    except AssertionError:
        return False


def wait_in_row(app, row, words):
    """What stands on a row of the page, whose first words are its name."""
    pattern = re.compile(f"^{re.escape(row)} ·.*{words}")
    app.wait(lambda: any(pattern.search(item.text()) for item in app.all(None, "list item")), f"{words!r} in the row {row!r}")


def end_by_time(app, home, there, address):
    """The visitor may use web for a moment: then the page says so, and what was open there is cut."""
    with there, socket.create_connection(address, LONG) as used:
        used.settimeout(LONG)
        home.run("grant", "add", "visitor", "web", "--for", f"{SOON}s")
        wait_in_row(app, "web", r"Until \d\d:\d\d")
        app.picture("story-until")
        wait_in_row(app, "web", "Not allowed")
        # Nothing was asked of the page; it is the forward that ends.
        with contextlib.suppress(ConnectionResetError):
            assert used.recv(1) == b""


def test_a_first_run_to_the_end_as_the_one_who_invites(lab, make_peer, serve, open_app):
    stage = Stage(lab, make_peer, serve)
    home, visitor = stage.home(), stage.visitor()
    app = open_app(home)
    app.wait_text("Connect Your Devices")
    stage.admit(home)
    add_relay(app, stage.relay_address)
    share_web(app, home.web_port)

    code = invite_guest(app, "web")
    app.picture("story-invite")
    Terminal(visitor, "join", "--name", "visitor", code).wait()
    visitor.id = visitor.run("whoami").stdout.strip()
    compare_and_match(app, home, visitor)
    app.wait_text("Paired")
    app.activate("Open")

    visitor.daemon()
    proxy = visitor.proxy(home.id, "web")
    there = "%s:%d" % proxy.address
    assert fetch(stage.there, there) == WORDS.decode()
    wait_state(app, "visitor", "^Relayed")
    app.find(re.compile("over the relay|to the relay"), "image")
    app.picture("story-relayed")

    stage.lose_relay()
    wait_state(app, "visitor", "^(Reconnecting|Offline)")
    wait_state(app, "Relays", "^None can be reached")
    app.picture("story-relay-lost")
    stage.bring_relay_back()
    wait_state(app, "Relays", "^1 in use")
    assert fetch(stage.there, there) == WORDS.decode()
    wait_state(app, "visitor", "^Relayed")

    end_by_time(app, home, stage.there, proxy.address)
    assert not is_served(stage.there, there)
    app.toggle("web")
    assert fetch(stage.there, there) == WORDS.decode()

    app.toggle("web", on=False)
    said = app.wait_text(re.compile("may no longer use|Cannot")).name
    assert "may no longer use" in said
    assert not is_served(stage.there, there)
    app.choose("Device Menu", "m")
    app.activate("Remove", within=app.top)
    app.wait_gone("visitor", "list item")
    wait_for(lambda: visitor.id not in home.authorized_keys.read_text(), LONG, "the end of its authorization")
    app.quit()


def share_and_stop(app, stage, home, visitor):
    """The one who joined offers a page, too, and takes it back from the only one who may use it."""
    with stage.there:
        port = stage.serve(web).port
    share_web(app, port, "diary")
    app.select("home")
    # As any guest of the one who invited, and as any other device at the one who joined.
    wait_in_row(app, "diary", "As every paired device")
    proxy = home.proxy(visitor.id, "diary")
    address = "%s:%d" % proxy.address
    assert fetch(stage.here, address) == WORDS.decode()
    app.find_in_row("diary", "switch").act()
    app.find(re.compile("^Stop Sharing .*diary"), "alert dialog")
    app.picture("story-stop-sharing")
    app.activate("Cancel", within=app.top)
    app.wait_gone(None, "alert dialog")
    app.wait(lambda: app.find_in_row("diary", "switch").states & {"checked", "pressed"}, "the switch to be on again")
    assert is_served(stage.here, address)
    app.find_in_row("diary", "switch").act()
    app.find(re.compile("^Stop Sharing .*diary"), "alert dialog")
    app.activate("Stop Sharing", within=app.top)
    wait_in_row(app, "diary", "Not shared now")
    assert not is_served(stage.here, address)


def test_a_first_run_to_the_end_as_the_one_who_joins(lab, make_peer, serve, open_app):
    stage = Stage(lab, make_peer, serve)
    home, visitor = stage.home(used=True), stage.visitor()
    home.run("service", "add", "web", home.web_port, "--kind", "http")
    home.daemon()
    wait_for(lambda: [relay["state"] for relay in home.status()["relays"]] == ["reserved"], LONG, "home's reservation")
    app = open_app(visitor)
    app.activate("Join with a Code")
    invited = Invite(home, "--name", "home")
    app.set_text("Code or Link", invited.link)
    app.picture("story-join")
    app.activate("Next")
    app.wait_text("Join This Device?")
    app.picture("story-join-confirm")
    app.activate("Join", within=app.top)
    app.wait_text("Do These Match on Both Devices?")
    visitor.id = visitor.run("whoami").stdout.strip()
    app.wait_text(home.json("verify", visitor.id)["transcript_digits"])
    app.picture("story-compare")
    app.activate("Match")
    app.wait_text("Paired")
    app.activate("Open")

    app.toggle("web")
    here = address_in(app, "web")
    assert fetch(stage.there, here) == WORDS.decode()
    wait_state(app, "home", "^Relayed")
    app.picture("story-use")

    stage.lose_relay()
    wait_state(app, "home", "^(Reconnecting|Offline)")
    stage.bring_relay_back()
    assert fetch(stage.there, here) == WORDS.decode()
    wait_state(app, "home", "^Relayed")

    share_and_stop(app, stage, home, visitor)
    app.choose("Device Menu", "m")
    app.activate("Remove", within=app.top)
    app.wait_gone("home", "list item")
    app.wait_text("Connect Your Devices")
    app.quit()
