# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Sites of every kind on one internet: what stands between a device and the others, and what that lets through.

The internet has two shores with half a round trip of delay between them. A site is a device, or two, behind routers
that are network namespaces with nftables alone. Each kind says what it is in the words of RFC 4787, and from
those words follows which pairs can have a direct path.
"""
import dataclasses
import enum
import pathlib

from netlab import check
from relay_lab import Internet

DELAY = 10  # ms, one way between the shores
WEST, EAST = 0, 1
# One socket gets so many ports, one after the other or by a hash; random ones are out of all.
N_PORTS, FIRST_PORT = 4096, 20000
# Of a router, before what lets out.
NO_UDP = ("meta l4proto udp counter name refused drop",)
ONLY_THE_WEB = (*NO_UDP, "iifname lan tcp dport != 443 counter name refused drop")


class By(enum.Enum):
    """What a mapping holds for, and whom a filter lets in once we have sent to somebody."""

    NOTHING = "anybody"
    ADDRESS = "that address"
    PORT = "that address and port"


@dataclasses.dataclass(frozen=True)
class Kind:
    """How a device of a site reaches the internet, and the internet it."""

    name: str
    mapping: By = By.NOTHING   # another port outside for another ...
    filtering: By = By.PORT
    rules: str = "masquerade"  # of the router, for UDP
    blocked: tuple = ()
    routers: int = 1           # one behind the other
    shared: str = ""           # both sides' sites are behind the same carrier, or their devices in one network
    hairpin: bool = False      # of what is shared
    v4: bool = True
    v6: bool = False           # behind a router with a stateful filter, as homes have it

    @property
    def has_udp(self):
        return not self.blocked

    @property
    def is_public(self):
        return self.routers == 0

    @property
    def is_hard(self):
        """Where it is seen by one it is not seen by another."""
        return self.mapping is not By.NOTHING


FULL_CONE = "update @open { udp sport : ip saddr . udp sport } masquerade"
ADDRESS_RESTRICTED = "update @known { ip daddr . udp sport : ip saddr . udp sport } masquerade"

KINDS = (
    Kind("public", filtering=By.NOTHING, routers=0, v6=True),
    Kind("full cone", filtering=By.NOTHING, rules=FULL_CONE),
    Kind("address-restricted", filtering=By.ADDRESS, rules=ADDRESS_RESTRICTED),
    Kind("port-restricted"),
    Kind("symmetric", mapping=By.PORT, rules="masquerade fully-random"),
    Kind("symmetric, sequential", mapping=By.PORT, rules="numgen inc"),
    Kind("by address", mapping=By.ADDRESS, rules="jhash ip daddr . udp sport"),
    Kind("double NAT", routers=2),
    Kind("CGNAT", routers=2, shared="carrier"),
    Kind("CGNAT, hairpin", routers=2, shared="carrier", hairpin=True),
    Kind("one network", shared="network"),
    Kind("IPv6 too", v6=True),
    Kind("IPv6 only", v4=False, v6=True),
    Kind("no UDP", blocked=NO_UDP),
    Kind("only TCP 443", blocked=ONLY_THE_WEB),
)
BY_NAME = {kind.name: kind for kind in KINDS}


class Outcome(enum.Enum):
    DIRECT = "direct"
    LIKELY = "likely"  # direct in most tries, by a search among many ports
    RELAYED = "relayed"


def by_tcp(one, other):
    """Whether one can dial what the other listens on."""
    return other.is_public and one.v4 and one.blocked is not ONLY_THE_WEB


def by_ice(one, other):
    """Whether each is let in where the other's packets come from, which is elsewhere for each destination if it is hard."""
    if one.is_hard and other.is_hard:
        return Outcome.RELAYED
    if any(hard.is_hard and far.filtering is By.PORT for hard, far in ((one, other), (other, one))):
        return Outcome.LIKELY
    return Outcome.DIRECT


def expected(one, other):
    """The best path between a site of each kind, by the theory of ICE or by plain dialing."""
    if one is other and one.shared:
        return Outcome.DIRECT if one.hairpin or one.shared == "network" else Outcome.RELAYED
    if by_tcp(one, other) or by_tcp(other, one):
        return Outcome.DIRECT
    if not (one.has_udp and other.has_udp):
        return Outcome.RELAYED
    if one.v6 and other.v6:
        return Outcome.DIRECT
    return by_ice(one, other) if one.v4 and other.v4 else Outcome.RELAYED


