# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Every kind of site with every other: how soon a service answers, how soon by a direct path and which, and why by none."""
import collections
import contextlib
import dataclasses
import itertools
import os
import pathlib
import threading
import time

import pytest

import netlab
from conftest import new_directory, new_lab, new_peers, new_servers
from control import Refused
from nat_lab import BY_NAME, EAST, KINDS, WEST, Outcome, expected
from nat_world import NatWorld, at_once
from netlab import wait_for

pytestmark = [pytest.mark.released, pytest.mark.calm]

IS_SLOW = "asan" in netlab.BUILD.name
SYMMETRIC, PORT_RESTRICTED = BY_NAME["symmetric"], BY_NAME["port-restricted"]
N_SYMMETRIC, N_PORT_RESTRICTED = 5, 4
IDLE, IDLE_SHARE = 2, 0.05  # seconds, and of a processor
WIDTH = 10  # characters
BUSY = 3  # pairs that connect at the same time
FIRST = 3 * (3 if IS_SLOW else 1)  # seconds until the first byte is back
DIRECT = 3 * (3 if IS_SLOW else 1)  # seconds from then until the path is direct
LATE = 60  # seconds until a search that came to nothing has been begun again, and is over
LATE_MAX = 3  # of more than a hundred pairs may need one: packets get lost, and a machine is busy
REASON = 30  # seconds until it is known why it is not


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
    late: str = ""

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


LEGEND = ("milliseconds until the first byte came back > until the path was direct, and by what: q QUIC dialed, t TCP dialed, "
          "w WebSocket dialed, p QUIC through opened NATs, 6 by IPv6; relay: it stayed relayed; ! not as it should be")


def way_of(paths):
    """A letter or two for how the path in use came about."""
    best = paths["paths"][0]
    letter = "p" if best["path"] == "punched" else {"quic-v1": "q", "tcp": "t", "websocket": "w"}[best["transport"]]
    return letter + ("6" if best["remote_address"].startswith("/ip6/") else "")


def failures(device, other):
    """(When, why) for each search of a direct path that has failed."""
    return [(event["at_us"], event["text"]) for event in device.control.paths(other)["events"] if event["type"] == "failed"]


def is_direct(one, other):
    return one.path(other) == other.path(one) == "direct"


def wait_until_direct(cell, began):
    """For as long as it has, or until it is known that it does not work."""
    one, other = cell.one, cell.other
    ready, look = time.monotonic(), 0
    while not is_direct(one, other):
        now = time.monotonic()
        if now > ready + DIRECT or (cell.expected is Outcome.RELAYED and now > look and failures(one, other)):
            return
        look = max(look, now + 0.5)
        time.sleep(0.03)
    cell.direct = time.monotonic() - began


def measure(cell, address, began):
    one, other = cell.one, cell.other
    with one.connect(address) as connection:
        connection.sendall(b"?")
        assert connection.recv(1) == b"?"
        cell.first = time.monotonic() - began
        wait_until_direct(cell, began)
    if cell.direct is not None:
        assert one.reaches(address, 5), "a new connection got no answer by the direct path"
        cell.way = way_of(one.control.paths(other))


def explain(cell, address, began):
    """Why it is not direct, in words; it is used meanwhile. It may be late, too."""
    one, other = cell.one, cell.other
    with one.connect(address) as connection:
        connection.sendall(b"!")
        if cell.expected is Outcome.DIRECT:
            wait_for(lambda: is_direct(one, other), LATE, "a direct path, by another search")
        wait_for(lambda: failures(one, other) or is_direct(one, other), REASON, "a reason")
        assert connection.recv(1) == b"!"
    paths = one.control.paths(other)
    if is_direct(one, other):
        cell.direct, cell.way = time.monotonic() - began, way_of(paths)
    else:
        cell.reason = paths["explanation"]
        assert cell.reason and paths["paths"][0]["path"] == "relayed"


def judge(cell):
    if cell.first > FIRST:
        yield f"the first byte took {cell.first:.1f} s"
    if cell.expected is Outcome.DIRECT and (cell.direct is None or cell.direct - cell.first > DIRECT):
        if cell.direct is None:
            yield "it stayed relayed"
        else:
            cell.late = f"it was relayed for {cell.direct - cell.first:.1f} s"
    if cell.expected is Outcome.RELAYED and cell.direct is not None:
        yield "it went direct, which cannot be"


def run(cell, busy):
    name = None
    try:
        with busy:
            began = time.monotonic()
            name, address = cell.one.control.forward(cell.other, "echo")
            measure(cell, address, began)
        if cell.direct is None:
            explain(cell, address, began)
        cell.wrong = ", ".join(judge(cell))
    except Exception as error:  # whatever it was belongs to this cell
        ended = [device.name for device in (cell.one, cell.other) if device.has_ended()]
        cell.wrong += f" {type(error).__name__}: {error}{f', the daemon of {ended} has ended' if ended else ''}"
    finally:
        if name:
            with contextlib.suppress(Refused):
                cell.one.control.remove_forward(name)


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


def table(cells):
    """Rows of words: who dials in the rows, whom in the columns."""
    yield ["dialer \\ dialed", *(str(number) for number in range(1, len(KINDS) + 1))]
    for number, kind in enumerate(KINDS, 1):
        of_this = {cell.names[1]: str(cell) for cell in cells if cell.names[0] == kind.name}
        yield [f"{number} {kind.name}", *(of_this.get(other.name, "") for other in KINDS)]


