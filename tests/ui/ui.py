# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A screen, a keyboard and the window's program, used as a person would: by what things are called.

A Desktop has an X server, a window manager, a session bus and a bus of accessibility of its own, so that any number of
them stand side by side. An App is one run of peerup-gtk on it. Everything waits for what is to be seen, and nothing sleeps.
"""
import contextlib
import ctypes
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import time

import atspi
import qr
from atspi import Gone, matches
from netlab import BUILD
from peers import COMPLAINTS, Running

GTK = BUILD / "src/app/peerup-gtk"
PICTURES = pathlib.Path(os.environ.get("PEERUP_PICTURES", pathlib.Path(__file__).parents[2] / "build/test/ui"))
PATIENCE = int(os.environ.get("PEERUP_TEST_PATIENCE", 90))  # seconds for what takes less than one
ALL = os.open("/proc/self/ns/net", os.O_RDONLY)  # the namespace that tests are started in
KEY_PATIENCE = 5  # seconds for what follows from a key
BUTTONS = ("button", "push button", "toggle button", "menu button")
MARGIN = 20  # pixels at the top and bottom where something may lie on what scrolls
ENTRIES = ("text", "entry", "password text", "search box", "text box")
XA_RESOURCE_MANAGER, XA_STRING = 23, 31
BORDER = 5  # pixels around a window of GTK's own frame, where nothing composes shadows
# What the toolkit says when something is wrong with us: a widget that does not fit, an object used wrongly.
WARNINGS = re.compile(r"^.*\b(?:Gtk|Gdk|Gsk|Adwaita|Pango|GLib|GLib-\w+|peerup-app|peerup-gtk)-WARNING \*\*.*$", re.M)
HARMLESS = re.compile("|".join((
    "Unable to acquire session bus",  # where a test takes it away
    "Failed to create accessibility bus",
    "unable to send notifications through",  # where nobody shows them
)))
# AdwAlertDialog measures a heading of several lines as if it had one (libadwaita before 1.8).
LONG_HEADING = re.compile("Trying to measure GtkLabel .* for width of")
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>{kind}</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{services}</servicedir>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
  <limit name="max_incoming_bytes">1000000000</limit>
  <limit name="max_outgoing_bytes">1000000000</limit>
  <limit name="max_replies_per_connection">50000</limit>
</busconfig>
"""
SETTINGS = """[Settings]
gtk-font-name=Cantarell {font}
gtk-icon-theme-name=Adwaita
gtk-cursor-blink=0
gtk-enable-animations={animations}
"""


