# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The HTTP socket of a real daemon: real clients, hostile ones, and very many."""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import stat
import subprocess

import pytest

from conftest import wait_for
from http_api import PATIENCE, Api, receive_all

TESTDATA = os.environ.get("PEERUP_TESTDATA")


@pytest.fixture
def api(peer):
    peer.daemon()
    return Api(peer)


def n_descriptors(peer):
    return len(os.listdir(f"/proc/{peer.daemon_process.pid}/fd"))


def curl(api, *args, code=0):
    done = subprocess.run(["curl", "--silent", "--show-error", "--unix-socket", str(api.socket), "-H", api.authorization, *args],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr
    return done.stdout


def test_files(peer):
    api = Api(peer)
    tokens = set()
    for _ in range(2):
        daemon = peer.daemon()
        assert stat.S_IMODE(os.lstat(api.socket).st_mode) == 0o600 and stat.S_ISSOCK(os.lstat(api.socket).st_mode)
        assert stat.S_IMODE(os.lstat(api.cookie).st_mode) == 0o600
        assert len(api.token) == 64 and set(api.token) <= set("0123456789abcdef")
        tokens.add(api.token)
        assert api.get("/v1/engine")["PeerId"] == peer.id
        assert api.token not in daemon.stderr()
        daemon.end()
        assert not api.socket.exists() and not api.cookie.exists()
    assert len(tokens) == 2


def test_a_killed_daemon_leaves_nothing_in_the_way(peer):
    api = Api(peer)
    peer.daemon().process.kill()
    peer.daemon_process.wait()
    old = api.token
    os.chmod(api.cookie, 0o644)
    peer.daemon()
    assert api.token != old and stat.S_IMODE(os.lstat(api.cookie).st_mode) == 0o600
    assert api.get("/v1/engine")["PeerId"] == peer.id


def test_second_daemon(peer, api):
    done = peer.run("daemon", code=None)
    assert done.returncode != 0 and "already" in done.stderr
    assert api.get("/v1/engine")["PeerId"] == peer.id


def refused(peer):
    done = peer.run("daemon", code=None)
    assert done.returncode != 0
    return done.stderr


def test_something_in_the_way(peer):
    api = Api(peer)
    api.socket.parent.mkdir(mode=0o700)
    api.socket.write_text("precious")
    assert str(api.socket) in refused(peer)
    assert api.socket.read_text() == "precious"
    api.socket.unlink()
    target = peer.home / "target"
    target.write_text("precious")
    api.cookie.symlink_to(target)
    assert str(api.cookie) in refused(peer)
    assert target.read_text() == "precious" and api.cookie.is_symlink() and not api.socket.exists()


STRANGE = {
    "blank before colon": "GET /v1/engine HTTP/1.1|Host: x|Authorization : Bearer TOKEN||",
    "length with sign": "POST /v1/grants HTTP/1.1|Host: x|AUTH|Content-Length: +5||abcde",
    "hexadecimal length": "POST /v1/grants HTTP/1.1|Host: x|AUTH|Content-Length: 0x5||abcde",
    "two lengths": "POST /v1/grants HTTP/1.1|Host: x|AUTH|Content-Length: 2|Content-Length: 2||{}",
    "length and encoding": "POST /v1/grants HTTP/1.1|Host: x|AUTH|Content-Length: 2|Transfer-Encoding: chunked||0||",
    "chunk extension": "POST /v1/grants HTTP/1.1|Host: x|AUTH|Transfer-Encoding: chunked||2;a=b|{}|0||",
    "trailer": "POST /v1/grants HTTP/1.1|Host: x|AUTH|Transfer-Encoding: chunked||2|{}|0|A: b||",
    "folded line": "GET /v1/engine HTTP/1.1|Host: x|AUTH|A: b| c||",
    "absolute form": "GET http://x/v1/engine HTTP/1.1|Host: x|AUTH||",
    "no host": "GET /v1/engine HTTP/1.1|AUTH||",
    "two hosts": "GET /v1/engine HTTP/1.1|Host: x|Host: x|AUTH||",
    "empty line first": "|GET /v1/engine HTTP/1.1|Host: x|AUTH||",
    "two tokens": "GET /v1/engine HTTP/1.1|Host: x|AUTH|AUTH||",
    "NUL": "GET /v1/engine HTTP/1.1|Host: x|AUTH|A: \0||",
}


@pytest.mark.parametrize("name", STRANGE)
def test_every_ambiguity_is_refused_and_ends_the_connection(api, name):
    request = STRANGE[name].replace("|", "\r\n").replace("AUTH", api.authorization).replace("TOKEN", api.token)
    # What follows must not be taken for a request.
    answer = api.raw(request.encode() + api.head("GET /v1/engine HTTP/1.1"))
    assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1") == 1
    assert b"\r\nConnection: close\r\n" in answer
    assert list(json.loads(answer.split(b"\r\n\r\n", 1)[1])) == ["error"]


def test_lines_that_end_with_lf_alone(api):
    answer = api.raw(api.head("GET /v1/engine HTTP/1.1").replace(b"\r", b""))
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_sizes(api):
    assert api.raw(api.head("GET /v1/engine HTTP/1.1", "A: " + "x" * (1 << 20))).startswith(b"HTTP/1.1 400 ")
    assert api.raw(api.head("POST /v1/config/check HTTP/1.1", f"Content-Length: {(1 << 20) + 1}")).startswith(b"HTTP/1.1 413 ")
    body = b"x" * (3 << 20)
    assert api.ask("POST", "/v1/config/check", body)[0] == 413
    status, answer = api.ask("POST", "/v1/config/check", b" " * (1 << 20))
    assert status == 400 and "JSON" in answer["error"]


def test_request_in_single_bytes(api):
    with api.dial() as stream:
        for byte in api.head("GET /v1/engine HTTP/1.1", "Connection: close"):
            stream.send(bytes([byte]))
        assert receive_all(stream).startswith(b"HTTP/1.1 200 ")


def test_web_pages_and_strangers(api):
    assert api.ask("POST", "/v1/engine/stop", b"{}", Origin="https://example.org", **{"Content-Type": "text/plain"})[0] == 403
    assert api.ask("GET", "/v1/engine", Authorization="Bearer " + "0" * 64)[0] == 401
    for path in ("/v1/engine", "/nowhere", "/v1/events"):
        answer = api.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 401 ")
    assert api.get("/v1/engine")["State"] == "running"


def test_answers(peer, api):
    assert api.get("/v1/engine")["ConfigFile"] == str(peer.config)
    assert api.get("/v1/engine/peers") == []
    status, text = api.ask("GET", "/v1/engine?format=text")
    assert status == 200 and f"PeerId: {peer.id}\n" in text
    assert api.ask("GET", "/v1/engine", Accept="text/plain")[1] == text
    status, error = api.ask("POST", "/v1/peers/nobody/ping")
    assert status in (400, 404) and "nobody" in error["error"]
    assert api.ask("POST", "/v1/grants", {"peer": peer.id})[0] == 400
    assert api.ask("GET", "/v1/nothing")[0] == 404
    assert api.ask("PUT", "/v1/grants")[0] == 405
    assert api.ask("HEAD", "/v1/engine") == (200, "")
    other = "12D3KooWGzJEZNFsUmGXVoGUuLBCT5h4BsT3zxkRzK4oXQqqkrqf"
    status, answer = api.ask("DELETE", f"/v1/grants/{other}?service=ssh")
    assert status in (400, 404), answer


def test_many_requests_on_one_connection(api):
    connection = api.connection()
    for _ in range(50):
        assert api.ask("GET", "/v1/engine", connection=connection)[0] == 200
    first = connection.sock
    assert api.ask("GET", "/v1/nothing", connection=connection)[0] == 404
    assert connection.sock is first
    connection.close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl(peer, api):
    assert json.loads(curl(api, "http://localhost/v1/engine"))["data"]["PeerId"] == peer.id
    assert curl(api, "--head", "http://localhost/v1/engine").startswith("HTTP/1.1 200 OK")
    chunked = curl(api, "-H", "Transfer-Encoding: chunked", "-d", '{"text": "version: ["}', "http://localhost/v1/config/check")
    assert set(json.loads(chunked)) <= {"data", "error"}
    continued = curl(api, "-H", "Expect: 100-continue", "-d", json.dumps({"nothing": "x" * 100_000}), "http://localhost/v1/grants")
    assert "nothing" in json.loads(continued)["error"]
    large = peer.home / "large"
    large.write_bytes(b"x" * (5 << 20))
    refused = curl(api, "-o", "/dev/null", "-w", "%{http_code}", "--data-binary", f"@{large}", "http://localhost/v1/grants")
    assert refused == "413"


NODE = """
const http = require('http');
const [path, token] = process.argv.slice(1);
const agent = new http.Agent({ keepAlive: true });
const ask = (method, path_, chunks) => new Promise((resolve, reject) => {
  const request = http.request({ socketPath: path, path: path_, method, agent,
                                 headers: { Authorization: `Bearer ${token}` } }, response => {
    let text = '';
    response.on('data', data => text += data);
    response.on('end', () => resolve([response.statusCode, JSON.parse(text)]));
  });
  request.on('error', reject);
  for (const chunk of chunks) request.write(chunk);
  request.end();
});
(async () => {
  const answers = [await ask('GET', '/v1/engine', []), await ask('POST', '/v1/grants', ['{"peer":', '"x"}']),
                   await ask('GET', '/v1/engine/peers', [])];
  console.log(JSON.stringify(answers));
  agent.destroy();
})();
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_node(peer, api):
    done = subprocess.run(["node", "-e", NODE, str(api.socket), api.token],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    engine, grants, peers = json.loads(done.stdout)
    assert engine[0] == 200 and engine[1]["data"]["PeerId"] == peer.id
    assert grants[0] == 400 and "missing" in grants[1]["error"]
    assert peers == [200, {"data": []}]


@pytest.mark.skipif(TESTDATA is None or not (pathlib.Path(TESTDATA) / "json-test-suite").is_dir(),
                    reason="PEERUP_TESTDATA names no folder with json-test-suite in it")
def test_json_test_suite_as_bodies(api):
    connection = api.connection()
    # Grammar allows these; two names alike and NUL are refused on purpose.
    on_purpose = {"y_object_duplicated_key", "y_object_duplicated_key_and_value", "y_object_escaped_null_in_key",
                  "y_string_null_escape"}
    files = sorted((pathlib.Path(TESTDATA) / "json-test-suite/test_parsing").glob("*.json"))
    assert len(files) > 300
    for file in files:
        body = file.read_bytes()
        status, answer = api.ask("POST", "/v1/grants", body, connection)
        # None of them has what is asked for; what matters is why.
        assert status == 400, file
        is_syntax = "of the JSON:" in answer["error"]
        if file.name[0] == "n" and body:
            assert is_syntax, (file, answer)
        elif file.name[0] == "y":
            assert is_syntax == (file.stem in on_purpose), (file, answer)
    connection.close()


def test_openapi(api):
    validator = pytest.importorskip("openapi_spec_validator")
    status, description = api.ask("GET", "/v1/openapi.json")
    assert status == 200 and description["openapi"] == "3.1.0"
    validator.validate(description)
    ids = [method["operationId"] for path in description["paths"].values() for method in path.values()]
    assert len(ids) == len(set(ids)) > 70
    # What is described is there: without its arguments it is refused, but found.
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            if path in ("/v1/events", "/v1/engine/stop", "/v1/shutdown", "/v1/relay/resume", "/v1/invites", "/v1/config/confirm"):
                continue
            assert operation["summary"] and operation["responses"]["200"]
            filled = path.replace("{", "").replace("}", "")
            unknown = {"no such member": 1} if method in ("post", "put") else None
            status, answer = api.ask(method.upper(), filled, unknown)
            assert status != 405 and (status != 404 or "nothing at this path" not in answer["error"]), (method, path, answer)
            assert status != 500 or "original" in operation["summary"], (method, path, answer)


def test_idle_and_slow_clients(api):
    """1,000 that say nothing and 100 that never finish, while normal ones are served."""
    with contextlib.ExitStack() as stack:
        slow = []
        for i in range(1100):
            stream = stack.enter_context(api.dial())
            if i % 11 == 0:
                stream.sendall(b"GET /v1/engine HTTP/1.1\r\nHost: x\r\n")
                slow.append(stream)
            if i % 50 == 0:
                assert api.ask("GET", "/v1/engine")[0] == 200
            for stream in slow:
                with contextlib.suppress(OSError):
                    stream.send(b"x")
        assert len(slow) == 100
        for _ in range(20):
            assert api.ask("GET", "/v1/engine")[0] == 200


def test_client_that_goes_in_mid_answer(peer, api):
    assert api.ask("GET", "/v1/openapi.json")[0] == 200
    before = n_descriptors(peer)
    for i in range(100):
        with api.dial() as stream:
            stream.sendall(api.head("GET /v1/openapi.json HTTP/1.1") * 3)
            if i % 2:
                stream.recv(1000)
    wait_for(lambda: n_descriptors(peer) <= before, 20, "descriptors to be closed")
    assert api.ask("GET", "/v1/engine")[0] == 200


@pytest.mark.by_the_clock
def test_client_that_goes_in_mid_operation(peer, api, serve):
    """Its call is given up at once; the dial that it made the engine begin ends in its own time, and nothing is left."""
    reached = []
    silent = serve(lambda connection: (reached.append(connection), connection.settimeout(PATIENCE), receive_all(connection),
                                       reached.append(None)))
    other = "12D3KooWGzJEZNFsUmGXVoGUuLBCT5h4BsT3zxkRzK4oXQqqkrqf"
    address = f"/ip4/127.0.0.1/tcp/{silent.port}/p2p/{other}".replace("/", "%2F")
    before = n_descriptors(peer)
    with api.dial() as stream:
        stream.sendall(api.head(f"POST /v1/peers/{address}/ping HTTP/1.1"))
        wait_for(lambda: reached, 20, "the peer to be dialed")
    wait_for(lambda: n_descriptors(peer) <= before, 90, "descriptors to be closed")
    assert api.ask("GET", "/v1/engine")[0] == 200


def make_and_cancel_invite(api):
    status, invite = api.ask("POST", "/v1/invites", {"options": {"ttl": 600}})
    assert status == 200, invite
    number = invite["data"]["number"]
    assert api.ask("DELETE", f"/v1/invites/{number}") == (200, {"data": None})
    return number


def wait_cancelled(events, number):
    while True:
        event, _, data = events.wait("InviteChanged")
        if data["invite"]["number"] == number and data["invite"]["state"] == "cancelled":
            return event


def test_events(api):
    with api.events() as events:
        first = wait_cancelled(events, make_and_cancel_invite(api))
    missed = make_and_cancel_invite(api)
    with api.events(**{"Last-Event-ID": first}) as events:
        assert wait_cancelled(events, missed) != first
    for unknown in ("00000000-5", "nonsense", first + "0"):
        with api.events(**{"Last-Event-ID": unknown}) as events:
            assert events.next()[1] == "Lost"


def test_stop_is_answered(peer, api):
    assert api.ask("POST", "/v1/engine/stop") == (200, {"data": None})
    assert peer.daemon_process.wait(30) == 0
    with pytest.raises(OSError), socket.socket(socket.AF_UNIX) as stream:
        stream.connect(str(api.socket))
