# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The HTTP API of the original: its fifteen endpoints as JSON and as text, byte for byte where the values are known."""
import http.client
import json
import re
import shutil
import socket
import subprocess
import time

import pytest

from conftest import echo, free_port, wait_for
from http_api import UnixConnection
from relay_lab import RELAY_HOSTS, World

OTHER = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def go_json(value):
    """As Go's encoder writes it; numbers without a fraction have none."""
    def plain(one):
        if isinstance(one, dict):
            return {name: plain(member) for name, member in one.items()}
        if isinstance(one, list):
            return [plain(element) for element in one]
        return int(one) if isinstance(one, float) and one.is_integer() else one

    text = json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False)
    return "".join(ESCAPES.get(c, c) for c in text)


class Api:
    """What a script of the original has: a socket and a token."""

    def __init__(self, peer, directory=None, names=("*-http.sock", "*-http.cookie")):
        self.peer = peer
        (self.socket,), (self.cookie,) = ((directory or peer.runtime / "peerup").glob(name) for name in names)
        self.headers = {"Authorization": "Bearer " + self.cookie.read_text()}

    def ask(self, method, path, body=None, **headers):
        """(status, content type, body as text)"""
        connection = UnixConnection(self.socket)
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        connection.request(method, path, body, self.headers | headers)
        response = connection.getresponse()
        answer = response.status, response.headers["Content-Type"], response.read().decode()
        connection.close()
        return answer

    def json(self, method, path, body=None, code=200):
        """The whole answer, which is written as the original writes it."""
        status, kind, text = self.ask(method, path, body)
        assert (status, kind) == (code, "application/json"), text
        assert text == go_json(json.loads(text)) + "\n"
        return json.loads(text)

    def data(self, method, path, body=None):
        answer = self.json(method, path, body)
        assert list(answer) == ["data"]
        return answer["data"]

    def text(self, method, path, body=None):
        """The text form, which is the same by both ways to ask for it."""
        status, kind, text = self.ask(method, path + ("&" if "?" in path else "?") + "format=text", body)
        assert status == 200 and kind.startswith("text/plain"), text
        return text

    def error(self, method, path, body=None, code=400):
        """Errors are JSON, also for those who want text."""
        answer = self.json(method, path + ("&" if "?" in path else "?") + "format=text", body, code)
        assert list(answer) == ["error"]
        return answer["error"]

    def is_exactly(self, method, path, body, answer):
        assert self.ask(method, path, body) == (200, "application/json", answer + "\n")


@pytest.fixture
def solo(peer):
    peer.run("service", "add", "web", "localhost:8080")
    peer.daemon()
    return Api(peer)


@pytest.fixture
def joined(pair):
    """(home, laptop) as Apis: both run, and laptop can reach home."""
    home, laptop = pair
    home.daemon()
    laptop.daemon()
    return Api(home), Api(laptop)


def short(peer_id):
    return peer_id[:16] + "..."


# One daemon


def test_status(solo):
    data = solo.data("GET", "/v1/status")
    optional = [name for name in ("nat_type", "stun_external_addrs") if name in data]
    assert list(data) == ["peer_id", "version", "uptime_seconds", "connected_peers", "listen_addresses",
                          "relay_addresses", "services_count", "has_global_ipv6", "has_global_ipv4", *optional,
                          "is_relaying", "reachability"]
    assert data["peer_id"] == solo.peer.id and data["version"] in solo.peer.run("--version").stdout
    assert 0 <= data["uptime_seconds"] < 600 and data["connected_peers"] == 0 and data["services_count"] == 1
    assert data["relay_addresses"] == [] and data["is_relaying"] is False
    assert any(f"/{solo.peer.port}" in address for address in data["listen_addresses"])
    assert not any("/p2p/" in address for address in data["listen_addresses"])
    reach = data["reachability"]
    assert list(reach) == ["grade", "label", "description"] and reach["description"]
    assert (reach["grade"], reach["label"]) in {"A": "Excellent", "B": "Good", "C": "Fair", "D": "Poor",
                                                "F": "Offline"}.items()


