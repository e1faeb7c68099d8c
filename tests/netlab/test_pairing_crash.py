# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""kill -9 at every step of a pairing, on either side: each change of a file, each message; and what becomes of it.

A run without a crash counts the steps of both sides from the moment that the invite is open. Then there is one run for each,
in which that side dies right before the step, comes back, and the two meet again.
"""
import concurrent.futures
import contextlib
import mmap
import pathlib
import re
import shutil
import signal
import struct
import time

import netlab
import pytest

from conftest import new_directory, new_lab, new_peers
from control import Control, Refused
from netlab import wait_for
from relay_lab import Internet

SHIM = netlab.BUILD / "tests/netlab/libcrash-step.so"
HOSTS = {"inviter": "192.168.7.2", "joiner": "192.168.7.3"}
PATIENCE = 60  # seconds for what takes less than one
HEALING = 20  # seconds, which takes less than three
DOUBT = 5  # seconds until somebody does not wait for what is in doubt
WORLDS = 2  # at a time


class Board:
    """What the shim counts in one process."""

    def __init__(self, path):
        self.path = path
        path.write_bytes(bytes(12))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 12)

    def arm(self, at):
        struct.pack_into("=iii", self.map, 0, 0, 0, at)
        struct.pack_into("=i", self.map, 0, 1)

    def disarm(self):
        struct.pack_into("=i", self.map, 0, 0)

    def steps(self):
        """What each was, the first first."""
        lines = pathlib.Path(f"{self.path}.log").read_text().splitlines()
        return [line.split(" ", 1)[1] for line in sorted(lines, key=lambda line: int(line.split()[0]))]


class Side:
    """A device of the couple, and how it was before."""

    def __init__(self, peer, host):
        self.peer, self.host, self.control = peer, host, None
        self.board = Board(peer.home / "steps")
        peer.run("init", "--port", peer.port)
        peer.id = peer.run("whoami").stdout.strip()
        # One packet is one message, and nobody else sends any.
        peer.listen_on(f"/ip4/{host}/tcp/{peer.port}")
        self.files = peer.config.parent
        self.before = peer.home / "before"
        shutil.copytree(self.files, self.before)

    def reset(self):
        self.kill()
        shutil.rmtree(self.files)
        shutil.copytree(self.before, self.files)

    def start(self, counted=False):
        env = {"LD_PRELOAD": str(SHIM), "CRASH_STEP": str(self.board.path)} if counted else {}
        self.board.disarm()
        self.peer.daemon(**env)
        self.control = Control(self.peer)

    def is_dead(self):
        return self.peer.daemon_process.process.poll() is not None

    def kill(self):
        if self.peer.daemon_process is not None and not self.is_dead():
            self.peer.daemon_process.signal(signal.SIGKILL)
            self.peer.daemon_process.wait()

    def authorizes(self, other):
        return other.peer.id in self.peer.authorized_keys.read_text()

    def has_records(self):
        return any(re.fullmatch("[0-9a-f]{32}", path.name) for path in (self.files / "pairings").glob("*"))

    def half(self):
        return self.control.call("ListPairings")


class Couple:
    """An inviter and a joiner on one cable."""

    def __init__(self, lab, make_peer):
        spaces = {name: lab.space() for name in HOSTS}
        Internet.join(None, spaces["inviter"], "lan", spaces["joiner"], "lan")
        for name, host in HOSTS.items():
            spaces[name].ip(f"addr add {host}/24 dev lan", "link set lan up")
        self.inviter, self.joiner = (Side(make_peer(name, spaces[name]), host) for name, host in HOSTS.items())
        self.sides = {"inviter": self.inviter, "joiner": self.joiner}
        self.pool = concurrent.futures.ThreadPoolExecutor()

    def open_invite(self, counted):
        for name, side in self.sides.items():
            side.reset()
            side.start(name in counted)
        return self.inviter.control.call("CreateInvite", "(a{sv})", {})

    def join(self, code):
        """What came of it; the daemon may die of it."""
        with contextlib.suppress(Refused):
            return self.joiner.control.call("Join", "(sa{sv})", code, {})

    def is_open(self, number):
        with contextlib.suppress(Refused):
            return self.is_listed_open(number)
        return False

    def is_listed_open(self, number):
        return any(one["number"] == number and one["state"] in ("open", "claimed") for one in self.inviter.control.call("ListInvites"))

    def check_never_both(self, number):
        """Authorized anywhere, and yet free for the next one."""
        somebody = self.inviter.authorizes(self.joiner) or self.joiner.authorizes(self.inviter)
        assert not (somebody and not self.inviter.is_dead() and self.is_open(number)), "authorized, and the code is open"

    def is_settled(self):
        """Not as long as one of them is dead."""
        with contextlib.suppress(Refused):
            return not self.inviter.half() and not self.joiner.half()
        return False

    def meet(self):
        for side, other in ((self.inviter, self.joiner), (self.joiner, self.inviter)):
            with contextlib.suppress(Refused):
                side.control.call("Ping", "(s)", f"/ip4/{other.host}/tcp/{other.peer.port}/p2p/{other.peer.id}")

    def has_met(self):
        if not self.is_settled():
            self.meet()
        return self.is_settled()

    def is_in_doubt(self):
        """The inviter died without knowing of it, and refuses a stranger: for two minutes the joiner takes that for no answer."""
        return not self.inviter.half() and [one["state"] for one in self.joiner.half()] == ["prepared"]

    def heal(self):
        """They meet. Returns what they have then, which is the same on both sides."""
        began, how = time.monotonic(), ""
        wait_for(lambda: self.has_met() or (self.is_in_doubt() and time.monotonic() > began + DOUBT), HEALING, "the end of what was half done")
        if not self.is_settled():
            assert self.inviter.peer.id in [one["peer_id"] for one in self.joiner.half()] and not self.inviter.has_records()
            self.joiner.control.call("UndoPairing", "(s)", self.inviter.peer.id)
            assert self.is_settled() and not self.joiner.has_records()
            how = ", by a person"
        both = self.inviter.authorizes(self.joiner), self.joiner.authorizes(self.inviter)
        assert both in ((True, True), (False, False)), both
        return ("both" if both[0] else "neither") + how

    def count(self):
        """{side: [step]} of a pairing without a crash."""
        invite = self.open_invite(HOSTS)
        for side in self.sides.values():
            side.board.arm(0)
        assert self.join(invite["code"])["state"] == "complete"
        wait_for(self.is_settled, PATIENCE, "the inviter's knowing")
        for side in self.sides.values():
            side.board.disarm()
        assert self.heal() == "both"
        return {name: side.board.steps() for name, side in self.sides.items()}

    def crash(self, name, at):
        """One side dies before its step of that number. A line for the table."""
        victim = self.sides[name]
        invite = self.open_invite((name,))
        victim.board.arm(at)
        # The joiner looks for an inviter that is gone for a minute, which nobody waits for here.
        joining = self.pool.submit(self.join, invite["code"])
        # The inviter's last steps come after the joiner's end, and may be fewer this time.
        with contextlib.suppress(AssertionError):
            wait_for(lambda: victim.is_dead() or (joining.done() and self.is_settled()), 5)
        died = victim.is_dead()
        # Not always what it was in the run that counted.
        last = victim.board.steps()[-1][:28]
        before = self.inviter.authorizes(self.joiner), self.joiner.authorizes(self.inviter)
        self.check_never_both(invite["number"])
        victim.kill()
        victim.start()
        self.check_never_both(invite["number"])
        began = time.monotonic()
        healed = self.heal()
        self.check_never_both(invite["number"])
        words = ["no", "yes"]
        return (f"{last:29}{words[before[0]]:10}{words[before[1]]:10}{healed:21}{time.monotonic() - began:5.2f} s"
                f"{'' if died else '  (it was over before)'}")


@contextlib.contextmanager
def new_couple():
    with new_directory() as directory, new_lab() as lab, new_peers(directory) as make_peer:
        yield Couple(lab, make_peer)


def run_all(steps):
    """{(side, step): line} of some of them, in a world of their own."""
    lines = {}
    with new_couple() as couple:
        for name, at in steps:
            try:
                lines[name, at] = couple.crash(name, at)
            except (AssertionError, Refused, ValueError) as error:
                lines[name, at] = f"FAILED: {str(error).splitlines()[:1]}"
    return lines


@pytest.mark.released
def test_killed_at_every_step(show):
    began = time.monotonic()
    with new_couple() as couple:
        counted = couple.count()
    steps = [(name, at) for name in HOSTS for at in range(1, len(counted[name]) + 1)]
    assert all(len(counted[name]) > 5 for name in HOSTS), counted
    with concurrent.futures.ThreadPoolExecutor(WORLDS) as pool:
        parts = list(pool.map(run_all, [steps[i::WORLDS] for i in range(WORLDS)]))
    lines = {step: line for part in parts for step, line in part.items()}
    table = f"killed before each of {len(steps)} steps, {time.monotonic() - began:.0f} s"
    show(table, f"{'':41}inviter   joiner    healed")
    for name, at in steps:
        show(table, f"{name:8}{at:3} {lines[name, at]}")
    failed = [f"{step}: {line}" for step, line in lines.items() if "FAILED" in line]
    assert not failed, failed


@pytest.mark.released
def test_a_half_pairing_is_shown_and_taken_back(show):
    """The joiner died as soon as the inviter had authorized it, and stays away."""
    with new_couple() as couple:
        counted = couple.count()["joiner"]
        half = []
        for at in range(len(counted), 0, -1):
            invite = couple.open_invite(("joiner",))
            couple.joiner.board.arm(at)
            couple.join(invite["code"])
            with contextlib.suppress(AssertionError):
                wait_for(couple.joiner.is_dead, 5)
            half = couple.inviter.half()
            if half and not couple.joiner.authorizes(couple.inviter):
                break
        assert [one["peer_id"] for one in half] == [couple.joiner.peer.id] and half[0]["state"] == "committed"
        inviter = couple.inviter.peer
        assert "pairing undo" in inviter.run("pairing", "list").stdout
        assert "1 half pairing" in inviter.run("status").stdout
        inviter.run("pairing", "undo", couple.joiner.peer.id)
        assert inviter.json("pairing", "list") == [] and not couple.inviter.authorizes(couple.joiner)
        couple.joiner.start()
        assert couple.heal() == "neither"
