# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Two people pair their machines, at terminals: over a relay, on one network, in every form that a code has."""
import json
import time

import pytest

import pairing_lab
import qr
from control import Control
from netlab import wait_for
from pairing_lab import PATIENCE, Invite, LanHousehold, NatHousehold, Terminal, first_byte

RELAYED_SECONDS, LAN_SECONDS = 10, 5


def join_typing(device, code):
    """peerup join, and the code typed when it asks."""
    terminal = Terminal(device, "join")
    terminal.expect("Code of the other device: ")
    terminal.type(code)
    return terminal.wait()


def join_with(device, *code, **env):
    return Terminal(device, "join", *code, **env).wait()


def join_from_a_pipe(device, code):
    return device.run("join", input=f"{code}\n").stdout


def check_both(household, device, invite, told):
    """Both have each other, both saw the same strings, and the inviter's command ended well."""
    device.id = device.run("whoami").stdout.strip()
    seen = invite.wait()
    assert "has joined." in seen and "Paired with" in told
    assert device.id in household.authorized(household.home) and household.home.id in household.authorized(device)
    assert household.home.json("pairing", "list") == []
    mine, theirs = household.home.json("verify", device.id), device.json("verify", household.home.id)
    for key in ("emoji", "digits", "transcript_emoji", "transcript_digits"):
        assert mine[key] == theirs[key] != ""
    assert mine["transcript_digits"] in seen and mine["digits"] != mine["transcript_digits"]


FORMS = {
    "long code, typed": lambda device, invite, _: join_typing(device, invite.long),
    "long code, typed in small letters with spaces": lambda device, invite, _: join_typing(device, invite.long.lower().replace("-", " ")),
    "link": lambda device, invite, _: join_with(device, invite.link),
    "long code, as arguments": lambda device, invite, _: join_with(device, *invite.long.split("-")),
    "environment": lambda device, invite, _: join_with(device, PEERUP_INVITE_CODE=invite.long),
    "standard input": lambda device, invite, _: join_from_a_pipe(device, invite.long),
    "QR code on the screen": lambda device, invite, _: join_with(device, invite.picture(device.home)),
    "QR code in a file": lambda device, _, file: join_with(device, qr.zbar(file)),
}


@pytest.mark.released
def test_over_a_relay_in_every_form(lab, make_peer, serve, show):
    household = NatHousehold(lab, make_peer, serve)
    picture = household.home.home / "code.png"
    for form, join in FORMS.items():
        device = household.visitor()
        invite = Invite(household.home, "--qr", picture)
        told = join(device, invite, picture)
        name = household_name(device, household.home)
        proxy = first_byte(device, name)
        seconds = time.monotonic() - invite.began
        show("from invite to the first byte, over a relay", f"{form:45} {seconds:5.2f} s")
        check_both(household, device, invite, told)
        proxy.end()
        assert seconds < RELAYED_SECONDS, form


def household_name(device, other):
    """What a device calls another one."""
    return next(entry["name"] for entry in device.json("auth", "list") if entry["peer_id"] == other.id)


@pytest.mark.sanitized
def test_spoken_code_over_a_relay_in_common(lab, make_peer, serve, show):
    household = NatHousehold(lab, make_peer, serve)
    device = household.member()
    invite = Invite(household.home)
    told = join_typing(device, invite.spoken.replace("-", " "))
    first_byte(device, household_name(device, household.home))
    show("from invite to the first byte, over a relay", f"{'spoken code':45} {time.monotonic() - invite.began:5.2f} s")
    check_both(household, device, invite, told)


@pytest.mark.sanitized
def test_over_a_relay_that_is_configured_and_does_not_know_the_device(lab, make_peer, serve):
    household = NatHousehold(lab, make_peer, serve)
    device = household.visitor()
    device.run("init", "--port", device.port, "--relay", household.relay_address)
    invite = Invite(household.home)
    told = join_with(device, invite.long)
    first_byte(device, household_name(device, household.home))
    check_both(household, device, invite, told)


@pytest.mark.released
@pytest.mark.parametrize("form", ["spoken", "long"])
def test_on_one_network_without_a_relay(lab, make_peer, serve, show, form):
    household = LanHousehold(lab, make_peer, serve)
    device = household.visitor()
    invite = Invite(household.home)
    told = join_typing(device, getattr(invite, form))
    first_byte(device, household_name(device, household.home))
    seconds = time.monotonic() - invite.began
    show("from invite to the first byte, on one network", f"{form:45} {seconds:5.2f} s")
    check_both(household, device, invite, told)
    assert seconds < LAN_SECONDS


@pytest.mark.sanitized
def test_join_while_the_inviters_network_changes(lab, make_peer, serve):
    household = NatHousehold(lab, make_peer, serve)
    device = household.visitor()
    invite = Invite(household.home)
    terminal = Terminal(device, "join", invite.long)
    terminal.expect("Looking for")
    household.home.space.ip("addr del 192.168.1.2/24 dev lan", "addr add 192.168.1.3/24 dev lan", "route add default via 192.168.1.1")
    told = terminal.wait()
    first_byte(device, household_name(device, household.home))
    check_both(household, device, invite, told)


