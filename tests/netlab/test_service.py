# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The daemon as a service: what it tells systemd, its watchdog, sockets that it is handed, the journal, profiles, units."""
import contextlib
import hashlib
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import time

import pytest

import netlab
from conftest import BIN, COMPLAINTS, free_port
from netlab import wait_for

UNITS = netlab.BUILD / "data"
SOURCES = pathlib.Path(__file__).parents[2] / "data/systemd"
PATIENCE = 60


# The service manager

class Manager:
    """NOTIFY_SOCKET: what comes, in order."""

    def __init__(self, name):
        self.name = str(name)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + self.name[1:] if self.name.startswith("@") else self.name)
        self.told = []

    def next(self, seconds=PATIENCE):
        """None if nothing comes."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return None
        self.told.append(self.socket.recv(4096).decode())
        return self.told[-1]

    def until(self, beginning, seconds=PATIENCE):
        """The next that begins like this, and what came before it."""
        end, before = time.monotonic() + seconds, []
        while (state := self.next(max(0, end - time.monotonic()))) is not None:
            if state.startswith(beginning):
                return state, before
            before.append(state)
        raise AssertionError(f"{beginning!r} was not told, but {self.told}")

    def close(self):
        self.socket.close()


@pytest.fixture
def manager(directory):
    managers = []

    def make(name=None):
        managers.append(Manager(name or directory / "manager"))
        return managers[-1]

    yield make
    for one in managers:
        one.close()


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_the_manager_is_told(peer, manager, abstract):
    told = manager(f"@peerup-test-{os.getpid()}" if abstract else None)
    daemon = peer.start("daemon", NOTIFY_SOCKET=told.name)
    assert told.next() == "READY=1"
    assert told.next() == f"STATUS=This is {peer.id}"
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    daemon.signal(signal.SIGHUP)
    reloading, _ = told.until("RELOADING=1")
    at = int(re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", reloading)[1])
    assert before <= at <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert told.until("READY=1")
    daemon.signal(signal.SIGTERM)
    assert told.until("STOPPING=1")
    assert daemon.wait(PATIENCE) == 0
    assert not any(state.startswith("WATCHDOG") for state in told.told)


def test_sighup_reads_the_configuration_again(peer, manager):
    """At once, and before the manager is told that it is done."""
    told = manager()
    daemon = peer.start("daemon", NOTIFY_SOCKET=told.name)
    told.until("READY=1")
    peer.config.write_text("nonsense\n")
    daemon.signal(signal.SIGHUP)
    told.until("RELOADING=1")
    told.until("READY=1")
    assert "the old configuration stays in force" in daemon.stderr()


# The watchdog

def socket_of(peer):
    path, = (path for path in (peer.runtime / "peerup").glob("*.sock") if not path.name.endswith("-http.sock"))
    return path


INTERVAL = 4  # s: long for a busy machine, short for a test


@pytest.fixture
def watched(peer, manager):
    """(daemon, manager) of a daemon that is watched, and was fed for once."""
    told = manager()
    daemon = peer.start("daemon", NOTIFY_SOCKET=told.name, WATCHDOG_USEC=str(INTERVAL * 1000000))
    told.until("WATCHDOG=1")
    return daemon, told


def test_the_watchdog_is_fed_again_and_again(watched):
    _, told = watched
    begun = time.monotonic()
    for _ in range(4):
        told.until("WATCHDOG=1")
    # And not without end, either.
    assert time.monotonic() - begun > INTERVAL / 4


def test_a_stopped_loop_feeds_nothing(watched):
    daemon, told = watched
    daemon.signal(signal.SIGSTOP)
    while told.next(0) is not None:
        pass
    assert told.next(1.5 * INTERVAL) is None
    daemon.signal(signal.SIGCONT)
    status, before = told.until("STATUS=Not well")
    assert "a turn of the main loop came" in status and "WATCHDOG=1" not in before
    # It goes well again, so the manager may change its mind.
    told.until("STATUS=Well again")
    told.until("WATCHDOG=1")


def test_its_socket_is_removed(watched, peer):
    """It makes it anew, and nobody has to end it."""
    daemon, told = watched
    path = socket_of(peer)
    path.unlink()
    daemon.wait_stderr("was removed, and is made anew", PATIENCE)
    assert peer.status()["peer_id"] == peer.id
    assert f"process {daemon.pid} " in peer.run("daemon", code=1).stderr
    for _ in range(2):
        told.until("WATCHDOG=1")
    # A machine that is busy may make a turn of the loop late, which is another matter.
    assert not any(line.startswith("STATUS=Not well") and "a turn of the main loop came" not in line for line in told.told)


def test_something_else_at_its_socket_is_not_well(watched, peer):
    daemon, told = watched
    path = socket_of(peer)
    # In one step: what is gone is made anew.
    with socket.socket(socket.AF_UNIX) as other:
        beside = path.with_name("other")
        other.bind(str(beside))
        other.listen()
        beside.rename(path)
        status, _ = told.until("STATUS=Not well")
        assert "something else is where" in status
        daemon.wait_stderr("watchdog is not fed: something else", PATIENCE)
        assert told.next(1.5 * INTERVAL) is None


def test_another_process_is_watched(peer, manager):
    told = manager()
    daemon = peer.start("daemon", NOTIFY_SOCKET=told.name, WATCHDOG_USEC="100000", WATCHDOG_PID=str(os.getpid()))
    # What is fed is fed first when it is ready.
    told.until("READY=1")
    daemon.signal(signal.SIGHUP)
    told.until("RELOADING=1")
    told.until("READY=1")
    assert "WATCHDOG=1" not in told.told


# Handed sockets

def hashed_socket(peer):
    name = hashlib.sha256(str(peer.config.resolve()).encode()).hexdigest()[:16]
    path = peer.runtime / "peerup" / f"{name}.sock"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    return path


def start_handed(peer, *sockets, names="control"):
    """A daemon that is handed listening sockets, as systemd does it."""
    def put():
        # Away from where they are to come first.
        kept = [os.dup2(one.fileno(), 100 + i) for i, one in enumerate(sockets)]
        for i, fd in enumerate(kept):
            os.dup2(fd, 3 + i)
    out, err = peer.home / "handed.out", peer.home / "handed.err"
    with open(out, "w") as stdout, open(err, "w") as stderr:
        process = subprocess.Popen(
            ["sh", "-c", 'export LISTEN_PID=$$; exec "$@"', "sh", BIN, "daemon"], stdin=subprocess.DEVNULL, stdout=stdout,
            stderr=stderr, cwd=peer.home, close_fds=False, preexec_fn=put,
            env=peer.env(LISTEN_FDS=str(len(sockets)), LISTEN_FDNAMES=names))
    return process, err


def end(process, err):
    process.terminate()
    assert process.wait(PATIENCE) == 0, err.read_text()
    assert not COMPLAINTS.search(err.read_text()), err.read_text()


def test_it_serves_at_a_socket_that_was_there(peer):
    """Who asks before it runs is answered once it does; the socket stays when it has ended."""
    path = hashed_socket(peer)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        asked = peer.start("status", "--json")
        wait_for(lambda: select.select([listener], [], [], 0)[0], PATIENCE, "a client that waits")
        for _ in range(2):
            process, err = start_handed(peer, listener)
            try:
                assert asked.wait(PATIENCE) == 0, asked.stderr()
                assert peer.status()["peer_id"] == peer.id
                # Nobody comes second, whoever made the socket.
                done = peer.run("daemon", code=1)
                assert f"process {process.pid} " in done.stderr
            finally:
                end(process, err)
            assert path.is_socket()


def test_a_socket_without_a_name_gets_one(peer):
    """What the service manager made was removed before the daemon came."""
    path = hashed_socket(peer)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.unlink()
        process, err = start_handed(peer, listener)
        try:
            wait_for(lambda: "was removed, and is made anew" in err.read_text(), PATIENCE, "a new socket")
            assert peer.status()["peer_id"] == peer.id
        finally:
            end(process, err)


def test_it_serves_http_at_a_socket_that_was_there(peer):
    path = hashed_socket(peer)
    http = path.with_name(path.stem + "-http.sock")
    with socket.socket(socket.AF_UNIX) as control, socket.socket(socket.AF_UNIX) as web, socket.socket(socket.AF_UNIX) as client:
        for listener, where in ((control, path), (web, http)):
            listener.bind(str(where))
            listener.listen()
        client.connect(str(http))
        client.settimeout(PATIENCE)
        client.sendall(b"GET /v1/status HTTP/1.1\r\nHost: peerup\r\nConnection: close\r\n\r\n")
        process, err = start_handed(peer, web, control, names="http:control")
        try:
            assert client.recv(9) == b"HTTP/1.1 "
            assert peer.status()["peer_id"] == peer.id
        finally:
            end(process, err)
        assert path.is_socket() and http.is_socket()
        assert not http.with_suffix(".cookie").exists()


def test_a_socket_in_wait_is_no_daemon(peer):
    path = hashed_socket(peer)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        done = peer.run("daemon", code=1)
        assert "the service manager" in done.stderr and str(path) in done.stderr
        assert path.is_socket()


def test_a_socket_for_nothing_is_said(peer):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(peer.home / "elsewhere"))
        listener.listen()
        process, err = start_handed(peer, listener)
        try:
            wait_for(lambda: "elsewhere, which nothing here listens at" in err.read_text(), PATIENCE, "a warning")
            assert peer.status()["peer_id"] == peer.id
        finally:
            end(process, err)


def test_systemd_hands_it_a_socket(peer):
    needs("systemd-socket-activate")
    path = hashed_socket(peer)
    settings = [f"--setenv={key}={value}" for key, value in peer.env().items()]
    err = peer.home / "activate.err"
    with open(err, "w") as stderr:
        process = subprocess.Popen(["systemd-socket-activate", f"--listen={path}", "--fdname=control", *settings, BIN, "daemon"],
                                   stdin=subprocess.DEVNULL, stderr=stderr, env=peer.env(), cwd=peer.home)
    try:
        # Its file is there before anything listens.
        wait_for(lambda: "Listening on" in err.read_text(), PATIENCE, "the socket")
        assert path.exists() and peer.status()["peer_id"] == peer.id
    finally:
        end(process, err)


# Only one

def test_who_comes_second_is_told_who_runs(peer):
    daemon = peer.daemon()
    done = peer.run("daemon", code=1)
    assert f"a daemon for {peer.config} is running already: process {daemon.pid} " in done.stderr
    assert peer.status()["peer_id"] == peer.id


def test_what_was_killed_is_not_in_the_way(peer):
    for _ in range(2):
        daemon = peer.daemon()
        daemon.signal(signal.SIGKILL)
        daemon.wait(PATIENCE)
        assert socket_of(peer).is_socket()
    peer.daemon()
    assert peer.status()["peer_id"] == peer.id


# The journal

def fields_of(entry):
    """The journal's native protocol."""
    fields = {}
    while entry:
        line, _, entry = entry.partition(b"\n")
        if b"=" in line:
            key, _, value = line.partition(b"=")
        else:
            size, = struct.unpack("<Q", entry[:8])
            key, value, entry = line, entry[8:8 + size], entry[9 + size:]
        fields[key.decode()] = value.decode()
    return fields


