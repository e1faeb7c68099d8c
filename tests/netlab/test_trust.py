# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Who gets in, who may use what, and what happens when that changes."""
import re
import time

import pytest

from conftest import connect, echo, wait_for


def refused(connection):
    """The stream was cut: an error, not an end that could pass for a complete answer."""
    with pytest.raises(ConnectionResetError):
        while connection.recv(1 << 16):
            pass
    return True


def echoes(proxy, text=b"ping"):
    with connect(proxy) as connection:
        connection.sendall(text)
        return connection.recv(100) == text


def test_stranger_is_refused_at_the_handshake(pair, make_peer, serve):
    home, _ = pair
    server = serve(echo)
    home.run("service", "add", "test", server.port)
    home.daemon()
    stranger = make_peer("stranger").init()
    for _ in range(3):
        done = stranger.run("ping", home.address(), "-c", "1", code=1)
        assert f"peerup auth add {stranger.id}" in done.stderr, done.stderr
        time.sleep(0.05)
    proxy = stranger.proxy(home.address(), "test")
    with connect(proxy) as connection:
        assert refused(connection)
    proxy.wait_stderr(f"peerup auth add {stranger.id}")
    assert server.n_accepted == 0
    assert home.status()["peers"] == []
    home.daemon_process.wait_stderr(f"peerup auth add {stranger.id}")


def test_empty_authorized_keys_warns_and_admits_nobody(make_peer):
    home, stranger = make_peer("home").init(), make_peer("stranger").init()
    home.daemon()
    home.daemon_process.wait_stderr("Warning: .*(nobody|no peer|empty)")
    assert home.status()["problems"]
    stranger.run("ping", home.address(), "-c", "1", code=1)
    home.authorize(stranger)
    wait_for(lambda: home.status()["problems"] == [])
    stranger.run("ping", home.address(), "-c", "1")


def test_missing_authorized_keys_refuses_to_start(pair):
    home, _ = pair
    home.authorized_keys.unlink()
    done = home.run("daemon", code=1)
    assert str(home.authorized_keys) in done.stderr


def test_allowed_peers(pair, make_peer, serve):
    home, laptop = pair
    phone = make_peer("phone").init()
    home.authorize(phone)
    phone.knows(home)
    home.run("service", "add", "test", serve(echo).port, "--allow", "laptop")
    home.daemon()
    assert echoes(laptop.proxy("home", "test"))
    proxy = phone.proxy("home", "test")
    with connect(proxy) as connection:
        assert refused(connection)
    home.daemon_process.wait_stderr(r"Refused service test to phone")
    proxy.wait_stderr("test")


def test_access_list_that_parses_to_nothing_means_nobody(pair, serve):
    home, laptop = pair
    home.run("service", "add", "test", serve(echo).port, "--allow", laptop.id)
    exclude(home, laptop)
    assert home.json("service", "list")[0]["allowed_peers"] == []
    home.daemon()
    with connect(laptop.proxy("home", "test")) as connection:
        assert refused(connection)


def test_dialing_a_stranger_gives_it_no_service(make_peer, serve):
    """home dials stranger, which home has not authorized; the connection must not serve the other way."""
    home, stranger = make_peer("home").init(), make_peer("stranger").init()
    stranger.knows(home)
    server = serve(echo)
    home.run("service", "add", "test", server.port)
    home.daemon()
    stranger.daemon()
    home.run("ping", stranger.address(), "-c", "1")
    assert stranger.status()["peers"][0]["state"] == "connected"
    with connect(stranger.proxy("home", "test")) as connection:
        assert refused(connection)
    assert server.n_accepted == 0


def test_revoked_peer_is_cut_at_once(pair, serve):
    home, laptop = pair
    home.run("service", "add", "test", serve(echo).port)
    home.daemon()
    proxy = laptop.proxy("home", "test")
    with connect(proxy) as connection:
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"
        home.authorized_keys.write_text(home.authorized_keys.read_text().replace(laptop.id, "# " + laptop.id))
        began = time.monotonic()
        assert refused(connection) and time.monotonic() - began < 5
    with connect(proxy) as connection:
        assert refused(connection)
    home.daemon_process.wait_stderr("laptop .* is no longer admitted")
    home.run("auth", "add", laptop.id)
    assert wait_for(lambda: retry(proxy))