@pytest.mark.released
def test_left_invite_completes_when_the_inviter_is_back(lab, make_peer, serve):
    household = NatHousehold(lab, make_peer, serve)
    device = household.visitor()
    invite = Invite(household.home, "--leave", "--ttl", "1h")
    assert "left with the relays" in invite.wait()
    household.home.run("stop")
    assert household.home.daemon_process.wait() == 0
    told = join_with(device, invite.long)
    assert "is away" in told
    device.id = device.run("whoami").stdout.strip()
    assert device.id not in household.authorized(household.home)
    device.daemon()
    half, = device.json("pairing", "list")
    assert half["peer_id"] == household.home.id and half["advice"]
    assert "half" in device.run("status").stdout
    household.start_home()
    wait_for(lambda: device.id in household.authorized(household.home), PATIENCE, "home's taking what was left")
    wait_for(lambda: device.json("pairing", "list") == [], PATIENCE, "the visitor's knowing")
    first_byte(device, household_name(device, household.home))
    # It works once.
    assert "used" in household.visitor().run("join", invite.long, code=1).stderr


@pytest.mark.sanitized
def test_a_guest_sees_one_service_and_for_a_while(lab, make_peer, serve):
    household = LanHousehold(lab, make_peer, serve)
    device = household.visitor()
    seconds = 15
    invite = Invite(household.home, "--service", "echo", "--for", f"{seconds}s")
    assert "may use echo of this device for 15 s, and nothing else" in " ".join(invite.seen().split())
    told = join_typing(device, invite.long)
    joined = time.monotonic()
    check_both(household, device, invite, told)
    assert "lets this device use echo, until" in told and "hidden" not in told
    assert "role=guest" in household.authorized(household.home)[device.id]
    device.daemon()
    name, control = household_name(device, household.home), Control(device)
    _, address = control.forward(household.home, "echo")
    with device.space, pairing_lab.socket.create_connection(address, PATIENCE) as used:
        used.settimeout(PATIENCE)
        used.sendall(b"!")
        assert used.recv(1) == b"!"
        # What it was not granted looks as if it were not there.
        _, other = control.forward(household.home, "hidden")
        with pairing_lab.socket.create_connection(other, PATIENCE) as refused:
            refused.settimeout(PATIENCE)
            with pytest.raises(ConnectionResetError):
                assert refused.recv(1) == b""
                raise ConnectionResetError
        # The open stream ends with the grant.
        try:
            assert used.recv(1) == b""
        except ConnectionResetError:
            pass
        assert seconds - 2 < time.monotonic() - joined < seconds + 10
    assert name
    control.close()


@pytest.mark.sanitized
def test_mistyped_code_is_shown_where(lab, make_peer, serve):
    household = LanHousehold(lab, make_peer, serve)
    device = household.visitor()
    invite = Invite(household.home)
    for at in (3, len(invite.long) // 2, len(invite.long) - 2):
        if invite.long[at] == "-":
            at += 1
        wrong = invite.long[:at] + ("A" if invite.long[at] != "A" else "B") + invite.long[at + 1:]
        terminal = Terminal(device, "join")
        terminal.expect("Code of the other device: ")
        terminal.type(wrong)
        seen = terminal.wait(1)
        line, caret = next(pair for pair in zip(seen.splitlines(), seen.splitlines()[1:]) if pair[1].strip() == "^")
        shown = line[caret.index("^"):]
        assert wrong[at:].startswith(shown[:8]) or abs(wrong.index(shown[:8]) - at) <= 4, (wrong, at, seen)
        assert not device.config.exists()
    invite.interrupt()
    assert "taken back" in invite.wait(130)
    assert [one["state"] for one in household.home.json("invite", "list")] == ["cancelled"]


@pytest.mark.sanitized
def test_non_interactive_and_json(lab, make_peer, serve):
    """For scripts: a bare code, and lines of JSON."""
    household = LanHousehold(lab, make_peer, serve)
    home, device = household.home, household.visitor()
    running = home.start("invite", "--non-interactive")
    code = wait_for(lambda: running.stdout().endswith("\n") and running.stdout(), PATIENCE, "the code")
    assert code.count("\n") == 1 and code.strip() not in running.stderr()
    assert device.run("join", "--non-interactive", input=code).stdout == f"{home.id}\n"
    assert running.wait() == 0 and running.stdout() == code
    other = household.visitor()
    running = home.start("invite", "--json", "--name", "Home sweet home")
    line = wait_for(lambda: "\n" in running.stdout() and running.stdout().splitlines()[0], PATIENCE, "the invite")
    invite = json.loads(line)
    assert invite["state"] == "open" and invite["number"] == int(invite["spoken"].split("-")[0])
    pairing = other.json("join", invite["link"])
    assert pairing["state"] == "complete" and pairing["kind"] == "code" and pairing["peer_id"] == home.id
    assert running.wait() == 0
    last = json.loads(running.stdout().splitlines()[-1])
    assert last["state"] == "used" and last["compare"] == pairing["compare"] and "code" not in last
    # The secrets are nowhere but where they belong.
    for secret in (code.strip(), invite["code"], invite["spoken"], invite["link"]):
        for peer in (home, device, other):
            assert not any(secret in process.stderr() for process in peer.processes)
    assert "code" not in json.dumps(home.status()["invites"])