def status_text(data):
    lines = [f"peer_id: {data['peer_id']}", f"version: {data['version']}", f"uptime: {data['uptime_seconds']}s",
             f"connected_peers: {data['connected_peers']}", f"services: {data['services_count']}",
             *(f"{name.removeprefix('has_')}: {str(data[name]).lower()}"
               for name in ("has_global_ipv6", "has_global_ipv4", "is_relaying")),
             "reachability: [{grade}] {label} - {description}".format(**data["reachability"])]
    if "nat_type" in data:
        lines.append(f"nat_type: {data['nat_type']}")
    for name in ("stun_external_addrs", "listen_addresses", "relay_addresses"):
        if name in data:
            lines += [f"{name}: {len(data[name])}", *(f"  {address}" for address in data[name])]
    return "".join(f"{line}\n" for line in lines)


def test_status_as_text(solo):
    def is_the_same():
        data, text, again = (solo.data("GET", "/v1/status"), solo.text("GET", "/v1/status"),
                             solo.data("GET", "/v1/status"))
        return data == again and text == status_text(data)

    # Unless a second passes just between the two.
    assert wait_for(is_the_same, 20, "a text that says the same")
    assert solo.ask("GET", "/v1/status", Accept="text/html, text/plain")[2].startswith(f"peer_id: {solo.peer.id}\n")
    assert solo.ask("GET", "/v1/status", Accept="*/*")[2].startswith('{"data":{"peer_id":')


def test_services(solo):
    solo.is_exactly("GET", "/v1/services", None, '{"data":[{"name":"web","protocol":"/peerup/web/1.0.0",'
                                                 '"local_address":"localhost:8080","enabled":true}]}')
    assert solo.text("GET", "/v1/services") == "web\tlocalhost:8080\t/peerup/web/1.0.0\tenabled\n"


def test_lists_of_nothing(peer):
    peer.daemon()
    api = Api(peer)
    for path in ("/v1/services", "/v1/peers", "/v1/peers?all=true", "/v1/paths", "/v1/auth"):
        api.is_exactly("GET", path, None, '{"data":[]}')
        assert api.text("GET", path) == ""


def test_authorized_peers_come_and_go(solo):
    solo.is_exactly("POST", "/v1/auth", {"peer_id": OTHER, "comment": "Anna's <laptop> & more"},
                    '{"data":{"status":"added"}}')
    solo.is_exactly("GET", "/v1/auth", None, f'{{"data":[{{"peer_id":"{OTHER}",'
                                             '"comment":"Anna\'s \\u003claptop\\u003e \\u0026 more"}]}')
    assert solo.text("GET", "/v1/auth") == f"{OTHER}\t# Anna's <laptop> & more\n"
    assert OTHER in solo.peer.authorized_keys.read_text()
    assert solo.error("POST", "/v1/auth", {"peer_id": OTHER})
    solo.is_exactly("DELETE", f"/v1/auth/{OTHER}", None, '{"data":{"status":"removed"}}')
    solo.is_exactly("GET", "/v1/auth", None, '{"data":[]}')
    assert OTHER not in solo.peer.authorized_keys.read_text()
    assert OTHER in solo.error("DELETE", f"/v1/auth/{OTHER}", code=404)
    assert solo.text("POST", "/v1/auth", {"peer_id": OTHER}) == "added\n"
    assert solo.text("GET", "/v1/auth") == f"{OTHER}\n"
    assert solo.text("DELETE", f"/v1/auth/{OTHER}") == "removed\n"


