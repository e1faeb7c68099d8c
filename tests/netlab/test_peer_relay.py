# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A device with a public address relays for those who know it, without being told to."""
import signal

import netlab
from conftest import wait_for
from far import QUIC, TCP, listen_address

PHONE = "9.8.7.2"


def join(lab):
    """The laptop behind a NAT, the phone with an address of its own, and the server, which routes for neither."""
    lab.join_by_nat()
    phone = lab.space()
    lab.line((phone, "wan"), (lab.server, "phone"))
    phone.ip(f"addr add {PHONE}/24 dev wan", "link set wan up", "route add default dev wan")
    lab.server.ip("link set phone up", f"route add {PHONE}/32 dev phone")
    return phone


def start(lab, make_peer, transport):
    """(server, laptop, phone), all of whom know each other; the others know where the server is."""
    # They end in this order, so that the server has nothing to drain.
    phone, laptop, server = (make_peer(name, space).init()
                             for name, space in (("phone", join(lab)), ("laptop", lab.client), ("server", lab.server)))
    peers = server, laptop, phone
    for peer in peers:
        peer.listen_on(listen_address("0.0.0.0", transport, peer.port))
        for other in peers:
            if other is server and peer is not server:
                peer.run("auth", "add", server.address(netlab.SERVER, transport), "--name", "server")
            elif other is not peer:
                peer.authorize(other)
    for peer in peers:
        peer.daemon()
    return peers


def relay_of(peer, state):
    """What peer says of the one relay that it has, once it is in that state."""
    relays = peer.status()["relays"]
    return relays[0] if relays and relays[0]["state"] == state else None


def meet(lab, make_peer, transport):
    server, laptop, phone = start(lab, make_peer, transport)
    for peer in (laptop, phone):
        peer.run("ping", "server", "--count", "1")
    for peer in (laptop, phone):
        relay = wait_for(lambda: relay_of(peer, "reserved"), 20, "a reservation")
        assert (relay["id"], relay["origin"], relay["preferred"]) == (server.id, "peer", True)
        assert not relay["limited"]
    answer = phone.json("ping", "laptop", "--count", "1")
    assert phone.connection(laptop)["path"] == "relayed", answer
    return server, laptop, phone


def test_public_peer_relays_over_tcp(lab, make_peer):
    server, laptop, _ = meet(lab, make_peer, TCP)
    # Neither of the two was dialed from outside.
    assert "This device was reached from the internet at /ip4/5.6.7.2/tcp/" in server.daemon_process.stderr()
    assert "was reached from the internet" not in laptop.daemon_process.stderr()


def test_public_peer_relays_over_quic(lab, make_peer):
    meet(lab, make_peer, QUIC)


def test_forwarded_port_is_public(lab, make_peer):
    """The laptop's router forwards a port to it: the phone, which dials that, tells the laptop where."""
    _, laptop, phone = start(lab, make_peer, TCP)
    lab.router.nft(f"""
        add chain ip nat pre {{ type nat hook prerouting priority dstnat; }}
        add rule ip nat pre iifname wan tcp dport 4443 dnat to {netlab.INSIDE}:{laptop.port}
        insert rule ip filter forward ct status dnat accept""")
    lab.server.sysctl("net/ipv4/ip_forward", 1)
    phone.run("ping", f"/ip4/{netlab.CLIENT}/tcp/4443/p2p/{laptop.id}", "--count", "1")
    laptop.daemon_process.wait_stderr(rf"reached from the internet at /ip4/{netlab.CLIENT}/tcp/4443")
    laptop.daemon_process.wait_stderr("Relaying for authorized peers")


def test_hole_of_our_own_proves_nothing(lab, make_peer):
    """Over QUIC the laptop dials the phone and loses it; the phone comes back in by the mapping that is left."""
    _, laptop, phone = start(lab, make_peer, QUIC)
    lab.server.sysctl("net/ipv4/ip_forward", 1)
    # Lest the laptop dials it again by itself, as its relay.
    phone.be_private()
    phone.daemon_process.wait_stderr("was read again")
    laptop.run("ping", phone.address(PHONE, QUIC), "--count", "1")
    seen = phone.connection(laptop)["address"]
    assert seen.startswith(f"/ip4/{netlab.CLIENT}/udp/"), seen
    phone.daemon_process.signal(signal.SIGTERM)
    assert phone.daemon_process.wait() == 0
    phone.daemon()
    phone.run("ping", f"{seen}/p2p/{laptop.id}", "--count", "1")
    assert laptop.connection(phone)["outbound"] is False
    assert "reached from the internet" not in laptop.daemon_process.stderr()