@pytest.fixture
def journal(directory):
    """A journal of our own, and a function that starts a daemon of a peer whose standard error it is."""
    if os.geteuid() != 0:
        pytest.skip("a journal of our own needs root")
    # Below a changed root mounts cannot be made private; there they are so already.
    propagation = "private" if " shared:" in pathlib.Path("/proc/self/mountinfo").read_text() else "unchanged"
    place = directory / "journal"
    place.mkdir()
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    receiver.bind(str(place / "socket"))
    processes, entries = [], []

    class Journal:
        def start(self, peer, *words, **env):
            script = f'mount -t tmpfs none /run && mkdir -p /run/systemd/journal && mount --bind {place} /run/systemd/journal && exec "$@"'
            err = peer.home / "journal.err"
            with open(err, "w") as stderr:
                info = os.fstat(stderr.fileno())
                processes.append((subprocess.Popen(
                    ["unshare", "--mount", "--propagation", propagation, "sh", "-c", script, "sh", BIN, "daemon", *words], stdin=subprocess.DEVNULL, stderr=stderr,
                    cwd=peer.home, env=peer.env(JOURNAL_STREAM=f"{info.st_dev}:{info.st_ino}", **env)), err))
            return processes[-1]

        def wait(self, what, **fields):
            """The first entry that has these."""
            def find():
                with contextlib.suppress(BlockingIOError):
                    while True:
                        entries.append(fields_of(receiver.recv(1 << 18, socket.MSG_DONTWAIT)))
                return next((entry for entry in entries if fields.items() <= entry.items()), None)
            return wait_for(find, PATIENCE, what)

    yield Journal()
    for process, err in processes:
        end(process, err)
    receiver.close()


