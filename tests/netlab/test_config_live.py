# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Every key of the configuration is changed under a daemon that two tunnels go through, and is in force without
a restart; the tunnels carry what was sent, whole.

One tunnel comes directly, the other through a relay. Bytes flow in both during each change.
"""
import hashlib
import json
import os
import re
import socket
import ssl
import subprocess
import threading

import pytest

from conftest import free_port
from control import Control
from far import MIB, PATTERN
from netlab import wait_for
from relay_lab import PATIENCE, World

SIZE = 50 * MIB
STEP = SIZE // 100  # of each flow, during each change; there are fewer of those
HOST = "192.168.1.2"  # home's, in its own network
# Of those that are not changed one by one: what is said of them all is that the file has one version.
UNCHANGED = {"version"}


class Flow:
    """Bytes to an echo and back over one connection, as many as it is told; both hashes must be equal at the end."""

    def __init__(self, connection):
        self.connection = connection
        self.sent, self.back = hashlib.sha256(), hashlib.sha256()
        self.n_sent = self.n_back = self.wanted = 0
        self.more = threading.Condition()
        self.failure = None
        self.threads = [threading.Thread(target=self.guard, args=(work,), daemon=True) for work in (self.send, self.receive)]
        for thread in self.threads:
            thread.start()

    def guard(self, work):
        try:
            work()
        except OSError as error:
            self.failure = self.failure or error

    def send(self):
        while self.n_sent < SIZE:
            with self.more:
                self.more.wait_for(lambda: self.wanted > self.n_sent)
                part = PATTERN[: min(self.wanted - self.n_sent, len(PATTERN))]
            self.connection.sendall(part)
            self.sent.update(part)
            self.n_sent += len(part)
        self.connection.shutdown(socket.SHUT_WR)

    def receive(self):
        while data := self.connection.recv(1 << 18):
            self.back.update(data)
            self.n_back += len(data)

    def go_on(self, wanted):
        with self.more:
            self.wanted = max(self.wanted, min(wanted, SIZE))
            self.more.notify()

    def has_arrived(self):
        assert self.failure is None, self.failure
        return self.n_back >= self.wanted

    def finish(self):
        self.go_on(SIZE)
        wait_for(self.has_arrived, 4 * PATIENCE, "the rest")
        for thread in self.threads:
            thread.join(PATIENCE)
        assert self.failure is None, self.failure
        assert self.n_sent == self.n_back == SIZE
        assert self.sent.hexdigest() == self.back.hexdigest()


def list_keys(schema, path=""):
    """Paths of a JSON Schema's leaves, "*" for any name."""
    if schema["type"] != "object":
        return {path[1:]}
    below = {name: child for name, child in schema.get("properties", {}).items()}
    if "additionalProperties" in schema:
        below["*"] = schema["additionalProperties"]
    return set().union(*(list_keys(child, f"{path}.{name}") for name, child in below.items()))


