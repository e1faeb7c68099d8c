# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The units under a real service manager: the systemd of one person, in namespaces of its own."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

import netlab
from conftest import BIN, free_port
from netlab import wait_for

MANAGER = "/usr/lib/systemd/systemd"
UID = "1234"
PATIENCE = 60
# What the manager wants to find: a hierarchy of groups that is the person's, signs of a system that systemd has booted, and a
# person with a home.
PRELUDE = """
set -e
umount -R /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p "/sys/fs/cgroup/$GROUP"
chown -R $ID:$ID "/sys/fs/cgroup/$GROUP"
echo $$ > "/sys/fs/cgroup/$GROUP/cgroup.procs"
mount -t tmpfs none /run
mkdir -p /run/systemd/system
(cat /etc/passwd; echo "person:x:$ID:$ID::$HOME:/bin/sh") > "$HOME/passwd"
mount --bind "$HOME/passwd" /etc/passwd
exec setpriv --reuid $ID --regid $ID --clear-groups %s --user --log-target=console
""" % MANAGER


class Person:
    """Somebody with a home, whose systemd runs."""

    def __init__(self, home):
        self.home, self.runtime = home, home / "run"
        self.group = f"peerup-{home.name}"
        self.env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(home), "XDG_RUNTIME_DIR": str(self.runtime)}
        self.units = home / ".config/systemd/user"
        self.units.mkdir(parents=True)
        self.runtime.mkdir(mode=0o700)
        for name in ("peerup.service", "peerup.socket", "peerup-http.socket"):
            source = netlab.BUILD / "data" / name
            text = (source if source.exists() else pathlib.Path(__file__).parents[2] / "data/systemd" / name).read_text()
            path = next((word for word in text.split() if word.startswith("ExecStart=")), "ExecStart=").partition("=")[2]
            (self.units / name).write_text(text.replace(f"ExecStart={path}", f"ExecStart={BIN}"))
        drop_in = self.units / "peerup.service.d"
        drop_in.mkdir()
        # No session bus is here, and a test does not wait for half a minute.
        (drop_in / "test.conf").write_text("[Unit]\nStartLimitIntervalSec=0\n[Service]\nWatchdogSec=4\n")
        subprocess.run(["chown", "-R", f"{UID}:{UID}", home], check=True)
        self.log = open(home / "log", "w+", encoding="utf-8")
        self.manager = subprocess.Popen(["unshare", "-m", "--propagation", "unchanged", "sh", "-c", PRELUDE], stdout=self.log,
                                        stderr=self.log, env=self.env | {"ID": UID, "GROUP": self.group}, start_new_session=True)

    def said(self):
        return (self.home / "log").read_text(errors="replace")

    def run(self, *command, code=0):
        inside = ["nsenter", "-t", str(self.manager.pid), "-m", "-r", "setpriv", "--reuid", UID, "--regid", UID, "--clear-groups"]
        done = subprocess.run([*inside, *map(str, command)], env=self.env, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert code is None or done.returncode == code, (command, done.returncode, done.stdout, done.stderr, self.said()[-3000:])
        return done.stdout

    def systemctl(self, *words, code=0):
        return self.run("systemctl", "--user", *words, code=code)

    def shown(self, name, unit="peerup.service"):
        return self.systemctl("show", "--value", "-p", name, unit).strip()

    def is_up(self):
        return (self.runtime / "systemd/private").exists() and self.systemctl("is-system-running", code=None).strip() in ("running", "degraded")

    def end(self):
        with contextlib.suppress(subprocess.TimeoutExpired, OSError):
            if self.manager.poll() is None:
                self.systemctl("exit", code=None)
                self.manager.wait(PATIENCE)
        if self.manager.poll() is None:
            os.killpg(self.manager.pid, signal.SIGKILL)
            self.manager.wait()
        self.log.close()


@pytest.fixture
def person(directory):
    if os.geteuid() != 0:
        pytest.skip("a service manager in namespaces of its own needs root")
    if not pathlib.Path(MANAGER).exists() or not shutil.which("setpriv"):
        pytest.skip(f"there is no {MANAGER} or no setpriv")
    directory.chmod(0o755)
    home = directory / "person"
    home.mkdir()
    person = Person(home)
    try:
        if not starts(person):
            pytest.skip(f"no systemd of a person can run here: {person.said()[-300:]}")
        person.run(BIN, "init", "--port", free_port())
        config = home / ".config/peerup/config.yaml"
        text = config.read_text().replace("mdns: true", "mdns: false")
        config.write_text(text.replace("\nnetwork:\n", "\nnetwork:\n  port_mapping: false\n"))
        person.systemctl("daemon-reload")
        yield person
    finally:
        person.end()


def starts(person):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and person.manager.poll() is None:
        if person.is_up():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.released
def test_the_unit_runs_is_watched_and_ends(person):
    person.systemctl("start", "peerup")
    assert person.shown("ActiveState") == "active" and person.shown("Type") == "notify"
    # READY=1 was said by who answers.
    assert "Listening on" in person.run(BIN, "status")
    person.systemctl("reload", "peerup")
    assert person.shown("ActiveState") == "active"
    # It is fed, so it outlives its time; and one that hangs is begun anew: nobody but the watchdog ends what is stopped.
    began = time.monotonic()
    wait_for(lambda: time.monotonic() > began + 6, PATIENCE, "more than the watchdog's time")
    first = person.shown("MainPID")
    assert person.shown("NRestarts") == "0" and int(first) > 0
    os.kill(int(first), signal.SIGSTOP)
    wait_for(lambda: person.shown("NRestarts") == "1" and person.shown("ActiveState") == "active", PATIENCE, "the next")
    second = person.shown("MainPID")
    os.kill(int(second), signal.SIGKILL)
    wait_for(lambda: person.shown("NRestarts") == "2" and person.shown("ActiveState") == "active", PATIENCE, "another")
    assert "Listening on" in person.run(BIN, "status")
    person.systemctl("stop", "peerup")
    assert (person.shown("ActiveState"), person.shown("Result")) == ("inactive", "success")
    assert person.run(BIN, "status", code=1) == ""


@pytest.mark.released
def test_the_socket_begins_it(person):
    person.systemctl("start", "peerup.socket", "peerup-http.socket")
    assert person.shown("ActiveState") == "inactive"
    assert "Listening on" in person.run(BIN, "status")
    assert person.shown("ActiveState") == "active"
    cookie = (person.runtime / "peerup/default-http.cookie").read_text().strip()
    answer = person.run("curl", "-s", "--unix-socket", person.runtime / "peerup/default-http.sock", "-H", f"Authorization: Bearer {cookie}",
                        "http://localhost/v1/status")
    assert '"peer_id"' in answer
    # The sockets stay systemd's: whoever asks after the end begins it again.
    person.systemctl("stop", "peerup")
    assert "Listening on" in person.run(BIN, "status")
    assert person.shown("ActiveState") == "active"


@pytest.mark.released
def test_without_a_configuration_it_is_not_begun(person):
    (person.home / ".config/peerup/config.yaml").unlink()
    person.systemctl("start", "peerup")
    assert person.shown("ActiveState") == "inactive" and person.shown("ConditionResult") == "no"