IDS = dict(re.findall(r'#define PEERUP_LOG_ID_(\w+) +"([0-9a-f]{32})"',
                      (pathlib.Path(__file__).parents[2] / "src/service/peerup-log.h").read_text()))


def test_the_journal_has_fields(pair, journal):
    home, laptop = pair
    daemon, err = journal.start(home)
    started = journal.wait("the start", MESSAGE_ID=IDS["START"])
    assert started["MESSAGE"] == f"This is {home.id}" and started["GLIB_DOMAIN"] == "peerup-cli"
    assert started["PRIORITY"] == "5" and started["SYSLOG_IDENTIFIER"] == "peerup"
    laptop.run("ping", "home", "-c", "1")
    came = journal.wait("a connection", PEERUP_PEER=laptop.id)
    assert came["PEERUP_PATH"] == "direct" and came["GLIB_DOMAIN"] == "peerup-engine" and came["PRIORITY"] == "6"
    home.config.write_text("nonsense\n")
    problem = journal.wait("a problem", MESSAGE_ID=IDS["PROBLEM"])
    assert "stays in force" in problem["MESSAGE"] and problem["PRIORITY"] == "4"
    home.run("stop")
    journal.wait("the end", MESSAGE_ID=IDS["STOP"])
    assert daemon.wait(PATIENCE) == 0
    assert "This is" not in err.read_text() and "stays in force" not in err.read_text()


