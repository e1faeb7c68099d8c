# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Network namespaces, joined by delay lines and veth pairs.

A namespace is entered with "with space:", which holds for the calling thread: sockets made and
processes started inside belong to it for good. Nothing is mounted and nothing has a name outside,
so tests that run at the same time do not meet. Addresses look routable, because some
implementations treat private ones differently. All of it needs root.
"""
import collections
import contextlib
import ipaddress
import json
import os
import pathlib
import socket
import struct
import subprocess
import threading
import time

BUILD = pathlib.Path(os.environ.get("PEERUP_BUILD", pathlib.Path(__file__).parents[2] / "build/asan"))
LINE = BUILD / "tests/netlab/delay-line"

CLIENT, CLIENT_NEXT, CLIENT_SECOND = "1.2.3.2", "1.2.3.3", "9.8.7.2"
SERVER = "5.6.7.2"
CLIENT6, SERVER6 = "2a0a:1::2", "2a0a:2::2"
INSIDE, INSIDE_ROUTER = "192.168.1.2", "192.168.1.1"

# For Namespace.nft().
NO_UDP = """table inet lab {
    chain in { type filter hook input priority 0; meta l4proto udp drop; }
    chain out { type filter hook output priority 0; meta l4proto udp drop; }
}"""


def check(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=30, check=False, **options)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def wait_for(condition, seconds=10, what="the condition"):
    """Returns what condition() returns once that is true."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not come true within {seconds} s"
        time.sleep(0.02)


class Namespace:
    """A network namespace with loopback up; it goes when this and all that was started in it are gone."""

    def __init__(self):
        self.homes = []
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            os.unshare(os.CLONE_NEWNET)
            self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        finally:
            os.setns(home, os.CLONE_NEWNET)
            os.close(home)
        self.path = f"/proc/{os.getpid()}/fd/{self.fd}"
        self.ip("link set lo up")
        self.sysctl("net/ipv4/conf/all/rp_filter", 0)
        self.sysctl("net/ipv4/conf/default/rp_filter", 0)
        # Nothing but what a test sends is to cross the lines.
        self.sysctl("net/ipv6/conf/default/addr_gen_mode", 1)
        self.sysctl("net/ipv6/conf/default/router_solicitations", 0)

    def __enter__(self):
        self.homes.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY))
        os.setns(self.fd, os.CLONE_NEWNET)
        return self

    def __exit__(self, *_):
        home = self.homes.pop()
        os.setns(home, os.CLONE_NEWNET)
        os.close(home)

    def ip(self, *commands):
        """Each command as one would write it after "ip"."""
        with self:
            for command in commands:
                check("ip", *command.split())

    def nft(self, rules):
        with self:
            return check("nft", "-j", "-f", "-", input=rules)

    def counter(self, name):
        """(packets, bytes) of a named counter of the table "lab"."""
        with self:
            answer = json.loads(check("nft", "-j", "list", "counter", "inet", "lab", name))
        counter, = (item["counter"] for item in answer["nftables"] if "counter" in item)
        return counter["packets"], counter["bytes"]

    def sysctl(self, name, value):
        with self:
            pathlib.Path("/proc/sys", name).write_text(str(value))

    def close(self):
        os.close(self.fd)


class Line:
    """A delay line between new devices; left and right are (namespace, name).

    Settings are for both directions; what is for one comes in options, after "--to-left" or "--to-right".
    """

    def __init__(self, left, right, *options, **settings):
        words = [f"--{name}={value}" for name, value in settings.items()]
        self.process = subprocess.Popen([LINE, *words, *options, "--stats", left[0].path, left[1], right[0].path, right[1]],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def counts(self):
        """What it has counted so far, by direction: "to_right" and "to_left"."""
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        """What it has counted."""
        self.process.stdin.close()
        text = self.process.stdout.read()
        assert self.process.wait(10) == 0
        self.process.stdout.close()
        return json.loads(text)

    def close(self):
        if self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired, ValueError):
                self.end()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# seconds by the kernel's clock, whether it left here, 4 or 6, "udp" or "tcp", addresses as text, bytes with the
# IP header, and the first of them that follow the header of UDP (nothing for TCP).
Packet = collections.namedtuple("Packet", "time outgoing version protocol source source_port target target_port size payload")


def parse_packet(at, outgoing, data):
    """A Packet, or None for what is neither UDP nor TCP."""
    version = data[0] >> 4
    start, number, size = ((data[0] & 15) * 4, data[9], int.from_bytes(data[2:4])) if version == 4 else (
        40, data[6], 40 + int.from_bytes(data[4:6]))
    if number not in (socket.IPPROTO_UDP, socket.IPPROTO_TCP) or len(data) < start + 8:
        return None
    source, target = (data[12:16], data[16:20]) if version == 4 else (data[8:24], data[24:40])
    source_port, target_port = struct.unpack_from("!HH", data, start)
    is_udp = number == socket.IPPROTO_UDP
    return Packet(at, outgoing, version, "udp" if is_udp else "tcp", str(ipaddress.ip_address(source)), source_port,
                  str(ipaddress.ip_address(target)), target_port, size, data[start + 8:] if is_udp else b"")


