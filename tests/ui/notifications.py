# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A server of org.freedesktop.Notifications on a desktop's session bus, and what it shows at any moment."""
import dataclasses
import sys

from gi.repository import Gio, GLib

NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
MOCK = "org.freedesktop.DBus.Mock"
DISMISSED = 2  # a reason of NotificationClosed


@dataclasses.dataclass
class Shown:
    number: int
    title: str
    body: str
    actions: dict  # keys by label; "" is the default one
    hints: dict


class Notifications:
    """python-dbusmock's; it ends with the desktop. What is shown goes by its log of calls."""

    def __init__(self, desktop):
        self.desktop = desktop
        self.taken = set()  # numbers of those that were pressed
        self.bus = Gio.DBusConnection.new_for_address_sync(
            desktop.session_bus, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        desktop.stack.callback(self.bus.close_sync, None)
        self.process = self.start()

    def start(self):
        process = self.desktop.start([sys.executable, "-m", "dbusmock", "--session", "--template", "notification_daemon"], "notifications")
        self.desktop.wait(lambda: process.poll() is not None or self.is_owned(), "the notification server")
        assert process.poll() is None, (self.desktop.directory / "notifications.log").read_text()
        return process

    def end(self):
        self.process.terminate()
        self.process.wait(10)
        self.desktop.wait(lambda: not self.is_owned(), "the end of the notification server")

    def is_owned(self):
        return self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner", "(s)", NAME)

    def call(self, name, path, interface, method, signature="()", *arguments):
        answer = self.bus.call_sync(name, path, interface, method, GLib.Variant(signature, arguments), None, Gio.DBusCallFlags.NO_AUTO_START,
                                    60000, None).unpack()
        return answer[0] if answer else None

    def mock(self, method, signature="()", *arguments):
        return self.call(NAME, PATH, MOCK, method, signature, *arguments)

    def log(self):
        """All that was ever shown, and what is shown now, each by number."""
        ever, now, last = [], {}, 0
        for _, method, arguments in self.mock("GetCalls"):
            if method == "Notify":
                _, replaces, _, title, body, actions, hints, _ = arguments
                number = replaces or last + 1
                last = max(last, number)
                now[number] = Shown(number, title, body, dict(zip(actions[1::2], actions[::2])), hints)
                ever.append(now[number])
            elif method == "CloseNotification":
                now.pop(arguments[0], None)
        return ever, {number: one for number, one in now.items() if number not in self.taken}

    def shown(self, *words):
        """The one whose title or body has all these words, now; None if there is none."""
        found = [one for one in self.log()[1].values() if all(word in one.title + one.body for word in words)]
        assert len(found) <= 1, found
        return found[0] if found else None

    def count(self, *words):
        """How often such a one was ever shown."""
        return len([one for one in self.log()[0] if all(word in one.title + one.body for word in words)])

    def wait_shown(self, *words):
        return self.desktop.wait(lambda: self.shown(*words), f"a notification {words}")

    def wait_gone(self, *words):
        self.desktop.wait(lambda: self.shown(*words) is None, f"the end of the notification {words}")

    def press(self, shown, label):
        """A button; "" is the notification itself. A server takes it from the screen then."""
        self.taken.add(shown.number)
        self.emit("ActionInvoked", "us", GLib.Variant("u", shown.number), GLib.Variant("s", shown.actions[label]))
        self.emit("NotificationClosed", "uu", GLib.Variant("u", shown.number), GLib.Variant("u", DISMISSED))

    def emit(self, name, signature, *values):
        self.mock("EmitSignal", "(sssav)", NAME, name, signature, values)

    def be_slow(self):
        """It takes a while for each."""
        code = "import time\ntime.sleep(0.3)\nret = args[1] or self.next_id\nself.next_id += not args[1]"
        self.mock("AddMethod", "(sssss)", NAME, "Notify", "susssasa{sv}i", "u", code)

    def refuse(self):
        """Each is answered with an error from now on."""
        self.mock("AddMethod", "(sssss)", NAME, "Notify", "susssasa{sv}i", "u",
                  "raise dbus.exceptions.DBusException('no', name='org.freedesktop.Notifications.Error.Refused')")

    def activate(self, action, *target):
        """An action of the program, by its name on the bus, which starts it where it does not run."""
        self.bus.call_sync("dev.peerup.PeerUp", "/dev/peerup/PeerUp", "org.freedesktop.Application", "ActivateAction",
                           GLib.Variant("(sava{sv})", (action, target, {})), None, Gio.DBusCallFlags.NONE, 60000, None)