def test_a_refused_service_has_fields(make_peer, journal):
    home, laptop = make_peer("home").init(), make_peer("laptop").init()
    home.authorize(laptop)
    laptop.knows(home)
    home.run("service", "add", "secret", "9")
    home.run("service", "acl", "secret", "--nobody")
    journal.start(home)
    journal.wait("the start", MESSAGE_ID=IDS["START"])
    journal.wait("the service", PEERUP_SERVICE="secret")
    proxy = laptop.proxy("home", "secret")
    with contextlib.suppress(ConnectionResetError), socket.create_connection(proxy.address, PATIENCE) as connection:
        assert connection.recv(1) == b""
    refused = journal.wait("the refusal", PEERUP_SERVICE="secret", PEERUP_PEER=laptop.id)
    assert refused["MESSAGE"].startswith("Refused service secret to ")


# Levels

def test_levels_of_a_run(peer):
    quiet = peer.daemon("daemon", "--log-level", "warning")
    peer.run("stop")
    assert quiet.wait(PATIENCE) == 0 and "This is" not in quiet.stderr()
    loud = peer.daemon(PEERUP_LOG="all=debug")
    peer.run("stop")
    assert loud.wait(PATIENCE) == 0 and "Debug: " in loud.stderr()


@pytest.mark.parametrize("words", [["--log-level", "loud"], ["--log-level", "swram=debug"]])
def test_levels_that_are_none(peer, words):
    assert "--log-level: " in peer.run("daemon", *words, code=2).stderr


def test_levels_of_the_environment_are_checked(peer):
    running = peer.start("whoami", PEERUP_LOG="swram=debug")
    assert running.wait(PATIENCE) == 2
    assert "PEERUP_LOG in the environment: there is no log domain “swram”" in running.stderr()


def test_levels_while_it_runs(peer):
    daemon = peer.daemon()
    assert peer.json("log") == {"*": "info"}
    assert peer.json("log", "swarm=debug", "all=warning") == {"*": "warning", "swarm": "debug"}
    assert peer.run("log").stdout.split() == ["all", "warning", "swarm", "debug"]
    assert peer.json("log", "swarm=", "all=info") == {"*": "info"}
    refused = peer.run("log", "all=debug", "swram=debug", code=1)
    assert "there is no log domain “swram”" in refused.stderr
    assert peer.json("log") == {"*": "info"}
    assert "swarm=debug" in peer.run("log", "swarm", code=2).stderr
    assert "Debug: " not in daemon.stderr()


