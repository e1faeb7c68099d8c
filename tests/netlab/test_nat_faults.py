# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Paths that break as they do in a day, how soon a service answers again, and whether what is shown is so.

Usable: a new connection through a forward that has been there all the time gets its answer. All faults happen at the same
time, each to a laptop of its own that has a forward to the one home. Those of relays have relays and homes of their own.
"""
import concurrent.futures
import contextlib
import dataclasses
import signal
import threading
import time

import pytest

import netlab
from conftest import new_directory, new_lab, new_peers, new_servers
from nat_lab import BY_NAME, EAST, WEST, use
from nat_world import NatWorld
from netlab import forget_mappings, wait_for
from test_relay import DROP

pytestmark = pytest.mark.calm

# What shares the machine makes it slower, and the sanitizers still more. Printed is what it takes.
SLOWER = 5 if "asan" in netlab.BUILD.name else 2
USABLE = 3  # seconds, as it has to be on a machine of its own
FAILOVER = 5  # the same, where nobody says that a way is gone
TRUE = 5  # seconds until what is shown is so
PATIENCE = 60
AGAIN = 60  # seconds until it is direct again: one search may fail in 10 s, and the next is 36 s later at most
ASLEEP = 65  # seconds after which the others have given up (60), so that it is as if it were ten minutes
CHANGES = 10
STEADY = 10  # seconds in which nothing has to change


@dataclasses.dataclass
class Healing:
    """What came out: seconds until it was usable, of how many, and until it was direct again where that was to be."""

    usable: float
    limit: float
    direct: float = None
    note: str = ""
    wrong: list = dataclasses.field(default_factory=list)

    def __str__(self):
        usable = f"usable after {self.usable:5.2f} s (at most {self.limit} s)" if self.usable is not None else "not usable again"
        direct = f", direct after {self.direct:5.2f} s" if self.direct is not None else ""
        return f"{usable}{direct}{self.note}{''.join(f'; WRONG: {text}' for text in self.wrong)}"


class Pair:
    """A laptop whose forward to home is used and direct, or relayed if it cannot be that."""

    def __init__(self, laptop, home, is_direct=True):
        self.laptop, self.home = laptop, home
        self.address = laptop.forward(home)
        wait_for(lambda: laptop.reaches(self.address), PATIENCE, f"{laptop.name}'s way home")
        if is_direct:
            self.wait_direct()
        self.began = None

    def wait_direct(self):
        try:
            wait_for(lambda: self.laptop.path(self.home) == self.home.path(self.laptop) == "direct", PATIENCE,
                     f"{self.laptop.name}'s direct path")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.told()}") from None

    def told(self):
        """What the laptop says became of its attempts."""
        return "; ".join(f"{event['type']} {event['text']}" for event in self.laptop.control.paths(self.home)["events"][-6:])

    def broken(self):
        """From now on it heals."""
        self.began = time.monotonic()

    def claims(self):
        """The paths that either side shows as good."""
        return {path for path in (shown(self.laptop, self.home), shown(self.home, self.laptop)) if path}

    def heal(self, limit=USABLE, note=""):
        """Measures until it is usable; what is shown afterwards has to be so."""
        usable = self.laptop.seconds_until_usable(self.address, self.began, PATIENCE)
        return Healing(usable, limit, note=note)

    def is_true(self, healing, is_so, what):
        """By the time it has to be: is_so() of what is shown."""
        left = self.began + TRUE * SLOWER - time.monotonic()
        try:
            wait_for(is_so, max(left, 0.1), what)
        except AssertionError as error:
            healing.wrong.append(str(error))

    def until_direct(self, healing):
        with contextlib.suppress(AssertionError):
            wait_for(lambda: self.laptop.path(self.home) == self.home.path(self.laptop) == "direct", AGAIN, "a direct path")
            healing.direct = time.monotonic() - self.began
            return
        healing.wrong.append(f"no direct path came back ({self.told()})")


def shown(device, other):
    """"direct" or "relayed" as status shows the path to other; None if it shows none that lives."""
    paths = device.control.paths(other)
    best = paths["paths"][0] if paths and paths["state"] == "connected" and paths["paths"] else None
    if best is None or best["silent"]:
        return None
    return "relayed" if best["path"] == "relayed" else "direct"


def swap_interfaces(pair, _):
    """The laptop leaves one network, and is in another."""
    pair.broken()
    pair.laptop.space.ip("link set lan down")
    use(pair.laptop.space, "wlan", "192.168.9.2")
    healing = pair.heal()
    pair.until_direct(healing)
    return healing


def reboot_nat(pair, _):
    """The router has forgotten all, and gives other ports."""
    router = pair.laptop.site.routers[0]
    pair.broken()
    router.nft("""
        flush chain ip nat post
        add rule ip nat post oifname wan meta l4proto udp masquerade to :30000-39999
        add rule ip nat post oifname wan masquerade""")
    forget_mappings(router)
    healing = pair.heal()
    pair.until_direct(healing)
    return healing


def hole(pair, world, source, target):
    """Nothing of the direct path gets from source to target any more; the way back is open. Then it is over."""
    hub, table = world.shores.shores[EAST].hub, f"hole{threading.get_ident()}"
    pair.broken()
    hub.nft(f"""table inet {table} {{
        chain forward {{
            type filter hook forward priority 0;
            ip saddr {source} ip daddr {target} drop
        }}
    }}""")
    healing = pair.heal(FAILOVER)
    pair.is_true(healing, lambda: pair.claims() == {"relayed"}, "that both sides show the relay")
    hub.nft(f"delete table inet {table}")
    pair.broken()
    pair.until_direct(healing)
    return healing


def hole_down(pair, world):
    return hole(pair, world, pair.home.site.outside, pair.laptop.site.outside)


def hole_up(pair, world):
    return hole(pair, world, pair.laptop.site.outside, pair.home.site.outside)


def renumber(pair, _):
    """The laptop has another address in the same network."""
    pair.broken()
    pair.laptop.space.ip("addr del 192.168.1.2/24 dev lan")
    use(pair.laptop.space, "lan", "192.168.1.77")
    healing = pair.heal()
    pair.until_direct(healing)
    return healing


def withdraw_ipv6(pair, _):
    """The laptop's only address of the family that its path has is gone."""
    assert "/ip6/" in pair.laptop.control.connections(pair.home)[0]["remote_address"]
    pair.broken()
    pair.laptop.space.ip(f"addr del {pair.laptop.site.own[1]}/64 dev lan")
    healing = pair.heal()
    pair.until_direct(healing)
    return healing


