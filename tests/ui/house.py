# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What a window may have to show: a home with devices and services, few and known, or many and hostile."""
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from netlab import wait_for
from peers import echo, free_port

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
PATIENCE = 60
WORDS = b"Hello from home.\n"


def new_id():
    """The peer ID of a device that nobody has."""
    key = bytes.fromhex("002408011220") + Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    number, text = int.from_bytes(key, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(key) - len(key.lstrip(b"\0"))) + text


def web(connection):
    """An HTTP server's whole answer to anything."""
    connection.recv(1 << 16)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
                       % (len(WORDS), WORDS))


def add_section(peer, name, lines):
    """Lines at the beginning of a section of its configuration."""
    head, rest = peer.config.read_text().split(f"\n{name}:", 1)
    rest = rest.split("\n", 1)[1]
    peer.config.write_text(f"{head}\n{name}:\n" + "".join(f"  {line}\n" for line in lines) + rest)


def add_devices(peer, names):
    """That many devices that are authorized and away; names by ID."""
    devices = {new_id(): name for name in names}
    with open(peer.authorized_keys, "a") as keys:
        keys.writelines(f"{number}\n" for number in devices)
    add_section(peer, "names", [f'{name}: "{number}"' for number, name in devices.items()])
    return devices


def add_services(peer, names, port):
    add_section(peer, "services", [line for name in names for line in (f"{name}:", "  enabled: true", f'  local_address: "localhost:{port}"')])


class House:
    """home, whose window it is and which offers web, ssh and a printer that is off; laptop, which is connected to it and offers
    files; an attic that was never seen. On one machine, in the namespace space."""

    def __init__(self, make_peer, serve, space):
        self.space = space
        with space:
            self.web, self.echo = serve(web), serve(echo)
        self.home, self.laptop = make_peer("home", space).init(), make_peer("laptop", space).init()
        for peer in (self.home, self.laptop):
            peer.config.write_text(peer.config.read_text().replace("\nnetwork:\n", "\nnetwork:\n  port_mapping: false\n"))
        self.home.authorize(self.laptop)
        self.laptop.knows(self.home)
        for name, port in (("web", self.web.port), ("ssh", self.echo.port), ("printer", free_port())):
            self.home.run("service", "add", name, port)
        self.laptop.run("service", "add", "files", self.web.port)
        add_devices(self.home, ["attic"])

    def start_laptop(self):
        self.laptop.daemon()
        return self

    def start_home(self):
        """A daemon, to which windows attach."""
        self.home.daemon()
        return self

    def wait_connected(self):
        self.laptop.run("connect", "home")
        wait_for(lambda: self.laptop.connection(self.home), PATIENCE, "the laptop at home")
        return self