def test_no_secret_is_logged(make_peer):
    """Not at the finest level, and not in a pairing."""
    home, laptop = make_peer("home").init(), make_peer("laptop").init()
    daemons = [peer.daemon(PEERUP_LOG="all=debug") for peer in (home, laptop)]
    invite = home.start("invite", "--non-interactive", "--no-qr")
    wait_for(lambda: "\n" in invite.stdout(), PATIENCE, "a code")
    code = invite.stdout().strip()
    laptop.run("join", code, "--non-interactive")
    assert invite.wait(PATIENCE) == 0
    keys = [(peer.config.parent / "identity.key").read_bytes() for peer in (home, laptop)]
    for peer, daemon in zip((home, laptop), daemons):
        peer.run("stop")
        assert daemon.wait(PATIENCE) == 0
        text = daemon.stderr()
        assert "Debug: " in text
        assert code not in text and code.replace("-", "") not in text.replace("-", "")
        assert not any(key.hex() in text or key.hex().upper() in text for key in keys)


# Profiles

def make_profiles(peer, *names):
    ids = {}
    for name in names:
        ids[name] = peer.run("init", "--profile", name, "--port", free_port()).stdout.strip()
        config = peer.home / f".config/peerup/profiles/{name}/config.yaml"
        text = config.read_text().replace("\n  mdns: true\n", "\n  mdns: false\n")
        config.write_text(text.replace("\nnetwork:\n", "\nnetwork:\n  port_mapping: false\n"))
    return ids


@pytest.fixture
def solo(make_peer):
    return make_peer("solo")


def test_profiles_in_one_process(solo):
    ids = make_profiles(solo, "home", "work")
    assert ids["home"] != ids["work"]
    daemon = solo.daemon("daemon", "--profile", "home", "--profile", "work")
    for name, identity in ids.items():
        assert solo.json("status", "--profile", name)["peer_id"] == identity
    assert {one["name"]: one["running"] for one in solo.json("profile", "list")} == {"home": True, "work": True}
    assert "process" in solo.run("daemon", "--profile", "work", code=1).stderr
    # One that ends does not end the other.
    solo.run("stop", "--profile", "home")
    assert {one["name"]: one["running"] for one in solo.json("profile", "list")} == {"home": False, "work": True}
    assert solo.json("status", "--profile", "work")["peer_id"] == ids["work"]
    daemon.signal(signal.SIGTERM)
    assert daemon.wait(PATIENCE) == 0


def test_profiles_take_ports_of_their_own(solo):
    """None of them runs, so only their configurations know."""
    texts = []
    for name in ("home", "work", "club"):
        solo.run("init", "--profile", name)
        texts.append((solo.home / f".config/peerup/profiles/{name}/config.yaml").read_text())
    ports = [set(re.findall(r"/(?:tcp|udp)/(\d+)", text.split("listen_addresses:")[1].split("\n\n")[0])) for text in texts]
    assert all(len(one) == 1 for one in ports) and len(set.union(*ports)) == 3, ports


def test_one_that_cannot_start_is_alone(solo):
    ids = make_profiles(solo, "bad", "good")
    (solo.home / ".config/peerup/profiles/bad/config.yaml").write_text("nonsense\n")
    daemon = solo.daemon("daemon", "--all-profiles")
    assert "profile bad: " in daemon.stderr()
    assert solo.json("status", "--profile", "good")["peer_id"] == ids["good"]
    solo.run("stop", "--profile", "good")
    # The whole of it did not go well.
    assert daemon.wait(PATIENCE) == 1


def test_profiles_in_processes_of_their_own(solo):
    ids = make_profiles(solo, "home", "work")
    daemons = [solo.daemon("daemon", "--profile", name) for name in ids]
    for name, identity in ids.items():
        assert solo.json("--profile", name, "status")["peer_id"] == identity
    # One that is killed is not in the way, of itself or of the other.
    daemons[0].signal(signal.SIGKILL)
    daemons[0].wait(PATIENCE)
    solo.daemon("daemon", "--profile", "home")
    for name, identity in ids.items():
        assert solo.json("status", "--profile", name)["peer_id"] == identity


def test_profiles_and_the_usual_configuration(solo):
    solo.init()
    ids = make_profiles(solo, "work")
    assert solo.run("whoami").stdout.strip() == solo.id != ids["work"] == solo.run("whoami", "--profile=work").stdout.strip()
    solo.run("service", "add", "ssh", "22", "--profile", "work")
    assert [one["name"] for one in solo.json("service", "list", "--profile", "work")] == ["ssh"]
    assert solo.json("service", "list") == []