def translate(kind, outside):
    """The rule of a router for UDP that leaves, and the rules for what comes from outside."""
    if kind.rules.startswith(("numgen", "jhash")):
        ports = ", ".join(f"{n} : {outside} . {FIRST_PORT + n}" for n in range(N_PORTS))
        seed = " seed 0xbeef" if kind.rules.startswith("jhash") else ""
        return f"snat ip to {kind.rules} mod {N_PORTS}{seed} map {{ {ports} }}", []
    into = {FULL_CONE: "udp dport map @open", ADDRESS_RESTRICTED: "ip saddr . udp dport map @known"}.get(kind.rules)
    return kind.rules, [f"iifname wan meta l4proto udp dnat to {into}"] if into else []


def hairpin(outside):
    """What goes from inside to a mapping of another inside comes as from outside: the same for UDP of a carrier."""
    return FULL_CONE, [f"iifname lan ip daddr {outside} meta l4proto udp dnat to udp dport map @open"], [
        f"iifname lan oifname lan meta l4proto udp snat to {outside}"]


def ruleset(kind, outside, is_carrier=False):
    """What a router of such a site is given. Strangers' packets are dropped on arrival, lest they take a mapping's place."""
    between = []
    if not is_carrier:
        rule, into = translate(kind, outside)
    elif kind.hairpin:
        rule, into, between = hairpin(outside)
    else:
        rule, into = "masquerade", []
    post = [f"oifname wan meta l4proto udp {rule}", *between, "oifname wan masquerade"]
    newline = "\n            "
    return f"""
        table inet lab {{
          counter refused {{ }}
          chain input {{
            type filter hook input priority 0;
            iifname wan meta l4proto udp counter name refused drop
            iifname wan tcp flags & (syn | ack) == syn counter name refused drop
            ip daddr {outside} meta l4proto udp counter name refused drop
          }}
          chain forward {{
            type filter hook forward priority 0; policy drop;
            {"" if is_carrier else newline.join(kind.blocked)}
            ct state established,related accept
            ct status dnat accept
            iifname lan oifname wan accept
            counter name refused
          }}
        }}
        table ip nat {{
          map open {{ type inet_service : ipv4_addr . inet_service; flags dynamic,timeout; timeout 5m; size 65535; }}
          map known {{ type ipv4_addr . inet_service : ipv4_addr . inet_service; flags dynamic,timeout; timeout 5m; size 65535; }}
          chain pre {{
            type nat hook prerouting priority dstnat;
            {newline.join(into)}
          }}
          chain post {{
            type nat hook postrouting priority srcnat;
            {newline.join(post)}
          }}
        }}"""


class Shores:
    """An internet with delay in the middle. Sites, whose addresses follow from their number, and hosts with an address."""

    def __init__(self, lab, delay=DELAY):
        self.lab = lab
        self.shores = (Internet(lab), Internet(lab))
        west, east = (shore.hub for shore in self.shores)
        self.line = lab.line((west, "trunk"), (east, "trunk"), delay=delay)
        for hub, far in ((west, 5), (east, 1)):
            hub.sysctl("net/ipv6/conf/all/forwarding", 1)
            hub.ip("link set trunk up", f"route add {far}.0.0.0/8 dev trunk", f"-6 route add 2a0{far}::/16 dev trunk")
        self.n_sites = [0, 0]

    def attach(self, shore, space, **line):
        """A namespace gets wan with an address of each family, by a delay line if it has settings; returns these."""
        self.n_sites[shore] += 1
        head, number, internet = (1, 5)[shore], self.n_sites[shore], self.shores[shore]
        v4, v6 = f"{head}.2.{number}.2", f"2a0{head}:{number:x}::2"
        internet.attach(space, v4, **line)
        # Routers ask their neighbours from link-local addresses.
        internet.hub.ip(f"addr add 2a0{head}:{number:x}::1/64 dev site{internet.n_sites} nodad",
                        f"addr add fe80::1/64 dev site{internet.n_sites} nodad",
                        f"-6 route add 2a0{head}:{number:x}:1::/64 via {v6}")
        space.ip(f"addr add {v6}/64 dev wan nodad", "addr add fe80::2/64 dev wan nodad",
                 f"-6 route add default via 2a0{head}:{number:x}::1")
        return v4, v6

    def host(self, shore):
        """A namespace without anything in between, and its addresses."""
        space = self.lab.space()
        return space, self.attach(shore, space)

    def route(self, space, inside):
        """Makes it a router with that address in a network of its own, which is a bridge."""
        space.sysctl("net/ipv4/ip_forward", 1)
        space.ip("link add name lan type bridge", f"addr add {inside}/24 dev lan", "link set lan up")
        if pathlib.Path("/proc/sys/net/bridge").exists():
            space.sysctl("net/bridge/bridge-nf-call-iptables", 0)
            space.sysctl("net/bridge/bridge-nf-call-ip6tables", 0)

    def plug(self, router, space, inside, device, isolated=False, is_used=True):
        """space gets that device in the router's network; isolated from those that are so too."""
        port = f"port{inside.rpartition('.')[2]}"
        self.shores[0].join(router, port, space, device)
        router.ip(f"link set {port} master lan up")
        if isolated:
            with router:
                check("bridge", "link", "set", "dev", port, "isolated", "on")
        if is_used:
            use(space, device, inside)


