# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Our STUN with the programs of others: coturn's client and server, and libnice behind a router."""
import contextlib
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys

import pytest

import netlab

PEER = netlab.BUILD / "tests/netlab/stun-peer"
AGENT = pathlib.Path(__file__).with_name("nice_agent.py")
COOKIE = bytes.fromhex("2112a442")

pytestmark = pytest.mark.skipif(not PEER.exists(), reason=f"{PEER} is not built")


def needs(program):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed: it is part of Debian's coturn")


def free_udp_port(host):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


class Listener:
    """Our server on a port of host."""

    def __init__(self, host):
        self.process = subprocess.Popen([PEER, "listen", host, "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().removeprefix("ready "))

    def end(self):
        """What it has counted."""
        out, err = self.process.communicate(timeout=20)
        assert self.process.returncode == 0 and not err, err
        words = out.split()
        return {name: int(count) for name, count in zip(words[::2], words[1::2])}


@contextlib.contextmanager
def listening(host):
    listener = Listener(host)
    try:
        yield listener
    finally:
        if listener.process.returncode is None:
            listener.process.kill()
            listener.process.communicate()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_turnutils_stunclient_learns_its_address(host):
    needs("turnutils_stunclient")
    with listening(host) as listener:
        done = subprocess.run(["turnutils_stunclient", "-p", str(listener.port), host], capture_output=True, text=True,
                              timeout=20, check=True)
        assert re.search(rf"reflexive addr: \[?{re.escape(host)}\]?:\d+", done.stdout), done.stdout
        counts = listener.end()
        assert counts["answered"] > 0 and counts["rejected"] == counts["limited"] == 0, counts


def test_a_request_to_answer_from_elsewhere_is_refused():
    """What turnutils_stunclient -f goes on with: CHANGE-REQUEST, which ours says it does not know."""
    with listening("127.0.0.1") as listener, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(20)
        client.sendto(b"\0\1\0\x08" + COOKIE + b"transaction!" + b"\0\3\0\4\0\0\0\6", ("127.0.0.1", listener.port))
        answer = client.recv(2000)
        assert answer == (b"\x01\x11\0\x10" + COOKIE + b"transaction!" + b"\0\x09\0\4\0\0\4\x14" + b"\0\x0a\0\2\0\3\0\0")
        assert listener.end()["rejected"] == 1


@pytest.mark.parametrize("host,second", [("127.0.0.1", "127.0.0.2"), ("::1", None)])
def test_we_learn_our_address_from_turnserver(host, second, directory):
    needs("turnserver")
    port, own = free_udp_port(host), free_udp_port(host)
    addresses = [word for address in (host, second) if address for word in ("-L", address)]
    command = ["turnserver", "--stun-only", "--no-tls", "--no-dtls", "--no-tcp", "--no-cli", "-n",
               "--log-file", "stdout", "--pidfile", directory / "pid", "-p", str(port), *addresses]
    with open(directory / "log", "w") as log:
        server = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                  cwd=directory)
    try:
        # It is asked again until it listens.
        done = subprocess.run([PEER, "ask", host, str(own), host, str(port)], capture_output=True, text=True,
                              timeout=40, check=False)
        where = f"[{host}]" if ":" in host else host
        assert done.returncode == 0, (done.stderr, (directory / "log").read_text())
        assert done.stdout.startswith(f"mapped {where}:{own} other "), done.stdout
        assert second is None or f"other {second}:" in done.stdout, done.stdout
    finally:
        server.terminate()
        server.wait(20)


class Agent:
    def __init__(self, space, host, port, role):
        with space:
            self.process = subprocess.Popen([sys.executable, AGENT, host, str(port), role],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read(self):
        line = self.process.stdout.readline()
        assert line, "the agent has ended"
        return json.loads(line)

    def write(self, value):
        self.process.stdin.write(json.dumps(value) + "\n")
        self.process.stdin.flush()

    def end(self):
        self.process.kill()
        self.process.communicate()


def needs_libnice():
    try:
        subprocess.run([sys.executable, "-c", "import gi; gi.require_version('Nice', '0.1')"], capture_output=True,
                       timeout=60, check=True)
    except subprocess.CalledProcessError:
        pytest.skip("libnice cannot be used from Python: Debian has it in gir1.2-nice-0.1")


def test_libnice_agents_meet_by_what_we_told_them(lab):
    needs_libnice()
    lab.join_by_nat(delay=2)
    with contextlib.ExitStack() as stack:
        with lab.server:
            listener = stack.enter_context(listening(netlab.SERVER))
        agents = []
        for space, role in ((lab.client, "controlling"), (lab.server, "controlled")):
            agents.append(Agent(space, netlab.SERVER, listener.port, role))
            stack.callback(agents[-1].end)
        descriptions = [agent.read() for agent in agents]
        # Behind the router: its address there, and that of the router, which it has from us alone.
        assert re.search(rf"{netlab.INSIDE} \d+ typ host", descriptions[0]), descriptions[0]
        assert re.search(rf"{netlab.CLIENT} \d+ typ srflx raddr {netlab.INSIDE}", descriptions[0]), descriptions[0]
        agents[0].write(descriptions[1])
        agents[1].write(descriptions[0])
        assert [agent.read() for agent in agents] == ["ready"] * 2
        counts = listener.end()
        assert counts["answered"] >= 2 and counts["rejected"] == 0, counts