def log_of(daemon):
    """Its lines, without the time, and without what a sanitizer says at the start."""
    return [re.sub(r"^\d{4}-\S+ ", "", line) for line in daemon.stderr().splitlines() if not line.startswith("==")]


def test_lines_name_a_profile(solo, journal):
    """All of them, as the process has no other; with --json in a member; in the journal in the text and in a field."""
    ids = make_profiles(solo, "work", "club")
    config = solo.home / ".config/peerup/profiles/work/config.yaml"
    for service, words in (("web", ["--profile", "work"]), ("ssh", ["--config", config])):
        daemon = solo.daemon("daemon", "--log-level", "debug", *words)
        solo.run("service", "add", service, "22", "--profile", "work")
        daemon.wait_stderr(f"work: Service {service} ", PATIENCE)
        solo.run("stop", "--profile", "work")
        assert daemon.wait(PATIENCE) == 0
        assert f"work: This is {ids['work']}" in log_of(daemon)
        assert any(line.startswith("work: Debug: ") for line in log_of(daemon))
        assert [line for line in log_of(daemon) if not line.startswith("work: ")] == []
    daemon = solo.daemon("daemon", "--json", "--profile", "work")
    solo.run("stop", "--profile", "work")
    assert daemon.wait(PATIENCE) == 0
    lines = [json.loads(line) for line in log_of(daemon)]
    assert {line["profile"] for line in lines} == {"work"} and f"This is {ids['work']}" in [line["message"] for line in lines]
    journal.start(solo, "--profile", "club")
    started = journal.wait("the start", MESSAGE_ID=IDS["START"], PEERUP_PROFILE="club")
    assert started["MESSAGE"] == f"club: This is {ids['club']}"


def test_the_usual_configuration_names_no_profile(peer):
    daemon = peer.daemon("daemon", "--json")
    peer.run("stop")
    assert daemon.wait(PATIENCE) == 0
    assert not any("profile" in json.loads(line) for line in log_of(daemon))


def test_lines_of_several_profiles(solo):
    """Of the engine's own lines each names its profile."""
    ids = make_profiles(solo, "home", "work")
    daemon = solo.daemon("daemon", "--profile", "home", "--profile", "work")
    solo.run("service", "add", "ssh", "22", "--profile", "work")
    daemon.wait_stderr("Service ssh ", PATIENCE)
    (solo.home / ".config/peerup/profiles/home/config.yaml").write_text("nonsense\n")
    daemon.wait_stderr("stays in force", PATIENCE)
    for name in ids:
        solo.run("stop", "--profile", name)
    assert daemon.wait(PATIENCE) == 0
    lines = log_of(daemon)
    for name, identity in ids.items():
        assert f"{name}: This is {identity}" in lines
        assert any(line.startswith(f"{name}: Listening on ") for line in lines)
        assert any(line.startswith(f"{name}: Ending: ") for line in lines)
    assert [line.split(": ")[0] for line in lines if "Service ssh " in line] == ["work"]
    assert {line.split(": ")[0] for line in lines if "stays in force" in line} == {"home"}


@pytest.mark.parametrize("words, text", [
    (["status", "--profile", "work", "--config", "x.yaml"], "exclude each other"),
    (["status", "--profile", "home", "--profile", "work"], "given twice"),
    (["daemon", "--profile", "work", "--profile", "work"], "given twice"),
    (["status", "--profile", "../work"], "cannot be the name of a profile"),
    (["status", "--profile", ""], "cannot be the name of a profile"),
    (["daemon", "--all-profiles", "--profile", "work"], "--all-profiles stands without"),
])
def test_profiles_that_make_no_sense(solo, words, text):
    assert text in solo.run(*words, code=2).stderr


def test_profiles_that_are_not_there(solo):
    assert "peerup init --profile work" in solo.run("status", "--profile", "work", code=1).stderr
    assert "peerup init --profile" in solo.run("daemon", "--all-profiles", code=1).stderr
    assert solo.json("profile", "list") == []


# The units

def needs(program):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")


