# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Every screen as a picture in build/test/ui, for people to look at, and what can be told of it without one."""
import pytest

import screens
from house import House
from ui import BORDER, LONG_HEADING

pytestmark = pytest.mark.released

SIZES = ((1000, 700), (360, 294))
# Name: what the program is started with.
LOOKS = {
    "light": {},
    "dark": {"ADW_DEBUG_COLOR_SCHEME": "prefer-dark"},
    "contrast": {"ADW_DEBUG_HIGH_CONTRAST": "1"},
    "large-text": {},
    "rtl": {"PEERUP_TEXT_DIRECTION": "rtl"},
}
LARGE = 2  # times as large
# What has to be seen whole, where nothing scrolls.
SOLID = {"button", "push button", "toggle button", "switch", "check box", "label", "heading", "entry", "text"}


# GTK leaves the padding of what a widget stands in out of its place: it is that much further right and down.
PADDING = 80


def scrolls(node):
    return any(child.role == "scroll bar" for child in node.children)


def faults(app, width, height):
    """What is not where it can be seen. What scrolls may be anywhere."""
    nodes = [node for node in app.top().walk() if "showing" in node.states and node.role in SOLID and node.name]
    for node in nodes:
        x, y, w, h = node.extents()
        x, y = x + BORDER, y + BORDER
        if w <= 0 or h <= 0:
            yield f"{node} has no size: {w}×{h}"
        elif not any(map(scrolls, node.ancestors())) and (x < -PADDING or y < -PADDING or x + w > width or y + h > height):
            yield f"{node} is at {x},{y} {w}×{h} of {width}×{height}"


def look_at(app, name, look):
    for width, height in SIZES:
        app.resize(width, height)
        picture = app.picture(f"{name}-{look}-{width}")
        assert picture.n_colours() > 8, f"{name} in {look} is empty"
        bad = list(faults(app, *app.geometry()[2:]))
        assert not bad, f"{name}, {look}:\n" + "\n".join(bad)


@pytest.mark.parametrize("look", LOOKS)
def test_every_screen(open_app, make_desktop, make_peer, serve, alone, look):
    house = House(make_peer, serve, alone).start_home().start_laptop().wait_connected()
    desktop = make_desktop(text=LARGE if look == "large-text" else 1)
    app = open_app(house.home, desktop=desktop, **LOOKS[look])
    if desktop.text != 1:
        app.forgiven = LONG_HEADING
    for _ in screens.walk(app, lambda app, name: look_at(app, name, look)):
        app.resize(*SIZES[0])
    app.quit()