def lines(cells):
    """For pytest's last words."""
    for first, *others in table(cells):
        yield first.ljust(24) + "".join(word.ljust(WIDTH) for word in others).rstrip()
    yield LEGEND
    reasons = collections.Counter(cell.reason for cell in cells if cell.reason)
    yield from (f"relayed {number} times: {reason}" for reason, number in reasons.most_common())
    yield from (f"WRONG {' to '.join(cell.names)}: {cell.wrong.strip()}" for cell in cells if cell.wrong)


def keep(cells, tries):
    """The same as a file, for whoever wants it later."""
    path = netlab.BUILD.parent / "test" / f"nat-matrix-{netlab.BUILD.name}.md"
    path.parent.mkdir(exist_ok=True)
    head, *rows = table(cells)
    text = ["# Every kind of site with every other", "", *(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)),
            "", LEGEND + ".", ""]
    text += [f"* {line}" for line in tries]
    text += [f"* {' to '.join(cell.names)} stays relayed: {cell.reason}" for cell in cells if cell.reason]
    path.write_text("\n".join(text) + "\n")


class MatrixWorld(NatWorld):
    """A device on either side for each kind, and some more for the tries: all of a side may connect to all of the other."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        sites = [(f"{side}-{kind.name}", site) for kind in KINDS for side, site in zip("ab", self.sites.pair(kind))]
        sites += [(f"a-again{n}", self.sites.site(SYMMETRIC, WEST)) for n in range(N_SYMMETRIC)]
        sites += [(f"b-again{n}", self.sites.site(PORT_RESTRICTED, EAST)) for n in range(N_PORT_RESTRICTED)]
        devices = at_once(lambda named: self.device(named[0].replace(" ", "-").replace(",", ""), named[1]), sites)
        self.sides = [[device for device in devices if device.name.startswith(side)] for side in "ab"]
        for device in devices:
            device.admit(self.sides[device in self.sides[0]])

    def of_kinds(self, side):
        return [device for device in self.sides[side] if "-again" not in device.name]

    def again(self, side):
        return [device for device in self.sides[side] if "-again" in device.name]

    def used(self):
        """Seconds of the processor that the devices' daemons have taken, those that live."""
        return sum(processor_seconds(device.peer.daemon_process.pid) for device in self.devices if not device.has_ended())


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def world():
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(new_lab())
        directory = stack.enter_context(new_directory())
        serve = stack.enter_context(new_servers())
        world = MatrixWorld(lab, stack.enter_context(new_peers(directory)), serve)
        stack.callback(world.end)
        world.start()
        yield world


@pytest.fixture(scope="module")
def tries():
    """What was said of the tries, for the file."""
    return []


def test_symmetric_with_port_restricted(world, show, tries):
    """Beyond ICE, by a search among many ports: in most tries, whoever dials, and each time as if for the first."""
    cells = [Cell(*((one, other) if n % 2 else (other, one)))
             for n, (one, other) in enumerate(itertools.product(world.again(0), world.again(1)))]
    Schedule(cells).run(BUSY)
    direct = sorted(cell.direct - cell.first for cell in cells if cell.direct is not None and cell.direct - cell.first <= DIRECT)
    middle = f", after {direct[len(direct) // 2]:.2f} s in the middle and {direct[-1]:.2f} s at worst" if direct else ""
    tries.append(f"symmetric with port-restricted: {len(direct)} of {len(cells)} direct{middle}")
    show("matrix of sites", tries[-1])
    assert not [cell for cell in cells if cell.wrong], [(cell.names, cell.wrong) for cell in cells if cell.wrong]
    assert len(cells) == 20 and len(direct) >= 18


def test_every_kind_with_every_other(world, show, tries):
    """Under the sanitizers every third: each kind is there on either side, and what is slow stays bearable."""
    pairs = itertools.product(enumerate(world.of_kinds(0)), enumerate(world.of_kinds(1)))
    cells = [Cell(one, other) for (row, one), (column, other) in pairs if not IS_SLOW or (row + column) % 3 == 0]
    began = time.monotonic()
    Schedule(cells).run(len(KINDS))
    for line in lines(cells):
        show("matrix of sites", line)
    likely = [cell for cell in cells if cell.expected is Outcome.LIKELY]
    tries.append(f"{sum(cell.direct is not None for cell in likely)} of {len(likely)} that need a search for ports went direct; all "
                 f"took {time.monotonic() - began:.0f} s")
    late = [f"{' to '.join(cell.names)}: {cell.late}" for cell in cells if cell.late]
    tries.append(f"{len(late)} went direct by a second search only{''.join('; ' + text for text in late)}")
    for text in tries[-2:]:
        show("matrix of sites", text)
    keep(cells, tries)
    assert not [cell for cell in cells if cell.wrong]
    assert len(late) <= LATE_MAX, late


def test_nobody_works_for_nothing(world):
    """All are connected to many, and nothing is used: then next to nothing is done."""
    before, began = world.used(), time.monotonic()
    time.sleep(IDLE)
    took = (world.used() - before) / (time.monotonic() - began) / len(world.devices)
    assert took < IDLE_SHARE, f"{took:.1%} of a processor each"
