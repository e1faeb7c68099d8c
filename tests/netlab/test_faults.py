# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Ends that were not planned, and the planned ones."""
import json
import os
import signal
import socket
import stat
import subprocess
import time

import pytest

from conftest import connect, echo, recv_all, wait_for

# A dead peer is noticed within this many seconds.
NOTICED = 15


def flood(connection):
    block = bytes(1 << 16)
    while True:
        connection.sendall(block)


@pytest.fixture
def transfer(pair, serve):
    """(home, laptop, proxy) with a service that never ends sending."""
    home, laptop = pair
    home.run("service", "add", "test", serve(flood).port)
    home.daemon()
    return home, laptop, laptop.proxy("home", "test")


def read_until_error(connection):
    """Seconds until the read failed; an end of stream would pass for a complete answer."""
    began = time.monotonic()
    connection.settimeout(NOTICED + 5)
    with pytest.raises(ConnectionResetError):
        while connection.recv(1 << 18):
            pass
    return time.monotonic() - began


def test_peer_killed_in_mid_transfer(transfer):
    home, _, proxy = transfer
    with connect(proxy) as connection:
        assert connection.recv(1 << 16)
        home.daemon_process.signal(signal.SIGKILL)
        home.daemon_process.wait()
        assert read_until_error(connection) < NOTICED


@pytest.mark.by_the_clock
def test_stopped_peer_is_noticed(transfer):
    home, _, proxy = transfer
    with connect(proxy) as connection:
        assert connection.recv(1 << 16)
        home.daemon_process.signal(signal.SIGSTOP)
        assert read_until_error(connection) < NOTICED
    home.daemon_process.signal(signal.SIGCONT)


@pytest.mark.by_the_clock
def test_stopped_peer_is_noticed_on_an_idle_stream(pair, serve):
    home, laptop = pair
    home.run("service", "add", "test", serve(echo).port)
    home.daemon()
    with connect(laptop.proxy("home", "test")) as connection:
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"
        home.daemon_process.signal(signal.SIGSTOP)
        assert read_until_error(connection) < NOTICED
    home.daemon_process.signal(signal.SIGCONT)


def test_client_killed_ends_the_streams_at_the_service(transfer):
    home, _, proxy = transfer
    with connect(proxy) as connection:
        assert connection.recv(1 << 16)
        assert home.status()["services"][0]["active"] == 1
        proxy.signal(signal.SIGKILL)
        proxy.wait()
        wait_for(lambda: home.status()["services"][0]["active"] == 0, NOTICED)


def test_forward_comes_back_with_its_peer(pair, serve):
    home, laptop = pair
    home.run("service", "add", "test", serve(echo).port)
    proxy = laptop.proxy("home", "test")
    home.daemon()
    for _ in range(2):
        with connect(proxy) as connection:
            connection.sendall(b"x")
            assert connection.recv(1) == b"x"
        home.daemon_process.signal(signal.SIGTERM)
        assert home.daemon_process.wait() == 0
        home.daemon()
    with connect(proxy) as connection:
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"


def test_sigterm_lets_streams_end(pair, serve):
    home, laptop = pair

    def slow_answer(connection):
        assert recv_all(connection) == b"question"
        connection.sendall(b"the whole ")
        time.sleep(1.5)
        connection.sendall(b"answer")

    home.run("service", "add", "test", serve(slow_answer).port)
    home.daemon()
    with connect(laptop.proxy("home", "test")) as connection:
        connection.sendall(b"question")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(5) == b"the w"
        home.daemon_process.signal(signal.SIGTERM)
        assert recv_all(connection) == b"hole answer"
    assert home.daemon_process.wait(3) == 0


@pytest.mark.by_the_clock
def test_sigterm_waits_five_seconds_at_most(transfer):
    home, _, proxy = transfer
    with connect(proxy) as connection:
        assert connection.recv(1 << 16)
        began = time.monotonic()
        home.daemon_process.signal(signal.SIGTERM)
        read_until_error(connection)
        assert home.daemon_process.wait() == 0
        assert 4 < time.monotonic() - began < 9


def test_second_sigterm_cuts_at_once(transfer):
    home, _, proxy = transfer
    with connect(proxy) as connection:
        assert connection.recv(1 << 16)
        began = time.monotonic()
        home.daemon_process.signal(signal.SIGTERM)
        home.daemon_process.wait_stderr("Ending")
        home.daemon_process.signal(signal.SIGTERM)
        assert home.daemon_process.wait() == 0
        assert time.monotonic() - began < 3


