# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""peerup relay setup: its files, that it never writes over one, and what systemd, nft and a QR reader say of them."""
import os
import pathlib
import re
import shutil
import socket
import stat
import subprocess

import pytest

import netlab
import qr
from conftest import free_port
from relays import OwnRelay

OTHER = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
FILES = {"relay.key": 0o600, "authorized_keys": 0o600, "relay-server.yaml": 0o600, "relay.nft": 0o600,
         "peerup-relay.service": 0o644}


def contents(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file() and not path.name.endswith(".lock")}


def results(answer, key="steps"):
    return {step["step"]: step["result"] for step in answer[key]}


@pytest.fixture
def own_relay(make_peer):
    return lambda *options, **settings: OwnRelay(make_peer("server"), *options, **settings)


def test_dry_run_does_nothing(make_peer):
    peer = make_peer("server")
    done = peer.run("relay", "setup", "--config-dir", peer.home / "relay", "--dry-run")
    assert not (peer.home / "relay").exists()
    assert "Nothing was done" in done.stdout and "relay-server.yaml" in done.stdout
    assert "would" in done.stdout and "made" not in done.stdout


def test_files_have_their_rights(own_relay):
    relay = own_relay()
    assert stat.S_IMODE(relay.directory.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in relay.directory.iterdir()} == FILES
    assert relay.made["changed"] and set(results(relay.made).values()) <= {"made", "note"}
    assert relay.id.startswith("12D3KooW")
    assert "is valid" in relay.peer.run("config", "validate", relay.config).stdout


def test_twice_changes_nothing(own_relay):
    relay = own_relay("--websocket-port", "8443", "--public-address", "203.0.113.7", "--authorize", OTHER)
    before = contents(relay.directory)
    again = relay.setup("--authorize", OTHER)
    assert not again["changed"] and again["differs"] == 0 and again["peer_id"] == relay.id
    assert set(results(again).values()) <= {"kept", "note"}
    assert contents(relay.directory) == before
    assert "Nothing had to be done" in relay.peer.run("relay", "setup", "--config-dir", relay.directory).stdout


def test_what_a_person_edited_is_left_and_told(own_relay):
    relay = own_relay()
    relay.config.write_text(relay.config.read_text().replace('drain_time: "30s"', 'drain_time: "2m"'))
    (relay.directory / "relay.nft").write_text("# mine\n")
    before = contents(relay.directory)
    done = relay.peer.run("relay", "setup", "--config-dir", relay.directory)
    assert contents(relay.directory) == before
    assert '-   drain_time: "2m"' in done.stdout and '+   drain_time: "30s"' in done.stdout
    assert "- # mine" in done.stdout and done.stdout.count("DIFFERS") == 2
    assert relay.setup()["differs"] == 2


def test_authorize_adds_one_more(own_relay, make_peer):
    relay = own_relay("--authorize", OTHER)
    other = make_peer("other").init()
    again = relay.setup("--authorize", OTHER, "--authorize", other.id)
    assert again["changed"]
    keys = (relay.directory / "authorized_keys").read_text()
    assert keys.count(OTHER) == 1 and keys.count(other.id) == 1
    relay.authorize(make_peer("third").init(), "--comment", "the third")
    assert "# the third" in (relay.directory / "authorized_keys").read_text()


@pytest.mark.parametrize("args,code,hint", [
    (["--port", "0"], 2, "--port"),
    (["--port", "70000"], 2, "--port"),
    (["--websocket-port", "0"], 2, "--websocket-port"),
    (["--authorize", "nobody"], 2, "nobody"),
    (["--public-address", "relay.example.org"], 1, "relay.example.org"),
    (["--user", "a b"], 1, "a b"),
    (["--port", "443", "--websocket-port", "443"], 1, "--websocket-port"),
])
def test_bad_options_change_nothing(make_peer, args, code, hint):
    peer = make_peer("server")
    done = peer.run("relay", "setup", "--config-dir", peer.home / "relay", *args, code=code)
    assert hint in done.stderr and done.stdout == "" and not (peer.home / "relay").exists()


