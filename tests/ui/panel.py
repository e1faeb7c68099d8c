# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A desktop's panel with a tray: Xfce's, as people have it; and an icon in it with its menu, as the panel uses them."""
import pathlib
import shutil

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

import ui  # noqa: E402

XFCONFD = "/usr/lib/x86_64-linux-gnu/xfce4/xfconf/xfconfd"
WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
PROPERTIES = "org.freedesktop.DBus.Properties"
SIZE = 40
CONFIG = f"""<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="{{dark}}"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="{SIZE}"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty"><property name="plugin-1" type="string" value="systray"/></property>
</channel>
"""


def missing():
    """Why there can be none here; None where there can."""
    return None if shutil.which("xfce4-panel") and shutil.which(XFCONFD) else "xfce4-panel is not installed"


class Panel:
    """Along the top of a Desktop, without an icon. Ends with the Desktop."""

    def __init__(self, desktop, dark=False):
        self.desktop = desktop
        self.home = desktop.directory / "panel"
        channel = self.home / "xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"
        channel.parent.mkdir(parents=True)
        channel.write_text(CONFIG.format(dark=str(dark).lower()))
        self.bus = Gio.DBusConnection.new_for_address_sync(
            desktop.session_bus, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        self.n_starts = 0
        self.run([XFCONFD], "xfconfd")
        desktop.wait(lambda: self.has_name("org.xfce.Xfconf"), "the panel's settings")
        self.start()

    def run(self, command, name):
        return self.desktop.start(command, name, XDG_CONFIG_HOME=str(self.home), XDG_CACHE_HOME=str(self.home), XDG_DATA_HOME=str(self.home / "data"),
                                  GDK_BACKEND="x11", NO_AT_BRIDGE="1", GSETTINGS_BACKEND="memory", LC_ALL="C.UTF-8")

    def start(self):
        self.n_starts += 1
        self.process = self.run(["xfce4-panel", "--disable-wm-check", "--sm-client-disable"], f"panel{self.n_starts}")
        self.desktop.wait(lambda: self.has_name(WATCHER) and self.get(WATCHER, "/StatusNotifierWatcher", WATCHER, "IsStatusNotifierHostRegistered"),
                          "a tray in the panel")

    def kill(self):
        """As if it had crashed."""
        self.process.kill()
        self.process.wait()
        self.desktop.wait(lambda: not self.has_name(WATCHER), "the end of the tray")

    def close(self):
        self.bus.close_sync(None)

    def call(self, name, path, interface, method, signature=None, *arguments):
        parameters = GLib.Variant(signature, arguments) if signature else None
        return self.bus.call_sync(name, path, interface, method, parameters, None, Gio.DBusCallFlags.NO_AUTO_START, ui.PATIENCE * 1000, None).unpack()

    def get(self, name, path, interface, property_name):
        return self.call(name, path, PROPERTIES, "Get", "(ss)", interface, property_name)[0]

    def has_name(self, name):
        return self.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "NameHasOwner", "(s)", name)[0]

    def install_icons(self):
        """Where the panel finds them; it looks once."""
        self.kill()
        theme = self.home / "data/icons/hicolor"
        theme.mkdir(parents=True)
        (theme / "symbolic").symlink_to(pathlib.Path(__file__).parents[2] / "data/icons/hicolor/symbolic")
        self.start()

    def click(self, button):
        """On the first icon."""
        self.desktop.xdotool("mousemove", SIZE // 4, SIZE // 2, "click", button, "mousemove", self.desktop.width - 1, self.desktop.height - 1)

    def picture(self):
        """Of the panel alone."""
        return self.desktop.picture(0, 0, self.desktop.width, SIZE)

    # The icons.

    def items(self):
        """The bus names of all that there are."""
        items = self.get(WATCHER, "/StatusNotifierWatcher", WATCHER, "RegisteredStatusNotifierItems") if self.has_name(WATCHER) else []
        return [item.split("/")[0] for item in items]

    def wait_icon(self):
        """That of the one program that has one."""
        self.desktop.wait(lambda: len(self.items()) == 1, "one icon in the tray")
        return Icon(self, self.items()[0])

    def wait_none(self):
        self.desktop.wait(lambda: not self.items(), "no icon in the tray")


class Icon:
    def __init__(self, panel, name):
        self.panel, self.name = panel, name

    def get(self, property_name):
        return self.panel.get(self.name, "/StatusNotifierItem", ITEM, property_name)

    def activate(self):
        self.panel.call(self.name, "/StatusNotifierItem", ITEM, "Activate", "(ii)", 0, 0)

    def menu(self):
        """(number, label, checked or None, enabled) of each entry but those that divide."""
        _, (_, _, entries) = self.panel.call(self.name, self.get("Menu"), MENU, "GetLayout", "(iias)", 0, -1, [])
        return [(number, words["label"], bool(words["toggle-state"]) if "toggle-state" in words else None, words.get("enabled", True))
                for number, words, _ in entries if "label" in words]

    def find(self, label):
        return next((entry for entry in self.menu() if label in entry[1]), None)

    def wait_entry(self, label, checked=None):
        self.panel.desktop.wait(lambda: (entry := self.find(label)) and entry[2] == checked, f"{label!r} in the tray's menu")
        return self.find(label)

    def choose(self, label):
        number = next(entry[0] for entry in self.menu() if label in entry[1])
        self.panel.call(self.name, self.get("Menu"), MENU, "Event", "(isvu)", number, "clicked", GLib.Variant("i", 0), 0)
