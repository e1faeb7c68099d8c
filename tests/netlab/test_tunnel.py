# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Bytes through a forward: whole, both ways, many at once, and by whom."""
import hashlib
import json
import os
import socket
import threading

import pytest

from conftest import BIG, connect, echo, recv_all, wait_for

PATTERN = bytes(range(256)) * 4096


def send_pattern(connection, size):
    """Sends size bytes and returns their hash."""
    digest = hashlib.sha256()
    left = size
    while left > 0:
        part = PATTERN[: min(left, len(PATTERN))]
        connection.sendall(part)
        digest.update(part)
        left -= len(part)
    return digest.hexdigest()


def hash_rest(connection):
    digest, size = hashlib.sha256(), 0
    while data := connection.recv(1 << 18):
        digest.update(data)
        size += len(data)
    return digest.hexdigest(), size


@pytest.fixture
def shared(pair, serve):
    """share(handler): home offers it as "test" and laptop has it as a port; returns (host, laptop, server, proxy)."""
    home, laptop = pair

    def share(handler, *options):
        server = serve(handler)
        home.run("service", "add", "test", server.port, *options)
        home.daemon()
        return home, laptop, server, laptop.proxy("home", "test")

    return share


def test_ping_by_every_form(pair):
    home, laptop = pair
    home.daemon()
    for form in ("home", home.id, home.address()):
        result = laptop.json("ping", form, "-c", 2, "--interval", "50ms")
        assert result["stats"]["received"] == 2 and result["results"][0]["path"] == "direct"
    text = laptop.run("ping", "home", "-c", "1").stdout
    assert "seq=1 time=" in text and "1 sent, 1 received, 0% lost" in text and "rtt min/avg/max = " in text


def test_ping_unanswered_is_code_1(pair):
    _, laptop = pair
    done = laptop.run("ping", "home", "-c", "1", code=1)
    assert "1 sent, 0 received, 100% lost" in done.stdout and "refused" in done.stderr


def test_address_once_used_is_remembered(make_peer):
    home, laptop = make_peer("home").init(), make_peer("laptop").init()
    home.authorize(laptop)
    home.daemon()
    assert "No address of" in laptop.run("ping", home.id, "-c", "1", code=1).stderr
    laptop.run("ping", home.address(), "-c", "1")
    laptop.run("ping", home.id, "-c", "1")


def test_wrong_identity_at_an_address_is_told(pair, make_peer):
    home, laptop = pair
    home.daemon()
    stranger = make_peer("stranger").init()
    done = laptop.run("ping", f"/ip4/127.0.0.1/tcp/{home.port}/p2p/{stranger.id}", "-c", "1", code=1)
    assert home.id in done.stderr and stranger.id in done.stderr


def test_echo_and_half_close(shared):
    def count_then_answer(connection):
        size = len(recv_all(connection))
        connection.sendall(b"%d bytes, and my end is still open" % size)

    _, _, _, proxy = shared(count_then_answer)
    with connect(proxy) as connection:
        connection.sendall(b"x" * 100_000)
        connection.shutdown(socket.SHUT_WR)
        assert recv_all(connection) == b"100000 bytes, and my end is still open"


def test_half_close_by_the_service(shared):
    got = []

    def greet_and_listen(connection):
        connection.sendall(b"hello")
        connection.shutdown(socket.SHUT_WR)
        got.append(recv_all(connection))

    _, _, _, proxy = shared(greet_and_listen)
    with connect(proxy) as connection:
        assert recv_all(connection) == b"hello"
        connection.sendall(b"still here")
    wait_for(lambda: got == [b"still here"])


def test_big_transfer_each_way_has_equal_hashes(shared):
    results = {}

    def both_ways(connection):
        sender = threading.Thread(target=lambda: results.update(down=send_pattern(connection, BIG)) or
                                  connection.shutdown(socket.SHUT_WR))
        sender.start()
        results["up"] = hash_rest(connection)
        sender.join()

    _, _, _, proxy = shared(both_ways)
    with connect(proxy, 300) as connection:
        sender = threading.Thread(target=lambda: results.update(sent=send_pattern(connection, BIG)) or
                                  connection.shutdown(socket.SHUT_WR))
        sender.start()
        received, size = hash_rest(connection)
        sender.join()
    wait_for(lambda: "up" in results and "down" in results)
    assert size == BIG and received == results["down"]
    assert results["up"] == (results["sent"], BIG)


