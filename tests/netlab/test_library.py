# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The library from Python and JavaScript: the examples of src/bindings, run as they are, between two devices on
loopback. The sanitizers' builds have no typelib."""
import contextlib
import pathlib
import re
import shutil
import socket
import subprocess

import netlab
import pytest

from conftest import COMPLAINTS, echo
from netlab import wait_for

EXAMPLES = pathlib.Path(__file__).parents[2] / "src/bindings/examples"
LIBRARY = netlab.BUILD / "src/client"
PATIENCE = 60  # seconds

LANGUAGES = {"python": ("python3", "py"), "javascript": ("gjs", "js")}
NAMES = ("engine", "expose", "connect", "events")
# What a program has at its top, and no line of it does anything by itself.
TOP = re.compile(r"""#|//|import\b|from\b|gi\.require_version|for \(const .*\]\)$|\s*Gio\._promisify|"{3}|\s*$""")

pytestmark = [
    pytest.mark.released,
    pytest.mark.skipif(not (LIBRARY / "Peerup-1.0.typelib").exists(), reason=f"{LIBRARY} has no typelib: built with sanitizers, or without introspection"),
]


@pytest.fixture(params=LANGUAGES)
def language(request):
    command = LANGUAGES[request.param][0]
    if not shutil.which(command):
        pytest.skip(f"{command} is not installed")
    return request.param


class Program:
    """A program of one of the languages in a peer's home. Its input ends when it is to end."""

    def __init__(self, peer, language, source, *arguments):
        command, _ = LANGUAGES[language]
        self.stderr = peer.home / f"{source.stem}-{language}.err"
        with open(self.stderr, "w") as err:
            self.process = subprocess.Popen(
                [command, *(["-m"] if command == "gjs" else []), source, *map(str, arguments)], text=True, cwd=peer.home,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, env=peer.env(
                    GI_TYPELIB_PATH=str(LIBRARY), LD_LIBRARY_PATH=str(LIBRARY), G_DEBUG="", PYTHONDONTWRITEBYTECODE="1"))

    def line(self):
        line = self.process.stdout.readline()
        assert line, self.stderr.read_text()
        return line.split()

    def end(self):
        """All that it says yet. It must have ended well, and nothing must have gone wrong inside it."""
        out, _ = self.process.communicate(timeout=PATIENCE)
        words = self.stderr.read_text()
        assert self.process.returncode == 0, words
        assert not COMPLAINTS.search(words), words
        assert "recursion" not in words and "Traceback" not in words and "Warning" not in words, words
        return out


@pytest.fixture
def example(language):
    with contextlib.ExitStack() as stack:
        def run(peer, name, *arguments):
            source = EXAMPLES / language / f"{name}.{LANGUAGES[language][1]}"
            program = Program(peer, language, source, *arguments)
            stack.callback(program.process.kill)
            return program

        yield run


@pytest.fixture
def script(language, tmp_path):
    """A program of the test's own, by its text in each language."""
    with contextlib.ExitStack() as stack:
        def run(peer, texts, *arguments):
            source = tmp_path / f"script.{LANGUAGES[language][1]}"
            source.write_text(texts[language])
            program = Program(peer, language, source, *arguments)
            stack.callback(program.process.kill)
            return program

        yield run


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_short(language, name):
    source = EXAMPLES / language / f"{name}.{LANGUAGES[language][1]}"
    lines = [line for line in source.read_text().splitlines() if not TOP.match(line)]
    assert 0 < len(lines) < 10, lines


def test_engine(peer, example):
    program = example(peer, "engine", peer.config)
    name, *addresses = program.end().split()
    assert name == peer.id
    assert peer.address() in addresses


def test_expose_and_connect(pair, example, serve):
    home, laptop = pair
    exposing = example(home, "expose", home.config, "echo", f"127.0.0.1:{serve(echo).port}")
    assert exposing.line()[0] == "echo"
    connecting = example(laptop, "connect", laptop.config, "home", "echo")
    port, path = connecting.line()
    assert path == "direct"
    with socket.create_connection(("127.0.0.1", int(port)), PATIENCE) as connection:
        connection.settimeout(PATIENCE)
        connection.sendall(b"through the library")
        assert connection.recv(100) == b"through the library"
    connecting.end()
    exposing.end()


def test_events(pair, example):
    home, laptop = pair
    program = example(home, "events", home.config)
    seen = []

    def until(pattern):
        while not seen or not re.search(pattern, seen[-1]):
            seen.append(" ".join(program.line()))

    until('StateChanged .*"running"')
    laptop.run("ping", "home", "-c", 1)
    until(f'PeerChanged .*{laptop.id}.*"connected"')
    until(f'PeerChanged .*{laptop.id}.*"disconnected"')
    assert 'StateChanged' in program.end()


