# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The window's program on a desktop of its own, and the peers of tests/netlab around it.

Pictures are left in build/test/ui, also of what a failed test saw last.
"""
import importlib.util
import pathlib
import re
import sys

import pytest

# Peers, servers and networks are those of tests/netlab, whose conftest has another name here. Its fixtures and hooks
# become those of this folder, and what its other files take from "conftest" is found in this one.
NETLAB = pathlib.Path(__file__).parents[1] / "netlab"
sys.path.insert(0, str(NETLAB))
SPEC = importlib.util.spec_from_file_location("peers", NETLAB / "conftest.py")
peers = sys.modules["peers"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(peers)
from peers import *  # noqa: E402, F403

import languages  # noqa: E402
import ui  # noqa: E402
from fake_engine import FakeEngine  # noqa: E402

REPORTS = pytest.StashKey()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    item.stash.setdefault(REPORTS, {})[report.when] = report
    if report.when == "call" and report.failed:
        # Now, while all of it still stands.
        for number, app in enumerate(item.stash.get(APPS, [])):
            show_failure(re.sub(r"[^A-Za-z0-9]+", "-", item.name), number, app)
    return report


APPS = pytest.StashKey()


def show_failure(name, number, app):
    try:
        app.desktop.picture().save(ui.PICTURES / f"FAILED-{name}-{number}.png")
        print(f"build/test/ui/FAILED-{name}-{number}.png shows {app.peer.name}'s screen, on which there is\n{app.dump()}")
    except (AssertionError, OSError) as error:
        print(f"no picture of {app.peer.name}'s screen: {error}")


@pytest.fixture
def make_desktop(directory):
    """A function that makes them. What runs on one ends before it, for make_peer is asked for later."""
    if reason := ui.missing():
        pytest.skip(reason)
    desktops = []

    def make(width=1024, height=768, text=1):
        desktops.append(ui.Desktop(directory / f"desk{len(desktops)}", width, height, text))
        return desktops[-1]

    try:
        yield make
    finally:
        for desktop in desktops:
            desktop.close()


@pytest.fixture
def make_peer(directory, make_desktop):
    with peers.new_peers(directory) as make:
        yield make


@pytest.fixture
def open_app(request, make_desktop):
    """open_app(peer, ...): peerup-gtk of that peer, which shows, on a desktop of its own unless one is given."""
    apps = request.node.stash.setdefault(APPS, [])

    def start(peer, *args, desktop=None, **options):
        apps.append(ui.App(desktop or make_desktop(), peer, *args, **options))
        return apps[-1]

    return start


@pytest.fixture
def open_language(request, make_desktop):
    """open_language(peer, language, texts, locale): the window in that language, as languages.App says."""
    apps = request.node.stash.setdefault(APPS, [])

    def start(peer, language, texts, locale):
        apps.append(languages.App(make_desktop(), peer, language, texts, locale))
        return apps[-1]

    return start


@pytest.fixture
def alone():
    """A network namespace where nothing else listens: FindServices speaks to every port of loopback."""
    with peers.new_lab() as lab:
        yield lab.space()


@pytest.fixture
def engine(make_peer, alone):
    """The FakeEngine of a peer, engine.home, to which its window attaches."""
    home = make_peer("home", alone).init()
    fake = FakeEngine(home)
    fake.home = home
    try:
        yield fake
    finally:
        fake.close()
