# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Every screen and dialog of the window, and how a person comes to it in a House."""
from ui import BUTTONS

DIALOGS = ("dialog", "alert dialog")


def leave_page(app):
    """Where there is room for one side of the window alone, the list is behind the page."""
    if app.has("Back", BUTTONS):
        app.activate("Back")
        app.wait_gone("Back", BUTTONS)


def go(app, place):
    leave_page(app)
    app.select(place)


def this_device(app):
    """From elsewhere: a narrow window shows the list as long as nobody has chosen a page."""
    go(app, "Relays")
    app.wait_text("Make This Device a Relay")
    go(app, "This Device")
    app.wait_text("Services You Share")


def add_service(app):
    app.activate("Add a Service")
    app.wait_text("Found on This Machine")


def edit_service(app):
    app.select("printer")
    app.find("Edit Service", "dialog")


def peer_id(app):
    app.activate("Show QR Code")
    app.find("Peer ID", "dialog")


def relays(app):
    go(app, "Relays")
    app.wait_text("No Relay Yet")


def add_relay(app):
    app.activate("Add Relay…")
    app.find("Add Relay", "dialog")


def device(app):
    go(app, "laptop")
    app.wait_text(app.sentence("What %s May Use Here", "laptop"))


def away(app):
    go(app, "attic")
    app.wait_text(app.sentence("What %s May Use Here", "attic"))


def details(app):
    app.select("Details")
    app.find("Details", "dialog")


def rename(app):
    app.choose("Device Menu", "r")
    app.find("Rename Device", "alert dialog")


def remove(app):
    app.choose("Device Menu", "m")
    app.find(None, "alert dialog")


def invite(app):
    leave_page(app)
    app.choose("Add", "i")
    app.find("Invite a Device", "dialog")


def join(app):
    leave_page(app)
    app.choose("Add", "j")
    app.find("Join with a Code", "dialog")
    assert app.find("Code or Link", "text box").value() == ""


def preferences(app):
    app.choose("Main Menu", "p")
    app.find("Preferences", "dialog")


def shortcuts(app):
    app.choose("Main Menu", "k")
    app.find("Keyboard Shortcuts", "dialog")


def about(app):
    app.choose("Main Menu", "a")
    app.find("Troubleshooting", "list item")


SCREENS = {"this-device": this_device, "add-service": add_service, "edit-service": edit_service, "peer-id": peer_id,
           "relays": relays, "add-relay": add_relay, "device": device, "away": away, "details": details, "rename": rename,
           "remove": remove, "invite": invite, "join": join, "preferences": preferences, "shortcuts": shortcuts, "about": about}


def leave_dialogs(app):
    """Escape closes what is on top."""
    app.raise_window()
    while n := len(app.all(None, DIALOGS)):
        app.press("Escape", lambda: len(app.all(None, DIALOGS)) < n, "the dialog to close")


def walk(app, visit, without=()):
    """Opens one after the other, calls visit(app, name) and leaves its dialogs; yields the names."""
    for name, come in SCREENS.items():
        if name in without:
            continue
        come(app)
        visit(app, name)
        leave_dialogs(app)
        yield name