class Live:
    """home of a World, with two flows through it and a file that is edited."""

    def __init__(self, world):
        self.world, self.home, self.laptop = world, world.home, world.laptop
        self.near = world.make_device(world.make_peer("near", self.home.space))
        self.home.authorize(self.near)
        self.near.run("auth", "add", self.home.address(HOST), "--name", "home")
        self.base = self.home.json("config", "show")
        self.base["services"] = {
            name: service | {"allowed_peers": [self.near.id, self.laptop.id]} for name, service in self.base["services"].items()}
        # What the flows stand on stays: no router here forwards ports, and the relay is this one.
        self.changed = set()
        self.write(self.base)

    def start(self):
        self.world.start()
        self.near.daemon()
        self.control = Control(self.home)
        self.proxies = [self.world.forward("echo", device) for device in (self.near, self.laptop)]
        self.flows = [Flow(self.world.connect(proxy)) for proxy in self.proxies]
        for flow in self.flows:
            flow.go_on(STEP)
        self.wait_for_flows()
        ways = {device.name: device.connection(self.home)["transport"] for device in (self.near, self.laptop)}
        assert ways["laptop"] == "relay" and ways["near"] != "relay", ways

    def wait_for_flows(self):
        wait_for(lambda: all(flow.has_arrived() for flow in self.flows), 4 * PATIENCE, "what was sent")

    def write(self, config):
        """As editors do it. JSON is YAML."""
        path = self.home.config.with_suffix(".new")
        path.write_text(json.dumps(config, indent=1))
        os.chmod(path, 0o600)
        os.rename(path, self.home.config)

    def n_read(self):
        return self.home.daemon_process.stderr().count("was read again")

    def apply(self, config):
        """Returns when the daemon has taken it up."""
        before = self.n_read()
        self.write(config)
        wait_for(lambda: self.n_read() > before, PATIENCE, "that the configuration was read again")

    def edited(self, values):
        config = json.loads(json.dumps(self.base))
        for path, value in values.items():
            *parents, last = path.split(".")
            place = config
            for name in parents:
                place = place.setdefault(name, {})
            place[last] = value
        return config

    def change(self, values, is_in_force, what=None):
        """With the values there is_in_force() comes true, while bytes flow; then all is as before. None: nothing to see."""
        for flow in self.flows:
            flow.go_on(flow.wanted + STEP)
        self.apply(self.edited(values))
        if is_in_force is not None:
            wait_for(is_in_force, PATIENCE, what or f"the effect of {values}")
        self.wait_for_flows()
        self.apply(self.base)
        self.changed |= {re.sub(r"^(services|names)\.[^.]+", r"\1.*", path) for path in values}

    # What is seen of home

    def relay_service(self, name):
        return self.control.call("GetRelayService")[name]

    def relays(self):
        return {relay["id"] for relay in self.control.call("ListRelays")}

    def service(self, name):
        return next((service for service in self.control.call("ListServices") if service["name"] == name), {})

    def limit(self, name):
        return next(limit.get("limit") for limit in self.control.call("ListLimits") if limit["name"] == name)

    def diagnosed(self, name):
        return self.control.call("GetDiagnostics")[name]

    def has_problem(self, words):
        return words in " ".join(self.diagnosed("problems").values())

    def inside(self, *command):
        with self.home.space:
            return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def fetch(self, port, page):
        return self.inside("curl", "-s", "--max-time", "5", f"http://127.0.0.1:{port}{page}")

    def sockets(self, *options):
        """Those of the daemon alone."""
        lines = self.inside("ss", "-Hnp", *options).splitlines()
        return "\n".join(line for line in lines if f"pid={self.home.daemon_process.pid}," in line)

    def listens(self, port):
        return f":{port} " in self.sockets("-ltu")


def change_addresses(live):
    tcp, udp = free_port(), free_port()
    old = live.base["network"]["listen_addresses"]
    live.change({"network.listen_addresses": old + [f"/ip4/{HOST}/tcp/{tcp}", f"/ip4/{HOST}/udp/{udp}/quic-v1"]},
                lambda: live.listens(tcp) and live.listens(udp))
    wait_for(lambda: not live.listens(tcp) and not live.listens(udp), PATIENCE, "that the sockets are closed")
    # Those that the flows came in by, too.
    live.change({"network.listen_addresses": [f"/ip4/{HOST}/tcp/{tcp}"]},
                lambda: live.listens(tcp) and f":{live.home.port} " not in live.sockets("-lt"))
    wait_for(lambda: f":{live.home.port} " in live.sockets("-lt"), PATIENCE, "the old addresses")


