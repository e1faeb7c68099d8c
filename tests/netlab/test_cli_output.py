# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""How the command looks: on terminals of several widths, with colours and without; and what it follows and changes."""
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import fcntl
import time

import pytest

from conftest import BIN
from netlab import wait_for

OTHER = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def on_terminal(peer, *args, columns=80, **env):
    """What the command shows on a terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([BIN, *map(str, args)], env=peer.env(TERM="xterm-256color") | env, stdin=subprocess.DEVNULL,
                               stdout=slave, stderr=subprocess.DEVNULL, cwd=peer.home)
    os.close(slave)
    shown = b""
    end = time.monotonic() + 60
    while select.select([master], [], [], max(0, end - time.monotonic()))[0]:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    process.wait(30)
    return shown.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [40, 60, 100, 200])
def test_tables_fit_the_terminal(peer, columns):
    peer.run("auth", "add", OTHER, "--name", "a-laptop-with-a-long-name", "--comment", "a comment that goes on and on")
    peer.run("service", "add", "ssh", "22", "--allow", OTHER)
    for command in (("auth", "list"), ("service", "list"), ("service", "acl", "ssh")):
        shown = ESCAPE.sub("", on_terminal(peer, *command, columns=columns))
        assert shown.strip() and max(map(len, shown.splitlines())) <= columns, shown
        assert ("…" in shown) == (max(map(len, peer.run(*command).stdout.splitlines())) > columns)
    # Where nobody looks nothing is lost.
    assert OTHER in peer.run("auth", "list").stdout


@pytest.mark.parametrize("args,env,coloured", [
    ([], {}, True),
    ([], {"NO_COLOR": "1"}, False),
    ([], {"NO_COLOR": ""}, True),
    ([], {"TERM": "dumb"}, False),
    (["--color", "never"], {}, False),
    (["--color=always"], {"NO_COLOR": "1"}, True),
])
def test_colours_are_for_terminals_that_want_them(peer, args, env, coloured):
    assert bool(ESCAPE.search(on_terminal(peer, "doctor", *args, **env))) == coloured


def test_there_are_no_colours_in_a_pipe(peer):
    assert "\x1b" not in peer.run("doctor", code=None).stdout
    assert "\x1b[1;31mMEND\x1b[0m" in peer.run("doctor", "--color", "always", code=None).stdout
    assert "auto, always or never" in peer.run("doctor", "--color", "mauve", code=2).stderr


def test_what_peers_say_commands_no_terminal(peer):
    evil = "\x1b]0;owned\x07\u202eevil"
    keys = peer.authorized_keys
    keys.write_text(f"{OTHER}  # {evil}\n")
    shown = on_terminal(peer, "auth", "list")
    assert "evil" in shown and not re.search("[\x07\u202e]|\x1b\\]", shown)
    assert "\x1b" not in peer.run("auth", "list").stdout
    assert "evil" in peer.json("auth", "list")[0]["comment"]


def test_events_follow_what_happens(peer):
    peer.daemon()
    lines = peer.start("events", "--json", "--match", "InviteChanged")
    words = peer.start("events")
    lines.wait_stderr("Following", 30)
    words.wait_stderr("Following", 30)
    invite = peer.start("invite", "--json")
    wait_for(lambda: "\n" in invite.stdout(), 30, "the invite")
    invite.signal(signal.SIGINT)
    assert invite.wait() == 130
    wait_for(lambda: "InviteChanged" in lines.stdout() and "InviteChanged" in words.stdout(), 30, "the event")
    for process in (lines, words):
        process.signal(signal.SIGINT)
        assert process.wait() == 130
    events = [json.loads(line) for line in lines.stdout().splitlines()]
    assert {event["event"] for event in events} == {"InviteChanged"}
    assert all(event["arguments"]["invite"]["number"] and event["time"] for event in events)


def test_events_end_with_the_daemon(peer):
    peer.daemon()
    events = peer.start("events", "--json")
    events.wait_stderr("Following", 30)
    peer.run("stop")
    assert events.wait() == 1
    error = json.loads(events.stderr().splitlines()[-1])["error"]
    assert error["code"] == "closed" and "daemon" in error["message"]


def test_a_forward_of_the_daemon(peer):
    assert "no daemon" in peer.run("daemon", "connect", "--peer", OTHER, "--service", "ssh", "--listen", "0", code=1).stderr
    assert "--listen" in peer.run("daemon", "connect", "--peer", OTHER, code=2).stderr
    peer.daemon()
    forward = peer.start("daemon", "connect", "--peer", OTHER, "--service", "ssh", "--listen", "0", "--json")
    wait_for(lambda: forward.stdout().rstrip().endswith("}"), 30, "the forward")
    made = json.loads(forward.stdout())
    listed = peer.json("forwards")
    assert [(entry["id"], entry["address"]) for entry in listed] == [(made["id"], made["address"])]
    assert made["address"] in peer.run("forwards").stdout
    peer.run("daemon", "disconnect", made["id"])
    assert peer.json("forwards") == []
    forward.signal(signal.SIGINT)
    assert forward.wait() == 130
    assert made["id"] in peer.run("daemon", "disconnect", made["id"], code=1).stderr


def test_the_group_daemon_has_other_names_for_commands(pair):
    server, laptop = pair
    server.daemon()
    laptop.daemon()
    laptop.run("daemon", "ping", server.name, "-c", "1")
    assert [entry["name"] for entry in laptop.json("daemon", "peers")] == [server.name]
    assert [entry["peer_id"] for entry in laptop.json("daemon", "paths")] == [server.id]
    assert server.name in laptop.run("peers").stdout and server.name in laptop.run("paths").stdout
    assert laptop.json("daemon", "status")["peer_id"] == laptop.id
    assert server.json("services") == server.json("daemon", "services")


def test_connections_and_offers_that_no_file_keeps(pair):
    server, laptop = pair
    server.daemon()
    laptop.daemon()
    assert laptop.json("connect", server.name) == {"peer_id": server.id, "path": "direct"}
    assert [entry["id"] for entry in laptop.json("peers")] == [server.id]
    laptop.run("disconnect", server.name)
    wait_for(lambda: laptop.json("peers") == [], 30, "the end of the connection")
    assert [entry["id"] for entry in laptop.json("peers", "--all")] == [server.id]
    before = server.config.read_bytes()
    server.run("expose", "web", "1")
    assert [(entry["name"], entry["address"]) for entry in server.json("services")] == [("web", "localhost:1")]
    server.run("unexpose", "web")
    assert server.json("services") == [] and server.config.read_bytes() == before