@pytest.mark.parametrize("peer_id", ["x", "12D3KooW", OTHER[:-1], "/ip4/127.0.0.1/tcp/1"])
def test_what_is_no_peer_is_not_authorized(solo, peer_id):
    """Short ones, too: the original takes the first 16 characters of what may have fewer."""
    before = solo.peer.authorized_keys.read_bytes()
    assert solo.error("POST", "/v1/auth", {"peer_id": peer_id})
    status, _, text = solo.ask("DELETE", "/v1/auth/" + peer_id.replace("/", "%2F"))
    assert status in (400, 404) and json.loads(text)["error"]
    assert solo.peer.authorized_keys.read_bytes() == before


def test_a_comment_stays_one_line(solo):
    solo.ask("POST", "/v1/auth", {"peer_id": OTHER, "comment": f"one\ntwo\r\n{solo.peer.id}"})
    assert len(solo.data("GET", "/v1/auth")) <= 1
    assert not any(line.startswith(solo.peer.id) for line in solo.peer.authorized_keys.read_text().splitlines())


def test_resolve(solo):
    solo.peer.run("auth", "add", OTHER, "--name", "home")
    found = wait_for(lambda: solo.ask("POST", "/v1/resolve", {"name": "home"})[0] == 200, 20, "the new name")
    assert found
    solo.is_exactly("POST", "/v1/resolve", {"name": "home"},
                    f'{{"data":{{"name":"home","peer_id":"{OTHER}","source":"local_config"}}}}')
    solo.is_exactly("POST", "/v1/resolve", {"name": OTHER},
                    f'{{"data":{{"name":"{OTHER}","peer_id":"{OTHER}","source":"peer_id"}}}}')
    assert solo.text("POST", "/v1/resolve", {"name": "home"}) == f"home → {OTHER} (source: local_config)\n"
    assert solo.error("POST", "/v1/resolve", {"name": 'a"b'}, 404).startswith('cannot resolve "a\\"b": ')


@pytest.mark.parametrize("path,required", [
    ("/v1/ping", "peer is required"),
    ("/v1/traceroute", "peer is required"),
    ("/v1/resolve", "name is required"),
    ("/v1/auth", "peer_id is required"),
    ("/v1/connect", "peer, service, and listen are required"),
    ("/v1/expose", "name and local_address are required"),
])
def test_bodies_that_lack_something(solo, path, required):
    assert solo.ask("POST", path, "{}") == (400, "application/json", f'{{"error":"{required}"}}\n')
    for body in ("", "{", "[1]", '"x"', '{"peer": 1, "name": 1, "peer_id": 1}', b"\xff{}"):
        assert solo.error("POST", path, body).startswith("invalid request body: ")


@pytest.mark.parametrize("path", ["/v1/ping", "/v1/traceroute", "/v1/connect"])
def test_a_peer_that_nobody_knows(solo, path):
    error = solo.error("POST", path, {"peer": "no<body>", "service": "ssh", "listen": "127.0.0.1:0"})
    assert error.startswith('cannot resolve peer "no<body>": ')


@pytest.mark.parametrize("path", ["/v1/ping", "/v1/traceroute", "/v1/connect"])
def test_a_peer_that_cannot_be_reached(solo, path):
    nowhere = f"/ip4/127.0.0.1/tcp/{free_port()}/p2p/{OTHER}"
    error = solo.error("POST", path, {"peer": nowhere, "service": "ssh", "listen": "127.0.0.1:0"}, 502)
    assert error.startswith(f'cannot reach peer "{nowhere}": ')


def test_only_with_the_token(solo):
    for headers in ({}, {"Authorization": "Bearer " + "0" * 64}, {"Authorization": solo.headers["Authorization"][:-1]},
                    {"Authorization": solo.headers["Authorization"].replace("Bearer", "Basic")}):
        for path in ("/v1/status", "/v1/nothing"):
            api = Api(solo.peer)
            api.headers = headers
            answer = api.json("GET", path, code=401)
            assert list(answer) == ["error"] and answer["error"].startswith("unauthorized")


