# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The identity key in the login keyring of the real gnome-keyring-daemon, and sealed by a Secret portal.

Whatever goes wrong, the device starts as who it was or says in words why it does not, and is never somebody new.
"""
import contextlib
import shutil
import signal
import socket

import pytest

import netlab
from control import Control, Refused
from keyring_lab import PATIENCE, Asker, Login, Portal
from netlab import wait_for
from test_pairing_crash import Board

SHIM = netlab.BUILD / "tests/netlab/libcrash-step.so"

for program in ("gnome-keyring-daemon", "secret-tool", "dbus-daemon"):
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program} here", allow_module_level=True)


@pytest.fixture
def login(make_peer):
    login = Login(make_peer("owner").init())
    login.key = login.key_file.read_bytes()
    yield login
    login.close()


def start(login, **env):
    """The daemon, which is who it was."""
    login.peer.daemon(**env)
    control = Control(login.peer)
    assert control.property("PeerId") == login.peer.id
    return control


def problems(control):
    return [problem for problem in control.property("Problems") if "identity" in problem]


def stop(login):
    login.peer.run("stop")
    login.peer.daemon_process.wait()


def check_in_file(login):
    assert login.store() == "file" and login.key_file.read_bytes() == login.key
    assert login.key_file.stat().st_mode & 0o777 == 0o600


def check_in_keyring(login):
    assert login.store() == "keyring" and not login.key_file.exists()
    assert login.stored() == login.key
    assert f'peer_id: "{login.peer.id}"' in login.peer.config.read_text()


def fail_to_start(login, pattern):
    """As a person sees it; nobody new is made."""
    done = login.peer.run("daemon", code=1, timeout=2 * PATIENCE)
    assert pattern in done.stderr, done.stderr
    if login.store() == "keyring":
        assert not login.key_file.exists()
        assert login.peer.run("whoami").stdout.strip() == login.peer.id
    return done.stderr


def test_there_and_back(login):
    """By the daemon and without one; a start in between is the same device, and nothing is left at the old place."""
    peer = login.peer
    login.unlock()
    control = start(login)
    assert control.property("IdentityStore") == "file"
    assert control.call("GetIdentity")["keyring"] == "ready"
    assert control.call("MoveIdentity", "(s)", "keyring") == {"changed": True, "left": ""}
    check_in_keyring(login)
    assert control.property("IdentityStore") == "keyring" and not problems(control)
    assert control.call("MoveIdentity", "(s)", "keyring") == {"changed": False, "left": ""}
    logged = peer.daemon_process.stderr()
    stop(login)
    start(login)
    shown = peer.json("identity", "show")
    assert (shown["peer_id"], shown["store"], shown["keyring"]) == (peer.id, "keyring", "ready")
    assert "whose key is in the login keyring" in " ".join(peer.run("doctor", code=None).stdout.split())
    assert "in its file now" in peer.run("identity", "file").stderr
    check_in_file(login)
    assert login.stored() == b"" and not login.left()
    stop(login)
    # The same by the command alone.
    assert peer.json("identity", "keyring")["changed"]
    check_in_keyring(login)
    assert "in the login keyring already" in peer.run("identity", "keyring").stderr
    assert peer.json("identity", "file") == {"store": "file", "changed": True, "left": ""}
    check_in_file(login)
    assert login.stored() == b"" and not login.left()
    for text in (logged, *(process.stderr() for process in peer.processes)):
        assert login.key.hex() not in text.lower()


def test_locked(login):
    """A login without the password: said in words, no start as somebody else, and a start when it is unlocked."""
    login.unlock()
    login.peer.run("identity", "keyring")
    login.unlock(None)
    said = fail_to_start(login, "the login keyring is locked; unlock it")
    assert str(login.peer.config) in said
    assert login.peer.json("identity", "show")["keyring"] == "locked"
    # A person is asked, and there is no dialog here that could take an answer.
    assert "password was not entered" in login.peer.run("identity", "file", code=1).stderr
    assert login.store() == "keyring" and not login.left()[1:]
    login.unlock()
    start(login)
    assert not login.left()
    check_in_keyring(login)


def test_locked_for_a_move(login):
    """The key stays in its file, and the configuration too."""
    login.unlock()
    login.unlock(None)
    control = start(login)
    assert control.call("GetIdentity")["keyring"] == "locked"
    before = login.peer.config.read_text()
    with pytest.raises(Refused, match="stays locked"):
        control.call("MoveIdentity", "(s)", "keyring")
    check_in_file(login)
    assert login.peer.config.read_text() == before and not login.left()


def test_deleted(login):
    """The collection goes while the daemon runs, which has the key still and gets it back to its file."""
    login.unlock()
    control = start(login)
    control.call("MoveIdentity", "(s)", "keyring")
    login.delete_collection()
    stop(login)
    fail_to_start(login, "the login keyring has no key for this device")
    # Its owner puts it back as it was, by hand.
    login.key_file.write_bytes(login.key)
    login.key_file.chmod(0o600)
    control = start(login)
    problem, = problems(control)
    assert "“peerup identity keyring” moves it there" in problem
    with pytest.raises(Refused, match="no login keyring yet, or it was deleted"):
        control.call("MoveIdentity", "(s)", "keyring")
    assert control.call("MoveIdentity", "(s)", "file")["left"] == ""
    check_in_file(login)
    assert not problems(control)


@pytest.mark.parametrize("what", ["garbage", "another key"])
def test_filled_by_another(login, make_peer, what):
    """What is there of somebody else's is neither used nor overwritten nor taken away."""
    login.unlock()
    other = make_peer("other").init()
    data = (other.config.parent / "identity.key").read_bytes() if what == "another key" else b"my shopping list"
    login.fill(data)
    control = start(login)
    with pytest.raises(Refused, match="Nothing is overwritten"):
        control.call("MoveIdentity", "(s)", "keyring")
    check_in_file(login)
    assert login.stored() == data and not login.left()
    login.empty()
    control.call("MoveIdentity", "(s)", "keyring")
    stop(login)
    login.empty()
    login.fill(data)
    said = fail_to_start(login, "another program has")
    assert other.id in said or what == "garbage"
    assert login.stored() == data


