# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What a screen reader is told: every control of every screen has a name, whatever peers call things."""
import pytest

import screens
from house import House

pytestmark = pytest.mark.sanitized

CONTROLS = {"button", "push button", "toggle button", "menu button", "check box", "radio button", "switch", "text", "entry",
            "password text", "slider", "spin button", "combo box", "link", "image map", "level bar", "progress bar", "list item", "tab"}


def unnamed(node):
    """Whether a person would be told of it without a name."""
    if node.role not in CONTROLS or "showing" not in node.states or node.name.strip():
        return False
    # A row is read with what stands on it; and a control without a name on a row that is one control with it.
    if node.role in ("list item", "link", "tab"):
        return not node.text().strip()
    return True


def check_names(app, screen):
    bad = [f"{screen}: {node} in {' / '.join(one.name for one in node.ancestors() if one.name)}" for node in app.tree().walk() if unnamed(node)]
    assert not bad, "\n".join([*bad, app.dump()])


@pytest.fixture
def house(make_peer, serve, alone):
    return House(make_peer, serve, alone).start_home().start_laptop().wait_connected()


def test_every_control_has_a_name(open_app, house):
    app = open_app(house.home)
    seen = [name for name in screens.walk(app, check_names)]
    assert set(seen) == set(screens.SCREENS)
    app.quit()
