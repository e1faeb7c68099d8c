# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Pairing where somebody or something is against it: relays that lie, crowds, guesses, full disks, clocks that are set."""
import contextlib
import os
import pathlib
import re
import subprocess
import time

import netlab
import pytest

from conftest import COMPLAINTS, free_port, set_clock
from control import Refused
from netlab import check, wait_for
from pairing_lab import PATIENCE, RELAY, Household, LanHousehold
from relay_lab import Internet

JOINERS = netlab.BUILD / "tests/netlab/joiners"
RENDEZVOUS = netlab.BUILD / "tests/netlab/rendezvous-peer"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
CROWD = 1000
ELSEWHERE = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"


def invite(household, **options):
    return household.control.call("CreateInvite", "(a{sv})", variants(options))


def variants(options):
    from gi.repository import GLib
    types = {str: "s", int: "x", bool: "b", list: "as"}
    return {key: GLib.Variant(types[type(value)], value) for key, value in options.items()}


def state(household, number):
    found, = (one["state"] for one in household.control.call("ListInvites") if one["number"] == number)
    return found


def join(device, code, fails=None):
    """peerup join as a script says it. The words that it has to fail with, or what it prints."""
    done = device.run("join", "--non-interactive", input=f"{code}\n", code=1 if fails else 0, timeout=90)
    assert fails is None or re.search(fails, done.stderr), done.stderr
    return done.stdout.strip()


def own_id(device):
    return device.run("whoami").stdout.strip()


def is_paired(household, device):
    """Whether each has the other; anything in between is an error."""
    here = own_id(device) in household.authorized(household.home)
    there = household.home.id in household.authorized(device)
    assert here == there, (here, there)
    return here


class LyingRelay:
    """The relay of rendezvous-peer.c, for everybody, as it is told to be."""

    def __init__(self, space, directory, port):
        self.space, self.directory, self.port, self.process = space, directory, port, None
        self.id = None

    def start(self, *mode):
        self.stop()
        with self.space:
            self.process = subprocess.Popen([RENDEZVOUS, "relay", "77", f"/ip4/{RELAY}/tcp/{self.port}", *map(str, mode)], text=True,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.directory)
        self.id = self.process.stdout.readline().split()[1]
        return f"/ip4/{RELAY}/tcp/{self.port}/p2p/{self.id}"

    def stop(self):
        if self.process is not None:
            _, stderr = self.process.communicate(timeout=20)
            assert not COMPLAINTS.search(stderr), stderr
            self.process = None


@pytest.fixture
def lied_to(lab, make_peer, serve, directory):
    """Both behind routers, and a relay whose word is not to be taken."""
    internet = Internet(lab)
    relay = LyingRelay(internet.public(RELAY), directory, free_port())
    household = Household(make_peer, serve, internet.private("1.2.3.2", "192.168.1.2"), internet.private("1.2.4.2", "192.168.2.2"))
    household.relay, household.relay_address = relay, relay.start("honest")
    household.set_up_home("--relay", household.relay_address)
    household.start_home()
    yield household
    relay.stop()


def is_reserved(household):
    return [relay["state"] for relay in household.control.relays()] == ["reserved"]


@pytest.mark.released
@pytest.mark.by_the_clock
@pytest.mark.skipif(not RENDEZVOUS.exists(), reason=f"{RENDEZVOUS} is not built")
def test_relays_that_lie(lied_to, show):
    """It may keep people apart, and no more: nobody is paired with somebody else, and nobody halfway."""
    household, relay = lied_to, lied_to.relay
    for mode, form, expected in (
            (("swap", ELSEWHERE), "spoken", False),
            (("swap", ELSEWHERE), "code", True),
            (("delay", 300), "spoken", True),
            (("truncate", 5), "spoken", False),
            (("cut", 3000), "code", None)):
        relay.start(*mode)
        wait_for(lambda: is_reserved(household) or mode[0] == "truncate", PATIENCE, f"a reservation at a relay that is to {mode[0]}")
        device = household.visitor()
        device.run("init", "--port", device.port, "--relay", household.relay_address)
        made = invite(household)
        began = time.monotonic()
        done = device.run("join", "--non-interactive", input=f"{made[form]}\n", code=None, timeout=120)
        paired = done.returncode == 0
        if not paired:
            relay.start("honest")
            wait_for(lambda: is_reserved(household), PATIENCE, "a reservation")
            # What was cut short is completed, or known to be nothing, as soon as nobody is in the way.
            device.daemon()
            wait_for(lambda: device.json("pairing", "list") == [] == household.control.call("ListPairings"), PATIENCE, "healing")
            device.run("stop")
            relay.start(*mode)
        assert is_paired(household, device) or not paired
        show("relays that lie", f"{' '.join(map(str, mode))[:24]:25}{form:8}{'paired' if paired else 'not paired':12}"
                                f"{time.monotonic() - began:5.1f} s")
        assert expected is None or paired == expected, (mode, form, done.stderr)
        with contextlib.suppress(Refused):
            household.control.call("CancelInvite", "(u)", made["number"])
    assert household.home.authorized_keys.read_text().count(ELSEWHERE) == 0


