# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The command itself: codes, flags, output, files."""
import json
import os
import stat
import time

import pytest

OTHER = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_init_makes_private_files_and_tells_the_next_step(make_peer):
    peer = make_peer("new")
    done = peer.run("init", "--port", "0")
    assert done.stdout.strip().startswith("12D3KooW") and done.stdout.count("\n") == 1
    assert "peerup invite" in done.stderr and "peerup daemon" in done.stderr
    assert mode(peer.config.parent) == 0o700
    assert {mode(path) for path in peer.config.parent.iterdir()} == {0o600}


def test_init_never_overwrites(peer):
    before = {path: path.read_bytes() for path in peer.config.parent.iterdir()}
    done = peer.run("init", code=1)
    assert str(peer.config) in done.stderr
    assert before == {path: path.read_bytes() for path in peer.config.parent.iterdir()}


def test_init_keeps_an_identity_that_is_there(make_peer):
    peer = make_peer("moved").init()
    peer.config.unlink()
    assert peer.run("init").stdout.strip() == peer.id


def test_init_json(make_peer):
    result = make_peer("new").json("init")
    assert result["peer_id"].startswith("12D3KooW") and os.path.exists(result["config"])


@pytest.mark.parametrize("args", [
    ["whoami", "--json"],
    ["--json", "whoami"],
    ["whoami", "--json", "--config", "CONFIG"],
    ["--config", "CONFIG", "--json", "whoami"],
    ["--config=CONFIG", "whoami", "--json"],
])
def test_flags_stand_anywhere(peer, args):
    args = [arg.replace("CONFIG", str(peer.config)) for arg in args]
    assert json.loads(peer.run(*args).stdout)["peer_id"] == peer.id


def test_flags_stand_before_and_after_arguments(peer):
    peer.run("service", "add", "--allow", OTHER, "one", "localhost:1")
    peer.run("service", "add", "two", "--allow", OTHER, "localhost:2")
    peer.run("service", "add", "three", "localhost:3", "--allow", OTHER)
    assert [entry["allowed_peers"] for entry in peer.json("service", "list")] == [[OTHER]] * 3


@pytest.mark.parametrize("args,hint", [
    ([], "peerup help"),
    (["dance"], "peerup help"),
    (["service"], "add, remove"),
    (["service", "dance"], "add, remove"),
    (["whoami", "extra"], "usage: peerup whoami"),
    (["ping"], "usage: peerup ping"),
    (["proxy", "one", "two"], "usage: peerup proxy"),
    (["whoami", "--bogus"], "peerup help whoami"),
    (["ping", "x", "-c", "many"], "peerup help ping"),
    (["ping", "x", "-c", "-3"], "-c"),
    (["ping", "x", "--interval", "soon"], "500ms"),
    (["init", "--port", "70000"], "65535"),
    (["help", "dance"], "dance"),
])
def test_bad_usage_is_one_line_and_code_2(peer, args, hint):
    done = peer.run(*args, code=2)
    assert done.stdout == "" and hint in done.stderr
    lines = [line for line in done.stderr.splitlines() if "makecontext" not in line]
    assert len(lines) == 1, done.stderr


def test_help_names_every_command(peer):
    text = peer.run("help").stdout
    for name in ("init", "whoami", "daemon", "proxy", "ping", "service add", "service list", "auth add", "auth validate",
                 "status", "config validate", "config show", "version"):
        assert f"  {name} " in text
        assert f"Usage:\n  peerup {name}" in peer.run("help", *name.split()).stdout
        assert peer.run(*name.split(), "--help").stdout == peer.run("help", *name.split()).stdout


def test_version(peer):
    assert peer.run("version").stdout == peer.run("--version").stdout == f"peerup {peer.json('version')['version']}\n"


def test_no_configuration_says_what_to_do(make_peer):
    done = make_peer("empty").run("whoami", code=1)
    assert "peerup init" in done.stderr and done.stdout == ""


def test_status_without_a_daemon_says_what_to_do(peer):
    done = peer.run("status", code=1)
    assert "peerup daemon" in done.stderr and done.stdout == ""


def test_service_commands_edit_the_file_in_place(peer):
    peer.config.write_text(peer.config.read_text() + "\n# a remark of mine\n")
    peer.run("service", "add", "web", "8080")
    peer.run("service", "add", "nas", "192.0.2.7:5000", "--allow", OTHER, "--kind", "smb", "--tag", "attic", "--tag", "2 TB")
    peer.run("service", "disable", "web")
    assert peer.json("service", "list") == [
        {"name": "web", "local_address": "localhost:8080", "enabled": False, "kind": "", "tags": []},
        {"name": "nas", "local_address": "192.0.2.7:5000", "enabled": True, "kind": "smb", "tags": ["attic", "2 TB"],
         "allowed_peers": [OTHER]},
    ]
    peer.run("service", "enable", "web")
    peer.run("service", "remove", "nas")
    assert [(entry["name"], entry["enabled"]) for entry in peer.json("service", "list")] == [("web", True)]
    assert "# a remark of mine" in peer.config.read_text() and mode(peer.config) == 0o600


