# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Changes of the configuration that cannot lock anybody out: applied, confirmed, taken back; through crashes, full disks and
directories that cannot be written."""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess

import netlab
import pytest

from conftest import new_directory, new_peers, set_clock
from control import Control, Refused
from netlab import wait_for
from test_pairing_crash import SHIM, Board
from test_pairing_hostile import FAKETIME
from test_service import Manager

PATIENCE = 60  # seconds for what takes less than one
SERVICE = "services:\n  {}:\n    enabled: true\n    local_address: \"localhost:22\"\n"
EMPTY = "\nservices: {}\n"


class Machine:
    """A peer with its daemon, and the files beside its configuration."""

    def __init__(self, peer):
        self.peer, self.config = peer, peer.config
        self.old = self.config.read_text()
        assert EMPTY in self.old

    def text(self, service):
        return self.old.replace(EMPTY, f"\n{SERVICE.format(service)}")

    def file(self, text, name="new.yaml"):
        path = self.peer.home / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def side(self, name):
        return self.config.parent / name

    def apply(self, service, *options, code=0):
        return self.peer.run("config", "apply", self.file(self.text(service), f"{service}.yaml"), *options, code=code)

    def services(self):
        return [one["name"] for one in self.peer.status()["services"]]

    def numbers(self):
        return [one["number"] for one in self.peer.json("config", "list")]

    def is_pending(self):
        return self.side(".config.pending").exists()

    def problems(self):
        return " ".join(self.peer.status()["problems"])

    def has_old(self):
        return self.config.read_text() == self.old and not self.is_pending()

    def kill(self):
        self.peer.daemon_process.signal(signal.SIGKILL)
        self.peer.daemon_process.wait()

    def change_record(self, **members):
        record = json.loads(self.side(".config.pending").read_text())
        self.side(".config.pending").write_text(json.dumps(record | members))


@pytest.fixture
def machine(peer):
    machine = Machine(peer)
    peer.daemon()
    return machine


@contextlib.contextmanager
def mounted(*args):
    if os.geteuid() != 0:
        pytest.skip("mounts need root")
    subprocess.run(["mount", *map(str, args)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(args[-1])], check=True)


def test_apply_and_go_back(machine):
    wait_for(lambda: machine.numbers() == [0], PATIENCE, "the first in the archive")
    assert "in use" in machine.apply("one", "--cause", "a test: №1").stderr
    assert machine.services() == ["one"]
    machine.apply("two")
    latest, before, first = machine.peer.json("config", "list")
    assert (latest["number"], before["number"], first["number"]) == (0, 1, 2)
    assert before["cause"] == "a test: №1" and before["who"] == "dbus"
    diff = machine.peer.run("config", "diff").stdout
    assert "\n-  one:\n+  two:\n" in diff
    assert machine.peer.run("config", "diff", "0", code=1).stderr
    machine.peer.run("config", "rollback", "2")
    assert machine.services() == [] and machine.config.read_text() == machine.old
    machine.peer.run("config", "rollback")
    assert machine.services() == ["two"]
    assert machine.side(".config.history").stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in machine.side(".config.history").iterdir())
    refused = machine.peer.run("config", "apply", machine.file("identity: ["), code=1)
    assert ":1:" in refused.stderr and machine.services() == ["two"]
    assert "number 9" in machine.peer.run("config", "rollback", "9", code=1).stderr


def test_confirm(machine):
    said = machine.apply("one", "--confirm-timeout", "5m").stderr
    assert "peerup config confirm" in said
    assert machine.services() == ["one"] and machine.is_pending()
    for refused in (machine.apply("two", code=1), machine.peer.run("service", "add", "three", "localhost:23", code=1)):
        assert "until" in refused.stderr and "peerup config confirm" in refused.stderr and "peerup config rollback" in refused.stderr
    machine.peer.run("config", "confirm")
    assert not machine.is_pending() and machine.services() == ["one"]
    assert "waits to be confirmed" in machine.peer.run("config", "confirm", code=1).stderr
    machine.peer.run("service", "add", "three", "localhost:23")
    wait_for(lambda: sorted(machine.services()) == ["one", "three"], PATIENCE, "the edit")


def test_causes(machine):
    """The archive says what has made each: edits by the command and by operations, with and without a daemon."""
    peer, control = machine.peer, Control(machine.peer)

    def latest(cause, who):
        def found():
            one = peer.json("config", "list")[0]
            return one["number"] == 0 and (one["cause"], one["who"]) == (cause, who)

        return found

    wait_for(latest("start", "daemon"), PATIENCE, "the first")
    peer.run("service", "add", "web", "localhost:80")
    wait_for(lambda: machine.services() == ["web"], PATIENCE, "the service")
    wait_for(latest("service add web", "command"), PATIENCE, "its cause")
    control.call("EnableService", "(sb)", "web", False)
    wait_for(latest("service disable web", "dbus"), PATIENCE, "its cause")
    control.call("SetName", "(ss)", "alice", peer.id)
    wait_for(latest("name alice", "dbus"), PATIENCE, "its cause")
    machine.config.write_text(machine.text("one"))
    wait_for(latest("edited", "file"), PATIENCE, "its cause")
    peer.run("stop")
    peer.run("service", "disable", "one")
    assert latest("service disable one", "command")(), peer.json("config", "list")
    assert peer.json("config", "list")[1]["cause"] == "edited"


def test_times_to_confirm(machine):
    for time in ("500ms", "25h"):
        assert "1 second to 24 hours" in machine.apply("one", "--confirm-timeout", time, code=1).stderr, time
    assert machine.has_old() and machine.services() == []
    machine.apply("one", "--confirm-timeout", "599.5s")
    record = json.loads(machine.side(".config.pending").read_text())
    assert record["timeout"] == 600 * 10**6


def test_it_comes_back_by_itself(machine):
    machine.apply("one", "--confirm-timeout", "1s")
    wait_for(machine.has_old, PATIENCE, "what was there before")
    wait_for(lambda: machine.services() == [], PATIENCE, "its use")
    wait_for(lambda: "not confirmed in time" in machine.problems(), PATIENCE, "word of it")
    assert machine.side(".config.replaced.yaml").read_text() == machine.text("one")
    machine.apply("two")
    assert "not confirmed" not in machine.problems()


@pytest.mark.released
def test_the_clock_is_set_back_over_the_deadline(peer, tmp_path):
    """The time to confirm is that which passes, whatever the clock says: set back it is no longer, set forward no shorter."""
    if not pathlib.Path(FAKETIME).exists():
        pytest.skip(f"{FAKETIME} is not there: Debian has it in libfaketime")
    machine, clock = Machine(peer), tmp_path / "clock"
    set_clock(clock, "+0")
    peer.daemon(LD_PRELOAD=FAKETIME, FAKETIME_TIMESTAMP_FILE=str(clock), FAKETIME_NO_CACHE="1", FAKETIME_DONT_FAKE_MONOTONIC="1")
    machine.apply("one", "--confirm-timeout", "2s")
    set_clock(clock, "-1d")
    wait_for(machine.has_old, PATIENCE, "what was there before")
    set_clock(clock, "+0")
    machine.apply("two", "--confirm-timeout", "10m")
    set_clock(clock, "+1d")
    assert "until" in peer.run("service", "add", "three", "localhost:23", code=1).stderr
    peer.run("config", "confirm")
    assert machine.services() == ["two"] and not machine.is_pending()


def test_two_people_apply_at_once(machine):
    """One of them is second, and what is in place is whole and one of the two; only one change may wait to be confirmed."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(machine.apply, ("one", "two")))
    assert machine.services() in (["one"], ["two"])
    assert machine.config.read_text() in (machine.text("one"), machine.text("two"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda name: machine.apply(name, "--confirm-timeout", "5m", code=None), ("three", "four")))
    assert sorted(one.returncode for one in done) == [0, 1]
    late = next(one for one in done if one.returncode == 1)
    assert "peerup config confirm" in late.stderr
    won = "three" if done[0].returncode == 0 else "four"
    assert machine.services() == [won] and machine.config.read_text() == machine.text(won)


