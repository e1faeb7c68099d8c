# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A network that lets nothing out but the web: TCP to port 443."""
import subprocess

import pytest

import netlab
from conftest import BIG
from far import MIB, QUIC, TCP, swap, transfer_both_ways

ONLY_THE_WEB = """table inet lab {
    counter web {}
    chain out { type filter hook output priority 0; oifname wan tcp dport 443 counter name web accept; oifname wan drop; }
    chain in { type filter hook input priority 0; iifname wan tcp sport 443 accept; iifname wan drop; }
}"""


def certify(peer):
    """A self-signed certificate, as somebody with a bare IP address would make it, beside the configuration."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                    "-subj", "/CN=relay.example", "-keyout", "web.key", "-out", "web.pem"],
                   cwd=peer.config.parent, capture_output=True, check=True)
    text = peer.config.read_text()
    peer.config.write_text(text.replace("network:\n", "network:\n  websocket: {certificate_file: web.pem, key_file: web.key}\n", 1))


@pytest.mark.parametrize("transport", ["ws", "wss"])
def test_only_the_web_gets_out(lab, far, transport):
    lab.join(delay=5)
    lab.client.nft(ONLY_THE_WEB)
    far = far(QUIC, TCP, transport)
    for peer in (far.home, far.laptop):
        certify(peer)
    size = max(BIG // 16, MIB)
    transfer_both_ways(far, far.share(swap(size)), size)
    for one, other in ((far.home, far.laptop), (far.laptop, far.home)):
        connection = one.connection(other)
        assert connection["transport"] == "websocket"
        assert connection["address"].endswith(("/wss", "/tls/ws") if transport == "wss" else "/ws")
    assert "WebSocket" in far.laptop.run("status").stdout
    assert lab.client.counter("web")[1] > size
    assert far.laptop.run("ping", "home", "-c", "1").returncode == 0


def test_what_else_comes_to_the_port(lab, far):
    """A browser or curl is told what this is, in the clear and inside TLS."""
    lab.join(delay=1)
    far = far("wss")
    certify(far.home)
    certify(far.laptop)
    far.share(swap(1))
    with lab.client:
        said = netlab.check("curl", "-sS", "-i", "--insecure", "--max-time", "20", f"https://{netlab.SERVER}/any/path")
    assert said.startswith("HTTP/1.1 426 Upgrade Required") and "libp2p" in said
