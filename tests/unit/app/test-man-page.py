#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""test-man-page.py PEERUP-GTK PAGE: each option that the program tells of is on its page."""
import os
import pathlib
import re
import subprocess
import sys

program, page = sys.argv[1:]
# What a short run leaves to the system says nothing of the page.
env = os.environ | {"LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"}
told = subprocess.run([program, "--help-all"], env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
options = set(re.findall(r"--[a-z][a-z-]*", told))
assert {"--config", "--profile", "--version"} <= options, told
text = pathlib.Path(page).read_text().replace("\\-", "-")
missing = {option for option in options if not re.search(rf"{option}\b", text)}
assert not missing, f"the page says nothing of {', '.join(sorted(missing))}"
