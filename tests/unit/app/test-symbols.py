#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""test-symbols.py LIBRARY.so ARCHIVE...: no function of the window's archives has the name of one of the library.

The program's would take the place of the library's, which would call it for its own."""
import subprocess
import sys


def names(path, *options):
    listed = subprocess.run(["nm", "--defined-only", "--extern-only", *options, path], capture_output=True, text=True, check=True)
    return {line.split()[2].split("@")[0] for line in listed.stdout.splitlines() if len(line.split()) == 3 and line.split()[1] in "TDBR"}


library = names(sys.argv[1], "--dynamic")
assert library, f"{sys.argv[1]} exports nothing"
found = 0
for archive in sys.argv[2:]:
    own = {name for name in names(archive) if name.startswith("peerup_")}
    assert own, f"{archive} has no function"
    for name in sorted(own & library):
        print(f"{archive}: {name}() is a function of {sys.argv[1]}, too: give it another name")
        found += 1
sys.exit(found > 0)
