# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A login for tests: a session bus of its own, the real gnome-keyring-daemon on it or a Secret portal, and one device."""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

from gi.repository import Gio, GLib

from conftest import Running
from netlab import wait_for

PATIENCE = 60
SECRETS, SECRETS_PATH = "org.freedesktop.secrets", "/org/freedesktop/secrets"
PORTAL, PORTAL_PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
CONFIG = """<busconfig>
  <type>session</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="false"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""
PORTAL_XML = """<node><interface name="org.freedesktop.portal.Secret">
  <property name="version" type="u" access="read"/>
  <method name="RetrieveSecret">
    <arg name="fd" type="h" direction="in"/><arg name="options" type="a{sv}" direction="in"/>
    <arg name="handle" type="o" direction="out"/>
  </method></interface></node>"""


class Login:
    """The bus, and the home that the keyring and the device share. Nothing on it is started by being called."""

    def __init__(self, peer):
        self.peer = peer
        self.directory = Path(tempfile.mkdtemp(prefix="peerup-keyring-"))
        self.address = f"unix:path={self.directory}/bus"
        (self.directory / "bus.conf").write_text(CONFIG.format(path=self.directory / "bus"))
        self.bus = Running(["dbus-daemon", "--nofork", "--nosyslog", f"--config-file={self.directory}/bus.conf"],
                           {"PATH": os.environ["PATH"]}, self.directory, "bus")
        self.keyring, self.n = None, 0
        plain = peer.env
        peer.env = lambda **extra: plain(**({"DBUS_SESSION_BUS_ADDRESS": self.address} | extra))
        wait_for((self.directory / "bus").exists, PATIENCE, "the bus")

    def connect(self):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        connection = Gio.DBusConnection.new_for_address_sync(self.address, flags, None, None)
        connection.set_exit_on_close(False)
        return connection

    def ask(self, name, path, method, parameters=None):
        return self.connect().call_sync(name, path, *method.rsplit(".", 1), parameters, None, Gio.DBusCallFlags.NONE, -1, None)

    def has_name(self, name):
        return self.ask("org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", GLib.Variant("(s)", (name,))).unpack()[0]

    def unlock(self, password="a password"):
        """The keyring's program, started as a login does that knows the password; None: as one that does not."""
        self.leave()
        self.n += 1
        (self.directory / "password").write_text(password or "")
        command = ["gnome-keyring-daemon", "--foreground", "--components=secrets",
                   f"--control-directory={self.directory}/control"] + (["--unlock"] if password else [])
        with open(self.directory / "password") as stdin, open(self.directory / "keyring.log", "a") as log:
            self.keyring = subprocess.Popen(command, stdin=stdin, stdout=log, stderr=log, env=self.env())
        wait_for(lambda: self.has_name(SECRETS), PATIENCE, "the keyring")

    def env(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.peer.home), "XDG_RUNTIME_DIR": str(self.peer.runtime),
                "DBUS_SESSION_BUS_ADDRESS": self.address}

    def leave(self, number=signal.SIGTERM):
        """Ends the keyring's program."""
        if self.keyring is None:
            return
        self.keyring.send_signal(signal.SIGCONT)
        self.keyring.send_signal(number)
        self.keyring.wait(PATIENCE)
        self.keyring = None
        wait_for(lambda: not self.has_name(SECRETS), PATIENCE, "the end of the keyring")

    def tool(self, *args, data=b"", code=0):
        done = subprocess.run(["secret-tool", *map(str, args)], env=self.env(), input=data, capture_output=True, timeout=PATIENCE)
        assert code is None or done.returncode == code, (args, done)
        return done.stdout

    @property
    def attributes(self):
        return ["application", "dev.peerup.PeerUp", "key-file", self.key_file]

    @property
    def key_file(self):
        return self.peer.config.parent / "identity.key"

    def stored(self):
        """What the keyring has under our attributes."""
        return self.tool("lookup", *self.attributes, code=None)

    def fill(self, data, peer_id=None):
        """As another program, with bytes that secret-tool would not take."""
        connection = self.connect()

        def call(path, method, signature, *arguments):
            return connection.call_sync(SECRETS, path, *f"org.freedesktop.Secret.{method}".rsplit(".", 1),
                                        GLib.Variant(signature, arguments), None, Gio.DBusCallFlags.NONE, -1, None).unpack()

        _, session = call(SECRETS_PATH, "Service.OpenSession", "(sv)", "plain", GLib.Variant("s", ""))
        collection, = call(SECRETS_PATH, "Service.ReadAlias", "(s)", "default")
        attributes = dict(zip(self.attributes[::2], map(str, self.attributes[1::2]))) | {"peer-id": peer_id or self.peer.id}
        call(collection, "Collection.CreateItem", "(a{sv}(oayays)b)",
             {"org.freedesktop.Secret.Item.Label": GLib.Variant("s", "Mine"),
              "org.freedesktop.Secret.Item.Attributes": GLib.Variant("a{ss}", attributes)},
             (session, b"", data, "application/octet-stream"), False)

    def empty(self):
        self.tool("clear", *self.attributes, code=None)

    def delete_collection(self):
        path = self.ask(SECRETS, SECRETS_PATH, "org.freedesktop.Secret.Service.ReadAlias", GLib.Variant("(s)", ("default",))).unpack()[0]
        assert path != "/"
        self.ask(SECRETS, path, "org.freedesktop.Secret.Collection.Delete")

    def store(self):
        """Where the configuration says that the key is."""
        found = re.search(r"^  key_store: \"?(\w+)", self.peer.config.read_text(), re.M)
        return found[1] if found else "file"

    def left(self):
        """What a move leaves while it is under way."""
        return sorted(path.name for path in self.key_file.parent.glob(".identity.key*"))

    def close(self):
        self.leave()
        self.bus.end()
        shutil.rmtree(self.directory)


class Portal:
    """A Secret portal, in a thread. response: what it answers, 0 for the secret; None: nothing."""

    def __init__(self, login, secret=bytes(range(64))):
        self.secret, self.response, self.n_asked = secret, 0, 0
        self.connection = login.connect()
        self.context = GLib.MainContext()
        self.loop = GLib.MainLoop(self.context)
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        assert self.ready.wait(PATIENCE)
        wait_for(lambda: login.has_name(PORTAL), PATIENCE, "the portal")

    def run(self):
        self.context.push_thread_default()
        info = Gio.DBusNodeInfo.new_for_xml(PORTAL_XML).interfaces[0]
        self.connection.register_object(PORTAL_PATH, info, self.on_call, lambda *_: GLib.Variant("u", 1), None)
        Gio.bus_own_name_on_connection(self.connection, PORTAL, Gio.BusNameOwnerFlags.NONE, None, None)
        self.ready.set()
        self.loop.run()
        self.context.pop_thread_default()

    def on_call(self, connection, sender, path, interface, method, parameters, invocation):
        self.n_asked += 1
        index, options = parameters.unpack()
        fd = invocation.get_message().get_unix_fd_list().get(index)
        handle = f"{PORTAL_PATH}/request/{sender[1:].replace('.', '_')}/{options['handle_token']}"
        invocation.return_value(GLib.Variant("(o)", (handle,)))
        if self.response == 0:
            os.write(fd, self.secret)
        os.close(fd)
        if self.response is not None:
            connection.emit_signal(sender, handle, "org.freedesktop.portal.Request", "Response",
                                   GLib.Variant("(ua{sv})", (self.response, {})))

    def close(self):
        self.context.invoke_full(GLib.PRIORITY_DEFAULT, self.loop.quit)
        self.thread.join(PATIENCE)
        self.connection.close_sync(None)