def test_only_by_its_methods(solo):
    for method, path in (("POST", "/v1/status"), ("DELETE", "/v1/services"), ("GET", "/v1/ping"), ("PUT", "/v1/auth"),
                         ("GET", "/v1/connect/proxy-1"), ("GET", "/v1/shutdown")):
        assert solo.ask(method, path)[0] == 405, (method, path)
    assert solo.ask("GET", "/v1/nothing")[0] == 404
    assert solo.peer.daemon_process.process.poll() is None


def test_exposed_until_unexposed(solo):
    config = solo.peer.config.read_bytes()
    solo.is_exactly("POST", "/v1/expose", {"name": "jupyter", "local_address": "localhost:8888"},
                    '{"data":{"status":"exposed"}}')
    assert {"name": "jupyter", "protocol": "/peerup/jupyter/1.0.0", "local_address": "localhost:8888",
            "enabled": True} in solo.data("GET", "/v1/services")
    assert solo.error("POST", "/v1/expose", {"name": "jupyter", "local_address": "localhost:8889"})
    solo.is_exactly("DELETE", "/v1/expose/jupyter", None, '{"data":{"status":"unexposed"}}')
    assert solo.error("DELETE", "/v1/expose/jupyter", code=404) == "service not found: jupyter"
    assert [service["name"] for service in solo.data("GET", "/v1/services")] == ["web"]
    assert solo.text("POST", "/v1/expose", {"name": "a", "local_address": "[::1]:1"}) == "exposed\n"
    assert solo.text("DELETE", "/v1/expose/a") == "unexposed\n"
    assert solo.peer.config.read_bytes() == config


@pytest.mark.parametrize("name,address", [("Up", "localhost:1"), ("a/b", "localhost:1"), ("a", "localhost"),
                                          ("a", "localhost:0"), ("a", ":1:2"), ("a" * 64, "localhost:1")])
def test_what_cannot_be_exposed(solo, name, address):
    assert solo.error("POST", "/v1/expose", {"name": name, "local_address": address})


def test_a_proxy_that_is_not_there(solo):
    for proxy in ("proxy-1", "forward-1", "1", "proxy-"):
        assert solo.error("DELETE", f"/v1/connect/{proxy}", code=404) == f"proxy not found: {proxy}"


def test_shutdown_is_answered_first(solo):
    solo.is_exactly("POST", "/v1/shutdown", None, '{"data":{"status":"shutting down"}}')
    assert solo.peer.daemon_process.wait(30) == 0
    assert not solo.socket.exists() and not solo.cookie.exists()


def test_shutdown_twice_as_text(solo):
    first, second = UnixConnection(solo.socket), UnixConnection(solo.socket)
    for connection in (first, second):
        connection.connect()
    for connection in (first, second):
        connection.request("POST", "/v1/shutdown?format=text", headers=solo.headers)
    assert first.getresponse().read() == b"shutting down\n"
    assert solo.peer.daemon_process.wait(30) == 0


def test_by_curl(solo):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")

    def curl(*args):
        return subprocess.run(["curl", "-sS", "-H", solo.headers["Authorization"].join(("Authorization: ", "")),
                               "--unix-socket", solo.socket, *args], capture_output=True, text=True, timeout=60,
                              check=True).stdout

    at = "http://localhost"
    assert curl(f"{at}/v1/services?format=text") == "web\tlocalhost:8080\t/peerup/web/1.0.0\tenabled\n"
    assert curl("-d", json.dumps({"peer_id": OTHER}), f"{at}/v1/auth") == '{"data":{"status":"added"}}\n'
    assert curl("-X", "DELETE", f"{at}/v1/auth/{OTHER}") == '{"data":{"status":"removed"}}\n'
    assert curl("-d", "{", f"{at}/v1/ping").startswith('{"error":"invalid request body: ')


# Two peers