def use(space, device, inside):
    """The device comes up with that address and is the way out."""
    space.ip(f"link set {device} up", f"addr add {inside}/24 dev {device}", f"route add default via {inside.rpartition('.')[0]}.1")


@dataclasses.dataclass
class Site:
    """A device and what stands before it. outside is where the internet sees it by IPv4, and own its own addresses."""

    kind: Kind
    space: object
    routers: list  # the device's own first
    outside: str
    own: tuple

    def refused(self):
        """How many packets its routers have dropped."""
        return sum(router.counter("refused")[0] for router in self.routers)


class SiteMaker:
    """Makes the sites of a kind, for one shore or both."""

    def __init__(self, shores):
        self.shores = shores
        self.lab = shores.lab

    def pair(self, kind):
        """[site, site]: one on either shore, or both where they share something."""
        if kind.shared == "network":
            router, outside, _ = self.router(WEST, kind, "192.168.7.1")
            return [self.device(kind, router, outside, f"192.168.7.{n}", [router]) for n in (2, 3)]
        if kind.shared == "carrier":
            carrier, outside, _ = self.router(WEST, kind, "100.64.0.1", carrier=True)
            return [self.behind(kind, carrier, outside, n) for n in (2, 3)]
        return [self.site(kind, shore) for shore in (WEST, EAST)]

    def site(self, kind, shore, **line):
        if kind.is_public:
            space, own = self.shores.host(shore)
            return Site(kind, space, [], own[0], own)
        if kind.routers == 2:
            carrier, outside, _ = self.router(shore, kind, "100.64.0.1", carrier=True)
            return self.behind(kind, carrier, outside, 2)
        router, outside, outside6 = self.router(shore, kind, "192.168.1.1", **line)
        if not kind.v6:
            return self.device(kind, router, outside, "192.168.1.2", [router])
        return self.device6(kind, router, outside, outside6)

    def router(self, shore, kind, inside, carrier=False, **line):
        space = self.lab.space()
        outside, outside6 = self.shores.attach(shore, space, **line)
        self.shores.route(space, inside)
        space.nft(ruleset(kind, outside, carrier))
        return space, outside, outside6

    def behind(self, kind, carrier, outside, number):
        """A site whose router has an address of the carrier's; its neighbours do not reach that."""
        router, address = self.lab.space(), f"100.64.0.{number}"
        self.shores.plug(carrier, router, address, "wan", isolated=True)
        self.shores.route(router, "192.168.1.1")
        router.nft(ruleset(kind, address))
        return self.device(kind, router, outside, "192.168.1.2", [router, carrier])

    def second_way(self, site, shore):
        """The site's device gets wlan, in another network behind another such router; it is down. Returns its address there."""
        router, _, _ = self.router(shore, BY_NAME["port-restricted"], "192.168.9.1")
        self.shores.plug(router, site.space, "192.168.9.2", "wlan", is_used=False)
        return "192.168.9.2"

    def device(self, kind, router, outside, inside, routers):
        space = self.lab.space()
        self.shores.plug(router, space, inside, "lan")
        return Site(kind, space, routers, outside, (inside,))

    def device6(self, kind, router, outside, outside6):
        site = self.device(kind, router, outside, "192.168.1.2", [router])
        network = outside6.removesuffix("::2") + ":1"
        router.sysctl("net/ipv6/conf/all/forwarding", 1)
        router.ip(f"addr add {network}::1/64 dev lan nodad", "addr add fe80::1/64 dev lan nodad")
        site.space.ip(f"addr add {network}::2/64 dev lan nodad", f"-6 route add default via {network}::1")
        site.own = (site.own[0], f"{network}::2")
        if not kind.v4:
            site.space.ip("addr del 192.168.1.2/24 dev lan")
            site.own = site.own[1:]
        return site
