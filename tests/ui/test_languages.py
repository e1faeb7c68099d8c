# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The window in other languages: in German, in one that nobody speaks, which shows what was left out and what is cut, and in
one that there is no translation for."""
import re

import pytest

import languages
import screens
from house import House
from netlab import BUILD

SIZES = ((1000, 700), (360, 294))
# What is the same in every language: names and addresses of this House, times, figures, IDs and codes.
DATA = re.compile("|".join((
    r"\b(?:home|laptop|attic|files|web|ssh|printer|localhost|vm)\b", r"\b12D3Koo\w+…?(?:\w+)?", r"\b[\w/.-]*/(?:ip4|ip6|dns|p2p|tcp|udp)/\S*", r"peerup:\S*",
    r"\bhttps?://\S*", r"\b(?:\d+ )?(?:ms|kB|MB|B|s|Byte|Bytes)\b", r"\b[\w-]+(?: [\w-]+){2} \d+\b", r"\b\d+(?: [a-z]+){3}\b", r"\S{24,}", r"\bpeerup [a-z][\w -]*",
    r"\b(?:[A-Z0-9]{4}-)+[A-Z0-9]+", r"/\S+", r"\bCtrl(?:\+\S)?",
)))
# They have texts of libadwaita, which speaks its own languages, and are looked for by them.
OTHERS = {"preferences", "shortcuts", "about"}
WORD = re.compile(r"[A-Za-z]{3,}")
# Of the toolkit and of the services' templates, whose own translations speak other languages than ours.
TOOLKIT = {"Web page", "Search", "Close the window", "Minimize the window", "Maximize the window", "Close", "Back", "Minimize", "Maximize", "More", "Dismiss", "Clear entry", "Clear", "increment", "decrement", "Increase", "Decrease"}


@pytest.fixture
def house(make_peer, serve, alone):
    """Its engine is the window's own, and speaks as that does."""
    return House(make_peer, serve, alone).start_laptop()


def untranslated(app):
    """What shows and is neither in the strange language nor data."""
    for node in app.top().walk():
        for text in {node.name, node.description}:
            if "showing" in node.states and languages.OPEN not in text and text not in TOOLKIT and WORD.search(DATA.sub("", text)):
                yield f"{node.role} {text!r}"


def cut(app, width):
    """What is cut and ours: a name of a person's device may be as long as it likes."""
    return [f"{text!r} at {width}" for text in app.cut_texts() if WORD.search(DATA.sub("", text))]


def test_nothing_is_left_out_or_cut(open_language, house, directory):
    texts = languages.make_strange(directory)
    app = open_language(house.home, "xx", texts, directory)
    house.wait_connected()
    left, short = set(), set()

    def visit(app, name):
        app.resize(*SIZES[0])
        app.picture(f"{name}-strange-{SIZES[0][0]}")
        # About's own words are the toolkit's.
        left.update(f"{name}: {one}" for one in untranslated(app) if name != "about")
        short.update(f"{name}: {one}" for one in cut(app, SIZES[0][0]))

    for _ in screens.walk(app, visit, OTHERS):
        pass
    assert not left, "not translated:\n" + "\n".join(sorted(left))
    assert not short, "cut short:\n" + "\n".join(sorted(short))
    app.quit()


@pytest.mark.released
def test_german(open_language, house):
    texts = languages.read_catalogue("de")
    app = open_language(house.home, "de", texts, BUILD / "po")
    house.wait_connected()
    short = set()

    def visit(app, name):
        for width, height in SIZES:
            app.resize(width, height)
            app.picture(f"{name}-german-{width}")
            # Between two buttons the title of a dialog gives way on a small screen.
            short.update(f"{name}: {one}" for one in cut(app, width) if width == SIZES[0][0] or app.top().name not in one)

    for _ in screens.walk(app, visit, OTHERS):
        app.resize(*SIZES[0])
    assert not short, "cut short:\n" + "\n".join(sorted(short))
    app.select("This Device")
    app.wait_text("Dienste, die Sie freigeben")
    app.quit()


def test_language_without_translation(open_language, house):
    """It speaks English, and no half of another."""
    app = open_language(house.home, "eo", {}, BUILD / "po")
    app.select("This Device")
    app.wait_text("Services You Share")
    app.quit()


def test_clock_with_no_zone(open_app, house):
    """Where the system has none, or one that it does not know, times are those of UTC, and nothing is said of it."""
    app = open_app(house.home, TZ="Nowhere/Nothing")
    house.wait_connected()
    app.select("laptop")
    app.wait_text("Services You Can Use")
    house.laptop.run("stop")
    app.wait_text(re.compile("Offline since|Reconnecting"))
    app.quit()
