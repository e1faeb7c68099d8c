# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Two households behind routers of their own, which let no UDP out but to a relay, and a web page at home."""
import re

from house import web
from netlab import check
from relay_lab import RELAY_HOSTS, Internet
from relays import OwnRelay

class Stage:
    def __init__(self, lab, make_peer, serve):
        self.make_peer = make_peer
        internet = Internet(lab)
        host = RELAY_HOSTS[0]
        relay_space = internet.public(host)
        self.here = internet.private("1.2.3.2", "192.168.1.2", [host])
        self.there = internet.private("1.2.4.2", "192.168.2.2", [host])
        self.relay = OwnRelay(make_peer("relay", relay_space)).start()
        self.relay_address = f"{self.relay.address('quic', host)}/p2p/{self.relay.id}"
        self.serve = serve

    def home(self, *options, used=False):
        """A machine where nothing of Peer-Up was ever run, unless used; a web page is at the port."""
        home = self.make_peer("home", self.here)
        with self.here:
            home.web_port = self.serve(web).port
        return self.use(home, *options) if used else home

    def visitor(self, *options, used=False):
        visitor = self.make_peer("visitor", self.there)
        return self.use(visitor, *options) if used else visitor

    def use(self, peer, *options):
        peer.run("init", "--port", peer.port, "--relay", self.relay_address)
        self.admit(peer)
        return peer

    def admit(self, peer):
        """The relay knows it from now on."""
        peer.id = peer.run("whoami").stdout.strip()
        self.relay.authorize(peer)

    def lose_relay(self):
        self.relay.process.process.kill()
        self.relay.process.process.wait()

    def bring_relay_back(self):
        self.relay.start()


def fetch(space, address, *options):
    """What a person sees with curl, at a HOST:PORT of that namespace."""
    with space:
        return check("curl", "-sS", "--retry", "5", "--retry-all-errors", "--max-time", 20, *options, f"http://{address}/")


def share_web(app, port, name="web"):
    app.select("This Device")
    app.activate("Add a Service")
    app.select(re.compile(f"localhost:{port}"))
    app.wait_text("Share a Service")
    app.set_text("Name", name, within=app.top)
    app.activate("Add", within=app.top)
    app.find(f"Share {name}", "switch")


def full_code(app):
    """The code as the window shows it to be pasted."""
    row = app.find("Full Code", "list item")
    return next(node.name for node in row.walk() if node.role == "label" and len(node.name) > 40)


def address_in(app, row):
    """HOST:PORT of a forward, as its row shows it."""
    def look():
        for item in app.all(None, "list item"):
            if any(node.name == row for node in item.walk()) and (found := re.search(r"localhost:(\d+)", item.text())):
                return f"127.0.0.1:{found[1]}"
        return None
    return app.wait(look, f"an address in the row {row!r}")