@pytest.mark.parametrize("args,words", [
    (["service", "add", "Bad_Name", "22"], ["Bad_Name"]),
    (["service", "add", "ok", "nowhere"], ["nowhere"]),
    (["service", "add", "ok", "22", "--allow", "nobody"], ["nobody", "peer ID"]),
    (["service", "remove", "absent"], ["absent"]),
    (["auth", "add", "garbage"], ["garbage", "peer ID"]),
    (["auth", "add", "/ip4/1.2.3.4/tcp/1"], ["/p2p/"]),
    (["auth", "add", OTHER, "--expires", "yesterday"], ["yesterday", "7d"]),
    (["auth", "add", OTHER, "--expires", "2001-01-01T00:00:00Z"], ["over already"]),
    (["auth", "remove", OTHER], [OTHER]),
    (["auth", "validate", "/nonexistent"], ["/nonexistent"]),
    (["config", "validate", "/nonexistent"], ["/nonexistent"]),
    (["ping", "nobody"], ["nobody"]),
    (["proxy", OTHER, "ssh", "99999"], ["99999", "65535"]),
    (["proxy", OTHER, "ssh", "0.0.0.0:0"], ["--bind-any"]),
    (["proxy", OTHER, "BAD", "0"], ["BAD"]),
])
def test_failures_name_the_thing_and_leave_the_files(peer, args, words):
    before = {path: path.read_bytes() for path in peer.config.parent.iterdir() if not path.name.endswith(".lock")}
    done = peer.run(*args, code=1)
    assert done.stdout == ""
    assert all(word in done.stderr for word in words), done.stderr
    assert before == {path: path.read_bytes() for path in before}


def test_auth_commands(peer):
    peer.run("auth", "add", OTHER, "--comment", "my\nphone", "--expires", "1h", "--name", "phone")
    entry, = peer.json("auth", "list")
    assert entry["peer_id"] == OTHER and entry["name"] == "phone" and "\n" not in entry["comment"]
    until = time.strptime(entry["expires_at"], "%Y-%m-%dT%H:%M:%SZ")
    assert 3500 < time.mktime(until) - time.mktime(time.gmtime()) < 3700
    assert OTHER in peer.run("auth", "list").stdout
    assert "is valid: 1" in peer.run("auth", "validate").stdout
    peer.run("auth", "add", OTHER, code=1)
    peer.run("auth", "remove", "phone")
    assert peer.json("auth", "list") == [] and mode(peer.authorized_keys) == 0o600


def test_auth_add_takes_every_form_of_a_peer(peer, make_peer):
    other = make_peer("other").init()
    peer.run("auth", "add", other.address())
    assert peer.json("auth", "list")[0]["peer_id"] == other.id
    assert other.address() in (peer.config.parent / "known_peers").read_text()


def test_auth_validate_finds_bad_lines(peer):
    peer.authorized_keys.write_text(f"{OTHER}\nnonsense # x\n")
    done = peer.run("auth", "validate", code=1)
    assert "line 2" in done.stderr and done.stdout == ""
    verdict = peer.json("auth", "validate", code=1)
    assert not verdict["valid"] and verdict["entries"] == 1 and "line 2" in verdict["problems"][0]


def test_config_validate_and_show(peer):
    assert "is valid" in peer.run("config", "validate").stdout
    shown = peer.json("config", "show")
    assert shown["identity"]["key_file"] == str(peer.config.parent / "identity.key")
    assert "key_file" in peer.run("config", "show").stdout
    peer.config.write_text(peer.config.read_text().replace("network:", "network: ["))
    done = peer.run("config", "validate", code=1)
    assert f"{peer.config}:" in done.stderr
    verdict = peer.json("config", "validate", code=1)
    assert not verdict["valid"] and verdict["error"]


def test_loose_modes_are_refused_with_the_command_to_run(peer):
    os.chmod(peer.config, 0o644)
    assert f"chmod 600 '{peer.config}'" in peer.run("whoami", code=1).stderr
    os.chmod(peer.config, 0o600)
    os.chmod(peer.config.parent / "identity.key", 0o640)
    assert "chmod 600" in peer.run("whoami", code=1).stderr
    assert "chmod 600" in peer.run("daemon", code=1).stderr
