# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The original's administration of a relay: its socket beside the configuration, and groups at /v1/pair."""
import json
import re
import signal
import stat
import time

import pytest

from netlab import wait_for
from relays import OwnRelay
from test_original_api import Api

NAMES = (".relay-admin.sock", ".relay-admin.cookie")
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@pytest.fixture
def relay(make_peer):
    return OwnRelay(make_peer("server")).start()


@pytest.fixture
def admin(relay):
    return Api(relay.peer, relay.directory, NAMES)


def test_a_group_is_made_joined_and_revoked(relay, admin, make_peer):
    assert admin.ask("GET", "/v1/pair") == (200, "application/json", "[]\n")
    before = time.time()
    made = admin.json("POST", "/v1/pair", {"count": 2, "ttl_seconds": 600, "namespace": "", "expires_seconds": 3600})
    assert list(made) == ["group_id", "codes", "expires_at"] and re.fullmatch("[0-9a-f]{8}", made["group_id"])
    assert len(set(made["codes"])) == 2 and re.fullmatch(TIME, made["expires_at"])
    assert time.strftime("%Y-%m-%dT%H:%M", time.gmtime(before + 600)) <= made["expires_at"]
    group, = admin.json("GET", "/v1/pair")
    assert group == {"id": made["group_id"], "expires_at": made["expires_at"], "total": 2, "used": 0}
    alpha = make_peer("alpha").init()
    alpha.run("join", made["codes"][0])
    group, = admin.json("GET", "/v1/pair")
    assert list(group) == ["id", "expires_at", "total", "used", "peers"] and group["used"] == 1
    assert [list(peer) for peer in group["peers"]] == [["peer_id", "name"]]
    assert group["peers"][0]["peer_id"] == alpha.id and alpha.id in (relay.directory / "authorized_keys").read_text()
    path = f"/v1/pair/{made['group_id']}"
    assert admin.ask("DELETE", path) == (200, "application/json", '{"status":"revoked"}\n')
    assert admin.json("GET", "/v1/pair") == []
    make_peer("beta").init().run("join", made["codes"][1], code=None)
    assert alpha.id in (relay.directory / "authorized_keys").read_text()


def test_what_is_left_out_has_its_default(admin):
    before = time.time()
    made = admin.json("POST", "/v1/pair", "{}")
    group, = admin.json("GET", "/v1/pair")
    assert len(made["codes"]) == group["total"] == 1
    assert time.strftime("%Y-%m-%dT%H:%M", time.gmtime(before + 3600)) <= made["expires_at"]
    named = admin.json("POST", "/v1/pair", {"count": 0, "ttl_seconds": 0, "namespace": "office"})
    assert [group["namespace"] for group in admin.json("GET", "/v1/pair") if group["id"] == named["group_id"]] == ["office"]


@pytest.mark.parametrize("body", ["", "[]", "{", '{"count":101}', '{"count":-1}', '{"count":"2"}', '{"ttl_seconds":-5}',
                                  '{"ttl_seconds":99999999999}', '{"namespace":7}', '{"namespace":"No Such"}',
                                  json.dumps({"namespace": "x" * 4096})])
def test_what_cannot_be_made(admin, body):
    assert admin.error("POST", "/v1/pair", body)
    assert admin.json("GET", "/v1/pair") == []


def test_nothing_else_is_there(admin):
    assert admin.error("DELETE", "/v1/pair/01234567", code=404) == "group not found: 01234567"
    for path in ("/v1/status", "/v1/groups", "/v1/engine", "/v1/openapi.json", "/v1/events"):
        assert admin.ask("GET", path)[0] == 404
    assert admin.ask("PUT", "/v1/pair", "{}")[0] == 405
    admin.headers = {}
    assert admin.json("GET", "/v1/pair", code=401)["error"].startswith("unauthorized")


def test_its_files_come_and_go(relay, admin):
    token = admin.cookie.read_text()
    assert {stat.S_IMODE(path.stat().st_mode) for path in (admin.socket, admin.cookie)} == {0o600}
    relay.process.signal(signal.SIGKILL)
    relay.process.wait()
    assert admin.socket.exists()
    relay.start()
    again = Api(relay.peer, relay.directory, NAMES)
    assert again.cookie.read_text() != token and again.json("GET", "/v1/pair") == []
    relay.process.signal(signal.SIGTERM)
    assert relay.process.wait(60) == 0
    assert not admin.socket.exists() and not admin.cookie.exists()


def test_a_relay_runs_without_it(make_peer):
    """Something that is no socket is left alone."""
    relay = OwnRelay(make_peer("server"))
    (relay.directory / NAMES[0]).write_text("mine")
    relay.start()
    assert wait_for(lambda: NAMES[0] in relay.process.stderr(), 20, "why it cannot be administered")
    assert (relay.directory / NAMES[0]).read_text() == "mine"
