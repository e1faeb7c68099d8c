# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What a daemon asks a person, and what the answers do, with real daemons, files and streams."""
import contextlib
import json
import select
import subprocess
import time

import pytest

import http_api
from conftest import BIN, connect, wait_for
from control import Control, Refused
from netlab import wait_for as wait_long
from pairing_lab import PATIENCE, LanHousehold, Terminal
from test_grants import end_of
from test_grants import World as Grants
from test_trust import refused

WAIT, HOUR = 60, 3600  # seconds


def hello(connection):
    """An HTTP server that has one page."""
    request = b""
    while b"\r\n\r\n" not in request:
        data = connection.recv(1000)
        if not data:
            return
        request += data
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n")


class World(Grants):
    """home offers private, which friend is not on the list of, and ssh and web, which guest was not granted."""

    def __init__(self, make_peer, serve):
        super().__init__(make_peer, serve)
        self.page = serve(hello)
        self.home.run("service", "add", "private", self.page.port, "--allow", "guest")
        self.home.run("service", "add", "other", self.server.port, "--allow", "guest")
        self.home.daemon()
        self.control = Control(self.home)

    def watch(self):
        """Somebody who shows prompts from now on."""
        watcher = Control(self.home)
        watcher.call("WatchPrompts")
        return watcher

    def prompts(self):
        return self.control.call("ListPrompts")

    def prompt(self):
        return wait_for(self.prompts, WAIT)[0]

    def answer(self, number, answer):
        self.control.call("AnswerPrompt", "(us)", number, answer)

    def served(self):
        """The streams of private that were let through; what only looks whether something answers there is none."""
        return self.lines(event="service", service="private", decision="allow")

    def asked(self):
        return len(self.lines(event="access-asked"))


@pytest.fixture
def world(make_peer, serve):
    return World(make_peer, serve)


