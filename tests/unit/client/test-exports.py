#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""test-exports.py LIBRARY GIR: what the library promises is what its description has, and nothing has no version."""
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

library, gir = sys.argv[1:]
C, GLIB = "{http://www.gtk.org/introspection/c/1.0}", "{http://www.gtk.org/introspection/glib/1.0}"

symbols = {}
listed = subprocess.run(["nm", "--dynamic", "--defined-only", "--with-symbol-versions", library], capture_output=True,
                        text=True, check=True).stdout
for line in listed.splitlines():
    name, _, version = line.split()[-1].partition("@")
    symbols.setdefault(version.lstrip("@"), set()).add(name)

described = set()
for element in ElementTree.parse(gir).iter():
    described |= {element.get(C + "identifier"), element.get(GLIB + "get-type")}
described = {name for name in described if name and name.islower()}

versions = {"PEERUP_1", "PEERUP_PRIVATE"}
promised = symbols.pop("PEERUP_1") - versions
assert symbols.pop("PEERUP_PRIVATE") - versions
assert promised == described, f"only exported: {promised - described}; only described: {described - promised}"
assert set().union(*symbols.values()) <= versions, symbols