def test_who_is_not_root_is_told_what_to_say(make_peer):
    if os.geteuid() != 0:
        pytest.skip("this test leaves root behind")
    peer = make_peer("server")
    os.chown(peer.home, 65534, 65534)
    for parent in peer.home.parents[:1]:
        os.chmod(parent, 0o711)
    done = peer.run("relay", "setup", code=1, user=65534, group=65534, extra_groups=[])
    assert "sudo peerup relay setup" in done.stderr and "--config-dir" in done.stderr
    peer.run("relay", "setup", "--config-dir", peer.home / "relay", user=65534, group=65534, extra_groups=[])
    assert {path.stat().st_uid for path in (peer.home / "relay").iterdir()} == {65534}


# As root, on a system of its own

PRIVATE = """
set -e
mount -t tmpfs none /run
mkdir "$1/etc"
cp -a /etc/. "$1/etc"
rm -rf "$1/etc/peerup"
mount --bind "$1/etc" /etc
mkdir -p /run/systemd/system
shift
exec "$@"
"""
# What systemctl was told, one line each.
SYSTEMCTL = """#!/bin/sh
echo "$*" >> {log}
case "$1" in
  is-active) test -e {log}.started && echo active || {{ echo inactive; exit 3; }} ;;
  is-enabled) test -e {log}.enabled && echo enabled || {{ echo disabled; exit 1; }} ;;
  enable) touch {log}.enabled ;;
  restart|start) touch {log}.started ;;
esac
"""