def missing():
    """Why there can be no Desktop here; None where there can."""
    for program in ("Xvfb", "openbox", "xdotool", "dbus-daemon"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return None if GTK.exists() else f"{GTK} is not built"


def answers(path):
    """Whether somebody listens on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def set_resources(display, text):
    """As xrdb(1) does it: where there is no manager of settings, GTK takes the size of text from there, and scales by it."""
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XDefaultRootWindow.argtypes = x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    x11.XDefaultRootWindow.restype = ctypes.c_ulong
    x11.XChangeProperty.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_int, ctypes.c_int,
                                    ctypes.c_char_p, ctypes.c_int]
    screen = x11.XOpenDisplay(display.encode())
    assert screen, f"no display {display}"
    data = text.encode()
    x11.XChangeProperty(screen, x11.XDefaultRootWindow(screen), XA_RESOURCE_MANAGER, XA_STRING, 8, 0, data, len(data))
    # The manager of windows is there, too: without anybody the screen would forget.
    x11.XCloseDisplay(screen)


class Picture:
    """Pixels of a screen, three bytes each."""

    def __init__(self, framebuffer, x=0, y=0, width=None, height=None):
        data = framebuffer.read_bytes()
        fields = struct.unpack(">25I", data[:100])
        start = fields[0] + fields[19] * 12
        full_width, full_height, stride = fields[4], fields[5], fields[12]
        x, y = max(x, 0), max(y, 0)
        self.width = min(width or full_width, full_width - x)
        self.height = min(height or full_height, full_height - y)
        self.rows = []
        for number in range(y, y + self.height):
            row = data[start + number * stride + x * 4: start + number * stride + (x + self.width) * 4]
            pixels = bytearray(self.width * 3)
            pixels[0::3], pixels[1::3], pixels[2::3] = row[2::4], row[1::4], row[0::4]
            self.rows.append(bytes(pixels))

    def __eq__(self, other):
        return self.rows == other.rows

    def n_colours(self):
        return len({row[i:i + 3] for row in self.rows for i in range(0, len(row), 3)})

    def save(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(qr.png(self.width, self.rows))


class Desktop:
    """Ends with close(), with all that runs on it. Whatever the namespace of an App, paths lead to its screen and buses.
    text: how large, 1 as everywhere, 2 as of people who ask their desktop for that."""

    def __init__(self, directory, width=1024, height=768, text=1):
        self.directory = directory
        self.width, self.height, self.text = width, height, text
        directory.mkdir(parents=True)
        self.stack = contextlib.ExitStack()
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        # X servers avoid each other by sockets that one of another namespace does not see.
        os.setns(ALL, os.CLONE_NEWNET)
        try:
            self.start_all()
        except BaseException:
            self.close()
            raise
        finally:
            os.setns(here, os.CLONE_NEWNET)
            os.close(here)

    def start_all(self):
        self.display = self.start_x()
        self.session_bus = self.start_bus("session")
        self.a11y_bus = self.start_bus("accessibility")
        self.start(["/usr/libexec/at-spi2-registryd"], "registry", AT_SPI_BUS_ADDRESS=self.a11y_bus)
        self.start(["openbox", "--sm-disable"], "openbox")
        self.wait_ready()

    def env(self):
        env = {key: os.environ[key] for key in ("PATH", "LANG", "LD_LIBRARY_PATH") if key in os.environ}
        env |= {"HOME": str(self.directory), "XDG_RUNTIME_DIR": str(self.directory)}
        if hasattr(self, "display"):
            env["DISPLAY"] = self.display
        if hasattr(self, "session_bus"):
            env["DBUS_SESSION_BUS_ADDRESS"] = self.session_bus
        return env

    def start(self, command, name, pass_fds=(), **env):
        """A process that ends with us, however we end."""
        with open(self.directory / f"{name}.log", "w") as log:
            process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *map(str, command)], env=self.env() | env, cwd=self.directory,
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=pass_fds)
        self.stack.callback(self.end, process)
        return process

    @staticmethod
    def end(process):
        for number in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                process.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(10)

    def start_x(self):
        ours, theirs = os.pipe()
        try:
            process = self.start(["Xvfb", "-displayfd", theirs, "-screen", "0", f"{self.width}x{self.height}x24", "-fbdir", self.directory,
                                  "-nolisten", "tcp"], "xvfb", pass_fds=[theirs])
            os.close(theirs)
            said, end = b"", time.monotonic() + PATIENCE
            while not said.endswith(b"\n"):
                assert time.monotonic() < end and process.poll() is None, (self.directory / "xvfb.log").read_text()
                if select.select([ours], [], [], 0.2)[0]:
                    said += os.read(ours, 16)
            return f":{said.decode().strip()}"
        finally:
            os.close(ours)

    def start_bus(self, kind):
        path, config = self.directory / kind, self.directory / f"{kind}.conf"
        config.write_text(BUS.format(kind=kind, path=path, services=self.services(kind)))
        process = self.start(["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"], kind)
        # The path is there a moment before anybody listens.
        self.wait(lambda: answers(path) or process.poll() is not None, f"the {kind} bus")
        assert process.poll() is None, (self.directory / f"{kind}.log").read_text()
        return f"unix:path={path}"

    def services(self, kind="session"):
        """Where the bus looks for what it starts on demand."""
        (self.directory / f"{kind}-services").mkdir(exist_ok=True)
        return self.directory / f"{kind}-services"

    def wait_ready(self):
        """Programs that start earlier do without a registry, or without a manager of windows, for good."""
        bus = atspi.Bus(self.a11y_bus)
        self.wait(bus.has_registry, "the registry of accessibility")
        bus.close()
        self.wait(lambda: self.try_xdotool("get_num_desktops").returncode == 0, "the manager of windows")
        if self.text != 1:
            set_resources(self.display, f"Xft.dpi:\t{96 * self.text:.0f}\n")
        # Where it points at nothing.
        self.xdotool("mousemove", self.width - 1, self.height - 1)

    @staticmethod
    def wait(condition, what, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < end, f"{what} did not come true within {seconds} s"
            time.sleep(0.02)
        return value

    def try_xdotool(self, *words):
        return subprocess.run(["xdotool", *map(str, words)], env=self.env(), capture_output=True, text=True, timeout=PATIENCE, check=False)

    def xdotool(self, *words):
        done = self.try_xdotool(*words)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def picture(self, *rectangle):
        return Picture(self.directory / "Xvfb_screen0", *rectangle)

    def close(self):
        self.stack.close()


class App:
    """A run of peerup-gtk for a Peer on a Desktop. The Peer ends it, as its other processes."""

    def __init__(self, desktop, peer, *args, bus=True, font=11, animations=False, wait=True, settings=None, prefix=(), **env):
        """settings: what the person has chosen, by the keys of the schema, as GVariant's text; prefix: of the command."""
        self.desktop, self.peer = desktop, peer
        toolkit = peer.home / ".config/gtk-4.0/settings.ini"
        toolkit.parent.mkdir(parents=True, exist_ok=True)
        toolkit.write_text(SETTINGS.format(font=font, animations=int(animations)))
        if settings:
            chosen = peer.home / ".config/glib-2.0/settings/keyfile"
            chosen.parent.mkdir(parents=True, exist_ok=True)
            chosen.write_text("[dev/peerup/PeerUp]\n" + "".join(f"{key}={value}\n" for key, value in settings.items()))
        self.env = peer.env(**{
            "DISPLAY": desktop.display, "AT_SPI_BUS_ADDRESS": desktop.a11y_bus, "GDK_BACKEND": "x11", "GSK_RENDERER": "cairo",
            "GDK_DISABLE": "gl,vulkan", "GSETTINGS_BACKEND": "keyfile" if settings else "memory", "GSETTINGS_SCHEMA_DIR": str(BUILD / "data"), "GTK_A11Y": "atspi", "LC_ALL": "C.UTF-8",
            "DBUS_SESSION_BUS_ADDRESS": desktop.session_bus if bus else "unix:path=/nowhere",
        } | env)
        with peer.space:
            self.running = Running([*prefix, str(GTK), "--config", str(peer.config), *map(str, args)], self.env, peer.home, f"gtk-{len(peer.processes)}")
        # Ended before what it runs on.
        peer.processes.append(self)
        self.bus = atspi.Bus(desktop.a11y_bus)
        self.window = None
        self.forgiven = None  # a pattern of warnings that a test knows not to be ours
        if wait:
            self.wait_shown()

    # What a Peer wants of its processes.

    @property
    def pid(self):
        return self.running.pid

    @property
    def process(self):
        return self.running.process

    def stderr(self):
        return self.running.stderr()

    def end(self):
        """Well, so that the sanitizer looks for leaks."""
        self.bus.close()
        if self.running.process.poll() is None:
            self.running.signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.running.wait(PATIENCE)
        ended = self.running.process.poll()
        self.running.end()
        assert ended is not None, f"peerup-gtk did not end\n{self.stderr()}"
        self.check()

    def check(self):
        """It has said nothing of itself that it should not."""
        assert not COMPLAINTS.search(self.stderr()), self.stderr()
        warnings = [line for line in WARNINGS.findall(self.stderr())
                    if not HARMLESS.search(line) and not (self.forgiven and self.forgiven.search(line))]
        assert not warnings, "\n".join(warnings)

    def quit(self, code=0):
        """It ends by itself, and well."""
        self.activate_action("quit")
        assert self.running.wait(PATIENCE) == code, self.stderr()
        self.check()

    def activate_action(self, name, target=""):
        """An action of the application, as its notifications do it."""
        command = ["gdbus", "call", "--session", "--dest", "dev.peerup.PeerUp", "--object-path", "/dev/peerup/PeerUp", "--method",
                   "org.gtk.Actions.Activate", name, f"[{target}]", "{}"]
        subprocess.run(command, env=self.desktop.env(), capture_output=True, timeout=PATIENCE, check=False)

    # What is to be seen.

    def wait(self, condition, what, seconds=PATIENCE):
        """What condition() gives; with the tree in the failure's words where it gives nothing."""
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(Gone):
                if value := condition():
                    return value
            if self.running.process.poll() is not None:
                raise AssertionError(f"peerup-gtk ended with {self.running.process.returncode} before {what}\n{self.stderr()}")
            if time.monotonic() > end:
                raise AssertionError(f"{what}: not within {seconds} s. There is\n{self.dump()}\n{self.stderr()[-3000:]}")
            time.sleep(0.05)

    def wait_shown(self):
        self.wait(lambda: self.bus.program or self.bus.find(self.pid), "the program on the bus")
        self.wait(self.windows, "a window")
        self.window = self.wait(self.find_window, "its window on the screen")

    def find_window(self):
        # It fails where there is none.
        found = self.desktop.try_xdotool("search", "--onlyvisible", "--pid", self.pid).stdout.split()
        return found[-1] if found else None

    def tree(self):
        return self.bus.tree()

    def windows(self):
        return self.tree().children

    def dump(self):
        try:
            return "\n".join(map(str, self.tree().walk()))
        except Gone as gone:
            return f"nothing: {gone}"

    def top(self):
        """The last window, or in it the dialog on top: what a person can reach."""
        window = self.tree().children[-1]
        dialogs = [node for node in window.walk() if node.role in ("dialog", "alert", "alert dialog") and "showing" in node.states]
        return dialogs[-1] if dialogs else window

    def all(self, name=None, role=None, within=None):
        """What shows and is called so, now."""
        roles = (role,) if isinstance(role, str) else role
        start = within() if callable(within) else within or self.tree()
        return [node for node in start.walk() if "showing" in node.states and (name is None or matches(name, node.name))
                and (roles is None or node.role in roles)]

    def has(self, name=None, role=None, within=None):
        try:
            return bool(self.all(name, role, within))
        except Gone:
            return False

    def find(self, name=None, role=None, within=None, seconds=PATIENCE, number=0):
        return self.wait(lambda: (found := self.all(name, role, within))[number:] and found[number], f"{role or 'something'} {name!r}", seconds)

    def find_in_row(self, row, role, name=None):
        """The control of that role in the list row that says so."""
        def look():
            for node in self.all(None, ("list item", "row", "table row", "tree item")):
                if any(matches(row, one.name) for one in node.walk()):
                    for one in node.walk():
                        if one.role in ((role,) if isinstance(role, str) else role) and (name is None or matches(name, one.name)):
                            return one
            return None
        return self.wait(look, f"{role} in the row {row!r}")

    def wait_text(self, text, seconds=PATIENCE):
        """A label, or anything else, that says so."""
        pattern = text if isinstance(text, re.Pattern) else re.compile(re.escape(text))
        return self.wait(lambda: next((node for node in self.all(pattern)), None), f"the text {pattern.pattern!r}", seconds)

    def wait_gone(self, name=None, role=None, seconds=PATIENCE):
        self.wait(lambda: not self.all(name, role), f"the end of {role or ''} {name!r}", seconds)

    # What a person does.

    def activate(self, name, role=BUTTONS, within=None):
        """Presses a button, opens a menu, turns a switch."""
        # A menu's button is in a widget that is called so, too.
        node = self.wait(lambda: next((one for one in self.all(name, role, within) if "sensitive" in one.states and one.actions()), None),
                         f"{role} {name!r} that can be pressed")
        node.act()
        return node

    def select(self, name, role=("list item", "row"), within=None):
        """Presses the row of a list that says so: rows have no action of their own, and take no focus by this protocol."""
        def look():
            for node in self.all(None, role, within):
                if any(matches(name, one.name) for one in node.walk()):
                    return node
            return None
        node = self.wait(look, f"the row {name!r}")
        self.click(node)
        return node

    def click(self, node):
        """In the middle of it, wherever that is; with the wheel over what it stands in until it is to be seen."""
        for _ in range(100):
            x, y, width, height = node.extents()
            left, top, whole_width, whole_height = self.geometry()
            # What is told of places leaves out the frame, which is there twice.
            x, y = x + width // 2 + BORDER, y + height // 2 + BORDER
            if MARGIN < y < whole_height - MARGIN:
                break
            self.desktop.xdotool("mousemove", left + x, top + whole_height // 2, "click", 5 if y > MARGIN else 4)
        self.desktop.xdotool("mousemove", left + x, top + y, "click", 1, "mousemove", self.desktop.width - 1, self.desktop.height - 1)

    def toggle(self, row, on=True, role="switch"):
        """Turns what is the other way in that row."""
        is_on = lambda node: bool(node.states & {"checked", "pressed"})  # noqa: E731
        self.wait(lambda: is_on(self.find_in_row(row, role)) != on, f"{row!r} {'off' if on else 'on'}")
        self.find_in_row(row, role).act()
        self.wait(lambda: is_on(self.find_in_row(row, role)) == on, f"{row!r} {'on' if on else 'off'}")

    def choose(self, menu, letter):
        """An entry of a menu by its underlined letter: GTK tells no names of them."""
        self.raise_window()
        self.activate(menu, "toggle button")
        self.find(None, "menu item")
        self.press(letter, lambda: not self.has(None, "menu item"), f"the end of the menu {menu!r}")

    def press(self, key, condition, what):
        """A key until that is so: the manager of windows may take its keys anew at that moment, and one is lost."""
        end = time.monotonic() + PATIENCE
        while True:
            self.key(key)
            try:
                return self.wait(condition, what, KEY_PATIENCE)
            except AssertionError:
                if self.running.process.poll() is not None or time.monotonic() > end:
                    raise

    def set_text(self, name, text, role=ENTRIES, within=None):
        node = self.find(name, role, within)
        node.set_text(text)
        return node

    def raise_window(self):
        self.desktop.xdotool("windowfocus", "--sync", self.window)

    def close_window(self):
        """By the button of the window, not of a dialog."""
        self.activate("Close")

    def key(self, *keys):
        """As xdotool calls them: "Tab", "ctrl+q"."""
        self.desktop.xdotool("key", "--delay", "20", *keys)

    def type(self, text):
        self.desktop.xdotool("type", "--delay", "10", text)

    def focused(self):
        """The innermost that has the focus."""
        nodes = [node for node in self.tree().walk() if "focused" in node.states]
        return nodes[-1] if nodes else None

    def tab_to(self, name, role, key="Tab", limit=60):
        """By the keyboard alone, until that has the focus."""
        self.raise_window()
        for _ in range(limit):
            node = self.focused()
            if node is not None and matches(name, node.name) and node.role == role:
                return node
            before = node.path if node is not None else None
            self.key(key)
            with contextlib.suppress(AssertionError):
                self.wait(lambda: (now := self.focused()) is not None and now.path != before, "the focus elsewhere", KEY_PATIENCE)
        raise AssertionError(f"{role} {name!r} does not get the focus by {key}\n{self.dump()}")

    # Pictures.

    def resize(self, width, height):
        self.desktop.xdotool("windowsize", self.window, width + 2 * BORDER, height + 2 * BORDER)
        self.wait(lambda: self.geometry()[2:] == (width, height), f"a window of {width}×{height}")

    def geometry(self):
        """(x, y, width, height) on the screen, of what is inside its frame."""
        words = dict(line.split("=") for line in self.desktop.xdotool("getwindowgeometry", "--shell", self.window).split())
        x, y, width, height = (int(words[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))
        return x + BORDER, y + BORDER, width - 2 * BORDER, height - 2 * BORDER

    def settle(self):
        """A picture that stays the same for a while, of what does not move by itself."""
        last, same, end = None, 0, time.monotonic() + 20
        while same < 3 and time.monotonic() < end:
            now = self.desktop.picture(*self.geometry())
            same = same + 1 if last is not None and now == last else 0
            last = now
            time.sleep(0.1)
        return last

    def picture(self, name):
        """Saved as build/test/ui/NAME.png."""
        picture = self.settle()
        picture.save(PICTURES / f"{name}.png")
        return picture