def mask(text):
    """Times are never known beforehand."""
    text = re.sub(r'("(?:last_)?rtt_ms":)[0-9.]+', r"\1T", text)
    text = re.sub(r'("connected_at":")[^"]+', r"\1T", text)
    return re.sub(r"[0-9]+\.[0-9]ms", "Tms", text)


def test_ping(joined):
    home, laptop = joined
    data = laptop.data("POST", "/v1/ping", {"peer": "home", "count": 3, "interval_ms": 100})
    assert list(data) == ["results", "stats"]
    times = [result.pop("rtt_ms") for result in data["results"]]
    assert data["results"] == [{"seq": seq, "peer_id": home.peer.id, "path": "DIRECT", "error": ""}
                               for seq in (1, 2, 3)]
    assert all(time > 0 for time in times)
    average = data["stats"].pop("avg_ms")
    assert average == pytest.approx(sum(times) / 3)
    assert go_json(data["stats"]) == go_json({"sent": 3, "received": 3, "lost": 0, "loss_pct": 0, "min_ms": min(times),
                                              "max_ms": max(times)})
    raw = laptop.ask("POST", "/v1/ping", {"peer": home.peer.id, "count": 1})[2]
    assert mask(raw).startswith(f'{{"data":{{"results":[{{"seq":1,"peer_id":"{home.peer.id}","rtt_ms":T,'
                                '"path":"DIRECT","error":""}],"stats":{"sent":1,"received":1,"lost":0,"loss_pct":0,'
                                '"min_ms":')


def test_ping_as_text(joined):
    home, laptop = joined
    text = laptop.text("POST", "/v1/ping", {"peer": "home", "count": 2, "interval_ms": 100})
    assert re.fullmatch(
        rf"PING home \({short(home.peer.id)}\):\n"
        r"seq=1 rtt=\d+\.\dms path=\[DIRECT\]\nseq=2 rtt=\d+\.\dms path=\[DIRECT\]\n"
        r"--- home ping statistics ---\n"
        r"2 sent, 2 received, 0% loss, rtt min/avg/max = \d+\.\d/\d+\.\d/\d+\.\d ms\n", text)


def test_ping_counts_what_is_lost(joined):
    home, laptop = joined
    answers = []
    connection = UnixConnection(laptop.socket)
    wish = {"peer": "home", "count": 30, "interval_ms": 100}
    connection.request("POST", "/v1/ping", json.dumps(wish), laptop.headers)
    assert wait_for(lambda: laptop.peer.connection(home.peer) is not None, 20, "the connection")
    home.peer.daemon_process.end()
    answers.append(json.loads(connection.getresponse().read())["data"])
    stats, results = answers[0]["stats"], answers[0]["results"]
    lost = [result for result in results if result["error"]]
    assert lost and stats["lost"] == len(lost) and stats["sent"] == len(results)
    assert stats["received"] == stats["sent"] - stats["lost"]
    assert stats["loss_pct"] == len(lost) / len(results) * 100
    assert all(result["rtt_ms"] == 0 and result["path"] == "" for result in lost)