ERRORS = {
    "python": """
import gi, sys
gi.require_version("Peerup", "1.0")
from gi.repository import Gio, GLib, Peerup
loop = GLib.MainLoop()
def connected(engine, result):
    try:
        engine.connect_finish(result)
    except GLib.Error as error:
        print(error.matches(Peerup.error_quark(), Peerup.Error.NOT_FOUND), error.domain, flush=True)
    engine.stop_async(None, lambda *_: loop.quit())
def started(engine, result):
    engine.start_finish(result)
    try:
        engine.expose("Bad Name", "127.0.0.1:1")
    except GLib.Error as error:
        print(error.matches(Peerup.error_quark(), Peerup.Error.MALFORMED), error.domain, flush=True)
    engine.connect_async("nobody", None, connected)
Peerup.Engine.new(sys.argv[1], 0).start_async(None, started)
loop.run()
""",
    "javascript": """
import Gio from 'gi://Gio';
import Peerup from 'gi://Peerup?version=1.0';
for (const name of ['start', 'connect', 'stop']) Gio._promisify(Peerup.Engine.prototype, `${name}_async`);
const engine = Peerup.Engine.new(ARGV[0], 0);
await engine.start_async(null);
try { engine.expose('Bad Name', '127.0.0.1:1'); } catch (error) { print(error.matches(Peerup.Error, Peerup.Error.MALFORMED), 'peerup-error-quark'); }
try { await engine.connect_async('nobody', null); } catch (error) { print(error instanceof Peerup.Error && error.matches(Peerup.Error, Peerup.Error.NOT_FOUND), 'peerup-error-quark'); }
await engine.stop_async(null);
""",
}


def test_errors(peer, script):
    lines = script(peer, ERRORS, peer.config).end().splitlines()
    assert [line.lower() for line in lines] == ["true peerup-error-quark"] * 2


# An engine that nobody holds any more stops: its port is free again while the program runs on.
DROPPED = {
    "python": """
import gi, sys
gi.require_version("Peerup", "1.0")
from gi.repository import GLib, Peerup
def started(engine, result):
    engine.start_finish(result)
    engine.connect("notify::state", lambda engine, _: print(engine.props.state.value_nick, flush=True))
    print("running", flush=True)
Peerup.Engine.new(sys.argv[1], 0).start_async(None, started)
loop = GLib.MainLoop()
GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP, lambda *_: loop.quit())
loop.run()
""",
    "javascript": """
import GLib from 'gi://GLib';
import Peerup from 'gi://Peerup?version=1.0';
import System from 'system';
const loop = new GLib.MainLoop(null, false);
(() => {
    Peerup.Engine.new(ARGV[0], 0).start_async(null, (engine, result) => {
        engine.start_finish(result);
        print('running');
        GLib.timeout_add(0, 50, () => { System.gc(); return GLib.SOURCE_CONTINUE; });
    });
})();
GLib.unix_fd_add_full(0, 0, GLib.IOCondition.IN | GLib.IOCondition.HUP, () => loop.quit());
loop.run();
""",
}


def is_free(port):
    with contextlib.suppress(OSError), socket.socket() as tcp:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp.bind(("127.0.0.1", port))
        return True
    return False


def test_dropped(peer, script):
    program = script(peer, DROPPED, peer.config)
    assert program.line() == ["running"]
    wait_for(lambda: is_free(peer.port), PATIENCE, "the dropped engine's port")
    assert program.process.poll() is None
    program.end()


NOTIFY = """
import Gio from 'gi://Gio';
import Peerup from 'gi://Peerup?version=1.0';
for (const name of ['start', 'stop']) Gio._promisify(Peerup.Engine.prototype, `${name}_async`);
const engine = Peerup.Engine.new(ARGV[0], 0);
const states = [];
engine.connect('notify::state', () => states.push(engine.state));
await engine.start_async(null);
await engine.stop_async(null);
print(states.includes(Peerup.EngineState.RUNNING), states.at(-1) === Peerup.EngineState.STOPPED);
"""


@pytest.mark.parametrize("language", ["javascript"], indirect=True)
def test_javascript_sees_notifications(peer, script):
    """They come from inside fibers, on whose stacks JavaScript refuses to run."""
    assert script(peer, {"javascript": NOTIFY}, peer.config).end().split() == ["true", "true"]
