# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Every QR code that we draw, of invites of the sizes that are usual, read as it is by two readers of somebody else."""
import re
import shutil
import subprocess

import pytest

import netlab
import qr

DRAW = netlab.BUILD / "tests/netlab/qr-draw"
RSVG = shutil.which("rsvg-convert")
# Modules of a side at most: what a phone reads off a screen at arm's length, and what a window of a terminal holds.
INVITES = {"spoken": 29, "one-relay": 41, "left": 41, "two-relays": 57}
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
# Foreground and background of terminals.
TERMINALS = {"dark": ((208, 207, 204), (30, 30, 30)), "light": ((23, 20, 33), WHITE)}

pytestmark = [
    pytest.mark.sanitized,
    pytest.mark.skipif(not (qr.READER and qr.ZBAR and RSVG),
                       reason="ZXingReader, zbarimg or rsvg-convert is not installed: zxing-cpp-tools, zbar-tools, librsvg2-bin"),
]


def run(*arguments, text=None):
    return subprocess.run([DRAW, *arguments], input=text, capture_output=True, timeout=30, check=True).stdout


@pytest.fixture(params=INVITES)
def invite(request):
    """The link of an invite."""
    return request.param, run("invite", request.param).splitlines()[0].decode()


def assert_reads(path, text, inverted=False):
    assert qr.zbar(path, inverted) == text
    assert qr.zxing(path) == text


def test_few_modules(invite):
    kind, link = invite
    assert int(run("size", text=link.encode())) <= INVITES[kind]


@pytest.mark.parametrize("size", [2, 3, 4, 8])
def test_png(invite, size, tmp_path):
    path = tmp_path / "qr.png"
    path.write_bytes(run("png", str(size), text=invite[1].encode()))
    assert_reads(path, invite[1])


def test_svg(invite, tmp_path):
    drawn, path = tmp_path / "qr.svg", tmp_path / "qr.png"
    drawn.write_bytes(run("svg", text=invite[1].encode()))
    subprocess.run([RSVG, drawn, "-o", path], check=True, timeout=30)
    assert_reads(path, invite[1])
    assert invite[1].split("?")[1] not in drawn.read_text()


# Pixels of a module: half of a character's height. Not 8, as ZXing tells light from dark by squares of 8 pixels, and
# what fills such a square with a grey is a matter of luck.
@pytest.mark.parametrize("scale", [4, 9])
@pytest.mark.parametrize("terminal", TERMINALS)
@pytest.mark.parametrize("style", ["blocks", "coloured"])
def test_terminal(invite, style, terminal, scale, tmp_path):
    foreground, background = TERMINALS[terminal]
    lines = run(style, text=invite[1].encode()).decode()
    coloured = lines.count("\033[38;5;231;48;5;16m")
    assert coloured == (lines.count("\n") if style == "coloured" else 0)
    rows = qr.rows_of_blocks(re.sub(r"\033\[[0-9;]*m", "", lines))
    light, dark = (WHITE, BLACK) if coloured else (foreground, background)
    path = tmp_path / "qr.png"
    path.write_bytes(qr.picture(rows, light, dark, background, scale, margin=43))
    # Without colours, what is light is dark on a light terminal: phones and ZXing try that by themselves.
    assert_reads(path, invite[1], inverted=style == "blocks" and terminal == "light")