def count_pings(peer, port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    found = re.search(r'^peerup_daemon_requests_total\{[^}]*path="Ping"[^}]*\} (\d+)', text, re.M)
    return int(found[1]) if found else 0


def test_ping_ends_when_its_client_leaves(pair):
    home, laptop = pair
    port = free_port()
    text, n = re.subn(r"(metrics:\n +enabled: )false(\n +listen_address: ).*", rf'\1true\2"127.0.0.1:{port}"',
                      laptop.config.read_text())
    assert n == 1
    laptop.config.write_text(text)
    home.daemon()
    laptop.daemon()
    api = Api(laptop)
    connection = UnixConnection(api.socket)
    connection.request("POST", "/v1/ping", json.dumps({"peer": "home", "count": 100, "interval_ms": 200}), api.headers)
    assert wait_for(lambda: count_pings(laptop, port) >= 3, 30, "three pings")
    connection.close()
    api.data("GET", "/v1/status")
    # Ten intervals without a ping, where a client that stays would have had its hundred after twenty seconds.
    last = [0, time.monotonic()]

    def is_quiet():
        if (count := count_pings(laptop, port)) != last[0]:
            last[:] = count, time.monotonic()
        return time.monotonic() - last[1] > 2

    assert wait_for(is_quiet, 60, "the end of the pings") and last[0] < 100


def test_traceroute(joined):
    home, laptop = joined
    for target in ("home", home.peer.id):
        raw = mask(laptop.ask("POST", "/v1/traceroute", {"peer": target})[2])
        found = re.fullmatch(
            rf'{{"data":{{"target":"{target}","target_id":"{home.peer.id}","path":"DIRECT","hops":\[{{"hop":1,'
            rf'"peer_id":"{home.peer.id}","name":"home","address":"(/ip4/127\.0\.0\.1/[^"]+)",'
            rf'"rtt_ms":T}}\]}}}}\n', raw)
        assert found and f"/{home.peer.port}" in found[1], raw
    assert mask(laptop.text("POST", "/v1/traceroute", {"peer": "home"})) == (
        f"traceroute to home ({short(home.peer.id)}):\n 1  {short(home.peer.id)} (home)  {found[1]}  Tms\n"
        "--- path: [DIRECT] ---\n")


def test_peers_and_paths(joined):
    home, laptop = joined
    laptop.data("POST", "/v1/ping", {"peer": "home", "count": 1})
    version = laptop.data("GET", "/v1/status")["version"]
    assert wait_for(lambda: "agent_version" in str(laptop.ask("GET", "/v1/peers")), 20, "what program it is")
    for path in ("/v1/peers", "/v1/peers?all=true"):
        peer, = laptop.data("GET", path)
        assert list(peer) == ["id", "addresses", "agent_version"]
        assert peer["id"] == home.peer.id and peer["agent_version"] == f"peerup/{version}"
        assert peer["addresses"] and not any(address.endswith(home.peer.id) for address in peer["addresses"])
        assert re.fullmatch(rf"{short(home.peer.id)}\tpeerup/{version}\t\d+ addrs\n", laptop.text("GET", path))
    path, = laptop.data("GET", "/v1/paths")
    assert list(path) == ["peer_id", "path_type", "address", "connected_at", "transport", "ip_version", "last_rtt_ms"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", path["connected_at"])
    assert (path["peer_id"], path["path_type"], path["ip_version"]) == (home.peer.id, "DIRECT", "ipv4")
    assert path["transport"] in ("tcp", "quic") and f"/{home.peer.port}" in path["address"]
    assert mask(laptop.text("GET", "/v1/paths")).replace("rtt=Tms", "rtt=") == (
        f"{short(home.peer.id)}\tDIRECT\t{path['transport']}\tipv4\trtt=\n")
    assert laptop.data("GET", "/v1/status")["connected_peers"] == 1


def use(address, words):
    with socket.create_connection(address, 30) as connection:
        connection.sendall(words)
        connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").read()


def test_a_proxy_outlives_its_request(joined, serve):
    home, laptop = joined
    home.is_exactly("POST", "/v1/expose", {"name": "test", "local_address": f"127.0.0.1:{serve(echo).port}"},
                    '{"data":{"status":"exposed"}}')
    port = free_port()
    laptop.is_exactly("POST", "/v1/connect", {"peer": "home", "service": "test", "listen": f"127.0.0.1:{port}"},
                      f'{{"data":{{"id":"proxy-1","listen_address":"127.0.0.1:{port}"}}}}')
    assert use(("127.0.0.1", port), b"hello") == b"hello"
    error = laptop.error("POST", "/v1/connect", {"peer": "home", "service": "test", "listen": f"127.0.0.1:{port}"}, 500)
    assert error.startswith("failed to create listener: ")
    second = laptop.text("POST", "/v1/connect", {"peer": "home", "service": "test", "listen": "localhost:0"})
    name, address = second.rstrip("\n").split("\t")
    assert name == "proxy-2" and re.fullmatch(r"127\.0\.0\.1:\d+", address)
    assert use(("127.0.0.1", int(address.rsplit(":", 1)[1])), b"again") == b"again"
    laptop.is_exactly("DELETE", "/v1/connect/proxy-1", None, '{"data":{"status":"disconnected"}}')
    assert laptop.error("DELETE", "/v1/connect/proxy-1", code=404) == "proxy not found: proxy-1"
    with pytest.raises(ConnectionRefusedError):
        use(("127.0.0.1", port), b"gone")
    assert laptop.text("DELETE", "/v1/connect/proxy-2") == "disconnected\n"
    assert laptop.peer.json("status")["forwards"] == []


@pytest.mark.parametrize("service,listen", [("test", "here"), ("test", "127.0.0.1:99999"), ("Test/x", "127.0.0.1:0")])
def test_what_cannot_be_connected(joined, service, listen):
    assert joined[1].error("POST", "/v1/connect", {"peer": "home", "service": service, "listen": listen})


def test_who_is_removed_is_cut_off(joined):
    home, laptop = joined
    laptop.data("POST", "/v1/ping", {"peer": "home", "count": 1})
    home.data("DELETE", f"/v1/auth/{laptop.peer.id}")
    assert wait_for(lambda: home.data("GET", "/v1/peers?all=true") == [], 20, "the end of its connection")
    status, _, text = laptop.ask("POST", "/v1/ping", {"peer": "home", "count": 1})
    assert status == 502 or json.loads(text)["data"]["stats"]["received"] == 0


# Through a relay


def test_by_way_of_a_relay(lab, make_peer, serve):
    world = World(lab, make_peer, serve)
    world.start()
    api, (relay,), home = Api(world.laptop), world.relays, world.home
    own = f"{relay.address(RELAY_HOSTS[0], relay.way)}/p2p-circuit"
    status = api.data("GET", "/v1/status")
    assert own in status["relay_addresses"] and not any("circuit" in one for one in status["listen_addresses"])
    assert all(one.endswith(f"/p2p/{relay.id}/p2p-circuit") for one in status["relay_addresses"])
    results = api.data("POST", "/v1/ping", {"peer": "home", "count": 2, "interval_ms": 100})["results"]
    assert [(result["path"], result["error"]) for result in results] == [("RELAYED", "")] * 2
    at = own.split("/p2p/")[0]
    # A leg that no answer has measured yet is an error there and a star here.
    raw = (f'{{"data":{{"target":"home","target_id":"{home.id}","path":"RELAYED","hops":['
           f'{{"hop":1,"peer_id":"{relay.id}","address":"{at}","rtt_ms":T}},'
           f'{{"hop":2,"peer_id":"{home.id}","name":"home","address":"{own}","rtt_ms":T}}]}}}}\n')
    wait_for(lambda: mask(api.ask("POST", "/v1/traceroute", {"peer": "home"})[2]) == raw, 60, raw)
    text = (f"traceroute to home ({short(home.id)}):\n 1  {short(relay.id)}  {at}  Tms\n"
            f" 2  {short(home.id)} (home)  {own}  Tms\n--- path: [RELAYED] ---\n")
    wait_for(lambda: mask(api.text("POST", "/v1/traceroute", {"peer": "home"})) == text, 60, text)
    paths = {path["peer_id"]: path for path in api.data("GET", "/v1/paths")}
    way = paths[home.id]
    assert way["path_type"] == "RELAYED" and way["address"] in status["relay_addresses"]
    assert way["transport"] == ("quic" if "/quic" in way["address"] else "tcp") and way["ip_version"] == "ipv4"
    assert paths[relay.id]["path_type"] == "DIRECT"