def test_gone_in_the_middle(login):
    """The keyring's program ends while it is asked; the key is where it was."""
    login.unlock()
    control = start(login)
    for ask, check in (("keyring", check_in_file), ("file", None)):
        login.keyring.send_signal(signal.SIGSTOP)
        call = login.peer.start("identity", ask)
        wait_for(lambda: login.left() or call.process.poll() is not None, PATIENCE, "that it is moved")
        assert call.process.poll() is None, call.stderr()
        login.leave(signal.SIGKILL)
        code = call.wait(PATIENCE)
        if ask == "keyring":
            assert code == 1 and "the login keyring" in call.stderr()
            check_in_file(login)
        else:
            # It is in its file by then; the old place is cleared when the keyring is there again.
            assert code == 0 and "The old place still has the key" in call.stderr()
            check_in_file(login)
            assert login.left()
        login.unlock()
        if ask == "keyring":
            control.call("MoveIdentity", "(s)", "keyring")
            check_in_keyring(login)
    stop(login)
    start(login)
    wait_for(lambda: not login.left(), PATIENCE, "that it is cleared away")
    assert login.stored() == b""


def test_no_bus(login):
    """Who has a file asks no bus, and who asks for a keyring where there is no bus is told."""
    peer = login.peer
    with socket.socket(socket.AF_UNIX) as trap:
        path = login.directory / "trap"
        trap.bind(str(path))
        trap.listen()
        trap.settimeout(0)
        login.address = f"unix:path={path}"
        for command in (["whoami"], ["status"], ["doctor"], ["config", "show"]):
            peer.run(*command, code=None)
        peer.daemon("daemon", "--no-bus")
        stop(login)
        with pytest.raises(BlockingIOError):
            trap.accept()
    login.address = ""
    assert "there is no session bus here" in peer.run("identity", "keyring", code=1).stderr
    check_in_file(login)
    assert not login.left()
    assert "there is no session bus here" in peer.json("identity", "show")["keyring_text"]
    login.address = f"unix:path={login.directory}/bus"
    login.unlock()
    peer.run("identity", "keyring")
    login.address = ""
    fail_to_start(login, "there is no session bus here")
    login.address = f"unix:path={login.directory}/bus"
    login.leave()
    fail_to_start(login, "no program keeps the login keyring here")


