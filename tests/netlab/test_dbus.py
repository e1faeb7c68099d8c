# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The daemon on real message buses, asked by programs that know D-Bus and nothing of Peer-Up."""
import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap

import pytest
from gi.repository import Gio, GLib

from conftest import BIN, Running
from netlab import wait_for

NAME = "dev.peerup.PeerUp.Engine"
ROOT = "/dev/peerup/PeerUp"
ENGINE = f"{ROOT}/Engine"
ENGINE1 = f"{NAME}1"
SOURCE = pathlib.Path(__file__).parents[2]
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
STRANGER = 65534  # nobody, who is on every machine: a bus refuses users that no database knows
CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>{kind}</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow user="*"/>
    {policy}
  </policy>
  {include}
</busconfig>
"""
OPEN = '<allow own="*"/><allow send_destination="*" eavesdrop="false"/><allow receive_sender="*"/>'
CLOSED = """<deny own="*"/><deny send_type="method_call"/><allow send_type="signal"/>
  <allow send_requested_reply="true" send_type="method_return"/><allow send_requested_reply="true" send_type="error"/>
  <allow receive_type="method_call"/><allow receive_type="method_return"/><allow receive_type="error"/>
  <allow receive_type="signal"/><allow send_destination="org.freedesktop.DBus"/>
  <allow own="org.freedesktop.PolicyKit1"/><allow send_destination="org.freedesktop.PolicyKit1"/>"""


class Bus:
    """A dbus-daemon of our own; system: with the policy that is installed with Peer-Up."""

    def __init__(self, system, env):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="peerup-bus-"))
        os.chmod(self.directory, 0o755)
        self.services = self.directory / "services"
        self.services.mkdir()
        self.system = system
        path = self.directory / "bus"
        self.address = f"unix:path={path}"
        include = f'<include>{SOURCE / "data/dbus-1/dev.peerup.PeerUp.conf"}</include>' if system else ""
        config = self.directory / "bus.conf"
        config.write_text(CONFIG.format(kind="system" if system else "session", path=path, services=self.services,
                                        policy=CLOSED if system else OPEN, include=include))
        self.env = {"PATH": os.environ["PATH"], self.variable: self.address}
        self.running = Running(["dbus-daemon", "--nofork", "--nosyslog", f"--config-file={config}"], env | self.env,
                               self.directory, "bus")
        wait_for(path.exists, 20, "the bus")

    @property
    def variable(self):
        return "DBUS_SYSTEM_BUS_ADDRESS" if self.system else "DBUS_SESSION_BUS_ADDRESS"

    def run(self, *args, code=0, user=None, timeout=60):
        if user is not None:
            args = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *args)
        done = subprocess.run([str(a) for a in args], env=self.env, text=True, capture_output=True, timeout=timeout,
                              cwd="/")
        assert code is None or (done.returncode == 0) == (code == 0), (args, done.returncode, done.stdout, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def gdbus(self, method, *arguments, path=ENGINE, interface=ENGINE1, **kwargs):
        bus = "--system" if self.system else "--session"
        return self.run("gdbus", "call", bus, "-d", NAME, "-o", path, "-m", f"{interface}.{method}", *arguments, **kwargs)

    def has_name(self, name=NAME):
        bus = "--system" if self.system else "--session"
        return "true" in self.run("gdbus", "call", bus, "-d", "org.freedesktop.DBus", "-o", "/", "-m",
                                  "org.freedesktop.DBus.NameHasOwner", name)

    def connect(self):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        connection = Gio.DBusConnection.new_for_address_sync(self.address, flags, None, None)
        connection.set_exit_on_close(False)
        return connection

    def close(self):
        self.running.process.send_signal(signal.SIGTERM)
        self.running.process.wait(10)
        shutil.rmtree(self.directory)


@pytest.fixture
def make_bus():
    with contextlib.ExitStack() as stack:
        def make(system=False, env=None):
            bus = Bus(system, env or {})
            stack.callback(bus.close)
            return bus
        yield make


@pytest.fixture
def session(make_bus, peer):
    """(bus, peer): the daemon of peer is on it."""
    bus = make_bus()
    peer.daemon("daemon", **bus.env)
    wait_for(bus.has_name, 20, "the name")
    return bus, peer


@pytest.fixture
def system(make_bus, peer):
    bus = make_bus(system=True)
    peer.daemon("daemon", "--system-bus", **bus.env)
    wait_for(bus.has_name, 20, "the name")
    return bus, peer


def test_gdbus_alone(session):
    bus, peer = session
    assert bus.gdbus("ListPeers").strip() == "(@aa{sv} [],)"
    assert peer.id in bus.gdbus("Get", ENGINE1, "PeerId", interface="org.freedesktop.DBus.Properties")
    assert "running" in bus.gdbus("GetAll", ENGINE1, interface="org.freedesktop.DBus.Properties")
    assert bus.gdbus("Expose", "web", "localhost:80", "{}").strip() == "()"
    assert "'transient': <true>" in bus.gdbus("ListServices")
    assert "NotFound" in bus.gdbus("Ping", "nobody", code=1)
    for option, value in (("ttl", -1), ("ttl", 30 * 24 * 3600 + 1), ("grant_time", -1), ("grant_time", 1 << 62)):
        error = bus.gdbus("CreateInvite", f"{{'{option}': <int64 {value}>}}", code=1)
        assert "Malformed" in error and f"{option} is {value}, and is to be 0 to " in error
    assert bus.gdbus("Stop").strip() == "()"
    assert peer.daemon_process.wait() == 0


def test_introspection(session):
    bus, _ = session
    text = bus.run("gdbus", "introspect", "--session", "-d", NAME, "-o", ROOT, "--recurse", timeout=120)
    assert f"interface {ENGINE1} {{" in text and "ListPeers(out aa{sv} peers);" in text
    assert "org.freedesktop.DBus.ObjectManager" in text
    bus.gdbus("Expose", "web", "localhost:80", "{}")
    tree = bus.run("busctl", "--user", "tree", NAME)
    assert ENGINE in tree and f"{ROOT}/services/web" in tree
    assert "enabled" in bus.run("busctl", "--user", "call", NAME, ENGINE, ENGINE1, "ListServices")
    assert "localhost:80" in bus.run("busctl", "--user", "get-property", NAME, f"{ROOT}/services/web",
                                     "dev.peerup.PeerUp.Service1", "Address")
    managed = bus.gdbus("GetManagedObjects", path=ROOT, interface="org.freedesktop.DBus.ObjectManager")
    assert "'dev.peerup.PeerUp.Service1': {'Name': <'web'>" in managed


def test_wrong_types(session):
    bus, peer = session
    for arguments in (("Ping", "u", "42"), ("Ping",), ("ListPeers", "s", "x"), ("Expose", "ss", "a", "b"),
                      ("CreateInvite", "as", "1", "x"), ("SetLogLevels", "a{sv}", "0")):
        error = bus.run("busctl", "--user", "call", NAME, ENGINE, ENGINE1, *arguments, code=1)
        assert "does not match expected type" in error, error
    bus.run("busctl", "--user", "call", NAME, ENGINE, ENGINE1, "Pong", code=1)
    bus.run("busctl", "--user", "set-property", NAME, ENGINE, ENGINE1, "PeerId", "s", "me", code=1)
    bus.run("busctl", "--user", "get-property", NAME, ENGINE, ENGINE1, "Colour", code=1)
    assert peer.status()["peer_id"] == peer.id


def call(connection, method, parameters):
    return connection.call_sync(NAME, ENGINE, ENGINE1, method, parameters, None, Gio.DBusCallFlags.NONE, 60000, None)


def test_huge_arguments(session):
    bus, peer = session
    connection = bus.connect()
    many = GLib.Variant("(a{ss})", ({f"domain-{i}": "debug" for i in range(200_000)},))
    for method, parameters in (("SetLogLevels", many), ("Ping", GLib.Variant("(s)", ("x" * (8 << 20),))),
                               ("CreateInvite", GLib.Variant("(a{sv})", ({"services": GLib.Variant("as", ["a"] * 500_000)},)))):
        with pytest.raises(GLib.Error, match="TooLarge"):
            call(connection, method, parameters)
    # Calls that nobody waits for are bounded, too.
    answers = []
    for _ in range(3000):
        connection.call(NAME, ENGINE, ENGINE1, "ListPaths", GLib.Variant("(s)", ("",)), None, Gio.DBusCallFlags.NONE, 60000,
                        None, lambda source, result: answers.append(result))
    while len(answers) < 3000:
        GLib.MainContext.default().iteration(True)
    assert bus.gdbus("ListPeers").strip() == "(@aa{sv} [],)"
    connection.close_sync(None)


def test_caller_leaves(session):
    """In mid-operation: what it has begun ends, what it has made goes, and the others are served."""
    bus, peer = session
    other = peer.id[:-1] + ("A" if peer.id[-1] != "A" else "B")
    connection = bus.connect()
    parameters = GLib.Variant("(sssa{sv})", (f"/ip4/192.0.2.1/tcp/9/p2p/{other}", "ssh", "0", {}))
    call(connection, "AddForward", parameters)
    assert "forward-1" in bus.gdbus("ListForwards")
    for _ in range(20):
        connection.call(NAME, ENGINE, ENGINE1, "Ping", GLib.Variant("(s)", (f"/ip4/192.0.2.1/tcp/9/p2p/{other}",)), None,
                        Gio.DBusCallFlags.NONE, -1, None, None)
    connection.flush_sync(None)
    connection.close_sync(None)
    wait_for(lambda: "forward-1" not in bus.gdbus("ListForwards"), 20, "the forward's end")
    # What is kept outlives the process that asked for it.
    assert "forward-2" in bus.gdbus("AddForward", other, "ssh", "0", "{'keep': <true>}")
    assert "forward-2" in bus.gdbus("ListForwards")


def wait_told(told, event, what):
    """told is filled from the main loop of GLib."""
    def come():
        while GLib.MainContext.default().iteration(False):
            pass
        return event in told
    wait_for(come, 20, what)


def test_changes_are_told(session):
    bus, peer = session
    connection, told = bus.connect(), []
    connection.signal_subscribe(NAME, None, None, None, None, Gio.DBusSignalFlags.NONE,
                                lambda c, sender, path, interface, name, parameters: told.append((path, name)))
    bus.gdbus("Expose", "web", "localhost:80", "{}")
    wait_told(told, (ROOT, "InterfacesAdded"), "the object")
    wait_told(told, (ENGINE, "ServiceChanged"), "the service")
    bus.gdbus("Unexpose", "web")
    wait_told(told, (ROOT, "InterfacesRemoved"), "the object's end")
    connection.close_sync(None)


def test_the_bus_goes_and_comes(make_bus, peer):
    """It is a convenience: the daemon lives without, and is there again when it is back."""
    bus = make_bus()
    process = peer.daemon("daemon", **bus.env)
    wait_for(bus.has_name, 20, "the name")
    bus.running.process.send_signal(signal.SIGKILL)
    bus.running.process.wait(10)
    process.wait_stderr("session bus is gone", 20)
    assert peer.status()["peer_id"] == peer.id
    path = bus.directory / "bus"
    path.unlink()
    bus.running = Running(["dbus-daemon", "--nofork", "--nosyslog", f"--config-file={bus.directory / 'bus.conf'}"],
                          bus.env, bus.directory, "bus-again")
    wait_for(path.exists, 20, "the bus")
    wait_for(bus.has_name, 30, "the name")


def test_no_bus(make_bus, peer):
    bus = make_bus()
    peer.daemon("daemon", "--no-bus", **bus.env)
    assert not bus.has_name()
    peer.run("daemon", "--no-bus", "--system-bus", code=2)


def test_activation(make_bus, peer):
    bus = make_bus(env=peer.env())
    (bus.services / f"{NAME}.service").write_text(
        f"[D-BUS Service]\nName={NAME}\nExec={BIN} daemon --session-bus --config {peer.config}\n")
    bus.running.process.send_signal(signal.SIGHUP)
    assert peer.id in bus.gdbus("Get", ENGINE1, "PeerId", interface="org.freedesktop.DBus.Properties")
    assert peer.status()["peer_id"] == peer.id
    bus.gdbus("Stop")
    wait_for(lambda: not bus.has_name(), 30, "the end")


def test_tools_on_the_private_socket(peer):
    """On a server without any bus the same tools do: they say hello as to a bus, and are answered."""
    peer.daemon()
    path = next(path for path in peer.runtime.rglob("*.sock") if "http" not in path.name)

    def run(*command):
        return subprocess.run([str(part) for part in command], env={"PATH": os.environ["PATH"]}, capture_output=True,
                              text=True, timeout=60)
    done = run("gdbus", "call", "--address", f"unix:path={path}", "-d", NAME, "-o", ENGINE, "-m", f"{ENGINE1}.ListPeers")
    assert done.stdout.strip() == "(@aa{sv} [],)", done.stderr
    done = run("busctl", f"--address=unix:path={path}", "call", NAME, ENGINE, ENGINE1, "Ping", "s", "nobody")
    assert done.returncode != 0 and "nobody" in done.stderr, done.stderr
    done = run("busctl", f"--address=unix:path={path}", "get-property", NAME, ENGINE, ENGINE1, "PeerId")
    assert peer.id in done.stdout, done.stderr


def test_a_busy_file_does_not_hold_up_the_daemon(peer, make_peer):
    """Another program keeps the file's lock: who asks the daemon hears so soon, for its loop stands still meanwhile."""
    other = make_peer("other").init()
    peer.daemon()
    path = next(path for path in peer.runtime.rglob("*.sock") if "http" not in path.name)

    def authorize():
        return subprocess.run(["busctl", f"--address=unix:path={path}", "call", NAME, ENGINE, ENGINE1, "Authorize", "sa{sv}",
                               other.id, "0"], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60)
    with open(peer.authorized_keys.with_name(".authorized_keys.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = authorize()
        assert done.returncode != 0 and "for more than 1 s;" in done.stderr, done.stderr
    done = authorize()
    assert done.returncode == 0, done.stderr


class Raw:
    """A client of the private socket that reads when it is told to."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        assert self.socket.recv(1000).startswith(b"OK ")
        self.socket.sendall(b"BEGIN\r\n")
        self.serial = 0

    def call(self, path, interface, method, *arguments):
        message = Gio.DBusMessage.new_method_call(None, path, interface, method)
        if arguments:
            message.set_body(GLib.Variant("(" + "s" * len(arguments) + ")", arguments))
        self.serial += 1
        message.set_serial(self.serial)
        self.socket.sendall(bytes(message.to_blob(Gio.DBusCapabilityFlags.NONE)))

    def close(self):
        self.socket.close()


def test_a_client_that_does_not_read_keeps_nobody(peer):
    """What is queued for it is more than its socket takes: the daemon ends all the same."""
    process = peer.daemon()
    path = next(path for path in peer.runtime.rglob("*.sock") if "http" not in path.name)
    client = Raw(path)
    for _ in range(200):
        client.call(ENGINE, INTROSPECTABLE, "Introspect")
    assert client.socket.recv(1, socket.MSG_PEEK)
    peer.run("status")
    process.process.send_signal(signal.SIGTERM)
    assert process.process.wait(60) == 0
    client.close()


def test_there_are_so_many_clients(peer):
    """One more is sent away, and the log says so once; when one goes another is served."""
    process = peer.daemon()
    path = next(path for path in peer.runtime.rglob("*.sock") if "http" not in path.name)
    clients = []
    for _ in range(256):
        clients.append(Raw(path))
        # It is served, and not just let in.
        clients[-1].call(ENGINE, INTROSPECTABLE, "Introspect")
        assert clients[-1].socket.recv(1)
    for _ in range(3):
        late = Raw(path)
        assert late.socket.recv(1) == b""
        late.close()
    clients.pop().close()
    wait_for(lambda: peer.run("status", code=None).returncode == 0, 60, "a place")
    for client in clients:
        client.close()
    assert process.stderr().count("others are sent away") == 1


def resident(process):
    """KiB in memory."""
    lines = pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1])


def is_sanitized():
    """The address sanitizer keeps what was freed for a while, so that memory says nothing."""
    return b"__asan_init" in pathlib.Path(BIN).read_bytes()


@pytest.mark.parametrize("interface, method", [("org.freedesktop.DBus.Properties", "GetAll"), (INTROSPECTABLE, "Introspect")])
def test_what_waits_for_a_client_has_a_bound(peer, interface, method):
    """It asks for ever and reads nothing: it is cut off before the daemon has grown by much, and others are served."""
    process = peer.daemon()
    path = next(path for path in peer.runtime.rglob("*.sock") if "http" not in path.name)
    peer.run("status")
    before = resident(process)
    sanitized = is_sanitized()
    client = Raw(path)
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        for n in range(2_000_000):
            client.call(ENGINE, interface, method, *((ENGINE1,) if method == "GetAll" else ()))
            if n % 2000 == 1999:
                peer.run("status")
                assert sanitized or resident(process) < before + 128 * 1024
    client.close()
    peer.run("status")
    process.process.send_signal(signal.SIGTERM)
    assert process.process.wait(60) == 0
    assert "it is cut off" in process.stderr()


ASKER = """
import sys
from gi.repository import Gio
flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
connection = Gio.DBusConnection.new_for_address_sync("unix:path=" + sys.argv[1], flags, None, None)
print(connection.call_sync(None, "/dev/peerup/PeerUp/Engine", "dev.peerup.PeerUp.Engine1", "ListPeers", None, None,
                           Gio.DBusCallFlags.NONE, 60000, None))
"""


def test_other_user_on_the_private_socket(peer):
    """Neither by the file's mode nor, where somebody has changed that, by who it is."""
    peer.daemon()
    path = next(path for path in peer.runtime.rglob("*.sock") if "http" not in path.name)
    command = ["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups", sys.executable, "-c", ASKER,
               str(path)]
    assert path.stat().st_mode & 0o777 == 0o600
    for opened in (False, True):
        if opened:
            os.chmod(path, 0o666)
            for parent in path.parents:
                if parent.stat().st_mode & 0o005 != 0o005:
                    os.chmod(parent, 0o755)
        done = subprocess.run(command, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60, cwd="/")
        assert done.returncode != 0 and done.stdout == ""
        assert re.search("denied|closed|lack of content", done.stderr, re.I), done.stderr
    done = subprocess.run(command[4:], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


LISTENER = """
import sys
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
told = []
bus.signal_subscribe("dev.peerup.PeerUp.Engine", None, None, None, None, Gio.DBusSignalFlags.NONE,
                     lambda c, s, p, i, name, v: told.append(name))
def call(name, path, interface, method):
    return bus.call_sync(name, path, interface, method, None, None, Gio.DBusCallFlags.NONE, 60000, None)
try:
    call("dev.peerup.PeerUp.Engine", "/dev/peerup/PeerUp/Engine", "dev.peerup.PeerUp.Engine1", "ListPeers")
    print("allowed", flush=True)
except GLib.Error as error:
    print(error.message, flush=True)
sys.stdin.readline()
call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetId")
while GLib.MainContext.default().iteration(False):
    pass
print(" ".join(told), flush=True)
"""


def listen(bus):
    """A stranger's program: (what it was answered, what it was told of)."""
    process = subprocess.Popen(["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups", sys.executable,
                                "-c", textwrap.dedent(LISTENER)], env=bus.env, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True, cwd="/")
    answer = process.stdout.readline().strip()
    root, told = bus.connect(), []
    root.signal_subscribe(NAME, ENGINE1, "ServiceChanged", None, None, Gio.DBusSignalFlags.NONE,
                          lambda *arguments: told.append("told"))
    call(root, "ListPeers", None)
    call(root, "Expose", GLib.Variant("(ssa{sv})", ("web", "localhost:80", {})))
    wait_told(told, "told", "the signal")
    call(root, "Unexpose", GLib.Variant("(s)", ("web",)))
    root.close_sync(None)
    return answer, process.communicate("\n", timeout=60)[0].split()


@contextlib.contextmanager
def polkit(bus, *allowed):
    mock = Running([sys.executable, "-m", "dbusmock", "--system", "--template", "polkitd"], bus.env | {"HOME": "/"},
                   bus.directory, "polkit")
    name = ["-d", "org.freedesktop.PolicyKit1", "-o", "/org/freedesktop/PolicyKit1/Authority"]
    try:
        wait_for(lambda: bus.has_name("org.freedesktop.PolicyKit1"), 30, "polkit")
        actions = ", ".join(f"'dev.peerup.PeerUp.{action}'" for action in allowed)
        bus.run("gdbus", "call", "--system", *name, "-m", "org.freedesktop.DBus.Mock.SetAllowed",
                f"[{actions}]" if allowed else "@as []")
        yield
    finally:
        mock.process.terminate()
        mock.process.wait(10)
        wait_for(lambda: not bus.has_name("org.freedesktop.PolicyKit1"), 30, "polkit's end")


def test_system_bus(system):
    bus, peer = system
    # Its own user, and root, need no polkit.
    assert bus.gdbus("ListPeers").strip() == "(@aa{sv} [],)"
    # Where there is none, nobody else may do anything.
    assert "polkit does not answer" in bus.gdbus("ListPeers", user=STRANGER, code=1)
    with polkit(bus):
        for method in ("ListPeers", "ListInvites", "Stop"):
            error = bus.gdbus(method, user=STRANGER, code=1)
            assert "Permission" in error and "polkit has not allowed it" in error
        error = bus.gdbus("GetAll", ENGINE1, interface="org.freedesktop.DBus.Properties", user=STRANGER, code=1)
        assert "dev.peerup.PeerUp.read" in error
        bus.gdbus("GetManagedObjects", path=ROOT, interface="org.freedesktop.DBus.ObjectManager", user=STRANGER, code=1)
        answer, told = listen(bus)
        assert "polkit has not allowed it" in answer and "ServiceChanged" not in told
    with polkit(bus, "read"):
        assert bus.gdbus("ListPeers", user=STRANGER).strip() == "(@aa{sv} [],)"
        assert peer.id in bus.gdbus("GetAll", ENGINE1, interface="org.freedesktop.DBus.Properties", user=STRANGER)
        # What may hold secrets, or reaches out into the network, is not for everybody who may look.
        for method in (["Stop"], ["ListInvites"], ["GetConfig"], ["DiffConfig", "0"], ["Ping", peer.id],
                       ["Trace", peer.id]):
            assert "dev.peerup.PeerUp.change" in bus.gdbus(*method, user=STRANGER, code=1), method
        answer, told = listen(bus)
        assert answer == "allowed" and "ServiceChanged" in told and "InterfacesAdded" in told
    with polkit(bus, "read", "change"):
        assert bus.gdbus("Stop", user=STRANGER).strip() == "()"
    assert peer.daemon_process.wait() == 0


SILENT = """<node><interface name="org.freedesktop.PolicyKit1.Authority"><method name="CheckAuthorization">
  <arg type="(sa{sv})" direction="in"/><arg type="s" direction="in"/><arg type="a{ss}" direction="in"/>
  <arg type="u" direction="in"/><arg type="s" direction="in"/><arg type="(bba{ss})" direction="out"/></method>
  <method name="CancelCheckAuthorization"><arg type="s" direction="in"/></method></interface></node>"""
PATIENT = """
import sys
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
def on_reply(source, result):
    try:
        bus.call_finish(result)
    except GLib.Error as error:
        print(error.message, flush=True)
for _ in range(20):
    bus.call("dev.peerup.PeerUp.Engine", "/dev/peerup/PeerUp/Engine", "dev.peerup.PeerUp.Engine1", "ListPeers", None,
             None, Gio.DBusCallFlags.NONE, 600000, None, on_reply)
GLib.MainLoop().run()
"""


def test_few_wait_for_polkit(system):
    """A person may think for minutes: who calls on meanwhile is refused, and who leaves is asked about no longer."""
    bus, peer = system
    server, asked, ended = bus.connect(), [], []

    def on_call(connection, sender, path, interface, method, parameters, invocation):
        if method == "CheckAuthorization":
            asked.append(parameters[4])
        else:
            ended.append(parameters[0])
    interface = Gio.DBusNodeInfo.new_for_xml(SILENT).interfaces[0]
    server.register_object("/org/freedesktop/PolicyKit1/Authority", interface, on_call, None, None)
    Gio.bus_own_name_on_connection(server, "org.freedesktop.PolicyKit1", Gio.BusNameOwnerFlags.NONE, None, None)

    def look(done):
        while GLib.MainContext.default().iteration(False):
            pass
        return done()
    wait_for(lambda: look(lambda: bus.has_name("org.freedesktop.PolicyKit1")), 30, "polkit")
    process = subprocess.Popen(["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups",
                                sys.executable, "-c", PATIENT], env=bus.env, stdout=subprocess.PIPE, text=True, cwd="/")
    refused = [process.stdout.readline() for _ in range(4)]
    assert all("Too many calls wait for polkit" in line for line in refused), refused
    wait_for(lambda: look(lambda: len(asked) == 16), 20, "the questions")
    process.kill()
    process.communicate()
    wait_for(lambda: look(lambda: sorted(ended) == sorted(asked)), 20, "their end")
    assert len(set(asked)) == 16
    server.close_sync(None)


def test_introspection_tells_strangers_no_names(system):
    """GDBus answers it by itself: neither lists nor guesses tell a stranger what there is."""
    bus, peer = system
    bus.gdbus("Expose", "web", "localhost:80", "{}")
    folder = f"{ROOT}/services"
    assert "web" not in bus.gdbus("Introspect", path=folder, interface=INTROSPECTABLE, user=STRANGER)
    there, other = (bus.gdbus("Introspect", path=f"{folder}/{name}", interface=INTROSPECTABLE, user=STRANGER)
                    for name in ("web", "www"))
    assert there == other and "dev.peerup.PeerUp.Service1" in there
    arguments = {"path": f"{folder}/www", "interface": "org.freedesktop.DBus.Properties"}
    assert "polkit does not answer" in bus.gdbus("GetAll", f"{NAME[:-7]}.Service1", user=STRANGER, code=1, **arguments)
    assert "www is gone" in bus.gdbus("GetAll", f"{NAME[:-7]}.Service1", code=1, **arguments)
    # Who has been let in is shown them.
    root = bus.connect()
    call(root, "ListPeers", None)
    shown = root.call_sync(NAME, folder, INTROSPECTABLE, "Introspect", None, None, Gio.DBusCallFlags.NONE, 60000, None)
    assert 'node name="web"' in shown[0]
    root.close_sync(None)


def test_policy_files_are_whole():
    """Those that are installed name what the program asks for."""
    policy = (SOURCE / "data/polkit/dev.peerup.PeerUp.policy").read_text()
    assert re.findall(r'action id="(.*?)"', policy) == ["dev.peerup.PeerUp.read", "dev.peerup.PeerUp.change"]
    # Without it polkit does not let a daemon that is not root ask about others.
    owner = '<annotate key="org.freedesktop.policykit.owner">unix-user:peerup</annotate>'
    assert [owner in action for action in policy.split("<action ")[1:]] == [True, True]
    unit = (SOURCE / "data/systemd/peerup-system.service.in").read_text()
    assert "\nUser=peerup\n" in unit
    assert f'own="{NAME}"' in (SOURCE / "data/dbus-1/dev.peerup.PeerUp.conf").read_text()
    # On the system bus by the alias, which is there while the service is enabled: a disabled one stays off.
    assert f"\nAlias=dbus-{NAME}.service\n" in unit
    for file, started in (("session", "peerup.service"), ("system", f"dbus-{NAME}.service")):
        text = (SOURCE / f"data/dbus-1/{file}.service.in").read_text()
        assert f"Name={NAME}\n" in text and f"SystemdService={started}\n" in text
