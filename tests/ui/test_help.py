# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The help in yelp, as a person reads it, with a picture of each page in build/test/ui; and the ways to it."""
import pathlib
import re
import shutil

import pytest

import screens
from ui import PICTURES

HELP = pathlib.Path(__file__).parents[2] / "help/C"
NAME = "dev.peerup.PeerUp"
WIDTH, HEIGHT = 800, 1000
HEAD = 110  # pixels: yelp's own bar, and the line that leads back
WRITTEN = 250  # rows of pixels with something on them; yelp's words for a page that is not there have fewer


def install_help(directory):
    """Where programs look for it, as an installation would have it."""
    place = directory / "share/help/C" / NAME
    place.parent.mkdir(parents=True)
    place.symlink_to(HELP)
    return directory / "share"


def is_written(picture):
    """Whether there is a page below the bar. Its frame at both sides does not count."""
    rows = [row[60:-60] for row in picture.rows[HEAD:]]
    return sum(row.count(row[:3]) * 3 != len(row) for row in rows) >= WRITTEN


def read(desktop, page, share):
    """Opens it in yelp, and gives what is to be seen when it is drawn."""
    name = f"yelp-{page}"
    process = desktop.start(["yelp", f"help:{NAME}/{page}"], name, XDG_DATA_DIRS=f"{share}:/usr/share", LC_ALL="C.UTF-8",
                            GSETTINGS_BACKEND="memory", GTK_A11Y="none", NO_AT_BRIDGE="1", LIBGL_ALWAYS_SOFTWARE="1",
                            WEBKIT_DISABLE_COMPOSITING_MODE="1", WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS="1")

    def find():
        assert process.poll() is None, (desktop.directory / f"{name}.log").read_text()
        return desktop.try_xdotool("search", "--onlyvisible", "--name", "^Help$").stdout.split()

    last, same = None, 0

    def drawn():
        nonlocal last, same
        now = desktop.picture()
        same = same + 1 if last is not None and now == last else 0
        last = now
        return same >= 5 and is_written(now)

    try:
        desktop.xdotool("windowsize", desktop.wait(find, "yelp")[0], WIDTH, HEIGHT)
        desktop.wait(drawn, f"the page {page}")
        return last
    finally:
        desktop.end(process)


@pytest.mark.released
def test_every_page_in_yelp(make_desktop, directory):
    if shutil.which("yelp") is None:
        pytest.skip("yelp is not installed")
    share = install_help(directory)
    desktop = make_desktop(WIDTH, HEIGHT)
    pictures = {}
    for page in sorted(path.stem for path in HELP.glob("*.page")):
        pictures[page] = read(desktop, page, share)
        pictures[page].save(PICTURES / f"help-{page}.png")
    assert len(pictures) >= 10
    assert len({b"".join(picture.rows[HEAD:]) for picture in pictures.values()}) == len(pictures)


class Reader:
    """A program for help: addresses that writes them down."""

    def __init__(self, directory):
        self.share, self.read = directory / "reader", directory / "read"
        program = self.share / "reader"
        applications = self.share / "applications"
        applications.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\necho "$1" >>"{self.read}"\n')
        program.chmod(0o755)
        (applications / "reader.desktop").write_text(
            f"[Desktop Entry]\nType=Application\nName=Reader\nExec={program} %u\nMimeType=x-scheme-handler/help;\n")
        (applications / "mimeapps.list").write_text("[Default Applications]\nx-scheme-handler/help=reader.desktop\n")
        self.env = {"XDG_DATA_DIRS": f"{self.share}:/usr/share"}

    def pages(self):
        return self.read.read_text().splitlines() if self.read.exists() else []

    def wait(self, app, *pages):
        app.wait(lambda: len(self.pages()) >= len(pages), f"{len(pages)} pages of help")
        assert self.pages() == [f"help:{NAME}{page}" for page in pages]


@pytest.fixture
def reader(directory):
    return Reader(directory)


def test_help_from_the_window(open_app, make_peer, alone, reader):
    app = open_app(make_peer("home", alone).init(), **reader.env)
    app.wait_text("Connect Your Devices")
    app.press("F1", lambda: reader.pages(), "the help")
    reader.wait(app, "")
    screens.relays(app)
    screens.add_relay(app)
    app.select("How to Set Up a Relay of Your Own")
    reader.wait(app, "", "/relay")
    screens.leave_dialogs(app)
    app.quit()


def test_help_where_it_cannot_start(open_app, make_peer, alone, reader):
    home = make_peer("home", alone).init()
    (home.config.parent / "identity.key").write_bytes(b"nonsense")
    app = open_app(home, **reader.env)
    app.wait_text("Peer-Up Cannot Start")
    app.activate("Help")
    reader.wait(app, "/trouble")
    app.quit()


def test_where_nothing_shows_help(open_app, make_peer, alone):
    """Somebody who has no viewer is told which."""
    home = make_peer("home", alone).init()
    readers = ";".join(path.name for path in pathlib.Path("/usr/share/applications").glob("*.desktop"))
    associations = home.home / ".config/mimeapps.list"
    associations.parent.mkdir(parents=True, exist_ok=True)
    associations.write_text(f"[Removed Associations]\nx-scheme-handler/help={readers};\n")
    app = open_app(home, XDG_DATA_DIRS="/usr/share")
    app.wait_text("Connect Your Devices")
    app.press("F1", lambda: app.has(re.compile("install the help viewer")), "what there is to do")
    app.quit()