def test_slow_reader_stops_the_sender(shared):
    sent = []

    def flood(connection):
        connection.settimeout(1)
        block = bytes(1 << 16)
        try:
            while sum(sent) < 1 << 30:
                sent.append(connection.send(block))
        except TimeoutError:
            pass
        sent.append(0)

    home, _, _, proxy = shared(flood)
    with connect(proxy):
        wait_for(lambda: sent and sent[-1] == 0, 30, "a full pipe")
        assert sum(sent) < 64 << 20
        for process in (home.daemon_process, proxy):
            assert rss(process.pid) < (600 << 20)


def rss(pid):
    with open(f"/proc/{pid}/status") as status:
        line, = (line for line in status if line.startswith("VmRSS:"))
    return int(line.split()[1]) << 10


def test_two_commands_of_one_peer_do_not_disturb_each_other(shared):
    _, laptop, _, first = shared(echo)
    with connect(first) as one:
        one.sendall(b"one")
        assert one.recv(10) == b"one"
        second = laptop.proxy("home", "test")
        with connect(second) as two:
            two.sendall(b"two")
            assert two.recv(10) == b"two"
            one.sendall(b"again")
            assert one.recv(10) == b"again"
        second.end()
        one.sendall(b"still")
        assert one.recv(10) == b"still"


def test_proxy_uses_the_daemon_that_runs(shared):
    home, laptop, _, embedded = shared(echo)
    embedded.end()
    laptop.daemon()
    proxy = laptop.proxy("home", "test")
    with connect(proxy) as connection:
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"
        forward, = laptop.status()["forwards"]
        assert (forward["peer"], forward["service"], forward["state"]) == ("home", "test", "active")
        assert forward["address"].endswith(f":{proxy.address[1]}")
        there, = home.status()["peers"]
        assert (there["name"], there["state"], there["path"], there["connections"]) == ("laptop", "connected", "direct", 1)
        assert there["agent"].startswith("peerup/")
    proxy.end()
    wait_for(lambda: laptop.status()["forwards"] == [])
    with pytest.raises(OSError):
        connect(proxy, 2)


def test_proxy_json_and_port_in_use(shared):
    _, laptop, _, proxy = shared(echo)
    done = laptop.run("proxy", "home", "test", proxy.address[1], code=1)
    assert str(proxy.address[1]) in done.stderr and "use" in done.stderr
    process = laptop.start("proxy", "home", "test", "[::1]:0", "--json")
    wait_for(lambda: "}" in process.stdout())
    assert json.loads(process.stdout())["address"].startswith("[::1]:")


def test_refused_target_is_a_reset_not_an_end(shared):
    home, _, server, proxy = shared(echo)
    server.close()
    with pytest.raises(ConnectionResetError), connect(proxy) as connection:
        connection.recv(1)
    home.daemon_process.wait_stderr("Service test could not serve laptop")
    proxy.wait_stderr("test")


def test_unknown_service_is_told(shared):
    _, laptop, _, _ = shared(echo)
    proxy = laptop.proxy("home", "absent")
    with pytest.raises(ConnectionResetError), connect(proxy) as connection:
        connection.recv(1)
    proxy.wait_stderr("absent")


def test_thousand_connections_in_turn_leave_nothing(shared):
    home, _, server, proxy = shared(echo)
    descriptors = len(os.listdir(f"/proc/{home.daemon_process.pid}/fd"))
    for _ in range(20):
        batch = [connect(proxy) for _ in range(50)]
        for connection in batch:
            connection.sendall(b"ping")
        for connection in batch:
            assert connection.recv(4) == b"ping"
            connection.close()
    wait_for(lambda: home.status()["services"][0]["active"] == 0)
    assert home.status()["services"][0]["total"] == 1000 == server.n_accepted
    wait_for(lambda: len(os.listdir(f"/proc/{home.daemon_process.pid}/fd")) <= descriptors + 2)
