# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Every command with --json: standard output is one document or one a line, standard error one a line."""
import json
import signal
import socket

import pytest

from netlab import wait_for

OTHER = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
# What goes on until it is interrupted, or wants a human or another device: these have tests of their own below.
# Finding services speaks to every port of the machine, and so to the servers of tests that run beside these.
ENDLESS = {"service find", "daemon", "relay serve", "proxy", "events", "daemon connect", "invite", "prompt watch"}
# The arguments of what needs some: what works where the daemon of the fixture can do it.
WORDS = {
    "help": ["files"],
    "completion": ["bash"],
    "service add": ["new", "1"],
    "relay setup": ["--config-dir", "relay", "--no-start", "--public-address", "192.0.2.1"],
    "relay add": ["127.0.0.1:1"],
    "relay check": ["127.0.0.1:1"],
    "relay drain": ["--timeout", "1s"],
    "relay pair": ["list"],
    "resolve": [OTHER],
    "auth add": [OTHER],
    "ping": [OTHER, "-c", "1"],
    "daemon ping": [OTHER, "-c", "1"],
    "join": ["7-no-such-code"],
    "expose": ["shown", "1"],
    "prompt answer": ["1", "allow"],
}
SAMPLES = {"PEER": OTHER, "SERVICE": "ssh", "RELAY": "1", "INVITE": "1", "FORWARD": "1", "NUMBER": "1", "NAME": "ssh",
           "ADDRESS": "127.0.0.1:1", "PORT": "0", "FILE": "config"}


def documents(text):
    """One document, or a line each."""
    try:
        return [json.loads(text)]
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines()]


def lines(text):
    """What is said, a document a line; AddressSanitizer speaks of itself."""
    return [json.loads(line) for line in text.splitlines() if "makecontext" not in line]


def words_for(command, peer):
    if command["name"] in WORDS:
        return WORDS[command["name"]]
    synopsis = command["usage"].split("[OPTION…]")[1].split()
    samples = SAMPLES | {"FILE": peer.config}
    return [samples[word] for word in synopsis if not word.startswith("[")]


def check_one(peer, command):
    done = peer.run(*command["name"].split(), *words_for(command, peer), "--json", code=None, timeout=90, input="")
    what = (command["name"], done.returncode, done.stdout, done.stderr)
    assert done.returncode in (0, 1, 2), what
    said = lines(done.stderr)
    errors = [line["error"] for line in said if "error" in line]
    if done.returncode == 0:
        assert done.stdout and documents(done.stdout) and not errors, what
    else:
        # Either what was found is the answer, or there is one error.
        assert (len(errors) == 1) != bool(done.stdout and documents(done.stdout)), what
    for error in errors:
        assert set(error) == {"code", "message", "exit_status"} and error["message"], what
        assert error["exit_status"] == done.returncode, what


def shown(peer, *but):
    return [command for command in peer.json("help") if command["name"] not in ENDLESS.union(but)]


def test_every_command_speaks_json_without_a_daemon(peer):
    peer.run("service", "add", "ssh", "22")
    for command in shown(peer):
        check_one(peer, command)


def test_every_command_speaks_json_with_a_daemon(peer):
    peer.run("service", "add", "ssh", "22")
    peer.daemon()
    for command in shown(peer, "stop", "daemon stop"):
        check_one(peer, command)
    check_one(peer, {"name": "stop", "usage": "[OPTION…]"})
    assert peer.daemon_process.wait() == 0


def test_every_command_speaks_json_on_an_empty_machine(make_peer):
    peer = make_peer("empty")
    for command in shown(peer, "init", "join"):
        check_one(peer, command)


@pytest.mark.parametrize("args,code", [
    (["dance"], "usage"),
    (["whoami", "--dance"], "usage"),
    (["ping", "x", "-c", "-3"], "usage"),
    ([], "usage"),
    (["whoami", "--config", "/nonexistent"], "not-found"),
    (["resolve", "nobody"], "not-found"),
    (["status"], "not-found"),
])
def test_errors_are_one_line_with_a_code(peer, args, code):
    done = peer.run(*args, "--json", code=None)
    said = lines(done.stderr)
    assert done.stdout == "" and [line["error"]["code"] for line in said] == [code], done.stderr


def test_an_invite_is_a_stream_of_documents_and_is_taken_back_by_an_interrupt(peer):
    peer.daemon()
    process = peer.start("invite", "--json")
    wait_for(lambda: "\n" in process.stdout(), 30, "the invite")
    process.signal(signal.SIGINT)
    assert process.wait() == 130, process.stderr()
    assert all(isinstance(json.loads(line), dict) for line in process.stdout().splitlines())
    assert not [line for line in lines(process.stderr()) if "error" in line]
    assert [invite["state"] for invite in peer.json("invite", "list")] in ([], ["cancelled"])


@pytest.mark.parametrize("number,code", [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_what_runs_long_ends_well_when_it_is_interrupted(peer, number, code):
    peer.daemon()
    watch = peer.start("connections", "--watch", "--json")
    proxy = peer.start("proxy", OTHER, "ssh", "0", "--json")
    for process in (watch, proxy):
        wait_for(lambda: "\n" in process.stdout(), 30, "the first line")
        process.signal(number)
        assert process.wait() == code, process.stderr()
        assert documents(process.stdout())


def test_a_command_that_waits_ends_by_an_interrupt(make_peer):
    peer = make_peer("waiting").init()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        check = peer.start("relay", "check", address)
        connection, _ = silent.accept()
        with connection:
            check.signal(signal.SIGINT)
            assert check.wait() == 130, check.stderr()
