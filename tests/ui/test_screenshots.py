# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The pictures of data/screenshots that are no part of the story in two windows: a laptop on its way, its server at home, which
it reaches through a relay, and a workshop in the same network. data/screenshots/README.md says how they get there."""
import contextlib
import os
import socket

import pytest

from house import add_devices, web
from netlab import wait_for
from stage import Stage, address_in

pytestmark = pytest.mark.released

SIZE = (900, 700)
LONG = 120  # seconds for what takes one
LOOKS = {"light": {}, "dark": {"ADW_DEBUG_COLOR_SCHEME": "prefer-dark"}}


@contextlib.contextmanager
def machine_called(name):
    """What is started meanwhile runs on a machine of that name."""
    here = os.open("/proc/thread-self/ns/uts", os.O_RDONLY)
    try:
        os.unshare(os.CLONE_NEWUTS)
        socket.sethostname(name)
        yield
    finally:
        os.setns(here, os.CLONE_NEWUTS)
        os.close(here)


class Household:
    def __init__(self, lab, make_peer, serve):
        stage = Stage(lab, make_peer, serve)
        self.home = stage.home(used=True)
        for name, kind in (("jellyfin", "jellyfin"), ("ssh", "ssh")):
            self.home.run("service", "add", name, self.home.web_port, "--kind", kind)
        self.laptop = stage.visitor(used=True)
        self.workshop = make_peer("workshop", stage.there).init()
        with stage.there:
            port = serve(web).port
        self.workshop.run("service", "add", "printer", port, "--kind", "http")
        for name, kind in (("notes", "http"), ("ssh", "ssh")):
            self.laptop.run("service", "add", name, port, "--kind", kind)
        self.pair(self.home, self.home.id, "home-server")
        self.pair(self.workshop, self.workshop.address(), "workshop")
        add_devices(self.laptop, ["phone"])
        self.home.daemon()
        self.workshop.daemon()
        wait_for(lambda: [relay["state"] for relay in self.home.status()["relays"]] == ["reserved"], LONG, "the server's reservation")
        self.laptop.daemon()
        for name in ("home-server", "workshop"):
            self.laptop.run("connect", name)
            self.laptop.run("verify", name, "--yes")

    def pair(self, other, place, name):
        other.run("auth", "add", self.laptop.id, "--name", "laptop")
        self.laptop.run("auth", "add", place, "--name", name)


def take(app, name, look):
    """Its place in data/screenshots, where PEERUP_PICTURES is data."""
    picture = app.picture(f"screenshots/{name}" if look == "light" else f"screenshots/{name}-{look}")
    assert (picture.width, picture.height) == SIZE


@pytest.mark.parametrize("look", LOOKS)
def test_screenshots(lab, make_peer, serve, open_app, look):
    with machine_called("laptop"):
        household = Household(lab, make_peer, serve)
        app = open_app(household.laptop, **LOOKS[look])
    app.resize(*SIZE)
    app.select("home-server")
    app.toggle("jellyfin")
    address_in(app, "jellyfin")
    take(app, "relayed", look)
    if look == "light":
        app.select("This Device")
        app.find("Share notes", "switch")
        take(app, "share", look)
        app.select("Relays")
        app.wait_text("Ready")
        take(app, "relays", look)
    app.quit()
