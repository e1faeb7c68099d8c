# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Every kind of site with every other: how soon a service answers, how soon by a direct path and which, and why by none."""
import contextlib
import dataclasses
import threading
import time

import pytest

import netlab
from conftest import new_directory, new_lab, new_peers, new_servers
from nat_lab import KINDS, Outcome, expected
from nat_world import NatWorld, at_once
from netlab import wait_for

IS_SLOW = "asan" in netlab.BUILD.name
BUSY = 3  # pairs that connect at the same time
FIRST = 3 * (3 if IS_SLOW else 1)  # seconds until the first byte is back
DIRECT = 3 * (3 if IS_SLOW else 1)  # seconds from then until the path is direct
REASON = 1  # seconds until it is known why it is not


@dataclasses.dataclass
class Cell:
    """What came out for one pair; times in seconds, None for never."""

    one: object
    other: object
    first: float = None
    direct: float = None
    way: str = ""
    reason: str = ""
    wrong: str = ""

    @property
    def names(self):
        return self.one.site.kind.name, self.other.site.kind.name

    @property
    def expected(self):
        return expected(self.one.site.kind, self.other.site.kind)

    def __str__(self):
        first = f"{self.first * 1000:.0f}" if self.first is not None else "-"
        last = f"{self.direct * 1000:.0f}{self.way}" if self.direct is not None else "relay"
        return f"{first}>{last}{'!' if self.wrong else ''}"


def way_of(connection):
    """A letter or two for how a direct connection came about."""
    letter = "p" if connection.get("punched") else {"quic-v1": "q", "tcp": "t", "websocket": "w"}[connection["transport"]]
    return letter + ("6" if connection["remote_address"].startswith("/ip6/") else "")


LEGEND = ("milliseconds until the first byte of a new forward was back > until the path was direct and by what: q QUIC dialed, "
          "t TCP dialed, w WebSocket dialed, p QUIC through opened NATs, 6 by IPv6; relay: it stayed relayed; ! not as it should be")


def why(one, other):
    """What one says of its way to other that is not direct: a sentence, or nothing as yet."""
    peer = one.control.peer(other) or {}
    return peer.get("why") or peer.get("explanation") or ""


def is_direct(one, other):
    return one.path(other) == other.path(one) == "direct"


def measure(cell, address, began):
    one, other = cell.one, cell.other
    with one.connect(address) as connection:
        connection.sendall(b"?")
        assert connection.recv(1) == b"?"
        cell.first = time.monotonic() - began
        limit = time.monotonic() + DIRECT
        while not is_direct(one, other):
            if time.monotonic() > limit:
                return
            if cell.expected is Outcome.RELAYED and why(one, other):
                return
            time.sleep(0.02)
        cell.direct = time.monotonic() - began
    best = one.control.connections(other)[0]
    cell.way = way_of(best)
    assert best["path"] == "direct" and one.reaches(address, 5)


def judge(cell):
    if cell.first > FIRST:
        cell.wrong = f"the first byte took {cell.first:.1f} s"
    elif cell.expected is Outcome.DIRECT and cell.direct is None:
        cell.wrong = "it stayed relayed"
    elif cell.expected is Outcome.RELAYED and cell.direct is not None:
        cell.wrong = "it went direct, which cannot be"


def run(cell, busy):
    one, other = cell.one, cell.other
    name = None
    try:
        with busy:
            began = time.monotonic()
            name, address = one.control.forward(other, "echo")
            measure(cell, address, began)
        judge(cell)
        if cell.direct is None and not cell.wrong:
            with one.connect(address) as connection:
                connection.sendall(b"!")
                cell.reason = wait_for(lambda: why(one, other), REASON, "a reason")
                assert connection.recv(1) == b"!" and one.path(other) == "relayed"
    except Exception as error:  # pylint: disable=broad-except
        cell.wrong = f"{type(error).__name__}: {error}"
    finally:
        if name:
            with contextlib.suppress(Exception):
                one.control.remove_forward(name)


class Schedule:
    """Runs cells in threads, each device in one cell at a time, so that no pair disturbs another's NAT."""

    def __init__(self, cells):
        self.waiting = list(cells)
        self.taken = set()
        self.changed = threading.Condition()
        self.busy = threading.Semaphore(BUSY)

    def take(self):
        """The next cell whose devices are free; None if all have been taken."""
        with self.changed:
            while self.waiting:
                for cell in self.waiting:
                    if not self.taken & {cell.one, cell.other}:
                        self.waiting.remove(cell)
                        self.taken |= {cell.one, cell.other}
                        return cell
                self.changed.wait()
            return None

    def work(self, _):
        while cell := self.take():
            run(cell, self.busy)
            with self.changed:
                self.taken -= {cell.one, cell.other}
                self.changed.notify_all()

    def run(self, workers):
        at_once(self.work, range(workers), workers)


def table(cells, separator="", width=0):
    """Lines: who dials in the rows, whom in the columns."""
    numbers = {kind.name: f"{n}" for n, kind in enumerate(KINDS, 1)}
    rows = [["dialer \\ dialed", *numbers.values()]]
    for kind in KINDS:
        cells_of = {cell.names[1]: str(cell) for cell in cells if cell.names[0] == kind.name}
        rows.append([f"{numbers[kind.name]} {kind.name}", *(cells_of.get(name, "") for name in numbers)])
    return rows


@pytest.fixture(scope="module")
def world():
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(new_lab())
        directory = stack.enter_context(new_directory())
        serve = stack.enter_context(new_servers())
        world = NatWorld(lab, stack.enter_context(new_peers(directory)), serve)
        pairs = [(kind, side, site) for kind in KINDS for side, site in enumerate(world.sites.pair(kind))]
        at_once(lambda pair: world.device(f"{'ab'[pair[1]]} {pair[0].name}".replace(" ", "-").replace(",", ""), pair[2]), pairs)
        world.sides = [sorted((device for device in world.devices if device.name[0] == side),
                              key=lambda device: KINDS.index(device.site.kind)) for side in "ab"]
        for device in world.devices:
            device.admit(world.sides[device in world.sides[0]])
        world.start()
        yield world
        world.end()


def test_every_kind_with_every_other(world):
    began = time.monotonic()
    cells = [Cell(one, other) for one in world.sides[0] for other in world.sides[1]]
    Schedule(cells).run(len(KINDS))
    for row in table(cells):
        print(row[0].ljust(25) + "".join(word.ljust(11) for word in row[1:]))
    for cell in cells:
        if cell.reason or cell.wrong:
            print(cell.names, cell.wrong, "|", cell.reason)
    print(f"{time.monotonic() - began:.0f} s")
    assert not [cell for cell in cells if cell.wrong]