def test_readiness_and_stopping_are_told(peer):
    path = peer.runtime / "manager"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(20)
        process = peer.start("daemon", NOTIFY_SOCKET=str(path))
        assert manager.recv(100) == b"READY=1"
        assert manager.recv(100).startswith(b"STATUS=")
        process.signal(signal.SIGTERM)
        assert manager.recv(100) == b"STOPPING=1"
        assert process.wait() == 0
    assert "READY" not in process.stdout() and process.stdout() == ""


def test_second_daemon_is_refused_with_the_process(peer):
    peer.daemon()
    done = peer.run("daemon", code=1)
    assert str(peer.daemon_process.pid) in done.stderr and "running already" in done.stderr
    assert peer.status()["pid"] == peer.daemon_process.pid


def test_second_daemon_is_refused_without_a_runtime_directory(peer):
    process = peer.start("daemon", XDG_RUNTIME_DIR="")
    process.wait_stderr("Listening on")
    done = peer.run("daemon", code=1)
    assert str(process.pid) in done.stderr
    assert peer.status()["pid"] == process.pid


def test_daemon_after_a_crash_replaces_the_stale_socket(peer):
    peer.daemon()
    sockets = list(peer.runtime.glob("peerup/*.sock"))
    # That of D-Bus, and that of HTTP.
    assert len(sockets) == 2 and all(stat.S_IMODE(os.stat(path).st_mode) == 0o600 for path in sockets)
    peer.daemon_process.signal(signal.SIGKILL)
    peer.daemon_process.wait()
    assert all(path.exists() for path in sockets)
    assert "peerup daemon" in peer.run("status", code=1).stderr
    peer.daemon()
    assert peer.status()["pid"] == peer.daemon_process.pid
    peer.run("stop")
    assert peer.daemon_process.wait() == 0
    assert not any(path.exists() for path in sockets)


def test_garbage_on_the_control_socket_harms_nobody(peer):
    peer.daemon()
    path = next(path for path in peer.runtime.glob("peerup/*.sock") if not path.name.endswith("-http.sock"))
    for data in (b"", b"\0", b"\0AUTH EXTERNAL\r\n", os.urandom(4096), b"\0AUTH ANONYMOUS\r\nBEGIN\r\n" + bytes(4096)):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(data)
    idle = [socket.socket(socket.AF_UNIX) for _ in range(50)]
    for client in idle:
        client.connect(str(path))
    assert peer.status()["state"] == "running"
    for client in idle:
        client.close()


def test_a_full_queue_at_the_control_socket_is_waited_for(peer):
    peer.daemon()
    path = next(path for path in peer.runtime.glob("peerup/*.sock") if not path.name.endswith("-http.sock"))
    peer.daemon_process.signal(signal.SIGSTOP)
    queue = []
    with pytest.raises(BlockingIOError):
        while len(queue) < 10000:
            queue.append(socket.socket(socket.AF_UNIX))
            queue[-1].setblocking(False)
            queue[-1].connect(str(path))
    status = peer.start("status")
    # Nothing tells that it was turned away; without coming again it would have ended with an error.
    with pytest.raises(subprocess.TimeoutExpired):
        status.wait(2)
    peer.daemon_process.signal(signal.SIGCONT)
    for client in queue:
        client.close()
    assert status.wait(30) == 0, status.stderr()


def test_busy_port_is_a_problem_not_the_end(peer):
    with socket.create_server(("0.0.0.0", peer.port)):
        peer.daemon()
        status = peer.status()
    assert any(str(peer.port) in text for text in status["problems"])
    assert status["listen_addresses"]
    assert all("/ip6/" in text or "/udp/" in text for text in status["listen_addresses"])


def test_no_usable_address_is_the_end(peer):
    # An address for documentation (RFC 5737), which this machine has not.
    peer.listen_on("/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.1/udp/1/quic-v1")
    peer.run("config", "validate")
    assert "network.listen_addresses" in peer.run("daemon", code=1).stderr


def test_json_log(peer):
    process = peer.start("daemon", "--json")
    process.wait_stderr("Listening on")

    lines = [json.loads(line) for line in process.stderr().splitlines() if line.startswith("{")]
    assert all({"time", "level", "message"} <= set(line) for line in lines) and len(lines) >= 2
