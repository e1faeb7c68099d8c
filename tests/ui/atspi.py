# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What a screen reader sees of a program: its accessibility tree, over a bus of its own.

This speaks the protocol itself instead of libatspi, which keeps one bus for a process and a cache that wants a main
loop; here each test has a bus, and what is read is what is there now. Many questions are under way at once.
"""
import dataclasses
import re

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

ROOT = "/org/a11y/atspi/accessible/root"
REGISTRY = "org.a11y.atspi.Registry"
PATIENCE = 60000  # ms for one answer
# Of AtspiStateType.
STATES = {1: "active", 4: "checked", 7: "editable", 8: "enabled", 9: "expandable", 10: "expanded", 11: "focusable",
          12: "focused", 16: "modal", 20: "pressed", 22: "selectable", 23: "selected", 24: "sensitive", 25: "showing",
          30: "visible", 41: "checkable"}


class Gone(Exception):
    """What was asked is not there (any more)."""


@dataclasses.dataclass(eq=False)
class Node:
    """One accessible as it was when the tree was read."""

    bus: object
    path: str
    parent: object
    depth: int
    role: str = ""
    name: str = ""
    description: str = ""
    states: frozenset = frozenset()
    children: list = dataclasses.field(default_factory=list)

    def __str__(self):
        flags = ",".join(sorted(self.states & {"checked", "pressed", "focused", "selected", "expanded", "modal"}))
        return "".join(("  " * self.depth, self.role, f" {self.name!r}", f" ({self.description})" if self.description else "",
                        f" [{flags}]" if flags else "", "" if "sensitive" in self.states else " insensitive"))

    def walk(self):
        """It and all below it, in the order they are read."""
        yield self
        for child in self.children:
            yield from child.walk()

    def ancestors(self):
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def text(self):
        """All that stands on it."""
        return " · ".join(part for node in self.walk() for part in (node.name, node.value()) if part)

    def call(self, interface, method, arguments=None):
        return self.bus.call(self.path, f"org.a11y.atspi.{interface}", method, arguments)

    def property(self, interface, name):
        return self.bus.call(self.path, "org.freedesktop.DBus.Properties", "Get",
                             GLib.Variant("(ss)", (f"org.a11y.atspi.{interface}", name)))[0]

    def value(self):
        """What an entry holds; nothing for others."""
        if "editable" not in self.states:
            return ""
        try:
            return self.call("Text", "GetText", GLib.Variant("(ii)", (0, -1)))[0]
        except Gone:
            return ""

    def extents(self):
        """(x, y, width, height) in its window."""
        return self.call("Component", "GetExtents", GLib.Variant("(u)", (1,)))[0]

    def actions(self):
        try:
            return [name for name, _, _ in self.call("Action", "GetActions")[0]]
        except Gone:
            return []

    def act(self, number=0):
        assert self.call("Action", "DoAction", GLib.Variant("(i)", (number,)))[0], f"{self} does nothing"

    def set_text(self, text):
        assert self.call("EditableText", "SetTextContents", GLib.Variant("(s)", (text,)))[0], f"{self} takes no text"

    def select_child(self, number):
        return self.call("Selection", "SelectChild", GLib.Variant("(i)", (number,)))[0]


class Bus:
    """The connection to one program that is on the bus at that address."""

    def __init__(self, address):
        self.connection = Gio.DBusConnection.new_for_address_sync(
            address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        self.program = None  # its unique name

    def close(self):
        if not self.connection.is_closed():
            self.connection.close_sync(None)

    def ask(self, target, path, interface, method, arguments=None):
        try:
            return self.connection.call_sync(target, path, interface, method, arguments, None, Gio.DBusCallFlags.NONE,
                                             PATIENCE, None).unpack()
        except GLib.Error as error:
            raise Gone(error.message) from None

    def call(self, path, interface, method, arguments=None):
        return self.ask(self.program, path, interface, method, arguments)

    def has_registry(self):
        return self.ask("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner", GLib.Variant("(s)", (REGISTRY,)))[0]

    def find(self, pid):
        """Whether the program with that process ID is there; from now on it is the one that is asked."""
        try:
            names = {name for name, _ in self.ask(REGISTRY, ROOT, "org.a11y.atspi.Accessible", "GetChildren")[0]}
            for name in names:
                if self.ask("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetConnectionUnixProcessID",
                            GLib.Variant("(s)", (name,)))[0] == pid:
                    self.program = name
                    return True
        except Gone:
            pass
        return False

    def calls(self, questions):
        """The answers to (path, interface, method, arguments), all asked at once; None where there was none."""
        answers, left = [None] * len(questions), len(questions)
        context = GLib.MainContext.new()

        def answered(connection, result, number):
            nonlocal left
            left -= 1
            try:
                answers[number] = connection.call_finish(result).unpack()
            except GLib.Error:
                pass

        context.push_thread_default()
        try:
            for number, (path, interface, method, arguments) in enumerate(questions):
                self.connection.call(self.program, path, interface, method, arguments, None, Gio.DBusCallFlags.NONE, PATIENCE,
                                     None, answered, number)
            while left:
                context.iteration(True)
        finally:
            context.pop_thread_default()
        return answers

    def tree(self):
        """The Node of the program with all that shows below it. Raises Gone."""
        if self.program is None:
            raise Gone("the program is not on the bus")
        root = Node(self, ROOT, None, 0, "application")
        level = self.expand([root])
        while level:
            self.read(level)
            for node in level:
                if node.role:
                    node.parent.children.append(node)
            # What does not show has nothing that does.
            level = self.expand([node for node in level if node.role and (node.depth < 2 or "showing" in node.states)])
        return root

    def expand(self, nodes):
        answers = self.calls([(node.path, "org.a11y.atspi.Accessible", "GetChildren", None) for node in nodes])
        if nodes and nodes[0].depth == 0 and answers[0] is None:
            raise Gone("the program does not answer")
        return [Node(self, path, node, node.depth + 1) for node, answer in zip(nodes, answers) if answer
                for name, path in answer[0] if name == self.program]

    def read(self, nodes):
        accessible = "org.a11y.atspi.Accessible"
        facts = GLib.Variant("(s)", (accessible,))
        answers = self.calls([question for node in nodes for question in (
            (node.path, accessible, "GetRoleName", None), (node.path, accessible, "GetState", None),
            (node.path, "org.freedesktop.DBus.Properties", "GetAll", facts))])
        for number, node in enumerate(nodes):
            role, states, facts = answers[number * 3:number * 3 + 3]
            if role is None or states is None or facts is None:
                continue
            node.role, node.name, node.description = role[0], facts[0].get("Name", ""), facts[0].get("Description", "")
            low, high = states[0]
            node.states = frozenset(name for bit, name in STATES.items() if (low | high << 32) >> bit & 1)


def matches(wanted, text):
    """wanted: the text itself, or a compiled pattern that is somewhere in it."""
    return bool(wanted.search(text)) if isinstance(wanted, re.Pattern) else wanted == text
