# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Peers that run the real command, each with a home of its own.

PEERUP_BIN names the command; PEERUP_TEST_BIG the bytes of the large transfers. Everything
that is started is ended by its process ID when its test ends, and must end well: a
sanitizer's report or a critical message of any process fails the test that started it.
"""
import contextlib
import json
import os
import pathlib
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest

import netlab
from far import QUIC, Far, way
from netlab import wait_for

BIN = os.environ.get("PEERUP_BIN", str(pathlib.Path(__file__).parents[2] / "build/asan/src/cli/peerup"))
BIG = int(os.environ.get("PEERUP_TEST_BIG", 64 << 20))
LSAN = pathlib.Path(__file__).parents[1] / "lsan.supp"
COMPLAINTS = re.compile(r"ERROR: \w+Sanitizer|runtime error:|CRITICAL|assertion .* failed|assertion failed", re.I)


SHOWN = pytest.StashKey()  # {table: [line]}, for pytest's last words


def pytest_configure(config):
    config.addinivalue_line("markers", "sanitized: once is enough, with the sanitizers")
    config.addinivalue_line("markers", "released: once is enough, without the sanitizers")
    config.addinivalue_line("markers", "calm: measures, and wants no other test beside it")
    config.addinivalue_line("markers", "by_the_clock: takes long because it waits for a timeout of the program")
    # A shell that runs these in the background has it ignored, and so would have what they interrupt.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[SHOWN] = {}
    config.pluginmanager.register(Shown(config.stash[SHOWN]))


class Shown:
    """Takes up what tests had to show. It comes with their reports, so it crosses from the processes of xdist too."""

    def __init__(self, tables):
        self.tables = tables

    def pytest_runtest_logreport(self, report):
        if report.when == "call":
            for name, line in report.user_properties:
                self.tables.setdefault(name, []).append(line)


def pytest_terminal_summary(terminalreporter, config):
    if tables := config.stash[SHOWN]:
        terminalreporter.section("matrix")
        for name, lines in tables.items():
            terminalreporter.write_line(f"{name}:")
            for line in lines:
                terminalreporter.write_line(f"  {line}")
        terminalreporter.write_line("")


def fate(code):
    """Which signal ended a process, if one did, in words that build-aux/second_try.py looks for."""
    return f", ended by {signal.Signals(-code).name}" if code is not None and code < 0 else ""


class Running:
    """A process whose output goes to files, so that nothing ever blocks on a pipe."""

    def __init__(self, args, env, directory, name):
        self.out = directory / f"{name}.out"
        self.err = directory / f"{name}.err"
        with open(self.out, "w") as out, open(self.err, "w") as err:
            self.process = subprocess.Popen(args, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=directory)

    @property
    def pid(self):
        return self.process.pid

    def stdout(self):
        return self.out.read_text(errors="replace")

    def stderr(self):
        return self.err.read_text(errors="replace")

    def wait_stderr(self, pattern, seconds=10):
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.stderr())):
            assert time.monotonic() < end, f"no {pattern!r} within {seconds} s in\n{self.stderr()}"
            time.sleep(0.02)
        return found

    def wait(self, seconds=15):
        return self.process.wait(seconds)

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        """For the end of a test: SIGTERM twice, then SIGKILL."""
        self.process.send_signal(signal.SIGCONT)
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is not None:
                break
            self.process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(8)
        assert self.process.poll() is not None
        assert not COMPLAINTS.search(self.stderr()), self.stderr()


class Peer:
    """One device: its home, its files, its daemon and commands, and the network namespace they run in."""

    def __init__(self, name, directory, space=None):
        self.name = name
        self.space = space or contextlib.nullcontext()
        self.home = directory / name
        self.runtime = self.home / "run"
        self.runtime.mkdir(parents=True, mode=0o700)
        os.chmod(self.home, 0o700)
        self.config = self.home / ".config/peerup/config.yaml"
        self.authorized_keys = self.config.parent / "authorized_keys"
        self.port = free_port()
        # Peers of other tests that run beside this one are no business of its own.
        self.mdns = False
        self.processes = []
        self.daemon_process = None
        self.id = None

    def env(self, **extra):
        env = {key: os.environ[key] for key in ("PATH", "LANG", "LD_LIBRARY_PATH") if key in os.environ}
        env |= {
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "G_DEBUG": "fatal-criticals",
            # What was freed is kept from use for a while, but not so much that it hides how memory grows.
            "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99:quarantine_size_mb=16",
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
            "LSAN_OPTIONS": f"suppressions={LSAN}:print_suppressions=0",
        }
        return env | extra

    def run(self, *args, code=0, timeout=60, text=True, **kwargs):
        with self.space:
            done = subprocess.run([BIN, *map(str, args)], env=self.env(), cwd=self.home, text=text, timeout=timeout,
                                  capture_output=True, **kwargs)
        stderr = done.stderr if text else done.stderr.decode(errors="replace")
        assert not COMPLAINTS.search(stderr), stderr
        if died := fate(done.returncode):
            print(f"{self.name}, {args}{died}")
        assert code is None or done.returncode == code, (args, done.returncode, done.stdout, stderr)
        if args[:1] == ("init",) and not self.mdns and self.config.exists():
            self.config.write_text(self.config.read_text().replace("\n  mdns: true\n", "\n  mdns: false\n"))
        return done

    def json(self, *args, code=0):
        return json.loads(self.run(*args, "--json", code=code).stdout)

    def start(self, *args, **env):
        with self.space:
            running = Running([BIN, *map(str, args)], self.env(**env), self.home, f"{args[0]}-{len(self.processes)}")
        self.processes.append(running)
        return running

    def init(self):
        self.run("init", "--port", self.port)
        if isinstance(self.space, contextlib.nullcontext):
            # The router of whoever runs the tests has no part in them.
            text = self.config.read_text()
            self.config.write_text(text.replace("\nnetwork:\n", "\nnetwork:\n  port_mapping: false\n"))
        self.id = self.run("whoami").stdout.strip()
        return self

    def daemon(self, *command, **env):
        """Starts the daemon, or that command, and waits until it says that it is ready."""
        path = self.runtime / f"notify-{len(self.processes)}"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(path))
            notify.settimeout(20)
            self.daemon_process = self.start(*(command or ("daemon",)), NOTIFY_SOCKET=str(path), **env)
            while not select.select([notify], [], [], 0.2)[0]:
                assert self.daemon_process.process.poll() is None, self.daemon_process.stderr()
            assert notify.recv(100) == b"READY=1"
        return self.daemon_process

    def address(self, host="127.0.0.1", transport="tcp"):
        ip = "ip6" if ":" in host else "ip4"
        return f"/{ip}/{host}/{way(transport, self.port)}/p2p/{self.id}"

    def listen_on(self, *addresses):
        """Replaces the addresses of the configuration."""
        head, rest = self.config.read_text().split("  listen_addresses:\n", 1)
        lines = rest.splitlines(keepends=True)
        kept = next(i for i, line in enumerate(lines) if not line.startswith("    -"))
        self.config.write_text(head + "  listen_addresses:\n" + "".join(f'    - "{a}"\n' for a in addresses) + "".join(lines[kept:]))

    def be_private(self):
        """It does not relay for its peers, whoever reaches it: they would connect to it again by themselves."""
        text, n = re.subn("(force_private_reachability:) false", r"\1 true", self.config.read_text())
        assert n == 1
        self.config.write_text(text)

    def authorize(self, other, *options):
        self.run("auth", "add", other.id, "--name", other.name, *options)

    def knows(self, other, *addresses):
        """other is in names, and its addresses are known."""
        first, *more = addresses or [other.address()]
        self.run("auth", "add", first, "--name", other.name)
        with open(self.config.parent / "known_peers", "a") as known:
            known.writelines(f"{address}\n" for address in more)

    def proxy(self, peer, service, *options):
        """A forward, and the (host, port) where it listens."""
        process = self.start("proxy", peer, service, 0, *options)
        line = wait_for(lambda: "\n" in process.stdout() or process.process.poll() is not None, 15, "the proxy's address")
        assert line and process.process.poll() is None, process.stderr()
        host, port = process.stdout().strip().rsplit(":", 1)
        process.address = (host, int(port))
        return process

    def status(self):
        return self.json("status")

    def connection(self, other):
        """What the daemon's status says of other; None while it is not connected."""
        return next((p for p in self.status()["peers"] if p["id"] == other.id and p["state"] == "connected"), None)

    def dials(self, other):
        return any(p["id"] == other.id and p["state"] == "connecting" for p in self.status()["peers"])

    def close(self):
        # One that ends badly leaves none of the others running.
        with contextlib.ExitStack() as stack:
            for process in self.processes:
                stack.callback(process.end)
            for process in reversed(self.processes):
                # Shown for a test that failed.
                print(f"{self.name}, process {process.pid}{fate(process.process.poll())}:\n{process.stderr()[-5000:]}")


