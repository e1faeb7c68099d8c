# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The man pages, as the build writes them, and help beside them."""
import pathlib
import re
import subprocess

import pytest

TEMPLATE = pathlib.Path(__file__).parents[2] / "data/man/peerup.1.in"


@pytest.fixture
def pages(make_peer, tmp_path):
    made = tmp_path / "man"
    made.mkdir()
    peer = make_peer("reader")
    peer.run("__manual", made, TEMPLATE)
    return peer, {path.stem: path for path in made.iterdir()}


def test_there_is_a_page_for_each_command_and_no_warning_about_it(pages):
    peer, made = pages
    commands = {command["name"] for command in peer.json("help")}
    assert set(made) == {"peerup"} | {"peerup-" + name.replace(" ", "-") for name in commands}
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *made.values()], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout + done.stderr == ""


def test_page_and_help_say_the_same(pages):
    peer, made = pages
    for command in peer.json("help"):
        page = made["peerup-" + command["name"].replace(" ", "-")]
        text = subprocess.run(["mandoc", "-T", "utf8", page], capture_output=True, text=True, check=True).stdout
        words = re.sub(r".\x08", "", text)
        for option in command["options"]:
            assert "--" + option["name"] in words, (command["name"], option)
        said = re.split(r"(?<=\.) ", command["description"].split("\n")[0])[0]
        assert re.sub(r"[\s…-]|\.\.\.", "", said) in re.sub(r"[\s…-]|\.\.\.", "", words), command["name"]