def test_whoever_applied_it_is_gone(machine):
    """The connection it was made through ends; nobody else needs to do anything."""
    control = Control(machine.peer)
    result = control.call("ApplyConfig", "(sa{sv})", machine.text("one"), {"confirm_timeout": control_int(1)})
    assert result["changed"] and result["pending"]
    assert control.property("ConfigPending") and control.property("ConfigDeadline") == result["deadline"]
    control.connection.close_sync(None)
    wait_for(machine.has_old, PATIENCE, "what was there before")


def control_int(number):
    from gi.repository import GLib

    return GLib.Variant("x", number)


def test_killed_in_the_window(machine):
    peer = machine.peer
    machine.apply("one", "--confirm-timeout", "10m")
    machine.kill()
    peer.daemon()
    assert machine.services() == ["one"] and machine.is_pending()
    peer.run("config", "confirm")
    machine.apply("two", "--confirm-timeout", "10m")
    machine.kill()
    # The time was over while nobody was there.
    machine.change_record(boot_deadline=1)
    peer.daemon()
    assert machine.services() == ["one"] and "not confirmed in time" in machine.problems()
    machine.apply("two", "--confirm-timeout", "10m")
    machine.kill()
    # The clock says that there is time, but the machine was started anew.
    machine.change_record(boot_id="00000000-0000-0000-0000-000000000000", deadline="2999-01-01T00:00:00Z")
    peer.daemon()
    assert machine.services() == ["one"] and not machine.is_pending()
    machine.apply("two", "--confirm-timeout", "10m")
    machine.kill()
    # No start could use it.
    machine.config.write_text("identity: [")
    peer.daemon()
    assert machine.services() == ["one"]


