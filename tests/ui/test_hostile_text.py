# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What peers call themselves and theirs is text, and nothing else in the window changes by it."""
import re
import time
import unicodedata

import pytest

import screens
from fake_engine import ENGINE
from house import new_id
from ui import LONG_HEADING

pytestmark = pytest.mark.sanitized

PLAIN = "laptop"
BEGIN = "<b>Evil & Co.</b>"
# Markup, an order of reading that goes on, a family, lines, colours of a terminal, marks that climb, and 10 KB.
HOSTILE = f"{BEGIN}\u202egnp.\u2067\u061c 👩‍👩‍👧‍👦\n\n\tnext\x1b[31m\u0000\u2029Z{chr(0x301) * 200} &lt;%s%n".replace("\0", "") + "W" * 10240
DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF"}
NAMES = re.compile("^(laptop|<b>Evil)")
SIZES = ((1000, 700), (360, 294))


class Peer:
    """One that is connected over a relay and all of whose text is that."""

    def __init__(self, engine):
        self.engine = engine
        self.id, self.relay_id = new_id(), new_id()
        now = int(time.time())
        self.device = engine.add("Device1", "devices", "one", PeerId=self.id, Verified=True, Pairing="complete", State="connected",
                                 Path="relayed", RelayId=self.relay_id, RttUs=48000, LastSeenAt=now)
        self.peer = engine.add("Peer1", "peers", "one", Id=self.id, State="connected", ServicesSource="discovery")
        self.relay = engine.add("Relay1", "relays", "one", Id=self.relay_id, Origin="configured", State="waiting", Failures=3)
        self.service = engine.add("Service1", "services", "one", Name="files", Address="localhost:8096", Enabled=True, Health="silent",
                                  Restricted=True, AllowedPeers=[self.id])
        self.grant = engine.add("Grant1", "grants", "one", PeerId=self.id, Service="files")
        self.forward = engine.add("Forward1", "forwards", "one", Id="one", PeerId=self.id, Address="localhost:2222", State="failed")
        engine.answers |= {
            "ListPaths": lambda *_: ([{"paths": self.variant("aa{sv}", [{"path": self.text("relayed"), "remote_address": self.text()}]),
                                       "events": self.variant("aa{sv}", [{"at_us": self.variant("x", now), "text": self.text()}])}],),
        }

    @staticmethod
    def variant(signature, value):
        from gi.repository import GLib
        return GLib.Variant(signature, value)

    def text(self, text=None):
        return self.variant("s", text or self.words)

    def say(self, words):
        self.words = words
        change = self.engine.change
        change(self.device, Name=words, Comment=words, RelayName=words, Explanation=words, Services=[
            {name: self.text() for name in ("name", "kind", "tags", "protocol")}])
        change(self.peer, Name=words, Agent=words)
        change(self.relay, Error=words)
        change(self.service, HealthText=words)
        change(self.grant, Name=words, Comment=words)
        change(self.forward, Peer=words, Service=words, Error=words)
        change(ENGINE, GradeSentence=words, GradeAdvice=words, Problems=[])


def shape(app):
    """What there is, without what it says; more text scrolls further."""
    return [f"{'  ' * node.depth}{node.role}" for node in app.top().walk()
            if "showing" in node.states and "scroll bar" not in (node.role, node.parent.role)]


def check_words(app):
    for node in app.tree().walk():
        for text in (node.name, node.description):
            bad = [f"U+{ord(c):04X}" for c in text if c != "\n" and unicodedata.category(c) == "Cc" or unicodedata.bidirectional(c) in DIRECTIONS]
            assert not bad, f"{bad} in {node}"
            assert len(text) < 3000, f"{len(text)} characters in {node.role}"
            # What is within a sentence is kept apart from it; what stands alone has nothing to keep apart.
            for line in text.split("\n"):
                if BEGIN in line and not line.startswith(BEGIN):
                    assert re.search(f"\u2068[^\u2069]*{re.escape(BEGIN)}[^\u2069]*\u2069", line), repr(line)
                assert line.count("\u2068") == line.count("\u2069"), repr(line)


def at_device(app, _peer):
    app.select(NAMES)
    app.wait_text("Services You Can Use")


def at_details(app, _peer):
    app.select(re.compile("^Details$"), within=app.tree)
    app.find("Details", "dialog")


def at_removal(app, _peer):
    app.choose("Device Menu", "m")
    app.find(re.compile("^Remove "), "alert dialog")


def at_relays(app, _peer):
    app.select("Relays")
    app.wait_text("Relays in Use")


def at_service(app, _peer):
    app.select("files")
    app.find("Edit Service", "dialog")


def at_problems(app, peer):
    # A banner lies on what is below it.
    peer.engine.change(ENGINE, Problems=[peer.words])
    app.activate("Details", "button")
    app.find("What Is Wrong", "alert dialog")


# Where peers' words are: the way there from the one before.
PLACES = {
    "device": at_device,
    "details": at_details,
    "removal": at_removal,
    "relays": at_relays,
    "this-device": lambda app, _peer: screens.this_device(app),
    "service": at_service,
    "problems": at_problems,
}


def test_nothing_but_text_changes(open_app, engine):
    peer = Peer(engine)
    peer.say(PLAIN)
    app = open_app(engine.home)
    app.forgiven = LONG_HEADING
    shapes = {}
    for words in (PLAIN, HOSTILE):
        peer.say(words)
        for name, come in PLACES.items():
            come(app, peer)
            for width, height in SIZES:
                app.resize(width, height)
                app.picture(f"hostile-{name}-{width}" if words is HOSTILE else f"plain-{name}-{width}")
                check_words(app)
                shapes.setdefault((name, width), []).append(shape(app))
                # A window that wanted more room than it has would have taken it.
                assert app.geometry()[2:] == (width, height)
            app.resize(*SIZES[0])
            screens.leave_dialogs(app)
    for (name, width), (plain, hostile) in shapes.items():
        assert plain == hostile, f"{name} at {width}"
    app.quit()
