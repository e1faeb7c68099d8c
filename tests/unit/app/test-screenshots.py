#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""test-screenshots.py METAINFO DIRECTORY: the pictures that software centres are told of are there, as large as they are told."""
import pathlib
import struct
import sys
import xml.etree.ElementTree as ElementTree

LARGEST = (1000, 700)
metainfo, directory = map(pathlib.Path, sys.argv[1:])
screenshots = ElementTree.parse(metainfo).getroot().findall("screenshots/screenshot")
assert 3 <= len(screenshots) <= 6, f"{len(screenshots)} screenshots"
assert [shot.get("type") for shot in screenshots].count("default") == 1
for shot in screenshots:
    image, caption = shot.find("image"), shot.findtext("caption")
    path = directory / image.text.rpartition("/")[2]
    size = struct.unpack(">II", path.read_bytes()[16:24])
    told = int(image.get("width")), int(image.get("height"))
    assert size == told, f"{path.name} has {size}, and the metainfo says {told}"
    assert size[0] <= LARGEST[0] and size[1] <= LARGEST[1], f"{path.name} is larger than {LARGEST}"
    assert caption and not caption.endswith(".") and "\n" not in caption, f"{path.name}: {caption!r} is no sentence of a caption"