def free_port():
    """One of neither TCP nor UDP, and none that the kernel gives to sockets by itself, here or in a namespace."""
    while True:
        port = random.randrange(10000, 30000)
        with contextlib.suppress(OSError), socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("0.0.0.0", port))
            udp.bind(("0.0.0.0", port))
            return port


def set_clock(file, text):
    """For libfaketime, which must never find half a file."""
    beside = file.with_suffix(".new")
    beside.write_text(f"{text}\n")
    beside.replace(file)


class Server:
    """A TCP server on loopback: handler(socket) in a thread for each connection."""

    def __init__(self, handler):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.handler = handler
        self.connections = []
        self.n_accepted = 0
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.n_accepted += 1
                self.connections.append(connection)
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError), connection:
            self.handler(connection)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def echo(connection):
    """Sends back what comes, and ends when the other side has ended."""
    while data := connection.recv(1 << 16):
        connection.sendall(data)


@contextlib.contextmanager
def new_directory():
    # Short: a Unix socket's path has 107 bytes.
    path = pathlib.Path(tempfile.mkdtemp(prefix="pu-"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextlib.contextmanager
def new_lab():
    """Network namespaces client and server, to be joined by the test."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    if not netlab.LINE.exists():
        pytest.skip(f"{netlab.LINE} is not built")
    lab = netlab.Lab()
    try:
        yield lab
    finally:
        lab.close()


@contextlib.contextmanager
def new_peers(directory):
    """A function that makes them; they are closed in the end, and all of them must have ended well."""
    peers = []

    def make(name, space=None):
        peer = Peer(name, directory, space)
        peers.append(peer)
        return peer

    try:
        yield make
    finally:
        errors = []
        for peer in peers:
            try:
                peer.close()
            except AssertionError as error:
                errors.append(error)
        # As one text, for pytest shortens all else.
        assert not errors, "\n".join(map(str, errors))


@contextlib.contextmanager
def new_servers():
    """A function that starts one."""
    servers = []

    def start(handler):
        servers.append(Server(handler))
        return servers[-1]

    try:
        yield start
    finally:
        for server in servers:
            server.close()


@pytest.fixture
def show(record_property):
    """show(table, line) tells a figure, which is seen even where the test passes."""
    return record_property


@pytest.fixture
def directory():
    with new_directory() as path:
        yield path


@pytest.fixture
def lab():
    with new_lab() as lab:
        yield lab


@pytest.fixture
def make_peer(directory):
    with new_peers(directory) as make:
        yield make


@pytest.fixture
def serve():
    with new_servers() as start:
        yield start


@pytest.fixture
def peer(make_peer):
    return make_peer("solo").init()


@pytest.fixture
def far(lab, make_peer, serve):
    """far(transport..., hosts=[...]): two peers on the lab's line, which must be joined."""
    return lambda *transports, hosts=(netlab.SERVER,): Far(lab, make_peer, serve, transports or (QUIC,), hosts)


@pytest.fixture
def pair(make_peer):
    """(home, laptop): laptop is authorized at home and knows where home is. No daemon runs yet."""
    home, laptop = make_peer("home").init(), make_peer("laptop").init()
    home.authorize(laptop)
    laptop.knows(home)
    return home, laptop


def pss(pid):
    """Bytes of memory that are this process's own or its share."""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        line, = (line for line in rollup if line.startswith("Pss:"))
    return int(line.split()[1]) << 10


def recv_all(connection):
    parts = []
    while data := connection.recv(1 << 20):
        parts.append(data)
    return b"".join(parts)


class Cut(contextlib.AbstractContextManager):
    """A connection that was reset before connect() returned: as any other that was reset."""

    def __init__(self, error):
        self.error = error

    def __exit__(self, *_):
        return None

    def recv(self, *_):
        raise self.error

    sendall = shutdown = recv

    def close(self):
        """Nothing is open."""


def connect(process, seconds=20):
    try:
        connection = socket.create_connection(process.address, seconds)
    except ConnectionResetError as error:
        return Cut(error)
    connection.settimeout(seconds)
    return connection
