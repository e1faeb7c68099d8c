# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A daemon's D-Bus over its private socket, for tests that ask many daemons often: no process for each question."""
import pytest

try:
    import gi

    gi.require_version("Gio", "2.0")
    from gi.repository import Gio, GLib
except (ImportError, ValueError):
    Gio = None

PATH, INTERFACE = "/dev/peerup/PeerUp/Engine", "dev.peerup.PeerUp.Engine1"
PATIENCE = 60000  # ms for one answer


class Refused(Exception):
    """What a call was answered with: the daemon's words."""


class Control:
    """One connection to the daemon of a Peer, which runs. Calls may come from any thread. Forwards end with it."""

    def __init__(self, peer):
        if Gio is None:
            pytest.skip("D-Bus cannot be used from Python: Debian has it in python3-gi")
        path, = (path for path in (peer.runtime / "peerup").glob("*.sock") if not path.name.endswith("-http.sock"))
        self.connection = Gio.DBusConnection.new_for_address_sync(
            f"unix:path={path}", Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT, None, None)

    def call(self, method, signature="()", *arguments):
        """The values of the answer: none, one, or a tuple."""
        try:
            answer = self.connection.call_sync(None, PATH, INTERFACE, method, GLib.Variant(signature, arguments), None,
                                               Gio.DBusCallFlags.NONE, PATIENCE, None).unpack()
        except GLib.Error as error:
            raise Refused(error.message) from None
        return answer[0] if len(answer) == 1 else answer or None

    def property(self, name):
        return self.connection.call_sync(None, PATH, "org.freedesktop.DBus.Properties", "Get", GLib.Variant("(ss)", (INTERFACE, name)), None,
                                         Gio.DBusCallFlags.NONE, PATIENCE, None).unpack()[0]

    def peer(self, other):
        """What it says of other; None as long as they have not met."""
        return next((one for one in self.call("ListPeers") if one["id"] == other.id), None)

    def connections(self, other):
        """The best first."""
        return [one for one in self.call("ListConnections") if one["peer_id"] == other.id]

    def paths(self, other):
        """What status says of the paths to other, after each was asked for a sign of life."""
        return next(iter(self.call("ListPaths", "(s)", other.id)), None)

    def forward(self, other, service):
        """(id, (host, port)) of a new one."""
        name, address = self.call("AddForward", "(sssa{sv})", other.id, service, "0", {})
        host, port = address.rsplit(":", 1)
        return name, (host, int(port))

    def remove_forward(self, name):
        self.call("RemoveForward", "(s)", name)

    def relays(self):
        return self.call("ListRelays")

    def network(self):
        return self.call("GetNetwork")

    def close(self):
        self.connection.close_sync(None)
