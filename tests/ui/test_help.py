# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The help in yelp, as a person reads it: a picture of each page in build/test/ui."""
import pathlib
import shutil

import pytest

from ui import PICTURES

pytestmark = pytest.mark.released

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
