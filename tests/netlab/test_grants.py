# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Grants that end, guests, and the audit of it all, with real daemons, files and streams."""
import contextlib
import json
import os
import re
import time

import pytest

import control
from conftest import connect, echo, wait_for
from test_trust import echoes, refused, retry

AUDIT = "telemetry:\n  metrics:\n    enabled: false\n    listen_address: \"127.0.0.1:9091\"\n  audit:\n    enabled: false\n"


class World:
    """home offers ssh and web to guest, who is one, and to friend, who is none."""

    def __init__(self, make_peer, serve):
        self.home, self.guest, self.friend = (make_peer(name).init() for name in ("home", "guest", "friend"))
        self.home.run("auth", "add", self.guest.id, "--guest", "--name", "guest")
        self.home.run("auth", "add", self.friend.id, "--name", "friend")
        for peer in (self.guest, self.friend):
            peer.knows(self.home)
        self.server = serve(echo)
        for name in ("ssh", "web"):
            self.home.run("service", "add", name, self.server.port)
        self.audit = self.home.config.parent / "audit.json"
        self.audit_to(self.audit)

    def audit_to(self, path):
        text = self.home.config.read_text()
        assert AUDIT in text
        self.home.config.write_text(text.replace(AUDIT, f"telemetry:\n  audit: {{enabled: true, file: \"{path}\"}}\n"))

    def lines(self, **fields):
        """The audit, each line of it as JSON, those that have these fields."""
        text = self.audit.read_text()
        assert text.endswith("\n")
        lines = [json.loads(line) for line in text.splitlines()]
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) for line in lines)
        return [line for line in lines if all(line.get(key) == value for key, value in fields.items())]


@pytest.fixture
def world(make_peer, serve):
    return World(make_peer, serve)


@contextlib.contextmanager
def live(proxy):
    """A stream that has carried a byte."""
    with wait_for(lambda: open_live(proxy)) as connection:
        yield connection


def open_live(proxy):
    connection = connect(proxy)
    with contextlib.suppress(OSError):
        connection.sendall(b"a")
        if connection.recv(1) == b"a":
            return connection
    connection.close()
    return None


def lives(connection):
    connection.sendall(b"b")
    return connection.recv(1) == b"b"


