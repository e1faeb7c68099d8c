# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The lines that two programs talk over: what is in front of their command, and where
the far one listens. Namespaces live as long as the process that holds each."""
import os
import pathlib
import subprocess
import time

from common import first_line

HERE, THERE = "10.99.0.1", "10.99.0.2"
PREFIX = 24


class Line:
    """Loopback as it is; the others change what they need."""
    name = "loopback"
    address = "127.0.0.1"  # where @there listens
    here = there = ()      # in front of a command

    def __init__(self, bench, stack):
        self.bench, self.stack = bench, stack

    def namespace(self):
        """In front of a command that is to run in a new network namespace, and its path."""
        holder = self.bench.start("unshare", "--net", "cat", stack=self.stack)
        path = f"/proc/{holder.pid}/ns/net"
        own = os.readlink("/proc/self/ns/net")
        deadline = time.monotonic() + 10
        while os.readlink(path) == own:
            if holder.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("cannot make a network namespace: this needs root")
            time.sleep(0.01)
        prefix = ("nsenter", f"--net={path}")
        self.run(prefix, "ip link set lo up")
        return prefix, path

    def run(self, prefix, command):
        subprocess.run([*prefix, *command.split()], check=True, timeout=10)


class SmallLoopback(Line):
    """Loopback with packets of the size that networks have."""
    name = "loopback, MTU 1500"

    def __init__(self, bench, stack):
        super().__init__(bench, stack)
        self.here, _ = self.namespace()
        self.there = self.here
        self.run(self.here, "ip link set lo mtu 1500")


class Veth(Line):
    """Two namespaces, MTU 1500."""
    name = "veth, MTU 1500"
    address = THERE

    def __init__(self, bench, stack):
        super().__init__(bench, stack)
        self.here, here = self.namespace()
        self.there, there = self.namespace()
        self.run(self.here, f"ip link add left mtu 1500 type veth peer name right mtu 1500 netns {pid_of(there)}")
        self.give_address(self.here, "left", HERE)
        self.give_address(self.there, "right", THERE)

    def give_address(self, prefix, device, address):
        self.run(prefix, f"ip addr add {address}/{PREFIX} dev {device}")
        self.run(prefix, f"ip link set {device} up")


class Far(Veth):
    """Two namespaces, joined by the netlab's line that delays."""

    def __init__(self, bench, stack, milliseconds, mbit=None, loss=0):
        Line.__init__(self, bench, stack)
        self.name = f"{milliseconds:g} ms, " + (f"{mbit} Mbit/s" if mbit else "no cap") + (f", {loss:g} % lost" if loss else "")
        self.here, here = self.namespace()
        self.there, there = self.namespace()
        rate = (["--rate", str(mbit)] if mbit else []) + (["--loss", str(loss)] if loss else [])
        line = bench.start(str(delay_line(bench)), "--delay", str(milliseconds / 2), *rate, here, "left", there, "right",
                           stack=stack)
        first_line(line)
        self.give_address(self.here, "left", HERE)
        self.give_address(self.there, "right", THERE)
        # TCP's default buffers hold far less than such a line does.
        for prefix in (self.here, self.there):
            for name in ("rmem", "wmem"):
                subprocess.run([*prefix, "sysctl", "-qw", f"net.ipv4.tcp_{name}=4096 131072 67108864"], check=True)


def pid_of(path):
    return path.split("/")[2]


def delay_line(bench):
    return pathlib.Path(bench.options.delay_line or bench.build / "tests/netlab/delay-line")