def unplug(pair, _):
    """No network at all for a while: that is shown, and it is over at once when there is one."""
    pair.broken()
    pair.laptop.space.ip("link set lan down")
    healing = Healing(None, USABLE)
    pair.is_true(healing, lambda: not pair.claims(), "that no path is shown")
    pair.broken()
    pair.laptop.space.ip("link set lan up", "route add default via 192.168.1.1")
    healing.usable = pair.heal().usable
    pair.until_direct(healing)
    return healing


def change_ten_times(pair, _):
    """Ten times in ten seconds the laptop is in the other network."""
    space = pair.laptop.space
    for number in range(CHANGES):
        old, new, address = (("lan", "wlan", "192.168.9.2"), ("wlan", "lan", "192.168.1.2"))[number % 2]
        began = time.monotonic()
        space.ip(f"addr flush dev {old}", f"link set {old} down")
        use(space, new, address)
        pair.broken()
        if number < CHANGES - 1:
            time.sleep(max(0, began + 1 - time.monotonic()))
    # Direct paths may have been asked for as often as a peer may for now.
    healing = pair.heal(note=", and a relay may be used for a minute")
    pair.is_true(healing, lambda: len(pair.claims()) == 1, "that both sides show the same path")
    return healing


def sleep_long(pair, _):
    """The laptop has slept until nobody remembers it."""
    laptop = pair.laptop
    laptop.peer.daemon_process.signal(signal.SIGSTOP)
    time.sleep(ASLEEP)
    forget_mappings(laptop.site.routers[0])
    pair.broken()
    laptop.peer.daemon_process.signal(signal.SIGCONT)
    healing = pair.heal()
    pair.until_direct(healing)
    return healing


def lose_packets(pair, _):
    """Where every third packet is lost either way it works, and the path is not given up for that."""
    paths, answers = [], 0
    end = time.monotonic() + STEADY
    while time.monotonic() < end:
        answers += pair.laptop.reaches(pair.address, 10)
        path = pair.laptop.path(pair.home)
        if path not in paths[-1:]:
            paths.append(path)
    pair.broken()
    healing = pair.heal(note=f", {answers} answers before in {STEADY} s, by {' then '.join(map(str, paths))}")
    if paths != ["direct"]:
        healing.wrong.append("the path did not stay direct")
    return healing


