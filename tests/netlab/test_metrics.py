# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""/healthz and /metrics of a daemon and of a relay, as curl, promtool and a person see them."""
import contextlib
import json
import pathlib
import random
import re
import shutil
import socket
import subprocess
import time

import pytest

from conftest import connect, echo, recv_all, wait_for

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")

# What promtool says of the names that dashboards for the original have; nothing else is taken.
FORCED = ['peerup_interface_count non-histogram and non-summary metrics should not have "_count" suffix']
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def quiet_port():
    """A free port that the kernel gives nobody by itself, so that it stays free until it is used."""
    while True:
        port = random.randrange(10000, 30000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Watched:
    """A peer whose configuration opens ports for what watches it."""

    def __init__(self, peer):
        self.peer = peer
        self.health, self.metrics = quiet_port(), quiet_port()

    def edit(self, pattern, text):
        self.peer.config.write_text(re.sub(pattern, text, self.peer.config.read_text(), flags=re.M))

    def relay_for_others(self):
        self.edit("^relay:\n", "relay:\n  serve: true\n")

    def configure(self, health=None, metrics=None):
        """Addresses, or None for off."""
        self.edit(r"^(telemetry|health):\n(^[ #].*\n|^\n)*", "")
        text = self.peer.config.read_text()
        for section, address in (("health:\n", health), ("telemetry:\n  metrics:\n", metrics)):
            if address is not None:
                indent = "    " if "metrics" in section else "  "
                text += f"{section}{indent}enabled: true\n{indent}listen_address: \"{address}\"\n"
        self.peer.config.write_text(text)

    def both(self):
        self.configure(f"127.0.0.1:{self.health}", f"127.0.0.1:{self.metrics}")
        return self

    def figures(self):
        return parse(get(self.metrics, "/metrics")[2])

    def healthz(self):
        return json.loads(get(self.health, "/healthz")[2])


def curl(*args):
    done = subprocess.run(["curl", "--silent", "--show-error", "--include", "--max-time", "60", *args],
                          capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    head, _, body = done.stdout.partition("\n\n") if "\r\n" not in done.stdout else done.stdout.partition("\r\n\r\n")
    status, *lines = head.splitlines()
    return int(status.split()[1]), dict(line.lower().split(": ", 1) for line in lines), body


def get(port, path, *options, host="127.0.0.1"):
    """(status, headers in lower case, body)"""
    return curl(*options, f"http://{host}:{port}{path}")


def parse(text):
    """Each figure by its name and labels as they are written; twice the same is an error."""
    figures = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            assert name not in figures
            figures[name] = float(value)
    return figures


def is_open(port, host="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        return probe.connect_ex((host, port)) == 0


def listening_ports(pid):
    """TCP ports that a process listens on."""
    inodes = {path.readlink().name for path in pathlib.Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()}
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                ports.add(int(fields[1].rsplit(":", 1)[1], 16))
    return ports


@pytest.fixture
def watched(peer):
    return Watched(peer)


def test_off_by_default(peer):
    daemon = peer.daemon()
    assert listening_ports(daemon.pid) == {peer.port}


def test_health(watched):
    watched.both()
    watched.peer.daemon()
    status, headers, body = get(watched.health, "/healthz")
    assert status == 200 and headers["content-type"] == "application/json"
    answer = json.loads(body)
    assert answer.pop("uptime_seconds") in range(60)
    assert answer == {"status": "ok", "connected_peers": 0}
    assert get(watched.health, "/metrics")[0] == 404 and get(watched.metrics, "/healthz")[0] == 404


def test_head_and_other_methods(watched):
    watched.both()
    watched.peer.daemon()
    for port, path in ((watched.health, "/healthz"), (watched.metrics, "/metrics")):
        status, headers, body = get(port, path, "--head")
        assert status == 200 and int(headers["content-length"]) > 0 and body == ""
        status, headers, _ = get(port, path, "--data", "x")
        assert status == 405 and headers["allow"] == "get, head"


def test_one_port_for_both(watched):
    address = f"127.0.0.1:{watched.health}"
    watched.configure(address, address)
    daemon = watched.peer.daemon()
    assert listening_ports(daemon.pid) == {watched.peer.port, watched.health}
    assert get(watched.health, "/healthz")[0] == get(watched.health, "/metrics")[0] == 200


def test_loopback_only(watched):
    """The port is on 127.0.0.1 and nowhere else; and one on all addresses tells others nothing of its health."""
    watched.both()
    daemon = watched.peer.daemon()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        own = probe.getsockname()[0]
    for port in (watched.health, watched.metrics):
        assert is_open(port) and not is_open(port, own) and not is_open(port, "::1")
    watched.configure(f"0.0.0.0:{watched.health}", f"0.0.0.0:{watched.metrics}")
    wait_for(lambda: is_open(watched.metrics, own), 20, "the port on all addresses")
    assert get(watched.health, "/healthz", host=own)[0] == 403
    assert get(watched.health, "/healthz")[0] == 200
    assert get(watched.metrics, "/metrics", host=own)[0] == 200
    daemon.wait_stderr("/metrics on http://0.0.0.0")


def test_both_loopback_addresses_by_name(watched):
    watched.configure(f"localhost:{watched.health}")
    watched.peer.daemon()
    assert get(watched.health, "/healthz", host="127.0.0.1")[0] == 200
    assert get(watched.health, "/healthz", host="[::1]")[0] == 200
    assert get(watched.health, "/healthz", host="localhost")[0] == 200


def test_a_web_page_reads_nothing(watched):
    """A name of somebody else's that leads here."""
    watched.both()
    watched.peer.daemon()
    assert get(watched.metrics, "/metrics", "--header", "Host: evil.example")[0] == 403


def test_formats(watched):
    watched.both()
    watched.peer.daemon()
    status, headers, text = get(watched.metrics, "/metrics")
    assert status == 200 and headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert text.endswith("\n") and "# EOF" not in text
    _, headers, text = get(watched.metrics, "/metrics", "--header", "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert headers["content-type"] == OPENMETRICS and text.endswith("\n# EOF\n")
    families = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(families) == len(set(families))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")
def test_promtool(watched):
    watched.relay_for_others()
    watched.peer.run("service", "add", "ssh", 22)
    watched.both()
    watched.peer.daemon()
    watched.peer.status()
    text = get(watched.metrics, "/metrics")[2]
    assert 'peerup_proxy_bytes_total{direction="rx",service="ssh"} 0\n' in text
    assert "peerup_relay_active_reservations 0\n" in text and "peerup_daemon_request_duration_seconds_count" in text
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
    assert (done.stdout + done.stderr).splitlines() == FORCED


def proxied(figures, service):
    names = {"rx": 'bytes_total{direction="rx",service="%s"}', "tx": 'bytes_total{direction="tx",service="%s"}',
             "total": 'connections_total{service="%s"}', "active": 'active_connections{service="%s"}',
             "ended": 'duration_seconds_count{service="%s"}'}
    return {key: figures.get("peerup_proxy_" + name % service, 0) for key, name in names.items()}


def test_figures_move(pair, serve):
    """Bytes through a forward are seen on both ends, and stay counted when the forward is gone."""
    home, laptop = map(Watched, pair)
    server = serve(echo)
    home.peer.run("service", "add", "test", server.port)
    home.both().peer.daemon()
    laptop.both().peer.daemon()
    proxy = laptop.peer.proxy("home", "test")
    with connect(proxy) as connection:
        connection.sendall(b"x" * 100_000)
        got = b""
        while len(got) < 100_000:
            got += connection.recv(1 << 16)
        open_now = {"rx": 100_000, "tx": 100_000, "total": 1, "active": 1, "ended": 0}
        assert proxied(laptop.figures(), "test") == proxied(home.figures(), "test") == open_now
        connection.shutdown(socket.SHUT_WR)
        assert recv_all(connection) == b""
    over = {"rx": 100_000, "tx": 100_000, "total": 1, "active": 0, "ended": 1}
    wait_for(lambda: proxied(home.figures(), "test") == proxied(laptop.figures(), "test") == over, 30, "the end of the connection")
    proxy.end()
    wait_for(lambda: not laptop.peer.status()["forwards"], 30, "the end of the forward")
    figures = laptop.figures()
    assert proxied(figures, "test") == over
    assert figures['peerup_path_dial_total{path_type="DIRECT",result="success"}'] == 1
    assert figures['peerup_path_dial_duration_seconds_count{path_type="DIRECT"}'] == 1
    assert figures['peerup_daemon_requests_total{method="DBUS",path="AddForward",status="ok"}'] == 1
    connected = [name for name, value in figures.items() if name.startswith("peerup_connected_peers") and value == 1]
    assert len(connected) == 1 and 'path_type="DIRECT"' in connected[0] and 'ip_version="ipv4"' in connected[0]
    figures = home.figures()
    assert figures['peerup_auth_decisions_total{decision="allow"}'] == 1
    assert home.healthz()["connected_peers"] == laptop.healthz()["connected_peers"] == 1


def test_refusals_and_failures_are_counted(pair):
    home, laptop = map(Watched, pair)
    laptop.both().peer.daemon()
    laptop.peer.run("ping", "home", "-c", "1", code=1)
    figures = laptop.figures()
    assert figures['peerup_path_dial_total{path_type="none",result="failure"}'] >= 1
    assert figures['peerup_daemon_requests_total{method="DBUS",path="Ping",status="Unreachable"}'] == 1
    home.peer.run("auth", "remove", laptop.peer.id)
    home.both().peer.daemon()
    laptop.peer.run("ping", "home", "-c", "1", code=None)
    wait_for(lambda: home.figures()['peerup_auth_decisions_total{decision="deny"}'] >= 1, 20, "the refusal")
    assert home.figures()['peerup_auth_decisions_total{decision="allow"}'] == 0


def test_process_figures(watched):
    watched.both()
    daemon = watched.peer.daemon()

    def counts_right():
        # The connection that asked was open then, and what a start opens for a moment may have gone since.
        told = watched.figures()["process_open_fds"]
        return abs(told - len(list(pathlib.Path(f"/proc/{daemon.pid}/fd").iterdir()))) <= 2

    wait_for(counts_right, 20, "the number of open descriptors")
    figures = watched.figures()
    assert abs(figures["process_start_time_seconds"] - time.time()) < 300
    assert figures["process_resident_memory_bytes"] > 1 << 20 and figures["process_cpu_seconds_total"] >= 0
    assert figures["process_max_fds"] >= 64


def test_network_changes(lab, make_peer):
    """An address that comes and goes; and a route alone is none."""
    lab.join()
    watched = Watched(make_peer("solo", lab.client).init()).both()
    watched.peer.daemon()

    def seen():
        with lab.client:
            figures = watched.figures()
        return [figures[f'peerup_network_change_total{{change_type="{version}"}}'] for version in ("ipv4", "ipv6")] + [
            figures[f'peerup_interface_count{{ip_version="{version}"}}'] for version in ("ipv4", "ipv6")]

    assert seen() == [0, 0, 1, 1]
    lab.client.ip("addr add 198.51.100.77/32 dev wan")
    wait_for(lambda: seen() == [1, 0, 2, 1], 30, "the new address")
    lab.client.ip("route add 203.0.113.0/24 dev wan")
    lab.client.ip("-6 addr add 2001:db8:77::1/128 dev wan nodad")
    wait_for(lambda: seen() == [1, 1, 2, 2], 30, "the new address of IPv6")
    lab.client.ip("addr del 198.51.100.77/32 dev wan")
    wait_for(lambda: seen() == [2, 1, 1, 2], 30, "the end of the address")


def test_changes_while_it_runs(watched):
    daemon = watched.peer.daemon()
    assert not is_open(watched.health)
    watched.both()
    wait_for(lambda: is_open(watched.health) and is_open(watched.metrics), 20, "the ports")
    other = quiet_port()
    watched.configure(f"127.0.0.1:{other}", f"127.0.0.1:{other}")
    wait_for(lambda: is_open(other) and not is_open(watched.health) and not is_open(watched.metrics), 20, "the new port")
    assert get(other, "/healthz")[0] == get(other, "/metrics")[0] == 200
    watched.configure(None, f"127.0.0.1:{other}")
    wait_for(lambda: get(other, "/healthz")[0] == 404, 20, "the end of /healthz")
    assert get(other, "/metrics")[0] == 200
    watched.configure()
    wait_for(lambda: not is_open(other), 20, "the end of the port")
    assert listening_ports(daemon.pid) == {watched.peer.port}


def test_a_port_that_is_taken(watched):
    """It is told, nothing else suffers, and it mends itself."""
    with socket.create_server(("127.0.0.1", watched.metrics)):
        watched.both()
        watched.peer.daemon()
        problem, = (text for text in watched.peer.status()["problems"] if "/metrics" in text)
        assert f"127.0.0.1:{watched.metrics}" in problem and "telemetry.metrics.listen_address" in problem
        assert "choose another port" in problem
        assert watched.healthz()["status"] == "ok"
    wait_for(lambda: is_open(watched.metrics), 60, "the port that is free now")
    wait_for(lambda: not any("/metrics" in text for text in watched.peer.status()["problems"]), 20, "the end of the problem")


def test_slow_and_many_clients(watched):
    """A hundred that say nothing and one that says it slowly; whoever asks is answered."""
    watched.both()
    watched.peer.daemon()
    idle = [socket.create_connection(("127.0.0.1", watched.metrics)) for _ in range(100)]
    for connection in idle[::2]:
        # The first have been cut by now.
        with contextlib.suppress(OSError):
            connection.send(b"GET /metr")
    assert get(watched.metrics, "/metrics")[0] == 200
    assert watched.figures()["process_open_fds"] < 80
    for connection in idle:
        connection.close()


@pytest.fixture
def relayed(make_peer, serve):
    """(relay, home, laptop): laptop has home's echo service as a port, through the relay."""
    relay, home, laptop = (Watched(make_peer(name).init()) for name in ("relay", "home", "laptop"))
    for peer in (home, laptop):
        relay.peer.authorize(peer.peer)
    home.peer.authorize(laptop.peer)
    laptop.peer.knows(home.peer, f"{relay.peer.address()}/p2p-circuit/p2p/{home.peer.id}")
    home.peer.run("service", "add", "echo", serve(echo).port)
    relay.relay_for_others()
    relay.both().peer.daemon()
    home.edit(r"^  addresses:.*\n(^    .*\n)*", f'  addresses: ["{relay.peer.address()}"]\n')
    home.peer.daemon()
    return relay, home, laptop


def test_a_relay(relayed):
    relay, home, laptop = relayed
    wait_for(lambda: relay.figures()["peerup_relay_active_reservations"] == 1, 30, "the reservation")
    laptop.both().peer.daemon()
    proxy = laptop.peer.proxy("home", "echo")
    with connect(proxy) as connection:
        connection.sendall(b"y" * 50_000)
        got = b""
        while len(got) < 50_000:
            got += connection.recv(1 << 16)
        figures = relay.figures()
        assert figures["peerup_relay_active_circuits"] == 1 and figures["peerup_relay_draining"] == 0
        # On one machine they soon find a direct path; what came before it went through the relay, handshakes at least.
        assert figures["peerup_relay_bytes_total"] > 2_000
        assert figures['peerup_relay_reservations_total{result="granted"}'] >= 1
        assert figures['peerup_relay_circuits_total{result="granted"}'] == 1
        assert figures['peerup_relay_circuits_total{result="refused"}'] == 0
        assert relay.healthz()["connected_peers"] == 2
        figures = laptop.figures()
        assert figures['peerup_path_dial_total{path_type="RELAYED",result="success"}'] == 1
        # A direct path is the one that counts, once it is there.
        assert sum(value for name, value in figures.items() if name.startswith("peerup_connected_peers{")) == 2
    drain = relay.peer.start("relay", "drain", "--timeout", "1s", "--config", relay.peer.config)
    wait_for(lambda: relay.figures()["peerup_relay_draining"] == 1, 30, "the drain")
    status, _, body = get(relay.health, "/healthz")
    assert status == 503 and json.loads(body)["status"] == "draining"
    proxy.end()
    drain.wait(60)
    relay.peer.run("relay", "resume", "--config", relay.peer.config)
    assert get(relay.health, "/healthz")[0] == 200


def test_relay_serve(watched):
    """The command that is a relay and nothing else."""
    watched.both()
    request = bytes.fromhex("000100002112a442") + b"twelve bytes"
    relay = watched.peer.start("relay", "serve", "--config", watched.peer.config)
    wait_for(lambda: is_open(watched.metrics), 30, "the relay")
    wait_for(lambda: get(watched.health, "/healthz")[0] == 200, 30, "the relay's health")
    assert watched.figures()["peerup_relay_active_circuits"] == 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(30)
        client.sendto(request, ("127.0.0.1", watched.peer.port))
        assert client.recv(100)[8:20] == b"twelve bytes"
    assert watched.figures()['peerup_relay_stun_requests_total{result="answered"}'] == 1
    relay.end()