def change_websocket(live):
    port, directory = free_port(), live.home.config.parent

    def make(name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", f"/CN={name}", "-keyout", directory / f"{name}.key", "-out", directory / f"{name}.pem"],
                       check=True, capture_output=True)
        return (directory / f"{name}.pem").read_text().strip()

    def shown():
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with live.home.space, socket.create_connection((HOST, port), 10) as raw, context.wrap_socket(raw) as secure:
                return ssl.DER_cert_to_PEM_cert(secure.getpeercert(True)).strip()
        except OSError:
            return None

    one, two = make("one"), make("two")
    values = {"network.listen_addresses": live.base["network"]["listen_addresses"] + [f"/ip4/{HOST}/tcp/{port}/wss"],
              "network.websocket.certificate_file": "one.pem", "network.websocket.key_file": "one.key"}
    live.change(values, lambda: shown() == one)
    live.apply(live.edited(values))
    wait_for(lambda: shown() == one, PATIENCE, "the certificate")
    live.apply(live.edited(values | {"network.websocket.certificate_file": "two.pem", "network.websocket.key_file": "two.key"}))
    wait_for(lambda: shown() == two, PATIENCE, "the other certificate")
    live.apply(live.base)


def change_limits(live, keys):
    for key in sorted(key for key in keys if key.startswith("network.limits.")):
        name = key.rpartition(".")[2]
        # More than is in use, and nobody's default.
        value, seen = ("300MiB", 300 * MIB) if name.startswith("memory") else (4321, 4321)
        live.change({key: value}, lambda: live.limit(name) == seen)
    before = live.limit("streams_per_peer")
    live.change({"network.resource_limits_enabled": False}, lambda: live.limit("streams_per_peer") != before)


def change_network(live):
    live.change({"network.force_private_reachability": True}, None)
    wait_for(lambda: ":5351 " in live.sockets("-au"), PATIENCE, "that the router is asked")
    live.change({"network.port_mapping": False}, lambda: ":5351 " not in live.sockets("-au"))
    live.change({"network.congestion": "cubic"}, lambda: live.diagnosed("congestion") == "cubic")
    live.change({"discovery.mdns": True}, lambda: ":5353 " in live.sockets("-au"))
    live.change({"discovery.network": "elsewhere"}, None)
    live.change({"discovery.rendezvous": "elsewhere"}, None)
    live.change({"discovery.bootstrap_peers": live.base["relay"]["addresses"]}, None)


def change_relays(live):
    stranger = live.world.stranger
    more = f"/ip4/5.6.7.99/tcp/7777/p2p/{stranger.id}"
    live.change({"relay.addresses": live.base["relay"]["addresses"] + [more]}, lambda: stranger.id in live.relays())
    wait_for(lambda: stranger.id not in live.relays(), PATIENCE, "that the relay is left")
    live.change({"relay.reservation_interval": "3m"}, None)
    live.change({"relay.serve": True}, lambda: live.relay_service("state") == "serving")
    wait_for(lambda: live.relay_service("state") == "off", PATIENCE, "that it relays no longer")
    live.change({"relay.serve": True, "relay.announce": ["/ip4/203.0.113.9/tcp/7"]},
                lambda: "/ip4/203.0.113.9/tcp/7" in " ".join(live.relay_service("addresses")))
    for name in ("serve_peers", "sponsor"):
        live.change({f"relay.{name}": False}, None)
    live.change({"relay.drain_time": "7s"}, None)


def change_resources(live, keys):
    values = {"buffer_size": ("32KiB", None), "reservation_ttl": ("2h", 7200), "session_duration": ("5m", 300),
              "session_data_limit": ("3MiB", 3 * MIB), "authorized_session_duration": ("20m", 1200),
              "authorized_session_data_limit": ("5MiB", 5 * MIB)}
    for key in sorted(key for key in keys if key.startswith("resources.")):
        name = key.rpartition(".")[2]
        value, seen = values.get(name, (77, 77))
        live.change({"relay.serve": True, key: value},
                    None if seen is None else lambda: live.relay_service("limits")[name] == seen)


