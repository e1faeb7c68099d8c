# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Two windows, home and laptop: from nothing to a page of home on the laptop, with no terminal. The demo plays this, too."""
import pytest

from house import WORDS, web
from stage import address_in, fetch, full_code, share_web

pytestmark = pytest.mark.released
SIZE = (900, 640)


@pytest.fixture
def devices(make_peer, serve, alone):
    """Two of one network, which know nobody."""
    made = make_peer("home", alone), make_peer("laptop", alone)
    for device in made:
        device.init()
    with alone:
        made[0].web_port = serve(web).port
    return made


def compare(home, laptop):
    """Both show the same, and both people say so."""
    for app in (home, laptop):
        app.wait_text("Do These Match on Both Devices?")
    home.picture("4-home-compares")
    for app in (home, laptop):
        app.activate("Match")
        app.wait_text("Paired")
        app.activate("Open")


def test_from_nothing_to_a_page(devices, open_app):
    home, laptop = (open_app(device) for device in devices)
    for app in (home, laptop):
        app.resize(*SIZE)
        app.wait_text("Connect Your Devices")
    home.picture("1-home-begins")

    share_web(home, devices[0].web_port)
    home.choose("Add", "i")
    home.set_text("This Device Is Called", "home")
    home.activate("Create")
    code = full_code(home)
    home.picture("2-home-invites")

    laptop.activate("Join with a Code")
    laptop.set_text("Code or Link", code)
    laptop.activate("Next")
    laptop.wait_text("Join This Device?")
    laptop.set_text("This Device Is Called", "laptop")
    laptop.picture("3-laptop-joins")
    laptop.activate("Join", within=laptop.top)
    compare(home, laptop)

    laptop.toggle("web")
    address = address_in(laptop, "web")
    assert fetch(devices[1].space, address) == WORDS.decode()
    laptop.picture("5-laptop-uses")
    home.select("laptop")
    home.picture("6-home-sees")
    for app in (laptop, home):
        app.quit()
