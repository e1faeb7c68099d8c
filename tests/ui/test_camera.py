# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Join by the camera: the real window looks through a real PipeWire at the code of a real invite."""
import pytest

import eye
import ui
from netlab import wait_for
from pairing_lab import Invite

pytestmark = pytest.mark.sanitized
HINT = "Hold the QR code in the frame"


@pytest.fixture
def laptop(make_peer, alone):
    return make_peer("laptop", alone).init()


@pytest.fixture
def camera(make_desktop):
    if reason := eye.missing():
        pytest.skip(reason)
    return eye.Eye(make_desktop())


def open_scanner(open_app, peer, camera):
    app = open_app(peer, desktop=camera.desktop)
    app.activate("Join with a Code")
    app.find("Code or Link", ui.ENTRIES)
    scan(app)
    return app


def scan(app):
    """By its key: rows of lists have no action of their own."""
    app.raise_window()
    app.press("alt+s", lambda: app.has("Scan Code"), "the camera's page")


def wait_free(camera):
    wait_for(lambda: camera.links() == 0, ui.PATIENCE, "the camera let go")


def test_the_code_of_an_invite(open_app, make_peer, laptop, camera, alone):
    home = make_peer("home", alone).init()
    home.daemon()
    app = open_scanner(open_app, laptop, camera)
    app.wait_text(HINT)
    app.picture("camera")
    invite = Invite(home, "--name", "home")
    camera.look_at(eye.invite_card(invite))
    app.wait_text("Join This Device?")
    wait_free(camera)
    app.activate("Join", within=app.top)
    app.wait_text("Do These Match on Both Devices?")
    app.activate("Match")
    app.wait_text("Paired")
    wait_for(lambda: laptop.id in home.authorized_keys.read_text(), ui.PATIENCE, "its authorization")
    app.activate("Done")
    app.quit()


def test_codes_of_others(open_app, make_peer, laptop, camera, alone):
    """They are told, and nothing follows; the next one may be ours."""
    home = make_peer("home", alone).init()
    home.daemon()
    app = open_scanner(open_app, laptop, camera)
    app.wait_text(HINT)
    for text in ("https://example.org/join?P1X2", "WIFI:T:WPA;S:home;P:secret;;"):
        camera.look_at(eye.foreign_card(laptop.home, text))
        app.wait_text("This is not a Peer-Up code")
        camera.look_at(eye.wall())
        app.wait_text(HINT)
    camera.look_at(eye.invite_card(Invite(home, "--name", "home")))
    app.wait_text("Join This Device?")
    app.quit()


def test_no_camera_and_then_one(open_app, laptop, camera):
    camera.portal.present = False
    app = open_scanner(open_app, laptop, camera)
    app.wait_text("No Camera Found")
    app.picture("camera-none")
    camera.portal.set_present(True)
    app.wait_text(HINT)
    app.quit()


@pytest.mark.parametrize("response, title", [(eye.REFUSED, "Camera Access Was Refused"), (eye.CLOSED, "No Access to the Camera")])
def test_no_leave(open_app, laptop, camera, response, title):
    camera.portal.response = response
    app = open_scanner(open_app, laptop, camera)
    app.wait_text(title)
    app.picture(f"camera-refused-{response}")
    assert camera.portal.n_opened == 0
    camera.portal.response = eye.GRANTED
    app.activate("Try Again")
    app.wait_text(HINT)
    app.quit()


def test_the_camera_goes(open_app, laptop, camera):
    app = open_scanner(open_app, laptop, camera)
    app.wait_text(HINT)
    camera.unplug()
    app.wait_text("The Camera Is Gone")
    app.picture("camera-lost")
    camera.plug()
    app.activate("Try Again")
    app.wait_text(HINT)
    app.resize(360, 294)
    app.picture("camera-small")
    app.activate("Enter the Code")
    app.find("Code or Link", ui.ENTRIES)
    wait_free(camera)
    app.quit()


def test_whoever_leaves_lets_it_go(open_app, laptop, camera):
    """Also while the desktop still asks."""
    camera.portal.response = None
    app = open_scanner(open_app, laptop, camera)
    app.wait_text("Waiting for the Camera…")
    app.wait(lambda: camera.portal.n_asked == 1, "the question")
    app.activate("Back")
    app.find("Code or Link", ui.ENTRIES)
    wait_for(lambda: camera.portal.n_closed == 1, ui.PATIENCE, "the end of the question")
    camera.portal.response = eye.GRANTED
    scan(app)
    app.wait_text(HINT)
    assert camera.links() > 0
    app.press("Escape", lambda: not app.has("Join with a Code", "dialog"), "the end of Join")
    wait_free(camera)
    app.quit()


def test_no_portal(open_app, laptop, make_desktop):
    app = open_app(laptop, desktop=make_desktop())
    app.activate("Join with a Code")
    app.find("Code or Link", ui.ENTRIES)
    scan(app)
    app.wait_text("The Camera Cannot Be Used")
    app.wait_text("This desktop gives no cameras to programs")
    app.activate("Enter the Code")
    app.find("Code or Link", ui.ENTRIES)
    app.quit()