def test_nothing_starts_by_it(machine):
    peer = machine.peer
    text, n = re.subn("key_file: .*", "key_file: nowhere.key", machine.text("one"))
    assert n == 1
    result = peer.json("config", "apply", machine.file(text), "--confirm-timeout", "10m")
    assert result["restart"] == ["identity.key_file"]
    machine.kill()
    assert "taken back" in peer.run("daemon", code=1).stderr
    peer.daemon()
    assert machine.services() == [] and machine.has_old()


def test_another_key_waits_for_a_restart(machine):
    """Each face says so, and then it is used."""
    peer = machine.peer
    other = peer.run("init", "--config", peer.home / "other/config.yaml").stdout.strip()
    (peer.home / "other/identity.key").rename(machine.side("other.key"))
    assert other != peer.id
    text, n = re.subn("key_file: .*", "key_file: other.key", machine.old)
    assert n == 1

    says = "identity.key_file is used when the daemon is restarted."
    assert says in peer.run("config", "apply", machine.file(text)).stderr
    problem = f"identity.key_file was changed: the new identity ({other}) is used when the daemon is restarted"
    assert problem in machine.problems() and problem in " ".join(peer.run("status").stdout.split())
    assert f"Warning: {problem}" in peer.daemon_process.stderr()
    assert peer.status()["peer_id"] == peer.id
    # It waits on, whatever else is changed; and not for what was there before.
    assert peer.json("config", "apply", machine.file(text.replace(EMPTY, f"\n{SERVICE.format('one')}")))["restart"] == ["identity.key_file"]
    control = Control(peer)
    assert control.call("ApplyConfig", "(sa{sv})", machine.old, {})["restart"] == []
    control.close()
    assert "restarted" not in machine.problems() and says not in peer.run("config", "apply", machine.file(machine.text("one"))).stderr

    # Nobody is left to find out at the next start that there is none.
    machine.config.write_text(re.sub("key_file: .*", "key_file: nowhere.key", machine.old))
    peer.daemon_process.signal(signal.SIGHUP)
    wait_for(lambda: "nowhere.key" in machine.problems(), PATIENCE, "the problem")
    assert "no start could use the new one: " in machine.problems()
    machine.config.write_text(text)
    peer.daemon_process.signal(signal.SIGHUP)
    wait_for(lambda: problem in machine.problems(), PATIENCE, "the other problem")
    peer.run("stop")
    assert peer.daemon_process.wait(PATIENCE) == 0
    peer.daemon()
    assert peer.status()["peer_id"] == other and "identity.key_file" not in machine.problems()


def test_the_original_left_it(peer):
    machine = Machine(peer)
    machine.side(".config.pre-confirmed.yaml").write_text(machine.text("one"))
    machine.side(".config.pre-confirmed.yaml").chmod(0o600)
    machine.side(".config.pending").write_text('{"deadline":"2026-01-01T12:00:00.5+02:00","backup":".config.pre-confirmed.yaml"}')
    peer.daemon()
    assert machine.services() == ["one"] and not machine.is_pending()