def curl(proxy):
    return subprocess.Popen(["curl", "-sS", "--noproxy", "*", "http://{}:{}/".format(*proxy.address)], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def objects(control):
    """The prompts as objects on D-Bus: {path: properties}."""
    managed, = control.connection.call_sync(None, "/dev/peerup/PeerUp", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                                            None, None, 0, PATIENCE * 1000, None).unpack()
    return {path: one["dev.peerup.PeerUp.Prompt1"] for path, one in managed.items() if "dev.peerup.PeerUp.Prompt1" in one}


def is_refused_at_once(proxy):
    """While a prompt waits for a minute, this takes a round trip."""
    began = time.monotonic()
    with connect(proxy, WAIT) as connection:
        assert refused(connection)
    return time.monotonic() - began < WAIT / 2


def test_a_stream_waits_and_goes_on_when_it_is_allowed(world):
    home, friend = world.home, world.friend
    proxy = friend.proxy("home", "private")
    assert is_refused_at_once(proxy) and world.prompts() == [] and world.asked() == 0
    with contextlib.closing(world.watch()):
        waiting = curl(proxy)
        prompt = world.prompt()
        expires_at, number = prompt.pop("expires_at"), prompt["number"]
        assert expires_at - time.time() < WAIT + 5
        assert objects(world.control) == {f"/dev/peerup/PeerUp/prompts/{number}": {
            "Number": number, "Kind": "access", "PeerId": friend.id, "Name": "friend", "Service": "private", "Emoji": "", "Digits": "",
            "Answers": ["allow", "deny", "later"], "ExpiresAt": expires_at}}
        assert prompt == {"number": number, "kind": "access", "peer_id": friend.id, "name": "friend", "service": "private",
                          "answers": ["allow", "deny", "later"]}
        # One more waits for the same answer.
        with connect(proxy) as second:
            second.sendall(b"GET / HTTP/1.1\r\n\r\n")
            with pytest.raises(Refused, match="no answer"):
                world.answer(number, "match")
            assert world.served() == [] and waiting.poll() is None
            shown, = home.json("prompt", "list")
            assert shown["number"] == number and shown["kind"] == "access"
            assert "may it use private for an hour?" in home.run("prompt", "list").stdout
            assert "granted for an hour" in home.run("prompt", "answer", number, "allow").stderr
            out, err = waiting.communicate(timeout=WAIT)
            assert (out, err, waiting.returncode) == ("hello\n", "", 0)
            assert b"hello" in second.recv(1000)
        assert world.prompts() == [] and objects(world.control) == {}
        with pytest.raises(Refused, match="is over"):
            world.answer(number, "deny")
        assert "is over" in home.run("prompt", "answer", number, "deny", code=1).stderr
    grant, = home.json("grant", "list", "friend")
    assert grant["service"] == "private" and abs(end_of(home, "friend", "private") - time.time() - HOUR) < WAIT
    assert curl(proxy).communicate(timeout=WAIT)[0] == "hello\n"
    assert world.asked() == 1 and world.lines(event="access-allowed", service="private", peer=friend.id, reason="prompt")
    assert world.lines(event="grant-added", service="private", peer=friend.id)
    assert world.lines(event="service", service="private", decision="allow", reason="granted", peer=friend.id)
    # Before anybody watched; no line of it is of those that waited.
    assert len(world.lines(event="service", service="private", decision="deny")) == 1


def test_a_question_is_an_object_that_comes_changes_and_goes(world):
    events = world.home.start("events", "--json")
    events.wait_stderr("Following", WAIT)

    def told(event, what):
        return wait_for(lambda: [line for line in map(json.loads, events.stdout().split("\n")[:-1])
                                 if line["event"] == event and what(line)], WAIT, event)

    with contextlib.closing(world.watch()), connect(world.friend.proxy("home", "private"), WAIT):
        number = world.prompt()["number"]
        path = f"/dev/peerup/PeerUp/prompts/{number}"
        told("InterfacesAdded", lambda line: path in line["arguments"].values())
        world.control.call("SetName", "(ss)", "friend", "")
        told("PropertiesChanged", lambda line: line["path"] == path and line["arguments"]["changed"] == {"Name": ""})
        world.answer(number, "deny")
        told("InterfacesRemoved", lambda line: path in line["arguments"].values())


@pytest.mark.parametrize("answer", ["deny", "later"])
def test_who_is_not_allowed_is_not_asked_for_again(world, answer):
    proxy = world.friend.proxy("home", "private")
    with contextlib.closing(world.watch()):
        with connect(proxy, WAIT) as connection:
            world.answer(world.prompt()["number"], answer)
            assert refused(connection)
        for _ in range(3):
            assert is_refused_at_once(proxy)
        assert world.prompts() == [] and world.asked() == 1 and world.served() == []
        # Another service is another question.
        with connect(world.friend.proxy("home", "other"), WAIT):
            assert world.prompt()["service"] == "other"
    assert world.lines(event="service", service="private", decision="deny", reason="not-listed", peer=world.friend.id)


def test_nobody_waits_when_nobody_watches_any_longer(world):
    proxy = world.friend.proxy("home", "private")
    watchers = [world.watch(), world.watch()]
    watchers[0].call("WatchPrompts")
    with connect(proxy, WAIT) as connection:
        number = world.prompt()["number"]
        watchers[0].close()
        assert not select.select([connection], [], [], 1)[0] and world.prompt()["number"] == number
        watchers[1].close()
        began = time.monotonic()
        assert refused(connection) and time.monotonic() - began < WAIT / 2
    assert world.prompts() == [] and is_refused_at_once(proxy) and world.asked() == 1
    # Nobody has said no.
    with contextlib.closing(world.watch()), connect(proxy, WAIT):
        assert world.prompt()["number"] != number


def test_over_http_somebody_watches_for_a_while(world):
    api = http_api.Api(world.home)
    assert api.get("/v1/prompts") == []
    assert api.ask("POST", "/v1/prompts/watch")[0] < 300
    with connect(world.friend.proxy("home", "private"), WAIT) as connection:
        number = wait_for(lambda: api.get("/v1/prompts"), WAIT)[0]["number"]
        assert api.ask("POST", f"/v1/prompts/{number}/answer", {"answer": "deny"})[0] < 300
        assert refused(connection)
    assert api.get("/v1/prompts") == []


def test_a_terminal_asks_and_takes_the_answer(world):
    terminal = Terminal(world.home, "prompt", "watch")
    terminal.expect("Showing what the daemon asks")
    waiting = curl(world.friend.proxy("home", "private"))
    terminal.expect(r"\d+: friend: may it use private for an hour\? \(allow, deny, later\)")
    terminal.type("perhaps")
    terminal.expect("no answer to question")
    terminal.type("allow")
    terminal.expect("granted for an hour")
    assert waiting.communicate(timeout=WAIT)[0] == "hello\n"
    terminal.interrupt()
    terminal.wait(130)
    assert is_refused_at_once(world.friend.proxy("home", "other")) and world.asked() == 1


def test_a_script_asks_and_answers(world):
    with subprocess.Popen([BIN, "prompt", "watch", "--json"], env=world.home.env(), cwd=world.home.home, text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as script, contextlib.ExitStack() as stack:
        stack.callback(script.terminate)
        proxies = [world.friend.proxy("home", name) for name in ("private", "other")]
        assert any("Showing" in line for line in iter(script.stderr.readline, ""))
        with connect(proxies[0], WAIT) as first, connect(proxies[1], WAIT) as second:
            asked = {prompt["service"]: prompt["number"] for prompt in (json.loads(script.stdout.readline()) for _ in range(2))}
            script.stdin.write(f"{asked['private']} deny\n")
            script.stdin.close()
            assert refused(first)
            # Its input is at its end, and it watches on.
            assert [prompt["service"] for prompt in world.prompts()] == ["other"]
            script.terminate()
            assert refused(second)


def test_a_grant_by_other_means_answers_too(world):
    with contextlib.closing(world.watch()):
        waiting = curl(world.friend.proxy("home", "private"))
        world.prompt()
        world.home.run("grant", "add", "friend", "private", "--for", "1h")
        assert waiting.communicate(timeout=WAIT)[0] == "hello\n"
        wait_for(lambda: world.prompts() == [])


def test_a_guest_learns_of_nothing_it_was_not_granted(world):
    home, guest = world.home, world.guest
    with contextlib.closing(world.watch()):
        ssh, missing = guest.proxy("home", "ssh"), guest.proxy("home", "no-such-thing")
        assert is_refused_at_once(ssh) and is_refused_at_once(missing)
        answers = [proxy.wait_stderr("peerup: .*").group(0) for proxy in (ssh, missing)]
        assert answers[0].replace("ssh", "no-such-thing") == answers[1]
        assert world.prompts() == [] and world.asked() == 0
        # What it had and has no longer it may ask for.
        home.run("grant", "add", "guest", "web", "--for", "2s")
        wait_for(lambda: world.lines(event="grant-ended", service="web"), WAIT)
        proxy = guest.proxy("home", "web")
        with connect(proxy, WAIT) as connection:
            connection.sendall(b"here")
            prompt = world.prompt()
            assert (prompt["service"], prompt["name"]) == ("web", "guest")
            world.answer(prompt["number"], "allow")
            assert connection.recv(100) == b"here"
        assert is_refused_at_once(ssh)


def test_hundreds_of_streams_are_one_question_that_expires(world):
    """The one test that waits for the minute to pass."""
    proxy = world.friend.proxy("home", "private")
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.closing(world.watch()))
        began = time.monotonic()
        streams = [stack.enter_context(connect(proxy, 2 * WAIT)) for _ in range(200)]
        prompt = world.prompt()
        waiting = wait_for(lambda: len(left := still_open(streams)) <= 3 and left, WAIT)
        assert world.prompts() == [prompt] and world.asked() == 1
        # Each of those that are left is told no, too, once the minute is over.
        assert waiting and all(refused(connection) for connection in waiting)
        print(f"{len(waiting)} waited; refused after {time.monotonic() - began:.1f} s")
        assert time.time() >= prompt["expires_at"] - 1
        assert world.prompts() == [] and world.served() == []
        assert is_refused_at_once(proxy) and world.asked() == 1
    assert len(world.lines(event="access-unanswered")) == 1


def still_open(streams):
    """Those that nobody has ended."""
    ended = set()
    poll = select.poll()
    for stream in streams:
        if not hasattr(stream, "fileno") or stream.fileno() < 0:
            ended.add(stream)
        else:
            poll.register(stream, select.POLLIN)
    over = {fd for fd, _ in poll.poll(0)}
    return [stream for stream in streams if stream not in ended and stream.fileno() not in over]


class Pair(LanHousehold):
    """Two devices that have just paired, a daemon on each."""

    def __init__(self, lab, make_peer, serve):
        super().__init__(lab, make_peer, serve)
        self.other = self.visitor()
        self.other.run("init", "--port", self.other.port)
        self.other.id = self.other.run("whoami").stdout.strip()
        self.other.daemon()
        self.ours, self.theirs = self.control, Control(self.other)
        self.pair()

    def pair(self):
        code = self.ours.call("CreateInvite", "(a{sv})", {})["code"]
        self.theirs.call("Join", "(sa{sv})", code, {})
        return [wait_long(lambda: control.call("ListPrompts"), PATIENCE, "the question")[0] for control in (self.ours, self.theirs)]


@pytest.fixture
def paired(lab, make_peer, serve):
    return Pair(lab, make_peer, serve)


def test_both_are_asked_to_compare_and_say_that_it_matches(paired):
    for control, peer, other in ((paired.ours, paired.home, paired.other), (paired.theirs, paired.other, paired.home)):
        prompt, = control.call("ListPrompts")
        verification = control.call("GetVerification", "(s)", other.id)
        assert (prompt["kind"], prompt["peer_id"], prompt["expires_at"]) == ("verify", other.id, 0)
        assert prompt["answers"] == ["match", "differ", "later"]
        assert prompt["name"] == next(one["name"] for one in peer.json("auth", "list") if one["peer_id"] == other.id)
        assert (prompt["emoji"], prompt["digits"]) == (verification["transcript_emoji"], verification["transcript_digits"])
        assert prompt["digits"] in peer.run("prompt", "list").stdout
        control.call("AnswerPrompt", "(us)", prompt["number"], "match")
        assert control.call("ListPrompts") == []
        assert control.call("GetVerification", "(s)", other.id)["verified"]


def test_a_difference_takes_the_pairing_back(paired):
    prompt, = paired.ours.call("ListPrompts")
    paired.ours.call("AnswerPrompt", "(us)", prompt["number"], "differ")
    assert paired.authorized(paired.home) == {} and paired.ours.call("ListPrompts") == []
    # There, it is for that person to say.
    prompt, = paired.theirs.call("ListPrompts")
    paired.other.run("prompt", "answer", prompt["number"], "differ")
    assert paired.authorized(paired.other) == {}
    # Paired again, they are asked again, for what is to be compared now.
    again, _ = paired.pair()
    assert again["digits"] != prompt["digits"]


def test_it_ends_by_itself_when_it_does_not_arise_any_longer(paired):
    paired.home.run("verify", paired.other.id, "--yes")
    wait_long(lambda: paired.ours.call("ListPrompts") == [], PATIENCE, "the end of what was said otherwise")
    paired.other.run("auth", "remove", paired.home.id)
    wait_long(lambda: paired.theirs.call("ListPrompts") == [], PATIENCE, "the end of what is about nobody")
