# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""An engine that says what a test wants, for what no peer and no network gives: the window attaches to it as to a daemon.

It is at the socket of a profile, with an object manager and its objects; properties may change at any time. Operations are
answered by functions of the test, or with an error. Lives until close(), in a thread of its own.
"""
import contextlib
import hashlib
import os
import pathlib
import threading
import time
import warnings

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

DESCRIPTIONS = pathlib.Path(__file__).parents[2] / "data/dbus"
ROOT = "/dev/peerup/PeerUp"
ENGINE = f"{ROOT}/Engine"
PREFIX = "dev.peerup.PeerUp"
NOTHING = {"b": False, "s": "", "x": 0, "t": 0, "u": 0, "as": [], "aa{sv}": []}
PATIENCE = 60
MANAGER = Gio.DBusNodeInfo.new_for_xml("""<node><interface name="org.freedesktop.DBus.ObjectManager">
<method name="GetManagedObjects"><arg name="objects" type="a{oa{sa{sv}}}" direction="out"/></method>
<signal name="InterfacesAdded"><arg type="o"/><arg type="a{sa{sv}}"/></signal>
<signal name="InterfacesRemoved"><arg type="o"/><arg type="as"/></signal></interface></node>""").interfaces[0]


def read(name):
    node = Gio.DBusNodeInfo.new_for_xml((DESCRIPTIONS / f"dev.peerup.PeerUp.{name}.xml").read_text())
    return {interface.name.rsplit(".", 1)[1]: interface for interface in node.interfaces}


INTERFACES = read("Objects1") | read("Engine1")


class FakeEngine:
    """answers: by an operation's name, a function of its arguments that gives what goes out as a tuple."""

    def __init__(self, peer, **properties):
        name = hashlib.sha256(os.path.realpath(peer.config).encode()).hexdigest()[:16]
        self.path = peer.runtime / f"peerup/{name}.sock"
        self.objects, self.answers, self.asked, self.connections = {}, {"ListTemplates": lambda: ([],), "WatchPrompts": tuple}, [], []
        self.objects[ENGINE] = self.fill("Engine1", {"PeerId": "12D3KooWFake", "State": "running", "MachineName": "here"} | properties)
        self.context, self.ready, self.ends = GLib.MainContext.new(), threading.Event(), False
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        assert self.ready.wait(PATIENCE)

    @staticmethod
    def fill(kind, properties):
        types = {one.name: one.signature for one in INTERFACES[kind].properties}
        return kind, {name: GLib.Variant(signature, properties.get(name, NOTHING[signature])) for name, signature in types.items()}

    # In its thread.

    def serve(self):
        self.context.push_thread_default()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        server = Gio.DBusServer.new_sync(f"unix:path={self.path}", Gio.DBusServerFlags.NONE, Gio.dbus_generate_guid(), None, None)
        server.connect("new-connection", self.on_connection)
        server.start()
        self.ready.set()
        while not self.ends:
            self.context.iteration(True)
        for connection in self.connections:
            with contextlib.suppress(GLib.Error):
                connection.close_sync(None)
        server.stop()
        self.path.unlink(missing_ok=True)
        self.context.pop_thread_default()

    def on_connection(self, _server, connection):
        self.connections.append(connection)
        self.register(connection, ROOT, MANAGER)
        for path, (kind, _) in self.objects.items():
            self.register(connection, path, INTERFACES[kind])
        return True

    def register(self, connection, path, interface):
        with warnings.catch_warnings():
            # The function that it names instead is not in the bindings for all versions.
            warnings.simplefilter("ignore", DeprecationWarning)
            connection.register_object(path, interface, self.on_manager if interface is MANAGER else self.on_operation, self.on_get, None)

    def on_manager(self, _connection, _sender, _path, _interface, _method, _arguments, invocation):
        found = {path: {f"{PREFIX}.{kind}": properties} for path, (kind, properties) in self.objects.items() if path != ENGINE}
        invocation.return_value(GLib.Variant("(a{oa{sa{sv}}})", (found,)))

    def on_operation(self, _connection, _sender, _path, _interface, method, arguments, invocation):
        self.asked.append((method, arguments.unpack()))
        if method not in self.answers:
            invocation.return_dbus_error(f"{PREFIX}.Error.Failed", f"this engine does not know {method}")
            return
        signature = "".join(one.signature for one in INTERFACES["Engine1"].lookup_method(method).out_args)
        try:
            invocation.return_value(GLib.Variant(f"({signature})", tuple(self.answers[method](*arguments.unpack()))))
        except ValueError as error:
            invocation.return_dbus_error(f"{PREFIX}.Error.Failed", str(error))

    def on_get(self, _connection, _sender, path, _interface, name):
        return self.objects[path][1][name]

    # For tests.

    def call(self, function):
        """Runs it in the thread, and waits."""
        done = threading.Event()

        def run():
            function()
            done.set()

        self.context.invoke_full(GLib.PRIORITY_DEFAULT, run)
        assert done.wait(PATIENCE)

    def emit(self, path, interface, name, signature, arguments):
        for connection in self.connections:
            with contextlib.suppress(GLib.Error):
                connection.emit_signal(None, path, interface, name, GLib.Variant(signature, arguments))

    def add(self, kind, folder, name, **properties):
        """An object; returns its path."""
        path = f"{ROOT}/{folder}/{name}"

        def run():
            self.objects[path] = self.fill(kind, properties)
            for connection in self.connections:
                self.register(connection, path, INTERFACES[kind])
            self.emit(ROOT, MANAGER.name, "InterfacesAdded", "(oa{sa{sv}})", (path, {f"{PREFIX}.{kind}": self.objects[path][1]}))

        self.call(run)
        return path

    def remove(self, path):
        def run():
            kind, _ = self.objects.pop(path)
            self.emit(ROOT, MANAGER.name, "InterfacesRemoved", "(oas)", (path, [f"{PREFIX}.{kind}"]))

        self.call(run)

    def change(self, path, **properties):
        def run():
            kind, known = self.objects[path]
            types = {one.name: one.signature for one in INTERFACES[kind].properties}
            changed = {name: GLib.Variant(types[name], value) for name, value in properties.items()}
            known.update(changed)
            self.emit(path, "org.freedesktop.DBus.Properties", "PropertiesChanged", "(sa{sv}as)", (f"{PREFIX}.{kind}", changed, []))

        self.call(run)

    def tell(self, name, signature, *arguments):
        """A signal of the engine."""
        self.call(lambda: self.emit(ENGINE, f"{PREFIX}.Engine1", name, signature, arguments))

    def wait_asked(self, method, number=1):
        """Its arguments, the last time, once it was asked for so often."""
        end = time.monotonic() + PATIENCE
        while len(found := [arguments for name, arguments in self.asked if name == method]) < number:
            assert time.monotonic() < end, f"{method} was not asked for {number} times: {self.asked}"
            time.sleep(0.02)
        return found[-1]

    def close(self):
        self.ends = True
        self.context.wakeup()
        self.thread.join()