def crowd(household, *words, code):
    home = household.home
    with household.other_space:
        done = subprocess.run([JOINERS, *map(str, words), f"/ip4/{household.HOME}/tcp/{home.port}/p2p/{home.id}"], text=True,
                              input=f"{code}\n", capture_output=True, timeout=180, check=False)
    assert done.returncode == 0 and not COMPLAINTS.search(done.stderr), done.stderr[-2000:]
    return {words[0]: int(words[1]) for words in map(str.split, done.stdout.splitlines())}


@pytest.mark.released
def test_a_thousand_joiners_and_one_true_code(lab, make_peer, serve, show):
    household = LanHousehold(lab, make_peer, serve)
    made = invite(household)
    began = time.monotonic()
    outcomes = crowd(household, "crowd", CROWD, 15, code=made["code"])
    show("a thousand joiners", f"{outcomes}, {time.monotonic() - began:.1f} s")
    assert sum(outcomes.values()) == CROWD and outcomes["joined"] == 1
    assert len(household.authorized(household.home)) == 1 and state(household, made["number"]) == "used"
    # Nobody else is worse off: the next invite works.
    device = household.visitor()
    join(device, invite(household)["code"])
    assert is_paired(household, device)


@pytest.mark.sanitized
def test_bytes_said_again(lab, make_peer, serve):
    household = LanHousehold(lab, make_peer, serve)
    made = invite(household)
    outcomes = crowd(household, "replay", code=made["code"])
    assert outcomes["proven"] == 1
    # At most the refusal, and one guess gone.
    assert outcomes["answer"] < 20 and household.authorized(household.home) == {}
    assert [one["guesses"] for one in household.control.call("ListInvites")] == [1]
    device = household.visitor()
    join(device, made["code"])
    assert is_paired(household, device)


@pytest.mark.sanitized
def test_what_a_code_cannot_do(lab, make_peer, serve):
    """One household, and one thing after the other that is refused, each with its reason."""
    household = LanHousehold(lab, make_peer, serve)
    home = household.home
    # Three wrong guesses: the number of one invite, and the words of another.
    made, other = invite(household), invite(household)
    wrong = f"{made['number']}-{other['spoken'].split('-', 1)[1]}"
    guesser = household.visitor()
    for guess in (1, 2, 3):
        join(guesser, wrong, fails="code")
        assert [one["guesses"] for one in household.control.call("ListInvites") if one["number"] == made["number"]] == [guess]
    assert state(household, made["number"]) == "dead"
    join(guesser, made["spoken"], fails="guesses|over|dead|used|Nobody has")
    assert household.authorized(home) == {}
    # Two invites at once: each lets in one, and one device cannot use both.
    second = invite(household)
    one, two = household.visitor(), household.visitor()
    join(one, other["code"])
    join(two, second["code"])
    assert is_paired(household, one) and is_paired(household, two)
    join(household.visitor(), second["code"], fails="used|over")
    third = invite(household)
    join(one, third["code"], fails="already|paired")
    assert state(household, third["number"]) == "open"
    # Its own.
    with pytest.raises(Refused, match="this (very )?device|own"):
        household.control.call("Join", "(sa{sv})", third["code"], {})
    # After its time.
    short = invite(household, ttl=1)
    wait_for(lambda: state(household, short["number"]) != "open" or time.time() > short["expires_at"] + 1, PATIENCE, "the end of its time")
    join(household.visitor(), short["code"], fails="expired|over|open")
    # Of another network.
    stranger = household.visitor()
    stranger.init()
    stranger.config.write_text(stranger.config.read_text().replace("discovery:\n", 'discovery:\n  network: "elsewhere"\n'))
    join(stranger, third["code"], fails="network")
    # Taken back.
    household.control.call("CancelInvite", "(u)", third["number"])
    join(household.visitor(), third["code"], fails="taken back|cancelled|over|open")
    assert set(household.authorized(home)) == {own_id(one), own_id(two)}
    for options in ({"ttl": -1}, {"ttl": 31 * 24 * 3600}, {"grant_time": -1}, {"unknown": "x"}, {"name": 7}, {"services": ["absent"]}):
        with pytest.raises(Refused):
            invite(household, **options)


NAMES = ("\x1b]0;evil\x07\x1b[31mred", "\u202egnp.exe", "<b>bold</b>&amp;", "N" * 10240, "line\nbreak\r\n# role=admin", "")


@pytest.mark.sanitized
def test_names_that_are_not(lab, make_peer, serve):
    household = LanHousehold(lab, make_peer, serve)
    for name in NAMES:
        made = invite(household, name=name)
        device = household.visitor()
        done = device.run("join", made["code"], "--name", name or " ")
        assert is_paired(household, device)
        for text in (done.stdout, done.stderr, household.home.run("auth", "list").stdout, household.home.run("invite", "list").stdout,
                     device.run("auth", "list").stdout):
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text), (name, text)
        line = household.authorized(household.home)[own_id(device)]
        assert len(line.encode()) < 400 and line.count(own_id(device)) == 1
    assert len(household.authorized(household.home)) == len(NAMES)
    assert "is valid" in household.home.run("auth", "validate").stdout
    assert "is valid" in household.home.run("config", "validate").stdout