def change_trust(live):
    other = live.home.config.parent / "other_keys"
    other.write_text(live.home.authorized_keys.read_text() + "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5\n")
    os.chmod(other, 0o600)
    live.change({"security.authorized_keys_file": "other_keys"}, lambda: not live.has_problem("authorized_keys"))
    live.change({"security.enable_connection_gating": False}, None)
    live.change({"identity.key_file": "another.key"}, lambda: live.has_problem("identity.key_file was changed"))
    wait_for(lambda: not live.has_problem("identity.key_file"), PATIENCE, "that it is taken back")
    live.change({"identity.key_store": "keyring"}, lambda: live.has_problem("identity.key_store says keyring"))
    wait_for(lambda: not live.has_problem("identity.key_store"), PATIENCE, "that it is taken back")
    live.change({"identity.peer_id": live.home.id}, None)
    live.change({"protocols.ping_pong.enabled": False}, None)
    live.change({"protocols.ping_pong.id": "/other/1.0.0"}, None)
    live.change({"names.friend": live.world.stranger.id}, lambda: live.home.json("resolve", "friend")["peer_id"] == live.world.stranger.id)


def change_services(live):
    live.change({"services.new.enabled": True, "services.new.local_address": "localhost:9"}, lambda: live.service("new").get("enabled"))
    # The one that the flows do not use; and where new streams of theirs go, while they stay with the old.
    for name in ("swap", "echo"):
        live.change({f"services.{name}.local_address": "localhost:7"}, lambda: live.service(name)["address"] == "localhost:7")
    live.change({"services.swap.allowed_peers": []}, lambda: live.service("swap")["allowed_peers"] == [])
    live.change({"services.swap.kind": "ssh", "services.swap.tags": ["attic"]},
                lambda: (live.service("swap")["kind"], live.service("swap")["tags"]) == ("ssh", ["attic"]))
    # What is said of its protocol changes nothing, so the daemon would not even say that it has read it.
    live.change({"services.swap.enabled": False, "services.swap.protocol": "tcp"}, lambda: not live.service("swap")["enabled"])


def change_watching(live):
    health, metrics = free_port(), free_port()
    live.change({"health.enabled": True, "health.listen_address": f"127.0.0.1:{health}"}, lambda: "ok" in live.fetch(health, "/healthz"))
    live.change({"telemetry.metrics.enabled": True, "telemetry.metrics.listen_address": f"127.0.0.1:{metrics}"},
                lambda: "peerup_" in live.fetch(metrics, "/metrics"))
    wait_for(lambda: live.fetch(metrics, "/metrics") == live.fetch(health, "/healthz") == "", PATIENCE, "that the pages are gone")
    audit = live.home.config.parent / "audit.json"
    live.change({"telemetry.audit.enabled": True, "telemetry.audit.file": "audit.json", "telemetry.audit.max_size": "64KiB",
                 "telemetry.audit.keep": 2}, lambda: live.world.reaches(live.proxies[0]) and audit.exists())


@pytest.mark.sanitized
def test_every_key_is_changed_under_two_tunnels(lab, make_peer, serve):
    world = World(lab, make_peer, serve)
    live = Live(world)
    keys = list_keys(json.loads(live.home.run("config", "schema").stdout))
    live.start()
    pid, ids = live.home.daemon_process.pid, [flow.connection.getsockname() for flow in live.flows]
    change_addresses(live)
    change_websocket(live)
    change_network(live)
    change_limits(live, keys)
    change_relays(live)
    change_resources(live, keys)
    change_trust(live)
    change_services(live)
    change_watching(live)
    assert live.changed >= keys - UNCHANGED, keys - UNCHANGED - live.changed
    assert all(flow.n_sent < SIZE for flow in live.flows)
    for flow in live.flows:
        flow.finish()
    assert live.home.daemon_process.pid == pid and live.home.daemon_process.process.poll() is None
    assert ids == [flow.connection.getsockname() for flow in live.flows]
    assert live.diagnosed("problems") == {}
