#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""test-desktop-actions.py DESKTOP SERVICE SOURCE: what a desktop calls by D-Bus is there, and takes no parameter.

GLib's launcher sends ActivateAction with the name of the desktop file's action and nothing else."""
import configparser
import pathlib
import re
import sys

desktop_file, service_file, source = map(pathlib.Path, sys.argv[1:])
desktop, service = (configparser.ConfigParser(interpolation=None, strict=True, delimiters="=") for _ in range(2))
desktop.optionxform = service.optionxform = str
desktop.read(desktop_file)
service.read(service_file)
entry, name = desktop["Desktop Entry"], desktop_file.name.removesuffix(".desktop")
assert entry["DBusActivatable"] == "true"
assert service["D-BUS Service"]["Name"] == name, "the bus starts another name than that of the desktop file"
assert service["D-BUS Service"]["Exec"].endswith("/peerup-gtk --gapplication-service")
entries = dict(re.findall(r'\{ \.name = "([a-z-]+)", ([^}]*)\}', source.read_text()))
actions = [action for action in entry["Actions"].split(";") if action]
assert actions, "the desktop file has no action"
for action in actions:
    assert action in entries, f"the application has no action {action!r}"
    assert "parameter_type" not in entries[action], f"the action {action!r} takes a parameter"
    assert desktop[f"Desktop Action {action}"]["Exec"] == f"gapplication action {name} {action}"