def end_of(peer, other, service):
    grant, = (one for one in peer.json("grant", "list", other) if one["service"] == service)
    return time.mktime(time.strptime(grant["until"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone


def test_a_grant_ends_at_its_moment_and_ends_nothing_else(world):
    home, guest, friend = world.home, world.guest, world.friend
    home.daemon()
    done = home.run("grant", "add", "guest", "ssh", "--for", "6s")
    assert "guest may use ssh until" in done.stderr
    home.run("grant", "add", "guest", "web", "--for", "7d")
    until = end_of(home, "guest", "ssh")
    proxy = guest.proxy("home", "ssh")
    with live(proxy) as ssh, live(guest.proxy("home", "web")) as web, live(friend.proxy("home", "ssh")) as others:
        assert refused(ssh)
        late = time.time() - until
        print(f"cut {late:.3f} s after its end")
        assert 0 <= late < 1
        assert lives(web) and lives(others)
    with connect(proxy) as connection:
        assert refused(connection)
    home.daemon_process.wait_stderr("The grant of ssh to guest .* has ended")
    wait_for(lambda: [one["service"] for one in home.json("grant", "list")] == ["web"])
    assert world.lines(event="service", service="ssh", decision="allow", reason="granted", path="direct", name="guest")
    assert world.lines(event="service", service="ssh", decision="allow", reason="authorized", peer=friend.id)
    assert world.lines(event="service", service="ssh", decision="deny", reason="grant-ended", peer=guest.id)
    assert len(world.lines(event="grant-ended", service="ssh", peer=guest.id)) == 1
    assert len(world.lines(event="grant-added")) == 2
    assert (world.audit.stat().st_mode & 0o777) == 0o600


def test_extend_keeps_and_revoke_cuts_at_once(world):
    home, guest = world.home, world.guest
    home.daemon()
    home.run("grant", "add", "guest", "ssh", "--for", "4s")
    first = end_of(home, "guest", "ssh")
    with live(guest.proxy("home", "ssh")) as ssh:
        home.run("grant", "extend", "guest", "ssh", "--for", "1h")
        wait_for(lambda: time.time() > first + 1)
        assert lives(ssh)
        home.run("grant", "revoke", "guest")
        began = time.monotonic()
        assert refused(ssh) and time.monotonic() - began < 5
    assert home.json("grant", "list") == []
    assert world.lines(event="grant-extended", service="ssh") and world.lines(event="grant-revoked", service="ssh")
    assert not world.lines(event="grant-ended")


def test_a_guest_gets_what_it_was_granted_and_no_other_answer(world, make_peer):
    home, guest = world.home, world.guest
    home.daemon()
    stranger = make_peer("stranger").init()
    stranger.run("ping", home.address(), "-c", "1", code=1)
    wait_for(lambda: world.lines(event="connect", decision="deny", reason="unknown", peer=stranger.id))
    home.run("grant", "add", "guest", "web", "--until", "forever")
    assert wait_for(lambda: retry(guest.proxy("home", "web")))
    denied, missing = guest.proxy("home", "ssh"), guest.proxy("home", "no-such-thing")
    for proxy in (denied, missing):
        with connect(proxy) as connection:
            assert refused(connection)
    answers = [proxy.wait_stderr("peerup: .*").group(0) for proxy in (denied, missing)]
    assert answers[0].replace("ssh", "no-such-thing") == answers[1]
    assert world.lines(event="service", service="ssh", decision="deny", reason="not-granted")
    assert [(one.get("name"), one["role"]) for one in home.json("auth", "list")] == [("guest", "guest"), ("friend", "peer")]
    assert home.json("service", "acl", "web")["grants"][0]["peer_id"] == guest.id


def test_access_lists(world):
    home, friend = world.home, world.friend
    home.daemon()
    with live(friend.proxy("home", "ssh")) as ssh, live(friend.proxy("home", "web")) as web:
        assert home.json("service", "acl", "ssh", "--nobody")["allowed_peers"] == []
        assert refused(ssh) and lives(web)
    home.run("grant", "add", "friend", "ssh", "--for", "1h")
    with live(friend.proxy("home", "ssh")) as ssh:
        home.run("service", "acl", "ssh", "--allow", "friend")
        wait_for(lambda: any(friend.id in one.get("allowed_peers", []) for one in home.status()["services"]))
        home.run("grant", "revoke", "friend", "ssh")
        wait_for(lambda: world.lines(event="grant-revoked"))
        assert lives(ssh)
        home.run("service", "acl", "ssh", "--remove", "friend")
        assert refused(ssh)
    assert "every authorized peer" in home.run("service", "acl", "ssh", "--everybody").stdout
    assert wait_for(lambda: retry(friend.proxy("home", "ssh")))
    home.run("service", "acl", "ssh", "--remove", "friend", code=1)


def test_warning_over_dbus(world):
    """Five minutes before the end, and not before; and by calls, which count when they return."""
    home, guest = world.home, world.guest
    home.daemon()
    bus = control.Control(home)
    seen = []
    bus.connection.signal_subscribe(None, control.INTERFACE, "GrantEnding", control.PATH, None,
                                    control.Gio.DBusSignalFlags.NONE, lambda *args: seen.append((time.time(), args[5].unpack())))
    until = int(time.time()) + 302
    bus.call("AddGrant", "(ssx)", "guest", "ssh", until)
    bus.call("AddGrant", "(ssx)", guest.id, "web", 0)
    listed = {one["service"]: one["until"] for one in bus.call("ListGrants")}
    assert listed == {"ssh": until, "web": 0}
    wait_for(lambda: (control.GLib.MainContext.default().iteration(False), seen)[1])
    (at, arguments), = seen
    assert arguments == (guest.id, "guest", "ssh", until)
    assert 0 <= at - (until - 300) < 1
    home.daemon_process.wait_stderr("To extend it: peerup grant extend guest ssh")
    bus.call("ExtendGrant", "(ssx)", "guest", "ssh", 0)
    with pytest.raises(control.Refused, match="over already"):
        bus.call("ExtendGrant", "(ssx)", "guest", "ssh", 5)
    bus.call("RevokeGrant", "(ss)", "guest", "")
    assert bus.call("ListGrants") == []
    with pytest.raises(control.Refused, match="no grant"):
        bus.call("RevokeGrant", "(ss)", "guest", "ssh")
    assert len(world.lines(event="grant-ending")) == 1
    bus.close()


def test_a_grant_that_ended_while_nobody_looked(world):
    home, guest = world.home, world.guest
    grants = home.authorized_keys.parent / "grants"
    grants.write_text(f"# kept\n{guest.id}  service=ssh  expires=2026-01-01T00:00:00Z\n")
    grants.chmod(0o600)
    home.daemon()
    wait_for(lambda: grants.read_text() == "# kept\n")
    with connect(guest.proxy("home", "ssh")) as connection:
        assert refused(connection)
    assert world.lines(event="grant-ended", service="ssh")


def test_an_audit_that_cannot_be_written_is_a_problem_and_no_more(world):
    home, friend = world.home, world.friend
    aside = world.audit.parent / "logs"
    home.config.write_text(home.config.read_text().replace(str(world.audit), str(aside / "audit.json")))
    home.daemon()
    proxy = friend.proxy("home", "ssh")
    assert echoes(proxy)
    wait_for(lambda: any("audit" in text for text in home.status()["problems"]))
    aside.mkdir(mode=0o700)
    # One proxy: sixteen are the most that home takes of a peer, and a fast machine had started them before the next try.
    wait_for(lambda: retry(proxy) and home.status()["problems"] == [], 60)
    world.audit = aside / "audit.json"
    assert world.lines(event="left-out", reason="not-writable")[0]["count"] >= 1
    assert world.lines(event="service", decision="allow")


def test_hostile_words_reach_neither_file_nor_terminal(world):
    home = world.home
    for name in ("a\nb", "\x1b[31m", "\u202egnp", "<b>x</b>", "x" * 10240):
        done = home.run("grant", "add", "guest", name, code=1)
        assert "\x1b" not in done.stderr and "\u202e" not in done.stderr and len(done.stderr) < 2000
    assert not (home.authorized_keys.parent / "grants").exists()
    home.run("grant", "add", "guest", "ssh", "--for", "soon", code=1)
    home.run("grant", "add", "guest", "ssh", "--for", "1h", "--until", "forever", code=2)
    home.run("grant", "extend", "guest", "ssh", code=2)
    home.run("grant", "extend", "guest", "ssh", "--for", "1h", code=1)
