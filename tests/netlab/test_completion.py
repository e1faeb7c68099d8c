# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Completion in real shells, typed into by tmux; and what the program answers them."""
import contextlib
import json
import os
import pathlib
import shlex
import signal
import subprocess

import pytest

from conftest import BIN
from netlab import wait_for

OTHER = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
SHELLS = {
    "bash": ["bash", "--norc", "--noprofile"],
    "zsh": ["zsh", "-f"],
    "fish": ["fish", "--no-config"],
}
SETUP = {
    "bash": "PS1='%% '; eval \"$(peerup completion bash)\"",
    "zsh": "PS1='%%%% '; autoload -U compinit; compinit -D -u; eval \"$(peerup completion zsh)\"",
    "fish": "function fish_prompt; echo '%% '; end; peerup completion fish | source",
}


class Terminal:
    """A shell in a window of its own, and keys for it."""

    def __init__(self, peer, shell):
        self.socket = str(peer.runtime / f"tmux-{shell}")
        env = peer.env(TERM="screen", LC_ALL="C.UTF-8", SHELL="/bin/sh", HISTFILE="/dev/null", fish_history="")
        env["PATH"] = f"{pathlib.Path(BIN).parent}:{env['PATH']}"
        self.env = env
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", shlex.join(SHELLS[shell]))
        self.type(SETUP[shell] + "; echo re''ady", "Enter")
        self.wait("ready\n")
        self.type("clear", "Enter")
        wait_for(lambda: "ready" not in self.screen(), 30, "an empty screen")

    def tmux(self, *args):
        return subprocess.run(["tmux", "-S", self.socket, *args], env=self.env, cwd=self.env["HOME"], check=True,
                              capture_output=True, text=True).stdout

    def type(self, text, *keys):
        self.tmux("send-keys", "-l", text)
        if keys:
            self.tmux("send-keys", *keys)

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def wait(self, text):
        seen = []
        try:
            wait_for(lambda: seen.append(self.screen()) or text in seen[-1], 45, f"{text!r}")
        except AssertionError as error:
            raise AssertionError(f"no {text!r} on\n{seen[-1]}") from error

    def completes(self, typed, expected):
        """What is typed becomes what is expected by Tab."""
        self.type(typed, "Tab")
        self.wait("% " + expected)
        # Not C-c: the terminal would throw away what is typed right behind it.
        self.tmux("send-keys", "C-u")
        self.type("clear", "Enter")
        wait_for(lambda: "peerup" not in self.screen(), 30, f"an empty screen instead of\n{self.screen()}")

    def end(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            shell = pathlib.Path("/proc") / self.tmux("display", "-p", "#{pane_pid}").strip()
            self.tmux("kill-server")
            # It may still write to its home.
            wait_for(lambda: not shell.exists(), 30, "the end of the shell")


@pytest.fixture(params=sorted(SHELLS))
def terminal(request, peer):
    peer.run("service", "add", "jellyfin", "8096")
    peer.run("auth", "add", OTHER, "--name", "laptop")
    (peer.home / "a-file.yaml").write_text("")
    terminal = Terminal(peer, request.param)
    yield terminal
    terminal.end()


def test_shells_complete(terminal):
    terminal.completes("peerup who", "peerup whoami")
    terminal.completes("peerup auth val", "peerup auth validate")
    terminal.completes("peerup service acl jel", "peerup service acl jellyfin")
    terminal.completes("peerup ping lap", "peerup ping laptop")
    terminal.completes("peerup ping --cou", "peerup ping --count")
    terminal.completes("peerup service acl jellyfin --allow lap", "peerup service acl jellyfin --allow laptop")
    terminal.completes("peerup whoami --config a-f", "peerup whoami --config a-file.yaml")


def values(peer, *words):
    done = peer.run("__complete", "bash", len(words), "--", *words)
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


def test_what_the_engine_knows_is_offered(peer):
    peer.daemon()
    process = peer.start("invite", "--json")
    wait_for(lambda: "\n" in process.stdout(), 30, "the invite")
    # For programs, which may wait: there is no limit then.
    number = json.loads(process.stdout().splitlines()[0])["number"]
    offered = [entry["value"] for entry in peer.json("__complete", "bash", 3, "invite", "cancel", "")]
    assert offered == [str(number)]
    process.signal(signal.SIGINT)
    assert process.wait() == 130


def test_a_daemon_that_hangs_is_not_waited_for(peer):
    peer.run("auth", "add", OTHER, "--name", "laptop")
    daemon = peer.daemon()
    daemon.signal(signal.SIGSTOP)
    try:
        assert values(peer, "ping", "") == ["laptop"]
    finally:
        daemon.signal(signal.SIGCONT)


def test_another_configuration_on_the_line_is_asked(peer, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(peer.config.read_text())
    os.chmod(other, 0o600)
    peer.run("service", "add", "elsewhere", "1", "--config", other)
    assert values(peer, "--config", other, "service", "enable", "") == ["elsewhere"]
    assert values(peer, "service", "enable", "") == []


@pytest.mark.parametrize("shell", sorted(SHELLS))
def test_the_file_is_one_its_shell_reads(peer, shell):
    script = peer.home / "script"
    script.write_text(peer.run("completion", shell).stdout)
    done = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""
