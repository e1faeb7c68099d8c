# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The client for Python (src/bindings/python) against daemons: both kinds, in a process of their own, as a user would."""
import json
import pathlib
import subprocess
import sys

import pytest

from conftest import echo

CLIENT = pathlib.Path(__file__).parents[2] / "src/bindings/python"
PATIENCE = 60  # seconds

# Runs a text with `client` and prints what it leaves in `said`. Both kinds are asked by the same text.
SYNC = """
import json, peerup
client, said = peerup.Client(timeout={timeout}), []
def run(client, said):
{text}
run(client, said)
print(json.dumps(said))
"""
ASYNC = """
import asyncio, json, peerup
client, said = peerup.AsyncClient(timeout={timeout}), []
async def run(client, said):
{text}
asyncio.run(run(client, said))
print(json.dumps(said))
"""


def start(peer, text, kind, **env):
    """What is said `await` in the text is not for the one that waits by itself."""
    lines = "\n".join(f"    {line}" for line in text.strip().splitlines())
    if kind == "sync":
        lines = lines.replace("await ", "").replace("async ", "")
    source = (SYNC if kind == "sync" else ASYNC).format(text=lines, timeout=PATIENCE)
    return subprocess.Popen([sys.executable, "-W", "error", "-c", source], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            cwd=peer.home, env=peer.env(PYTHONPATH=str(CLIENT), PYTHONDONTWRITEBYTECODE="1", **env))


def finish(process):
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert not err, err
    return json.loads(out.splitlines()[-1])


def ask(peer, text, kind, **env):
    return finish(start(peer, text, kind, **env))


@pytest.fixture(params=["sync", "asyncio"])
def kind(request):
    return request.param


def test_facts(peer, kind):
    peer.daemon()
    version, peer_id, state, path, peers = ask(peer, """
properties = await client.properties()
said += [properties[name] for name in ("Version", "PeerId", "State", "ConfigFile")]
said.append(await client.list_peers())
""", kind)
    assert (peer_id, state, peers) == (peer.id, "running", [])
    assert version in peer.run("--version").stdout
    assert pathlib.Path(path) == peer.config


def test_between_two(pair, serve, kind):
    """Ping, expose, forward, and the events of it."""
    home, laptop = pair
    home.daemon()
    laptop.daemon()
    port = serve(echo).port
    said = ask(home, f"""
await client.expose("echo", "127.0.0.1:{port}")
said += [service["name"] for service in await client.list_services()]
""", kind)
    assert said == ["echo"]
    round_trip, path, name, answer = ask(laptop, """
import socket
result = await client.ping("home")
said += [result.round_trip, result.path, (await client.resolve("home"))["name"]]
forward = await client.add_forward("home", "echo", "0")
host, port = forward.address.rsplit(":", 1)
with socket.create_connection((host, int(port)), 60) as connection:
    connection.sendall(b"over the client")
    said.append(connection.recv(100).decode())
await client.remove_forward(forward.id)
""", kind)
    assert (path, name, answer) == ("direct", "home", "over the client")
    assert 0 < round_trip < PATIENCE * 1_000_000
    assert ask(home, 'await client.unexpose("echo")\nsaid += await client.list_services()', kind) == []


def test_events(pair, kind):
    home, laptop = pair
    home.daemon()
    laptop.daemon()
    said = ask(laptop, """
events = await client.events()
await client.ping("home")
async for event in events:
    if event.name == "PeerChanged" and event.data["peer"].get("state") == "connected":
        said += [event.data["id"], event.id]
        break
""", kind)
    assert said[0] == home.id and said[1]


def test_events_end_with_the_daemon(peer, kind):
    peer.daemon()
    said = ask(peer, """
events = await client.events()
await client.stop()
async for event in events:
    pass
said.append("over")
""", kind)
    assert said == ["over"]
    assert peer.daemon_process.wait(PATIENCE) == 0


ERRORS = """
for call in (lambda: client.ping("nobody"), lambda: client.expose("Bad Name", "127.0.0.1:1"), lambda: client.revoke_grant("nobody")):
    try:
        await call()
    except peerup.PeerupError as error:
        said.append([type(error).__name__, error.status, str(error)])
"""


def test_errors(peer, kind):
    peer.daemon()
    (first, code, text), (second, *_), (third, *_) = ask(peer, ERRORS, kind)
    assert (first, code) == ("NotFound", 404) and "nobody" in text
    assert (second, third) == ("InvalidRequest", "NotFound")


def test_daemon_that_does_not_run(peer, kind):
    """And one that was started anew, with another cookie."""
    text = """
try:
    said.append((await client.properties())["ProcessId"])
except peerup.NotRunning as error:
    said.append(str(error))
"""
    message, = ask(peer, text, kind)
    assert "peerup daemon" in message
    for _ in range(2):
        peer.daemon()
        assert ask(peer, text, kind) == [peer.daemon_process.pid]
        peer.run("stop")
        assert peer.daemon_process.wait(PATIENCE) == 0
    message, = ask(peer, text, kind)
    assert "peerup daemon" in message


def test_many_at_once(peer, kind):
    peer.daemon()
    text = """
import concurrent.futures
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    said += list(pool.map(lambda _: client.properties()["State"], range(100)))
""" if kind == "sync" else """
said += [one["State"] for one in await asyncio.gather(*(client.properties() for _ in range(100)))]
"""
    assert ask(peer, text, kind) == ["running"] * 100
