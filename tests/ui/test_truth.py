# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What the window says is so, and what it asks before it acts: by an engine that says what a test wants."""
import re
import time

import pytest

import screens
from fake_engine import ENGINE
from gi.repository import GLib
from house import new_id

pytestmark = pytest.mark.sanitized

TEMPLATE = {"kind": "web", "name": "Web Page", "icon": "", "use": "http://localhost:{port}/", "open": "http://localhost:{port}/"}


def texts(**facts):
    return {name: GLib.Variant("s", text) for name, text in facts.items()}


def add_device(engine, **facts):
    """One that is connected; its ID and its path on the bus."""
    peer = new_id()
    facts = {"Name": "laptop", "Verified": True, "Pairing": "complete", "State": "connected", "Path": "direct", "RttUs": 6000,
             "LastSeenAt": int(time.time())} | facts
    return peer, engine.add("Device1", "devices", f"d{len(engine.objects)}", PeerId=peer, **facts)


def state_of(app, row):
    return lambda: [one for one in app.all(row, "list item") if one.description] and app.all(row, "list item")[0].description


def test_what_was_not_asked_is_not_said(open_app, engine):
    peer, _ = add_device(engine)
    app = open_app(engine.home)
    app.select("laptop")
    app.wait_text("Asking \u2068laptop\u2069 what it offers…")
    asked = engine.add("Peer1", "peers", "one", Id=peer, State="connected")
    engine.change(asked, ServicesSource="discovery")
    app.wait_text("\u2068laptop\u2069 offers nothing to this device")
    app.quit()


def test_a_relay_is_waited_for_once(open_app, engine):
    add_device(engine)
    relay = engine.add("Relay1", "relays", "one", Id=new_id(), Origin="configured", State="connecting")
    app = open_app(engine.home)
    says = state_of(app, "Relays")
    app.wait(lambda: says() == "Connecting…", "that it connects")
    engine.change(relay, State="waiting", Failures=1)
    app.wait(lambda: says() == "None can be reached", "that it failed")
    engine.change(relay, State="connecting")
    engine.change(relay, State="waiting", Failures=2, Error="no route")
    assert says() == "None can be reached"
    app.quit()


def test_the_legs_are_measured_again(open_app, engine):
    hops = iter((4000, 5000, 6000, 7000, 8000, 9000))

    def trace(_peer):
        leg = GLib.Variant("x", next(hops))
        return ({"hops": GLib.Variant("aa{sv}", [{"leg_us": leg}, {"leg_us": leg}])},)

    engine.answers["Trace"] = trace
    relay = new_id()
    add_device(engine, Path="relayed", RelayId=relay, RelayName="vps", RttUs=9000)
    app = open_app(engine.home)
    app.select("laptop")
    app.find(re.compile("the relay .*vps.*, 4 ms.*laptop.*, 4 ms"), "image")
    app.find(re.compile("the relay .*vps.*, 5 ms.*laptop.*, 5 ms"), "image")
    app.select("This Device")
    app.wait_text("Services You Share")
    app.quit()


def test_details_stay_under_who_reads_them(open_app, engine):
    """What changes is another text in the same row, which keeps the keyboard."""
    trip = 6000

    def paths(_peer):
        path = texts(path="direct", remote_address="/ip4/192.0.2.1/tcp/1", transport="tcp") | {"rtt_us": GLib.Variant("x", trip)}
        return ([{"paths": GLib.Variant("aa{sv}", [path]), "events": GLib.Variant("aa{sv}", [])}],)

    engine.answers["ListPaths"] = paths
    peer, _ = add_device(engine)
    app = open_app(engine.home)
    app.select("laptop")
    app.select(re.compile("^Details$"))
    app.wait_text("6 ms")
    before = app.tab_to("Copy Transport", "button")
    trip = 8000
    engine.tell("PeerChanged", "(sa{sv})", peer, {})
    app.wait_text("8 ms")
    assert app.focused().path == before.path
    screens.leave_dialogs(app)
    app.quit()


def test_a_failed_service_says_why_it_cannot_be_tried_again(open_app, engine):
    def refuse(_id):
        raise ValueError("the disk is full")

    engine.answers |= {"Connect": lambda peer: (peer, "direct"), "RemoveForward": refuse}
    peer, _ = add_device(engine)
    engine.add("Forward1", "forwards", "one", Id="one", PeerId=peer, Service="web", Address="localhost:2222", State="failed", Error="reset")
    app = open_app(engine.home)
    app.select("laptop")
    app.activate("Try Again")
    app.wait_text(re.compile("Cannot use .*web.*the disk is full"))
    app.quit()


def test_what_is_for_all_is_taken_from_one(open_app, engine):
    """It is for those that are there, then, which is said."""
    engine.answers["ChangeService"] = lambda *_: ()
    engine.add("Service1", "services", "one", Name="web", Address="localhost:8080", Enabled=True)
    other, _ = add_device(engine, Name="phone")
    add_device(engine)
    app = open_app(engine.home)
    app.select("laptop")
    app.find_in_row("web", "switch").act()
    app.wait_text("\u2068laptop\u2069 may no longer use \u2068web\u2069, nor may devices that are paired later")
    assert engine.wait_asked("ChangeService") == ("web", {"allowed": [other]})
    app.quit()


