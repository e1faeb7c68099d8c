#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""test-icons.py RSVG-CONVERT ICON...: symbolic icons keep to their grid, can be recoloured, and differ by shape.

Of 16 by 16 pixels each has drawn on enough to be seen, and no two have as good as the same."""
import itertools
import pathlib
import re
import struct
import subprocess
import sys
import zlib

SIZE = 16
SEEN = 40      # pixels: about a sixth
DIFFERENT = 24  # pixels in which two icons differ, at the least


def alpha(png):
    """The opacities of a PNG of 8-bit RGBA, row by row."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed, header = 8, b"", None
    while at < len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        data = png[at + 8:at + 8 + size]
        header = data if kind == b"IHDR" else header
        packed += data if kind == b"IDAT" else b""
        at += size + 12
    width, height, depth, colour = struct.unpack_from(">IIBB", header)
    assert (width, height, depth, colour) == (SIZE, SIZE, 8, 6), header
    raw, above, values = zlib.decompress(packed), bytes(4 * SIZE), []
    for row in range(SIZE):
        start = row * (4 * SIZE + 1)
        how, line = raw[start], bytearray(raw[start + 1:start + 1 + 4 * SIZE])
        for i in range(4 * SIZE):
            left, up, corner = (line[i - 4] if i > 3 else 0), above[i], (above[i - 4] if i > 3 else 0)
            guess = left + up - corner
            paeth = min((left, up, corner), key=lambda value: abs(guess - value))
            line[i] = (line[i] + (0, left, up, (left + up) // 2, paeth)[how]) & 255
        above = bytes(line)
        values += line[3::4]
    return values


rsvg, icons = sys.argv[1], [pathlib.Path(name) for name in sys.argv[2:]]
assert len(icons) == 5, icons
shapes = {}
for icon in icons:
    text = icon.read_text()
    assert 'viewBox="0 0 16 16"' in text, icon
    assert set(re.findall(r'fill="([^"]*)"', text)) == {"#222222"}, f"{icon.name}: one colour, which the desktop replaces"
    # GTK fills each shape of a symbolic icon, whatever is said of it: an outline has to be a path with a hole.
    assert not re.search(r"<(?!\?xml|!--|/?svg|path)|stroke|style=|opacity|transform|gradient", text), f"{icon.name}: paths alone"
    png = subprocess.run([rsvg, "-w", str(SIZE), "-h", str(SIZE), icon], check=True, stdout=subprocess.PIPE).stdout
    shapes[icon.name] = [value > 127 for value in alpha(png)]
    assert sum(shapes[icon.name]) >= SEEN, f"{icon.name} is faint: {sum(shapes[icon.name])} pixels"
for (one, a), (other, b) in itertools.combinations(shapes.items(), 2):
    differ = sum(x != y for x, y in zip(a, b))
    # The application's own is no state, and may look like “connected”.
    assert differ >= DIFFERENT or "PeerUp-symbolic" in one + other, f"{one} and {other} differ in {differ} pixels"
    print(f"{one} and {other}: {differ} pixels")