def test_without_a_daemon(peer):
    machine = Machine(peer)
    assert "peerup daemon" in machine.apply("one", "--confirm-timeout", "5m", code=1).stderr
    assert machine.has_old()
    machine.apply("one")
    machine.apply("two")
    assert "-  one:" in peer.run("config", "diff", "1").stdout
    assert machine.numbers() == [0, 1, 2]
    machine.config.unlink()
    assert "peerup config rollback" in peer.run("config", "show", code=1).stderr
    peer.run("config", "rollback")
    assert machine.config.read_text() == machine.text("two")
    # One that the daemon has left behind.
    peer.daemon()
    machine.apply("three", "--confirm-timeout", "10m")
    machine.kill()
    machine.config.unlink()
    assert "gone" in peer.run("config", "confirm", code=1).stderr
    peer.run("config", "rollback")
    assert machine.config.read_text() == machine.text("two") and not machine.is_pending()


def test_file_in_the_way(machine):
    peer = machine.peer
    machine.apply("one", "--confirm-timeout", "10m")
    machine.config.unlink()
    peer.run("config", "confirm")
    assert machine.config.read_text() == machine.text("one")
    machine.config.unlink()
    wait_for(lambda: "old configuration stays in force" in machine.problems(), PATIENCE, "word of it")
    machine.config.mkdir()
    refused = machine.apply("two", code=1)
    assert str(machine.config) in refused.stderr and "directory" in refused.stderr.lower()
    assert machine.services() == ["one"]
    machine.config.rmdir()
    machine.apply("two", "--confirm-timeout", "10m")
    assert machine.services() == ["two"]
    machine.config.unlink()
    peer.run("config", "rollback")
    assert machine.services() == ["one"] and machine.config.read_text() == machine.text("one")


def fill(directory):
    with open(directory / "ballast", "wb") as ballast, contextlib.suppress(OSError):
        while True:
            os.write(ballast.fileno(), bytes(4096))
    # What is left of the last page.
    with open(directory / "ballast", "ab", buffering=0) as ballast, contextlib.suppress(OSError):
        while True:
            ballast.write(b"\0")


def test_full_disk(peer, directory):
    room = directory / "room"
    room.mkdir()
    with mounted("-t", "tmpfs", "-o", "size=1m,mode=0700", "none", room):
        for path in peer.config.parent.iterdir():
            (room / path.name).write_bytes(path.read_bytes())
            (room / path.name).chmod(0o600)
        with mounted("--bind", room, peer.config.parent):
            machine = Machine(peer)
            peer.daemon()
            wait_for(lambda: machine.numbers() == [0], PATIENCE, "the first in the archive")
            fill(room)
            for options in ((), ("--confirm-timeout", "10m")):
                refused = machine.apply("one", *options, code=1)
                assert "No space left" in refused.stderr
                assert machine.has_old() and machine.services() == []
            (room / "ballast").unlink()
            machine.apply("one", "--confirm-timeout", "10m")
            fill(room)
            # The way back needs no room.
            peer.run("config", "rollback")
            assert machine.has_old() and machine.services() == []
            (room / "ballast").unlink()
            machine.apply("one")
            assert machine.services() == ["one"]
            peer.run("stop")


def test_read_only(peer):
    machine, told = Machine(peer), Manager(peer.home / "manager")
    peer.daemon_process = peer.start("daemon", NOTIFY_SOCKET=told.name)
    told.until("READY=1")
    machine.apply("one", "--confirm-timeout", "2s")
    with mounted("--bind", machine.config.parent, machine.config.parent):
        subprocess.run(["mount", "-o", "remount,bind,ro", machine.config.parent], check=True)
        # What nobody has confirmed is not in use any longer, though the file stays.
        wait_for(lambda: "cannot be put back" in machine.problems(), PATIENCE, "word of it")
        assert machine.services() == []
        # Nor does it come back by being read again.
        peer.daemon_process.signal(signal.SIGHUP)
        told.until("RELOADING=1")
        told.until("READY=1")
        assert machine.services() == []
        refused = machine.apply("two", code=1)
        assert str(machine.config) in refused.stderr or "confirm" in refused.stderr
        assert "not confirmed in time" in peer.run("config", "confirm", code=1).stderr
        assert machine.config.read_text() == machine.text("one") and machine.services() == []
    wait_for(machine.has_old, PATIENCE, "the file's way back")
    assert machine.services() == []
    machine.apply("two")
    assert machine.services() == ["two"]
    assert peer.daemon_process.process.poll() is None
    told.close()