def test_a_service_for_nobody_is_saved(open_app, engine):
    engine.answers["ChangeService"] = lambda *_: ()
    engine.add("Service1", "services", "one", Name="web", Address="localhost:8080", Enabled=True, Restricted=True)
    add_device(engine)
    app = open_app(engine.home)
    screens.this_device(app)
    app.select("web")
    app.find("Edit Service", "dialog")
    app.wait_text(re.compile("^Nobody may use it but"))
    app.set_text("Address on This Machine", "localhost:8081", within=app.top)
    app.activate("Save", within=app.top)
    assert engine.wait_asked("ChangeService") == ("web", {"address": "localhost:8081"})
    app.wait_gone("Edit Service", "dialog")
    app.quit()


def test_a_name_that_another_has(open_app, engine):
    engine.answers |= {"Resolve": lambda name: (texts(peer_id="12D3KooWRelay", name=name),), "SetName": lambda *_: ()}
    add_device(engine)
    app = open_app(engine.home)
    app.select("laptop")
    app.choose("Device Menu", "r")
    app.set_text("Name", "vps", within=app.top)
    app.activate("Rename", within=app.top)
    app.wait_text("A relay or another device has this name")
    assert "SetName" not in [method for method, _ in engine.asked]
    engine.answers["Resolve"] = lambda name: (texts(peer_id="", name=name),)
    app.set_text("Name", "desk", within=app.top)
    app.activate("Rename", within=app.top)
    engine.wait_asked("SetName")
    app.quit()


def test_a_bad_grade_leads_to_a_relay(open_app, engine):
    engine.change(ENGINE, Grade="F", GradeSentence="Nobody can reach this computer.", GradeAdvice="Add a relay.")
    add_device(engine)
    app = open_app(engine.home)
    screens.this_device(app)
    app.wait_text("Devices outside this network may not reach this one")
    app.picture("truth-grade-f")
    app.activate("Add Relay…")
    app.find("Add Relay", "dialog")
    screens.leave_dialogs(app)
    app.quit()


def test_what_is_shared_for_a_while(open_app, engine):
    """It cannot be changed, and can be stopped."""
    engine.add("Service1", "services", "one", Name="talk", Address="localhost:8080", Enabled=True, Transient=True)
    add_device(engine)
    app = open_app(engine.home)
    screens.this_device(app)
    app.wait_text(re.compile("Shared until Peer-Up ends"))
    app.select("talk")
    app.find("Service", "dialog")
    app.wait_text("It is shared until Peer-Up ends, and cannot be changed")
    app.picture("truth-transient")
    assert not app.has("Save", "button", app.top)
    screens.leave_dialogs(app)
    app.quit()


def test_a_relay_is_removed_after_a_question(open_app, engine):
    engine.answers |= {"RemoveRelay": lambda _peer: (), "Resolve": lambda _peer: (texts(name="vps"),)}
    relay = new_id()
    engine.add("Relay1", "relays", "one", Id=relay, Origin="configured", State="reserved")
    add_device(engine)
    app = open_app(engine.home)
    app.select("Relays")
    app.select("vps")
    app.select("Remove Relay…", "button")
    app.find(re.compile("^Remove .*vps"), "alert dialog")
    app.picture("truth-remove-relay")
    app.activate("Remove", within=app.top)
    assert engine.wait_asked("RemoveRelay")[0] == relay
    app.quit()


def test_access_until_a_day(open_app, engine):
    engine.answers["AddGrant"] = lambda *_: ()
    engine.add("Service1", "services", "one", Name="web", Address="localhost:8080", Enabled=True)
    peer, _ = add_device(engine, Guest=True)
    app = open_app(engine.home)
    app.select("laptop")
    app.wait_text("Not allowed")
    app.choose("For How Long", "u")
    app.find("Allow Until the End Of", "alert dialog")
    app.picture("truth-until")
    app.activate("Allow", within=app.top)
    asked, service, until = engine.wait_asked("AddGrant")
    assert (asked, service) == (peer, "web") and 0 < until - time.time() < 24 * 3600
    engine.add("Grant1", "grants", "one", PeerId=peer, Service="web", Until=until)
    app.wait_text(re.compile("^Until 23:59"))
    app.quit()


def test_a_service_is_opened_by_the_desktop(open_app, engine):
    """By the program that the desktop has for such addresses, with the address of the forward."""
    engine.answers["ListTemplates"] = lambda: ([texts(**TEMPLATE)],)
    home = engine.home.home
    applications = home / ".local/share/applications"
    applications.mkdir(parents=True)
    opened = home / "opened"
    browser = home / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}.new\nmv {opened}.new {opened}\n')
    browser.chmod(0o755)
    (applications / "browser.desktop").write_text(f"[Desktop Entry]\nType=Application\nName=Browser\nExec={browser} %u\n"
                                                  "MimeType=x-scheme-handler/http;\n")
    (applications / "mimeapps.list").write_text("[Default Applications]\nx-scheme-handler/http=browser.desktop\n")
    peer, _ = add_device(engine, Services=[texts(name="web", kind="web")])
    engine.add("Forward1", "forwards", "one", Id="one", PeerId=peer, Service="web", Address="localhost:8321", State="idle")
    app = open_app(engine.home)
    app.select("laptop")
    app.activate("Open")
    app.wait(opened.exists, "what the program was told")
    assert opened.read_text() == "http://localhost:8321/\n"
    app.quit()


def test_searching_from_a_page_of_a_narrow_window(open_app, engine):
    for number in range(12):
        add_device(engine, Name=f"device-{number:02}")
    app = open_app(engine.home)
    app.select("device-03")
    app.resize(360, 294)
    app.raise_window()
    app.press("ctrl+f", lambda: app.focused() is not None and "editable" in app.focused().states, "the entry that searches")
    app.type("device-07")
    app.wait_text("device-07")
    app.wait_gone("device-03", "list item")
    app.quit()