@contextlib.contextmanager
def small_disk(directory, pages=64):
    """What is in directory is on a disk of its own, of so many pages, from now on."""
    kept = {path.name: (path.read_bytes(), path.stat().st_mode) for path in directory.iterdir() if path.is_file()}
    check("mount", "-t", "tmpfs", "-o", f"size={pages * 4096},mode=700", "tmpfs", directory)
    try:
        for name, (data, mode) in kept.items():
            (directory / name).write_bytes(data)
            os.chmod(directory / name, mode & 0o777)
        yield
    finally:
        check("umount", "--lazy", directory)


def fill(directory):
    with contextlib.suppress(OSError), open(directory / "ballast", "wb") as file:
        while True:
            file.write(bytes(4096))
            file.flush()


def make_read_only(directory):
    check("mount", "-o", "remount,ro", directory)


@pytest.mark.sanitized
@pytest.mark.parametrize("side", ["inviter", "joiner"])
def test_disks_that_take_nothing(lab, make_peer, serve, side):
    """Nothing is half done, the reason is told, and with room again it goes well."""
    household = LanHousehold(lab, make_peer, serve)
    for spoil, mend in ((fill, lambda directory: (directory / "ballast").unlink()),
                        (make_read_only, lambda directory: check("mount", "-o", "remount,rw", directory))):
        device = household.visitor().init()
        directory = (household.home if side == "inviter" else device).config.parent
        made = invite(household)
        with contextlib.ExitStack() as stack:
            if side == "joiner":
                stack.enter_context(small_disk(directory))
            else:
                household.home.run("stop")
                household.home.daemon_process.wait()
                stack.enter_context(small_disk(directory))
                household.start_home()
                made = invite(household)
            before = set(household.authorized(household.home))
            spoil(directory)
            done = device.run("join", made["code"], code=1, timeout=90)
            assert done.stderr.count("\n") < 12
            assert set(household.authorized(household.home)) == before and household.home.id not in household.authorized(device)
            mend(directory)
            if state(household, made["number"]) != "open":
                made = invite(household)
            join(device, made["code"])
            assert is_paired(household, device)
            if side == "inviter":
                household.home.run("stop")
                household.home.daemon_process.wait()
        if side == "inviter":
            household.start_home()


@pytest.mark.released
def test_a_clock_that_is_set(lab, make_peer, serve, directory):
    """A code is over after its time however the clock is set, and set forward it is over at once and stays so."""
    if not pathlib.Path(FAKETIME).exists():
        pytest.skip(f"{FAKETIME} is not there: Debian has it in libfaketime")
    household = LanHousehold(lab, make_peer, serve)
    clock = directory / "clock"
    set_clock(clock, "+0")
    household.home.run("stop")
    household.home.daemon_process.wait()
    household.home.daemon(LD_PRELOAD=FAKETIME, FAKETIME_TIMESTAMP_FILE=str(clock), FAKETIME_NO_CACHE="1", FAKETIME_DONT_FAKE_MONOTONIC="1")
    from control import Control
    household.control = Control(household.home)
    forward, backward = invite(household, ttl=600), invite(household, ttl=4)
    began = time.monotonic()
    set_clock(clock, "-30m")
    while time.monotonic() < began + 5:
        time.sleep(0.1)
    join(household.visitor(), backward["code"], fails="expired|over|open")
    set_clock(clock, "+1h")
    join(household.visitor(), forward["code"], fails="expired|over|open")
    set_clock(clock, "+0")
    join(household.visitor(), forward["code"], fails="expired|over|open")
    assert household.authorized(household.home) == {}
    device = household.visitor()
    join(device, invite(household)["code"])
    assert is_paired(household, device)


@pytest.mark.released
def test_a_peer_removed_while_it_joins(lab, make_peer, serve):
    """Whom a person has taken away does not come back by what was half done."""
    household = LanHousehold(lab, make_peer, serve)
    for pause in (0, 0.02, 0.05, 0.1, 0.2):
        device = household.visitor().init()
        made = invite(household)
        running = device.start("join", made["code"])
        wait_for(lambda: device.id in household.authorized(household.home) or running.process.poll() is not None, PATIENCE, "authorized")
        time.sleep(pause)
        household.home.run("auth", "remove", device.id, code=None)
        running.wait(90)
        device.daemon()
        wait_for(lambda: household.control.call("ListPairings") == [], PATIENCE, "the end of what was half done")
        assert device.id not in household.authorized(household.home)
        device.run("stop")
    # By a new invite it does.
    join(device, invite(household)["code"], fails=None if household.home.id not in household.authorized(device) else "already|paired")
