# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A camera that sees what a test holds before it: a real PipeWire with a video source, and the desktop's portal that
gives it to programs, or does not."""
import json
import re
import shutil
import socket
import subprocess
import threading
import time

import gi

import qr
import ui

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

WIDTH, HEIGHT = 640, 480
WALL = 150
RATE = 15  # pictures a second
PORTAL = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
CAMERA = "org.freedesktop.portal.Camera"
REQUEST = "org.freedesktop.portal.Request"
INTERFACE = f"""<node>
  <interface name='{CAMERA}'>
    <method name='AccessCamera'><arg type='a{{sv}}' direction='in'/><arg type='o' direction='out'/></method>
    <method name='OpenPipeWireRemote'><arg type='a{{sv}}' direction='in'/><arg type='h' direction='out'/></method>
    <property name='IsCameraPresent' type='b' access='read'/>
  </interface>
  <interface name='{REQUEST}'><method name='Close'/></interface>
</node>"""
GRANTED, REFUSED, CLOSED = 0, 1, 2
NO_BUS = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}  # or it would ask the portal who we are


def missing():
    for program in ("pipewire", "wireplumber", "gst-launch-1.0", "pw-dump", "ZXingWriter"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return None


def wall():
    return bytes([WALL]) * (WIDTH * HEIGHT)


def card(rows):
    """A picture of the wall with a code on it, as large as fits; rows of modules, 1 for light."""
    width, height = len(rows[0]), len(rows)
    scale = min(WIDTH // width, HEIGHT // height)
    left, top = (WIDTH - width * scale) // 2, (HEIGHT - height * scale) // 2
    plane = bytearray(wall())
    for y in range(height * scale):
        line = b"".join(bytes([235 if module else 30]) * scale for module in rows[y // scale])
        start = (top + y) * WIDTH + left
        plane[start:start + len(line)] = line
    return bytes(plane)


def invite_card(invite):
    """Of a code that a terminal shows."""
    return card(qr.rows_of_blocks(invite.seen()))


def foreign_card(directory, text):
    """Of anything, by a program of somebody else."""
    path = directory / "foreign.svg"
    subprocess.run(["ZXingWriter", "QRCode", text, str(path)], check=True, capture_output=True, timeout=60)
    return card(rows_of_svg(path.read_text()))


def rows_of_svg(text):
    """Modules out of a drawing of unit squares, with a margin of four."""
    dark = {(int(x), int(y)) for x, y in re.findall(r"M(\d+),(\d+)h1v1h-1z", text)}
    left, top = min(x for x, _ in dark) - 4, min(y for _, y in dark) - 4
    size = max(x for x, _ in dark) - left + 5
    return [[int((left + x, top + y) not in dark) for x in range(size)] for y in range(size)]


class Portal:
    """The desktop's, on the bus of a Desktop, in a thread of its own."""

    def __init__(self, address, remote):
        self.remote = remote  # path of PipeWire's socket
        self.present, self.response = True, GRANTED
        self.n_asked = self.n_opened = 0
        self.n_closed = 0
        self.requests = []
        self.context = GLib.MainContext.new()
        self.loop = GLib.MainLoop.new(self.context, False)
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.serve, args=(address,), daemon=True)
        self.thread.start()
        assert self.ready.wait(ui.PATIENCE)

    def serve(self, address):
        self.context.push_thread_default()
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.node = Gio.DBusNodeInfo.new_for_xml(INTERFACE)
        self.connection.register_object_with_closures2(PATH, self.node.lookup_interface(CAMERA), self.called, self.get, None)
        self.connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                                  GLib.Variant("(su)", (PORTAL, 0)), None, Gio.DBusCallFlags.NONE, -1, None)
        self.ready.set()
        self.loop.run()
        self.context.pop_thread_default()

    def get(self, _connection, _sender, _path, _interface, _name):
        return GLib.Variant("b", self.present)

    def called(self, connection, sender, _path, _interface, method, parameters, invocation):
        if method == "OpenPipeWireRemote":
            self.n_opened += 1
            with socket.socket(socket.AF_UNIX) as remote:
                remote.connect(str(self.remote))
                fds = Gio.UnixFDList.new()
                fds.append(remote.fileno())
            invocation.return_value_with_unix_fd_list(GLib.Variant("(h)", (0,)), fds)
            return
        request = f"{PATH}/request/{sender[1:].replace('.', '_')}/{parameters[0]['handle_token']}"
        connection.register_object_with_closures2(request, self.node.lookup_interface(REQUEST), self.closed, None, None)
        invocation.return_value(GLib.Variant("(o)", (request,)))
        self.requests.append((sender, request))
        self.n_asked += 1
        if self.response is not None:
            self.respond(self.response)

    def closed(self, _connection, _sender, _path, _interface, _method, _parameters, invocation):
        self.n_closed += 1
        invocation.return_value(None)

    def respond(self, response):
        """What the person at the desktop says to the last question."""
        sender, request = self.requests[-1]
        self.connection.emit_signal(sender, request, REQUEST, "Response", GLib.Variant("(ua{sv})", (response, {})))

    def set_present(self, present):
        """Somebody plugs the camera in, or out, and all are told."""
        self.present = present
        changed = GLib.Variant("(sa{sv}as)", (CAMERA, {"IsCameraPresent": GLib.Variant("b", present)}, []))
        self.connection.emit_signal(None, PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged", changed)

    def close(self):
        self.connection.close_sync(None)
        self.loop.quit()
        self.thread.join(ui.PATIENCE)


class Eye:
    """The camera of a Desktop, plugged in; it sees a wall. Ends with the Desktop."""

    def __init__(self, desktop):
        self.desktop = desktop
        self.seen = wall()
        self.source = None
        remote = desktop.directory / "pipewire-0"
        desktop.start(["pipewire"], "pipewire", **NO_BUS)
        desktop.wait(lambda: ui.answers(remote), "PipeWire")
        desktop.start(["wireplumber"], "wireplumber", **NO_BUS)
        self.portal = Portal(desktop.session_bus, remote)
        desktop.stack.callback(self.portal.close)
        self.plug()

    def env(self):
        return self.desktop.env() | NO_BUS

    def plug(self):
        self.plugged = True
        self.start_source()
        self.thread = threading.Thread(target=self.feed, daemon=True)
        self.thread.start()
        self.desktop.stack.callback(self.unplug)
        self.desktop.wait(self.has_node, "the camera in PipeWire")

    def start_source(self):
        caps = f"rawvideoparse format=gray8 width={WIDTH} height={HEIGHT} framerate={RATE}/1"
        command = f"fdsrc fd=0 ! {caps} ! videoconvert ! video/x-raw,format=I420 ! pipewiresink mode=provide " \
                  "stream-properties=p,media.class=Video/Source,media.role=Camera,node.name=eye"
        with open(self.desktop.directory / "eye.log", "a") as log:
            self.source = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "gst-launch-1.0", "-q", *command.split()],
                                           env=self.env(), stdin=subprocess.PIPE, stdout=log, stderr=log)

    def feed(self):
        while self.plugged:
            try:
                self.source.stdin.write(self.seen)
                self.source.stdin.flush()
                time.sleep(1 / RATE)
            except OSError:
                # GStreamer's sink ends when nobody looks through it any more; cameras do not.
                self.source.kill()
                self.source.wait()
                if self.plugged:
                    self.start_source()

    def unplug(self):
        self.plugged = False
        self.source.kill()
        self.thread.join(ui.PATIENCE)
        self.source.kill()
        self.source.wait()

    def has_node(self):
        done = subprocess.run(["pw-dump"], env=self.env(), capture_output=True, text=True, timeout=ui.PATIENCE, check=False)
        return done.returncode == 0 and '"node.name": "eye"' in done.stdout

    def links(self):
        """How many look through it now."""
        done = subprocess.run(["pw-dump", "Link"], env=self.env(), capture_output=True, text=True, timeout=ui.PATIENCE, check=False)
        return len(json.loads(done.stdout or "[]")) if done.returncode == 0 else None

    def look_at(self, plane):
        assert len(plane) == WIDTH * HEIGHT
        self.seen = plane