def kill_relay(pair, _):
    """The only relay dies, and comes back when both have noticed."""
    relay, = pair.laptop.relays
    relay.peer.daemon_process.signal(signal.SIGKILL)
    relay.peer.daemon_process.wait()
    pair.broken()
    healing = Healing(None, USABLE)
    pair.is_true(healing, lambda: not pair.claims(), "that no path is shown")
    relay.start()
    pair.broken()
    healing.usable = pair.heal().usable
    return healing


def black_hole_relay(pair, _):
    """Nobody is told that the relay in use is gone; there is another."""
    lost = next(relay for relay in pair.laptop.relays
                if relay.peer.id in pair.laptop.control.connections(pair.home)[0]["remote_address"])
    pair.broken()
    lost.peer.space.nft(DROP)
    healing = pair.heal(FAILOVER)
    pair.is_true(healing, lambda: lost.peer.id not in (pair.laptop.control.peer(pair.home) or {}).get("address", lost.peer.id),
                 "that the other relay is shown")
    return healing


@dataclasses.dataclass(frozen=True)
class Fault:
    """What happens to a pair, and what the pair is: the laptop's kind of site, and how it is attached there."""

    happens: object
    kind: str = "port-restricted"
    has_second: bool = False    # a second network, behind another router
    line: dict = dataclasses.field(default_factory=dict)
    n_relays: int = 0           # of its own, with a home of its own of the same kind


FAULTS = {
    "another network": Fault(swap_interfaces, has_second=True),
    "the router forgets all": Fault(reboot_nat),
    "a hole from home": Fault(hole_down),
    "a hole to home": Fault(hole_up),
    "another address": Fault(renumber),
    "IPv6 withdrawn": Fault(withdraw_ipv6, kind="IPv6 too"),
    "no network for a while": Fault(unplug),
    "ten changes in ten seconds": Fault(change_ten_times, has_second=True),
    "30 % loss": Fault(lose_packets, line={"loss": 30}),
    "a relay killed and back": Fault(kill_relay, kind="symmetric", n_relays=1),
    "a relay in a black hole": Fault(black_hole_relay, kind="symmetric", n_relays=2),
    "ten minutes asleep": Fault(sleep_long),
}
BY_THE_CLOCK = ("ten minutes asleep",)


class FaultWorld(NatWorld):
    """One home for all, and what each of those faults needs."""

    def __init__(self, lab, make_peer, serve, faults):
        super().__init__(lab, make_peer, serve)
        self.home = self.device("home", self.sites.site(BY_NAME["IPv6 too"], EAST))
        self.pairs = {name: self.make_pair(number, FAULTS[name]) for number, name in enumerate(faults)}

    def make_pair(self, number, fault):
        """(laptop, home); home is not yet told."""
        kind, relays, home = BY_NAME[fault.kind], None, self.home
        if fault.n_relays:
            relays = [self.relay(f"relay{number}-{n}", (WEST, EAST)[n]) for n in range(fault.n_relays)]
            home = self.device(f"home{number}", self.sites.site(kind, EAST), relays)
        site = self.sites.site(kind, WEST, **fault.line)
        if fault.has_second:
            self.sites.second_way(site, WEST)
        laptop = self.device(f"laptop{number}", site, relays)
        home.admit([laptop])
        laptop.admit([home])
        return laptop, home

    def run(self, name):
        laptop, home = self.pairs[name]
        fault = FAULTS[name]
        return fault.happens(Pair(laptop, home, is_direct=not fault.n_relays), self)


@pytest.fixture(scope="module")
def healings(request):
    """Futures of what comes out of the faults of this run, by their names: all happen at once."""
    faults = [item.callspec.params["name"] for item in request.session.items if item.originalname == test_heals.__name__]
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(new_lab())
        directory = stack.enter_context(new_directory())
        serve = stack.enter_context(new_servers())
        world = FaultWorld(lab, stack.enter_context(new_peers(directory)), serve, faults)
        world.start()
        stack.callback(world.end)
        with concurrent.futures.ThreadPoolExecutor(len(faults)) as pool:
            yield {name: pool.submit(world.run, name) for name in faults}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.by_the_clock] if name in BY_THE_CLOCK else [])
                                  for name in FAULTS])
def test_heals(name, healings, show):
    healing = healings[name].result()
    show("healing", f"{name:27} {healing}")
    assert healing.usable is not None and healing.usable < healing.limit * SLOWER
    assert not healing.wrong