def test_writers(machine):
    """Commands, edits, and calls of the engine, all at once: each succeeds, and what is there in the end is one of them."""
    peer, control = machine.peer, Control(machine.peer)
    texts = [machine.text(f"n{i}") for i in range(8)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        calls = [pool.submit(control.call, "ApplyConfig", "(sa{sv})", text, {}) for text in texts]
        edits = [pool.submit(peer.run, "service", "add", f"edit{i}", "localhost:22") for i in range(4)]
        assert all(call.result()["changed"] for call in calls)
        for edit in edits:
            edit.result()
    wait_for(lambda: sorted(machine.services()) == sorted(one["name"] for one in peer.json("service", "list")), PATIENCE, "its use")
    peer.run("config", "validate")
    assert len(machine.numbers()) == 6


class Victim(Machine):
    """One that is killed before a step, again and again."""

    def __init__(self, peer):
        super().__init__(peer)
        self.board = Board(peer.home / "steps")
        self.new = self.text("new")

    def start(self):
        self.board.disarm()
        self.peer.daemon(LD_PRELOAD=str(SHIM), CRASH_STEP=str(self.board.path))
        wait_for(lambda: self.side(".config.history").exists() and self.numbers()[:1] == [0], PATIENCE, "the archive")
        self.control = Control(self.peer)

    def reset(self):
        self.peer.daemon_process.end() if not self.is_dead() else None
        for path in self.config.parent.glob(".config.*"):
            if path.is_dir():
                for entry in path.iterdir():
                    entry.unlink()
                path.rmdir()
            else:
                path.unlink()
        self.config.write_text(self.old)
        self.config.chmod(0o600)

    def is_dead(self):
        return self.peer.daemon_process is None or self.peer.daemon_process.process.poll() is not None

    def do(self, method, signature="()", *arguments):
        with contextlib.suppress(Refused):
            self.control.call(method, signature, *arguments)

    def change(self, kind):
        if kind == "confirm" or kind == "take back":
            self.do("ApplyConfig", "(sa{sv})", self.new, {"confirm_timeout": control_int(600)})

    def act(self, kind):
        options = {"confirm_timeout": control_int(600)} if kind == "apply for a time" else {}
        if kind.startswith("apply"):
            self.do("ApplyConfig", "(sa{sv})", self.new, options)
        elif kind == "confirm":
            self.do("ConfirmConfig")
        else:
            self.do("RollbackConfig", "(u)", 1)

    def check(self, kind):
        """Old or new, whole, and what waits is what there is to wait for."""
        text = self.config.read_text()
        assert text in (self.old, self.new), text
        self.peer.daemon()
        assert self.config.read_text() == text, "the start changed what was whole"
        assert self.services() == ([] if text == self.old else ["new"])
        if kind == "apply":
            assert not self.is_pending()
        elif text == self.old:
            assert not self.is_pending(), "the old one waits"
        elif kind == "apply for a time":
            assert self.is_pending(), "nobody confirmed it"
        if self.is_pending():
            assert self.side(".config.pre-confirmed.yaml").read_text() == self.old
            self.peer.run("config", "rollback")
            assert self.has_old() and self.services() == []
        else:
            assert not self.side(".config.pre-confirmed.yaml").exists()
        return f"{'old' if text == self.old else 'new'}"


@pytest.mark.parametrize("kind", ["apply", "apply for a time", "confirm", "take back"])
def test_killed_at_every_step(show, kind):
    with new_directory() as directory, new_peers(directory) as make_peer:
        victim = Victim(make_peer("victim").init())
        victim.start()
        victim.change(kind)
        victim.board.arm(0)
        victim.act(kind)
        victim.board.disarm()
        steps = victim.board.steps()
        assert len(steps) > 3, steps
        table = f"{kind}: killed before each of {len(steps)} steps"
        for at in range(1, len(steps) + 1):
            victim.reset()
            victim.start()
            victim.change(kind)
            victim.board.arm(at)
            victim.act(kind)
            wait_for(victim.is_dead, PATIENCE, f"its end at step {at}, {steps[at - 1]}")
            show(table, f"{at:3} {steps[at - 1]:44} {victim.check(kind)}")