def test_named_another(login, make_peer):
    """identity.peer_id is changed by hand: told at once, and what is in the keyring is not taken for somebody else's."""
    login.unlock()
    control = start(login)
    control.call("MoveIdentity", "(s)", "keyring")
    other = make_peer("other").init()
    text = login.peer.config.read_text()
    login.peer.config.write_text(text.replace(login.peer.id, other.id))
    wait_for(lambda: any(f"identity.peer_id says {other.id}" in problem for problem in problems(control)), PATIENCE, "the problem")
    stop(login)
    done = login.peer.run("daemon", code=1)
    assert f"and this device is {other.id}: another program has replaced it" in done.stderr
    login.peer.config.write_text(text)
    start(login)


def test_rolled_back(login):
    """A configuration from before the move is told to be useless, and the key can be had out of the keyring all the same."""
    login.unlock()
    control = start(login)
    wait_for(lambda: len(login.peer.json("config", "list")) > 0, PATIENCE, "the archive")
    control.call("MoveIdentity", "(s)", "keyring")
    wait_for(lambda: len(login.peer.json("config", "list")) > 1, PATIENCE, "the archive")
    control.call("RollbackConfig", "(u)", 1)
    problem, = problems(control)
    assert "identity.key_store says file, and no start could use that" in problem
    stop(login)
    said = fail_to_start(login, "identity.key does not exist")
    assert "“peerup identity file”" in said
    login.peer.run("identity", "file")
    check_in_file(login)
    start(login)


class Victim:
    """A daemon that is killed before a step of a move, again and again."""

    def __init__(self, login, to):
        self.login, self.to = login, to
        self.board = Board(login.peer.home / "steps")
        login.unlock()
        if to == "file":
            login.peer.run("identity", "keyring")
        self.files, self.before = login.peer.config.parent, login.peer.home / "before"
        shutil.copytree(self.files, self.before)

    def reset(self):
        shutil.rmtree(self.files)
        shutil.copytree(self.before, self.files)
        self.login.empty()
        if self.to == "file":
            # As Peer-Up stores it: by a move of its own.
            self.login.key_file.write_bytes(self.login.key)
            self.login.key_file.chmod(0o600)
            self.login.peer.run("identity", "keyring")

    def move(self, at):
        """Whether it died of it: at its at-th step; 0: at none."""
        self.board.disarm()
        control = start(self.login, LD_PRELOAD=str(SHIM), CRASH_STEP=str(self.board.path))
        wait_for(lambda: len(self.login.peer.json("config", "list")) > 0, PATIENCE, "the archive")
        self.board.arm(at)
        answered = alive = False
        with contextlib.suppress(Refused):
            control.call("MoveIdentity", "(s)", self.to)
            answered = True
        self.board.disarm()
        # The archive may have made that step when the answer was on its way already.
        with contextlib.suppress(Refused):
            alive = bool(control.call("GetIdentity"))
        assert answered or not alive, "it was refused"
        died = not alive
        if died:
            assert self.login.peer.daemon_process.wait(PATIENCE) == -signal.SIGKILL
        return died

    def check(self, step):
        """It starts as who it was, and then the key is in one place, the one that the configuration names."""
        start(self.login)
        wait_for(lambda: not self.login.left(), PATIENCE, f"that {step} is cleared away")
        if self.login.store() == "file":
            check_in_file(self.login)
            assert self.login.stored() == b""
        else:
            check_in_keyring(self.login)
        stop(self.login)


@pytest.mark.parametrize("to", ["keyring", "file"])
def test_killed_at_each_step(login, to):
    """SIGKILL before every call that changes a file."""
    victim = Victim(login, to)
    assert not victim.move(0)
    steps = victim.board.steps()
    stop(login)
    assert any("identity.key" in step for step in steps) and any("config.yaml" in step for step in steps), steps
    # The archive follows when the move is over, and concerns no key.
    ends = max(i for i, step in enumerate(steps) if ".identity.key.moving" in step or "fsync peerup" in step) + 1
    for at in range(1, ends + 1):
        victim.reset()
        # The archive may have its turn between these, and then there is one more before the end.
        if not victim.move(at):
            stop(login)
        victim.check(f"step {at} of {steps}")