class Capture:
    """What crosses a TUN device: take(Packet) in a thread for each, until close()."""

    SNAP = 2048

    def __init__(self, space, device, take):
        with space:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_RCVBUFFORCE", 33), 64 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
        self.socket.bind((device, 0x0003))  # ETH_P_ALL
        self.socket.settimeout(0.2)
        self.take = take
        self.closed = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.closed:
            with contextlib.suppress(TimeoutError):
                data, controls, _, address = self.socket.recvmsg(self.SNAP, 64)
                seconds, nanoseconds = struct.unpack("=qq", controls[0][2])
                packet = parse_packet(seconds + nanoseconds / 1e9, address[2] == socket.PACKET_OUTGOING, data)
                if packet:
                    self.take(packet)

    def close(self):
        self.closed = True
        self.thread.join()
        self.socket.close()


class Lab:
    """Namespaces client and server (and router) with lines between, all taken down by close()."""

    def __init__(self):
        self.stack = contextlib.ExitStack()
        self.client, self.server = self.space(), self.space()
        self.router = None
        self.lines = []

    def space(self):
        space = Namespace()
        self.stack.callback(space.close)
        return space

    def line(self, left, right, *options, **settings):
        line = Line(left, right, *options, **settings)
        self.stack.callback(line.close)
        self.lines.append(line)
        return line

    def capture(self, space, take, device="wan"):
        capture = Capture(space, device, take)
        self.stack.callback(capture.close)
        return capture

    def join(self, *options, device_mtu=1500, **settings):
        """client "wan" — line — "wan" server, both ways by default routes."""
        line = self.line((self.client, "wan"), (self.server, "wan"), *options, **settings)
        self.client.ip(f"addr add {CLIENT}/24 dev wan", f"addr add {CLIENT6}/64 dev wan nodad", f"link set wan mtu {device_mtu} up",
                       "route add default dev wan", "-6 route add default dev wan")
        self.configure_server(device_mtu)
        return line

    def configure_server(self, device_mtu):
        self.server.ip(f"addr add {SERVER}/24 dev wan", f"addr add {SERVER6}/64 dev wan nodad", f"link set wan mtu {device_mtu} up",
                       "route add default dev wan", "-6 route add default dev wan")

    def join_by_nat(self, *options, device_mtu=1500, **settings):
        """client "lan" — router, which masquerades — line — server. @device_mtu is that of the line only."""
        self.router = self.space()
        self.client.ip("link add lan type veth peer name lan-router")
        with self.client:
            check("ip", "link", "set", "lan-router", "netns", self.router.path)
        line = self.line((self.router, "wan"), (self.server, "wan"), *options, **settings)
        self.router.ip("link set lan-router name lan", f"addr add {INSIDE_ROUTER}/24 dev lan", "link set lan up",
                       f"addr add {CLIENT}/24 dev wan", f"link set wan mtu {device_mtu} up", "route add default dev wan")
        self.router.sysctl("net/ipv4/ip_forward", 1)
        self.client.ip(f"addr add {INSIDE}/24 dev lan", "link set lan up", f"route add default via {INSIDE_ROUTER}")
        self.configure_server(device_mtu)
        self.router.nft("""
            table ip filter {
              chain input { type filter hook input priority 0; iifname wan meta l4proto udp drop; }
              chain forward { type filter hook forward priority 0; policy drop;
                ct state established,related accept; iifname lan accept; }
            }
            table ip nat {
              chain post { type nat hook postrouting priority srcnat; oifname wan masquerade; }
            }""")
        return line

    def rebind(self, ports):
        """The router forgets its mappings, and new ones get a port of this range."""
        self.router.nft(f"""
            flush chain ip nat post
            add rule ip nat post oifname wan meta l4proto udp masquerade to :{ports}
            add rule ip nat post oifname wan masquerade""")
        forget_mappings(self.router)

    def add_second_way(self, *options, **settings):
        """One more line from client "wan2" to the server, which is not yet used."""
        line = self.line((self.client, "wan2"), (self.server, "wan2"), *options, **settings)
        self.client.ip(f"addr add {CLIENT_SECOND}/24 dev wan2", "link set wan2 up")
        self.server.ip("link set wan2 up", f"route add {CLIENT_SECOND}/32 dev wan2")
        return line

    def use_second_way(self):
        self.client.ip("route replace default dev wan2")

    def lose_first_way(self):
        self.client.ip("link set wan down")

    def change_address(self, old, new, seconds_between=0.2):
        """The client's address goes, and a while later another comes, or the same."""
        self.client.ip(f"addr del {old}/24 dev wan")
        time.sleep(seconds_between)
        self.client.ip(f"addr add {new}/24 dev wan", "route replace default dev wan")

    def close(self):
        self.stack.close()


def forget_mappings(space):
    """Empties connection tracking (IPCTNL_MSG_CT_DELETE of everything)."""
    nlm_f_request, nlm_f_ack, netlink_netfilter, ctnetlink, delete = 1, 4, 12, 1, 2
    with space, socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, netlink_netfilter) as netlink:
        netlink.send(struct.pack("=IHHII4x", 20, ctnetlink << 8 | delete, nlm_f_request | nlm_f_ack, 1, 0))
        answer = netlink.recv(4096)
    assert struct.unpack_from("=i", answer, 16) == (0,), answer
