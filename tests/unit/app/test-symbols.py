#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""test-symbols.py NM LIBRARY ROOM...: no function of the window has the name of one of the library.

A program's symbols come before those of a library that it is linked to, in the library's own calls, too: the engine
would call the window's function, with its own arguments."""

import subprocess
import sys


def symbols(nm, *arguments):
    lines = subprocess.run([nm, '--defined-only', '--extern-only', *arguments], check=True, capture_output=True, text=True).stdout
    fields = [line.split() for line in lines.splitlines()]
    return {field[-1].split('@')[0] for field in fields if len(field) == 3 and field[-1].startswith('peerup_')}


nm, library, *rooms = sys.argv[1:]
there = symbols(nm, '--dynamic', library)
here = symbols(nm, *rooms)
assert there and here, 'nm shows no symbols'
if twice := sorted(there & here):
    sys.exit('in the window and in the library: ' + ', '.join(twice))