@pytest.fixture
def machine(make_peer):
    """A function that runs a shell script as root where /etc and /run are private, and systemd only seems to run."""
    if os.geteuid() != 0:
        pytest.skip("a mount namespace needs root")
    # Below a changed root mounts cannot be made private; there they are so already.
    shared = " shared:" in pathlib.Path("/proc/self/mountinfo").read_text()
    namespace = ["unshare", "-m", "--propagation", "private" if shared else "unchanged"]
    peer = make_peer("server")
    tools = peer.home / "bin"
    tools.mkdir()
    log = peer.home / "systemctl.log"
    log.touch()
    (tools / "systemctl").write_text(SYSTEMCTL.format(log=log))
    (tools / "systemctl").chmod(0o755)
    # The user it makes has to find that, too.
    log.chmod(0o666)
    for directory in (peer.home, peer.home.parent):
        directory.chmod(0o711)

    def run(script):
        environment = peer.env(PATH=f"{tools}:{os.environ['PATH']}", P=os.environ.get("PEERUP_BIN", str(netlab.BUILD / "src/cli/peerup")))
        done = subprocess.run([*namespace, "sh", "-c", PRIVATE, "sh", peer.home, "sh", "-ec", script], env=environment,
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, (done.stdout, done.stderr)
        return done.stdout, peer.home / "etc", log.read_text().splitlines()

    return run


def test_root_sets_up_the_whole_machine(machine):
    out, etc, told = machine('$P relay setup --websocket-port 443; echo "== again"; $P relay setup')
    first, again = out.split("== again\n")
    assert re.search(r"made +user +peerup", first) and re.search(r"made +service", first)
    assert "DIFFERS" not in first and "made" not in again and "Nothing had to be done" in again
    entry, = (line.split(":") for line in (etc / "passwd").read_text().splitlines() if line.startswith("peerup:"))
    assert entry[6].endswith("nologin")
    owner = int(entry[2]), int(entry[3])
    for path in [etc / "peerup", *(etc / "peerup").iterdir()]:
        assert (path.stat().st_uid, path.stat().st_gid) == owner, path
    assert stat.S_IMODE((etc / "peerup").stat().st_mode) == 0o700
    unit = etc / "systemd/system/peerup-relay.service"
    assert unit.stat().st_uid == 0 and "ExecStart=" in unit.read_text()
    assert "CAP_NET_BIND_SERVICE" in (etc / "systemd/system/peerup-relay.service.d/low-ports.conf").read_text()
    assert [line for line in told if not line.startswith("is-")] == [
        "daemon-reload", "enable peerup-relay.service", "restart peerup-relay.service"]


def test_no_start_only_enables(machine):
    _, etc, told = machine("$P relay setup --no-start --user relay")
    assert [line for line in told if not line.startswith("is-")] == ["daemon-reload", "enable peerup-relay.service"]
    assert "\nUser=relay\n" in (etc / "systemd/system/peerup-relay.service").read_text()
    assert not (etc / "systemd/system/peerup-relay.service.d").exists()


def test_root_authorizes_in_the_owners_name(machine):
    out, etc, _ = machine(f"$P relay setup --no-start >/dev/null; cd /; $P relay authorize {OTHER}; $P relay setup --check || true")
    keys = etc / "peerup/authorized_keys"
    assert OTHER in keys.read_text() and keys.stat().st_uid == (etc / "peerup").stat().st_uid != 0
    assert "1 device may use it" in out and "peerup-relay.service is inactive" in out


# What the README says, as far as it goes without systemd.
BY_HAND = """
rmdir /run/systemd/system
mkdir /run/build && mount --bind "$BUILD" /run/build
P=/run/build/src/cli/peerup
unset LSAN_OPTIONS
export ASAN_OPTIONS=detect_leaks=0
cd /
$P relay setup --port $PORT --public-address 127.0.0.1
runuser -u peerup -- $P relay serve &
until $P relay info 2>/dev/null; do kill -0 $!; sleep 0.1; done
echo "== check"; $P relay setup --check
echo "== drain"; $P relay drain 2>&1
kill $!; wait
"""


def test_root_runs_it_by_hand(machine):
    """Its own user serves, and root asks it."""
    port = free_port()
    out, etc, told = machine(f"BUILD={netlab.BUILD} PORT={port}\n{BY_HAND}")
    made, checked = out.split("== check\n")
    assert "runuser -u peerup -- " in made and "This device is a relay" in made
    assert checked.count("ok      reached") == 2 and f"peerup relay add 127.0.0.1:{port}\n" in checked
    assert "serves nobody now" in checked
    assert told == [] and {path.stat().st_uid for path in (etc / "peerup").iterdir()} == {(etc / "peerup").stat().st_uid}


# What others say of the files

def needs(program):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")


def unit_of(relay, drop_in):
    """The unit where systemd-analyze wants it, with a program that is there."""
    directory = relay.peer.home / "units"
    directory.mkdir()
    unit = directory / "peerup-relay.service"
    shutil.copy(relay.directory / unit.name, unit)
    if drop_in:
        (directory / "peerup-relay.service.d").mkdir()
        shutil.copy(relay.directory / "low-ports.conf", directory / "peerup-relay.service.d")
    return unit


@pytest.mark.parametrize("options", [[], ["--websocket-port", "443"]], ids=["plain", "low-port"])
def test_systemd_finds_the_unit_safe(own_relay, options):
    needs("systemd-analyze")
    unit = unit_of(own_relay(*options), bool(options))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=29", unit], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert float(re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)[1]) < 3


@pytest.mark.parametrize("options", [[], ["--websocket-port", "443"]], ids=["plain", "low-port"])
def test_nft_takes_the_rules(own_relay, lab, options):
    needs("nft")
    relay = own_relay(*options)
    with lab.client:
        netlab.check("nft", "-c", "-f", relay.directory / "relay.nft")
        for _ in range(2):
            netlab.check("nft", "-f", relay.directory / "relay.nft")
        assert netlab.check("nft", "list", "tables").split() == ["table", "inet", "peerup_relay"]


def dropped(space, chain):
    """Packets that the rules of a chain have dropped."""
    with space:
        text = netlab.check("nft", "list", "chain", "inet", "peerup_relay", chain)
    return [int(n) for n in re.findall(r"counter packets (\d+)", text)]


def test_the_rules_bound_what_one_source_begins(own_relay, lab):
    needs("nft")
    relay = own_relay()
    lab.join()
    with lab.server:
        netlab.check("nft", "-f", relay.directory / "relay.nft")
        servers = [socket.create_server((host, relay.port), family=family, backlog=1000)
                   for host, family in (("0.0.0.0", socket.AF_INET),)]
    stun = bytes.fromhex("000100002112a442") + bytes(12)
    initial = b"\xc3\0\0\0\1" + bytes(1195)
    with lab.client:
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for packet in (stun, initial, b"\x43" + bytes(40)):
            for _ in range(400):
                sender.sendto(packet, (netlab.SERVER, relay.port))
        clients = []
        for _ in range(200):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex((netlab.SERVER, relay.port))
            clients.append(client)
        # One that is not ours is left alone.
        sender.sendto(stun, (netlab.SERVER, relay.port + 1))
    netlab.wait_for(lambda: dropped(lab.server, "stun")[0] >= 100 and dropped(lab.server, "quic_initial")[0] >= 20
                    and dropped(lab.server, "new_tcp")[0] >= 20, 20, "dropping")
    # What is in a burst got through.
    assert dropped(lab.server, "stun")[0] <= 320 and dropped(lab.server, "quic_initial")[0] <= 150
    for done in [*clients, *servers, sender]:
        done.close()


@pytest.mark.skipif(not qr.READER, reason="ZXingReader is not installed: it is part of Debian's zxing-cpp-tools")
@pytest.mark.parametrize("style,rows", [("--qr", qr.rows_of_blocks), ("--ascii", qr.rows_of_ascii)], ids=["blocks", "ascii"])
def test_a_reader_reads_the_qr_code(own_relay, style, rows):
    relay = own_relay("--public-address", "203.0.113.7", port=7777)
    done = relay.peer.run("relay", "setup", "--config-dir", relay.directory, "--check", "--qr", style, code=1)
    assert qr.read(rows(done.stdout), relay.peer.home) == f"/ip4/203.0.113.7/tcp/7777/p2p/{relay.id}"


def test_no_qr_code_in_a_pipe(own_relay):
    relay = own_relay("--public-address", "203.0.113.7")
    done = relay.peer.run("relay", "setup", "--config-dir", relay.directory, "--check", code=1)
    assert "█" not in done.stdout and "##" not in done.stdout


# --check

def test_check_of_what_does_not_run(own_relay):
    relay = own_relay("--public-address", "203.0.113.7")
    answer = relay.check(code=1)
    found = results(answer, "checks")
    assert found["configuration"] == found["key"] == "ok" and found["relay"] == "mend"
    assert not answer["healthy"] and answer["address"] == f"203.0.113.7:{relay.port}" and answer["peer_id"] == relay.id
    assert answer["multiaddr"] == f"/ip4/203.0.113.7/tcp/{relay.port}/p2p/{relay.id}"


def test_check_of_a_relay_that_runs(own_relay):
    relay = own_relay("--public-address", "127.0.0.1", "--authorize", OTHER).start()
    answer = relay.check()
    assert answer["healthy"] and answer["public"]
    reached = [step for step in answer["checks"] if step["step"] == "reached"]
    assert [step["result"] for step in reached] == ["ok", "ok"], answer
    assert {step["text"] for step in reached} == {relay.address(), relay.address("quic")}
    done = relay.peer.run("relay", "setup", "--config-dir", relay.directory, "--check")
    assert f"peerup relay add 127.0.0.1:{relay.port}\n" in done.stdout
    assert f"peerup relay add {relay.address()}/p2p/{relay.id}\n" in done.stdout


def test_check_asks_another_relay_how_it_is_seen(own_relay, make_peer):
    other = OwnRelay(make_peer("other")).start()
    relay = own_relay("--public-address", "127.0.0.1")
    relay.config.write_text(relay.config.read_text().replace(
        "relay:\n", f"relay:\n  addresses: ['{other.address('quic')}/p2p/{other.id}']\n", 1))
    seen, = (step for step in relay.check(code=1)["checks"] if step["step"] == "seen from")
    assert seen["result"] == "ok" and "127.0.0.1" in seen["text"]


def test_check_finds_what_is_wrong(own_relay):
    relay = own_relay("--public-address", "127.0.0.1")
    os.chmod(relay.directory / "relay.key", 0o644)
    found = next(step for step in relay.check(code=1)["checks"] if step["step"] == "key")
    assert found["result"] == "mend" and "chmod 600" in found["text"]
    relay.config.write_text("nonsense: [")
    found, = relay.check(code=1)["checks"]
    assert found["step"] == "configuration" and found["result"] == "mend"


def test_check_where_nothing_is_set_up(make_peer):
    peer = make_peer("server")
    done = peer.run("relay", "setup", "--config-dir", peer.home / "absent", "--check", code=1)
    assert "peerup relay setup" in done.stdout and not (peer.home / "absent").exists()


def test_an_announced_address_that_does_not_lead_back(make_peer, lab):
    """A router that does not do hairpins: nothing can be said from here, and that is what is said."""
    lab.join()
    relay = OwnRelay(make_peer("server", lab.client), "--public-address", netlab.SERVER).start()
    reached = [step for step in relay.check()["checks"] if step["step"] == "reached"]
    assert {step["result"] for step in reached} == {"unknown"}, reached
    assert all("peerup relay check" in step["next"] for step in reached)
