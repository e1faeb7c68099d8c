# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The packages, installed: what each brings works without the tree it was built in; removed, they leave nothing.

The tests go in the order of this file, on one root; the last takes all away.
"""

import json
import re
import time

import pytest

import scratch

SOMEBODY = 1500
HOME = "/home/somebody"
RUNTIME = "/run/somebody"
USED = {**scratch.ENV, "HOME": HOME, "XDG_RUNTIME_DIR": RUNTIME}
# A program of somebody else's.
EXAMPLE = """
#include <engine/peerup-engine.h>
int
main (void)
{
  g_autoptr (PeerupEngine) engine = peerup_engine_new ("/nowhere", PEERUP_ENGINE_DEFAULT);
  g_print ("%s\\n", G_OBJECT_TYPE_NAME (engine));
  return 0;
}
"""
UNITS = {"system": ("peerup.service", "peerup@work.service", "peerup-relay.service"),
         "user": ("peerup.service", "peerup.socket", "peerup-http.socket", "peerup@work.service", "peerup@work.socket")}


class Installed:
    """The root with all packages in it, and the names of the files that were there before."""

    def __init__(self, root):
        self.root = root
        self.before = root.files()
        self.names = [deb.name for deb in scratch.packages(f"/proc/{root.holder.pid}/root/packages")]
        self.said = self.install()

    def install(self):
        return self.root.run("sh", "-euc", "dpkg -i /packages/*.deb")


@pytest.fixture(scope="session")
def installed(root):
    root.run("useradd", "--uid", SOMEBODY, "--home-dir", HOME, "--create-home", "somebody")
    root.run("install", "-d", "-m", "0700", "-o", SOMEBODY, "-g", SOMEBODY, RUNTIME)
    return Installed(root)


@pytest.fixture
def run(installed):
    def run(*command, env=None, **kwargs):
        return installed.root.run(*command, user=SOMEBODY, env=USED | (env or {}), **kwargs)
    return run


def daemon(root, env, *command):
    """Starts one, and waits until it answers; a function ends it and gives what it said."""
    process = root.start(*(command or ("peerup", "daemon")), user=SOMEBODY, env=env, stdin=-3, stdout=-1, stderr=-2, text=True)
    end = time.monotonic() + 60
    while "running" not in root.run("peerup", "status", user=SOMEBODY, env=env, code=None):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.1)

    def stop():
        root.run("peerup", "stop", user=SOMEBODY, env=env)
        words, _ = process.communicate(timeout=60)
        assert process.returncode == 0, words
        return words
    return stop


def test_installed(installed):
    """All of them are configured, and nothing was begun that nobody asked for."""
    root = installed.root
    for name in installed.names:
        assert "Status: install ok installed" in root.run("dpkg", "-s", name.split("_")[0])
    assert root.run("dpkg", "--audit") == ""
    assert root.run("getent", "passwd", "peerup").startswith("peerup:")
    enabled = root.run("sh", "-c", "find /etc/systemd -name '*peerup*'")
    assert enabled == ""


def test_libraries(installed):
    """What the programs link is found where packages put it."""
    for binary in ("/usr/bin/peerup", "/usr/bin/peerup-gtk"):
        words = installed.root.run("ldd", binary)
        assert "not found" not in words
        assert re.search(r"libpeerup-1\.so\.0 => /(usr/)?lib/", words)


def test_versions(run, installed):
    version = installed.names[0].split("_")[1]
    assert run("peerup", "--version").strip().endswith(version)
    assert run("peerup-gtk", "--version").strip().endswith(version)


def test_daemon(run, installed):
    """A daemon with a home of its own starts, is asked, and ends."""
    run("peerup", "init", "--port", "21000")
    config = f"{HOME}/.config/peerup/config.yaml"
    run("sed", "-i", "s/^  mdns: true/  mdns: false/; s/^network:/network:\\n  port_mapping: false/", config)
    stop = daemon(installed.root, USED)
    status = json.loads(run("peerup", "status", "--json"))
    assert status["peer_id"] == run("peerup", "whoami").strip()
    # What is offered by name comes with the package.
    assert "jellyfin" in run("peerup", "service", "add", "--help") or run("ls", "/usr/share/peerup/services/jellyfin.ini")
    stop()


def test_activated(run):
    """The session bus starts it by the installed file."""
    script = ("gdbus call --session -d dev.peerup.PeerUp.Engine -o /dev/peerup/PeerUp/Engine "
              "-m org.freedesktop.DBus.Properties.Get dev.peerup.PeerUp.Engine1 PeerId && peerup stop")
    assert run("peerup", "whoami").strip() in run("dbus-run-session", "--", "sh", "-euc", script)


def test_home_read_only(run, installed):
    """In a home that cannot be written to it serves all the same; what it cannot keep, it says, and why."""
    root = installed.root
    root.run("sh", "-euc", f"mkdir -p /tmp/ro; mount --bind {HOME} /tmp/ro; mount -o remount,bind,ro /tmp/ro")
    env = USED | {"HOME": "/tmp/ro"}
    assert run("peerup", "whoami", env=env) == run("peerup", "whoami")
    words = run("peerup", "init", env=env | {"HOME": "/tmp/ro/new"}, code=1)
    assert "/tmp/ro/new" in words and "ead-only" in words
    # Without a directory for what runs, which systemd makes, the control socket would be in the home.
    words = run("peerup", "daemon", env=env | {"XDG_RUNTIME_DIR": ""}, code=1)
    assert "/tmp/ro/" in words and "ead-only" in words
    stop = daemon(root, env)
    words = run("peerup", "service", "add", "ssh", "22", env=env, code=1)
    assert "/tmp/ro/.config/peerup/config.yaml" in words and "ead-only" in words
    words = stop()
    assert "CRITICAL" not in words and "WARNING" not in words, words
    root.run("umount", "/tmp/ro")


@pytest.mark.parametrize("locale", [{"LANG": ""}, {"LANG": "xx_YY.UTF-8"}, {"LANG": "C", "LC_ALL": "POSIX"}])
def test_no_locale(run, locale):
    """Without a locale, or with one that is not there, all is said, in English."""
    assert "peerup COMMAND" in run("peerup", "help", env=locale)
    words = run("peerup", "status", env=locale, code=1)
    assert "peerup daemon" in words
    assert "CRITICAL" not in words and "WARNING" not in words
    assert run("peerup-gtk", "--version", env=locale)


def test_build_against(installed):
    """A program is built with the headers and the file for pkg-config that are installed."""
    root = installed.root
    root.write("/tmp/example.c", EXAMPLE)
    root.run("sh", "-euc", "cc -Wall -Werror -o /tmp/example /tmp/example.c $(pkg-config --cflags --libs peerup-1)")
    assert root.run("/tmp/example") == "PeerupEngine\n"


def test_typelib(installed):
    script = "import gi; gi.require_version('Peerup', '1.0'); from gi.repository import Peerup; print(Peerup.Engine.__gtype__.name)"
    assert installed.root.run("python3", "-c", script) == "PeerupEngine\n"


def test_python(run, installed):
    """The client for Python speaks to an installed daemon."""
    assert "/usr/lib/python3/dist-packages/peerup/" in run("python3", "-c", "import peerup; print(peerup.__file__)")
    stop = daemon(installed.root, USED)
    assert run("python3", "-c", "import peerup; print(peerup.Client().properties()['PeerId'])") == run("peerup", "whoami")
    stop()


@pytest.mark.parametrize("kind", UNITS)
def test_units(installed, kind):
    """systemd finds nothing to complain of, neither in their words nor in what they start."""
    paths = [f"/usr/lib/systemd/{kind}/{unit}" for unit in UNITS[kind]]
    words = installed.root.run("systemd-analyze", f"--{kind}", "verify", *paths, code=None,
                               env=USED if kind == "user" else None)
    assert not [line for line in words.splitlines() if "peerup" in line.lower()], words


def test_desktop(installed):
    """What desktops read is valid, and the triggers have made of it what programs look things up in."""
    root = installed.root
    root.run("sh", "-euc", "desktop-file-validate /usr/share/applications/dev.peerup.PeerUp*.desktop")
    assert "dev.peerup.PeerUp.desktop" in root.run("grep", "x-scheme-handler/peerup=", "/usr/share/applications/mimeinfo.cache")
    assert "run-in-background" in root.run("gsettings", "list-keys", "dev.peerup.PeerUp")
    for path in ("icons/hicolor/scalable/apps/dev.peerup.PeerUp.svg", "locale/de/LC_MESSAGES/peerup.mo"):
        root.run("test", "-s", f"/usr/share/{path}")


def test_manual(installed):
    """Man pages are there, and man can show them."""
    assert "peerup" in installed.root.run("man", "peerup")
    assert "peerup" in installed.root.run("man", "5", "peerup.yaml")


def test_upgrade(installed):
    """Installed over itself, as at an upgrade, all is as it was."""
    files = installed.root.files()
    installed.install()
    assert installed.root.run("dpkg", "--audit") == ""
    assert installed.root.files() == files


def test_removed(installed):
    """Removed, they leave what was made by hand; purged, nothing but the user, whom Debian never takes away."""
    root = installed.root
    root.write("/etc/peerup/relay-server.yaml", "made by hand\n")
    root.write("/var/lib/peerup-relay/left", "made by the service\n")
    names = [name.split("_")[0] for name in installed.names]
    root.run("dpkg", "-r", *names)
    root.run("test", "-e", "/etc/peerup/relay-server.yaml")
    root.run("dpkg", "-P", *names)
    assert "peerup" not in root.run("dpkg-query", "-W", "-f", "${Package}\n")
    # The user's own lines are in files that were there; these are what tools leave beside such files.
    beside = re.compile(r"/etc/(\.pwd\.lock|(passwd|shadow|group|gshadow)-)$")
    after = root.files()
    left = [name for name in after - installed.before if not (beside.match(name) or name.startswith(f"{HOME}/"))]
    assert sorted(left) == []
    assert sorted(installed.before - after) == []