def test_killed_while_the_keyring_is_asked(login):
    """Between the files' steps: the keyring has been asked, and nobody is there for its answer."""
    login.unlock()
    start(login)
    login.keyring.send_signal(signal.SIGSTOP)
    login.peer.start("identity", "keyring")
    wait_for(login.left, PATIENCE, "the mark")
    login.peer.daemon_process.signal(signal.SIGKILL)
    login.peer.daemon_process.wait()
    login.keyring.send_signal(signal.SIGCONT)
    start(login)
    wait_for(lambda: not login.left(), PATIENCE, "that it is cleared away")
    check_in_file(login)
    assert login.stored() == b""


@pytest.mark.parametrize("answer", ["dismiss", None])
def test_asked(login, answer):
    """A person is asked to unlock: who says no is taken at that, and who says nothing keeps no daemon from ending."""
    asker = Asker(login, answer)
    try:
        control = start(login)
        assert control.call("GetIdentity")["keyring"] == "locked" and asker.n_prompts == 0
        call = login.peer.start("identity", "keyring")
        wait_for(lambda: asker.n_prompts == 1, PATIENCE, "the question")
        if answer is None:
            with pytest.raises(Refused, match="being moved already"):
                control.call("MoveIdentity", "(s)", "file")
            stop(login)
            wait_for(lambda: asker.n_dismissed == 1, PATIENCE, "that the question is taken back")
        assert call.wait(PATIENCE) == 1
        assert answer is None or "the login keyring stays locked" in call.stderr()
        check_in_file(login)
        assert not login.left()
    finally:
        asker.close()


@pytest.fixture
def portal(login):
    plain = login.peer.env
    login.peer.env = lambda **extra: plain(**({"PEERUP_KEYRING": "portal"} | extra))
    portal = Portal(login)
    yield portal
    portal.close()


def test_sealed(login, portal):
    """In a sandbox: a file sealed by the portal's secret, there and back; wrong, cut short, refused."""
    peer, sealed = login.peer, login.key_file.with_name("identity.key.sealed")
    control = start(login)
    assert control.call("GetIdentity")["keyring"] == "ready" and portal.n_asked == 0
    assert control.call("MoveIdentity", "(s)", "keyring")["changed"]
    assert login.store() == "keyring" and not login.key_file.exists() and not login.left()
    assert sealed.stat().st_mode & 0o777 == 0o600 and login.key[:32] not in sealed.read_bytes()
    stop(login)
    start(login)
    stop(login)
    whole = sealed.read_bytes()
    for data, words in ((whole[:-1], "cut short or changed"), (whole[:20], "cut short"), (b"nonsense", "no sealed identity key"),
                        (whole[:7] + b"\2" + whole[8:], "version 2"), (whole[:-1] + bytes([whole[-1] ^ 1]), "cut short or changed")):
        sealed.write_bytes(data)
        fail_to_start(login, words)
        peer.run("identity", "file", code=1)
        assert sealed.read_bytes() == data
    sealed.write_bytes(whole)
    portal.secret = bytes(64)
    fail_to_start(login, "sealed with another secret")
    portal.secret = b""
    fail_to_start(login, "gives an empty secret")
    portal.secret, portal.response = bytes(range(64)), 1
    fail_to_start(login, "was cancelled")
    portal.response = 2
    fail_to_start(login, "gives no secret")
    portal.response = 0
    control = start(login)
    assert control.call("MoveIdentity", "(s)", "file") == {"changed": True, "left": ""}
    check_in_file(login)
    assert not sealed.exists() and not login.left()
    # What is in the way already stays.
    sealed.write_bytes(b"nonsense")
    sealed.chmod(0o600)
    with pytest.raises(Refused, match="Nothing is overwritten"):
        control.call("MoveIdentity", "(s)", "keyring")
    check_in_file(login)
    assert sealed.read_bytes() == b"nonsense"