def place(directory, name, source):
    """A unit under its installed name, with a program that is there."""
    path = directory / name
    path.write_text(re.sub(r"^(ExecStart=)\S+/peerup ", rf"\1{BIN} ", source.read_text(), flags=re.M))
    return path


@pytest.fixture
def units(directory):
    """{user/NAME or system/NAME: path}, as they are installed."""
    (directory / "user").mkdir()
    (directory / "system").mkdir()
    installed = {
        "user/peerup.service": UNITS / "peerup.service",
        "user/peerup@.service": UNITS / "peerup@.service",
        "system/peerup.service": UNITS / "peerup-system.service",
        "system/peerup@.service": UNITS / "peerup-system@.service",
        "system/peerup-relay.service": UNITS / "peerup-relay.service",
    } | {f"user/{path.name}": path for path in SOURCES.glob("*.socket")}
    return {name: place(directory, name, source) for name, source in installed.items()}


def analyze(directory, *words):
    needs("systemd-analyze")
    done = subprocess.run(["systemd-analyze", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE, check=False,
                          env=os.environ | {"XDG_RUNTIME_DIR": str(directory)})
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("whose", ["user", "system"])
def test_systemd_takes_the_units(units, directory, whose):
    instances = [str(path).replace("@.", "@work.") for name, path in units.items() if name.startswith(whose)]
    assert len(instances) >= 3
    assert analyze(directory, f"--{whose}", "verify", "--man=no", *instances).stderr == ""


@pytest.mark.parametrize("name", ["peerup.service", "peerup@.service", "peerup-relay.service"])
def test_system_units_are_safe(units, directory, name, show):
    done = analyze(directory, "security", "--offline=yes", "--threshold=29", str(units[f"system/{name}"]).replace("@.", "@work."))
    level = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)[1]
    show("exposure", f"{level}  {name} (system)")
    assert float(level) < 3


def test_user_units_are_as_safe_as_they_can_be(units, directory, show):
    """A person's manager can take no capability away, so the figure is no promise; what can be set is."""
    done = analyze(directory, "--user", "security", "--offline=yes", units["user/peerup.service"])
    show("exposure", f'{re.search(r"exposure level for .*: ([0-9.]+)", done.stdout)[1]}  peerup.service (user)')
    for setting in ("NoNewPrivileges", "MemoryDenyWriteExecute", "LockPersonality", "RestrictRealtime", "RestrictSUIDSGID"):
        assert re.search(rf"^✓ {setting}=", done.stdout, re.M), setting


def test_units_and_what_is_said_of_them_agree(units):
    listens = {name: re.search(r"^ListenStream=(.*)$", path.read_text(), re.M)[1] for name, path in units.items()
               if name.endswith(".socket")}
    # As peerup-control-socket.c and peerup-http-face.c name them.
    assert listens == {"user/peerup.socket": "%t/peerup/default.sock", "user/peerup-http.socket": "%t/peerup/default-http.sock",
                       "user/peerup@.socket": "%t/peerup/profile-%i.sock"}
    manual = (SOURCES.parent / "man/peerup.1.in").read_text().replace("\\-", "-").replace("@NAME", "@")
    named = set(re.findall(r"peerup[-@a-z]*\.(?:service|socket)", manual))
    assert {"peerup.service", "peerup@.service", "peerup-relay.service"} <= named <= {name.split("/")[1] for name in units}
    for bus in ("session", "system"):
        started = re.search(r"^SystemdService=(.*)$", (SOURCES.parent / f"dbus-1/{bus}.service.in").read_text(), re.M)[1]
        unit = units[("user" if bus == "session" else "system") + "/peerup.service"].read_text()
        assert started == "peerup.service" or f"\nAlias={started}\n" in unit
        assert "\nBusName=dev.peerup.PeerUp.Engine\n" in unit


def test_units_are_complete(units):
    for name, path in units.items():
        if not name.endswith(".service"):
            continue
        text = path.read_text()
        for setting in ("Type=notify", "Restart=on-failure", "ExecReload=", "LimitNOFILE=", "Documentation=man:peerup(1)"):
            assert f"\n{setting}" in text, (name, setting)
        assert re.search(r"^WatchdogSec=\d+$", text, re.M), name
        # It would hide the boot id, by which the time to confirm a change of the configuration is kept.
        assert "\nProcSubset=" not in text, name