def retry(proxy):
    try:
        return echoes(proxy)
    except OSError:
        return False


def test_expiry_cuts_at_its_moment(make_peer, serve):
    home, laptop = make_peer("home").init(), make_peer("laptop").init()
    laptop.knows(home)
    home.run("service", "add", "test", serve(echo).port)
    home.daemon()
    home.authorize(laptop, "--expires", "4s")
    line, = (line for line in home.authorized_keys.read_text().splitlines() if laptop.id in line)
    until = time.strptime(re.search(r"expires=(\S+)Z", line)[1], "%Y-%m-%dT%H:%M:%S")
    until = time.mktime(until) - time.timezone
    proxy = laptop.proxy("home", "test")
    connection = wait_for(lambda: open_echo(proxy))
    with connection:
        assert refused(connection)
        assert -1.0 < time.time() - until < 3.0
    laptop.run("ping", "home", "-c", "1", code=1)


def open_echo(proxy):
    connection = connect(proxy)
    try:
        connection.sendall(b"x")
        if connection.recv(1) == b"x":
            return connection
    except OSError:
        pass
    connection.close()
    return None


def test_broken_authorized_keys_keeps_the_old_in_force(pair):
    home, laptop = pair
    home.daemon()
    good = home.authorized_keys.read_text()
    home.authorized_keys.write_text(good + "garbage line\n")
    wait_for(lambda: any("authorized_keys" in text for text in home.status()["problems"]))
    laptop.run("ping", "home", "-c", "1")
    home.authorized_keys.write_text(good)
    wait_for(lambda: home.status()["problems"] == [])


def test_config_edits_take_effect_and_keep_other_streams(pair, serve):
    home, laptop = pair
    first, second = serve(echo), serve(echo)
    home.run("service", "add", "one", first.port)
    home.daemon()
    with connect(laptop.proxy("home", "one")) as live:
        live.sendall(b"a")
        assert live.recv(1) == b"a"
        home.run("service", "add", "two", second.port)
        wait_for(lambda: len(home.status()["services"]) == 2)
        assert echoes(laptop.proxy("home", "two"))
        home.run("service", "disable", "two")
        wait_for(lambda: not home.status()["services"][1]["enabled"])
        with connect(laptop.proxy("home", "two")) as connection:
            assert refused(connection)
        home.run("service", "remove", "two")
        wait_for(lambda: len(home.status()["services"]) == 1)
        live.sendall(b"b")
        assert live.recv(1) == b"b"
        home.run("service", "disable", "one")
        assert refused(live)


def test_changed_allowed_peers_cut_only_whom_they_exclude(pair, make_peer, serve):
    home, laptop = pair
    phone = make_peer("phone").init()
    home.authorize(phone)
    phone.knows(home)
    home.run("service", "add", "test", serve(echo).port, "--allow", "laptop", "--allow", "phone")
    home.daemon()
    with connect(laptop.proxy("home", "test")) as kept, connect(phone.proxy("home", "test")) as cut:
        for connection in (kept, cut):
            connection.sendall(b"a")
            assert connection.recv(1) == b"a"
        exclude(home, phone)
        assert refused(cut)
        kept.sendall(b"b")
        assert kept.recv(1) == b"b"


def exclude(home, peer):
    """Makes the peer's line in allowed_peers one that does not parse."""
    head, tail = home.config.read_text().split("allowed_peers:", 1)
    home.config.write_text(head + "allowed_peers:" + tail.replace(peer.id, "no-such-peer", 1))


def test_broken_config_keeps_the_old_in_force(pair, serve):
    home, laptop = pair
    home.run("service", "add", "test", serve(echo).port)
    home.daemon()
    good = home.config.read_text()
    home.config.write_text(good.replace("services:", "services: ["))
    wait_for(lambda: any(f"{home.config}:" in text for text in home.status()["problems"]))
    assert echoes(laptop.proxy("home", "test"))
    home.config.write_text(good)
    wait_for(lambda: home.status()["problems"] == [])


def test_gating_off_is_a_loud_warning(pair, make_peer):
    home, _ = pair
    home.config.write_text(home.config.read_text().replace("enable_connection_gating: true",
                                                           "enable_connection_gating: false"))
    home.daemon()
    home.daemon_process.wait_stderr("Warning: .*EVERY peer")
    make_peer("anyone").init().run("ping", home.address(), "-c", "1")
