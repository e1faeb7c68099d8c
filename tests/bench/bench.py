#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The figures of the README, each beside what it is compared with, in one run.

Run by build-aux/bench inside the development root:
    bench.py BUILDDIR [--only PART,...] [--go PROGRAM] [--rounds N] [--gib N] [--json FILE]
Parts: throughput, product, idle, sizes; quic, which is quic-streams, quic-tunnels, quic-far,
quic-lossy, quic-connect, idle and quic-dispatches; relay, which is relay-tunnels, relay-crowd-tcp,
relay-crowd-quic and relay-idle. Everything listens on loopback or in network
namespaces of its own, has a home under a temporary directory, and is ended by its process ID.
Rounds are interleaved (ours, theirs, ours, ...), so that a machine that changes its speed
changes it for both; medians are printed, with the lowest and the highest.
"""
import argparse
import contextlib
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import quic
import relay
from common import Bench, free_port, stop, wait_port
from contestants import Tunnel, compare, go_tunnel, our_tunnel, ssh_tunnel, start_target
from lines import Line
from peers import Peer, pss, wait_address


def throughput(bench):
    line, stack = Line(bench, bench.stack), bench.stack
    bench.section("A tunnel over TCP, loopback")
    target = start_target(bench, line, stack)
    all_of_them = [our_tunnel(bench, line, stack, target), our_tunnel(bench, line, stack, target, "noise"),
                   ssh_tunnel(bench, line, stack, target), Tunnel(bench, line, "no tunnel", target)]
    if bench.options.go:
        all_of_them.append(go_tunnel(bench, line, stack, target, bench.options.go))
    else:
        bench.row("go-libp2p", "-", "not measured: its program is not there (tests/interop/prepare says why)")
    compare(bench, all_of_them, "fetch", int(bench.options.gib * 2**30),
            [("our TCP+TLS tunnel", "ssh -L", "1.0"), ("our TCP+TLS tunnel", "go-libp2p tunnel", "2.0")])


def start_nginx(bench):
    port = free_port()
    root = bench.dir / "www"
    root.mkdir()
    (root / "index.html").write_text("x" * 1024)
    (bench.dir / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {bench.dir}/nginx.pid; error_log /dev/null; user root;\n"
        f"events {{ worker_connections 4096; }}\nhttp {{ access_log off; keepalive_requests 1000000;\n"
        f" client_body_temp_path {bench.dir}/t1; proxy_temp_path {bench.dir}/t2; fastcgi_temp_path {bench.dir}/t3;\n"
        f" uwsgi_temp_path {bench.dir}/t4; scgi_temp_path {bench.dir}/t5;\n"
        f" server {{ listen 127.0.0.1:{port}; root {root}; }} }}\n")
    bench.start("nginx", "-e", "/dev/null", "-c", str(bench.dir / "nginx.conf"))
    wait_port(port)
    return port


def cold_first_byte(bench, user, address):
    """From the start of `peerup proxy` to the first byte of an HTTP answer, in ms."""
    port = free_port()
    start = time.monotonic()
    proxy = user.start("proxy", address, "web", str(port))
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as s:
            s.sendall(b"GET / HTTP/1.0\r\n\r\n")
            if s.recv(1):
                break
        if time.monotonic() - start > 20:
            raise RuntimeError("no answer through a cold proxy")
        time.sleep(0.0005)
    elapsed = (time.monotonic() - start) * 1000
    stop(proxy)
    return elapsed


def requests_per_second(port, seconds=4):
    out = subprocess.run(["wrk", "-t1", "-c64", f"-d{seconds}s", f"http://127.0.0.1:{port}/"],
                         capture_output=True, text=True, timeout=60, check=True).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def product(bench):
    bench.section("The product")
    bench.peerup = str(bench.build / "src/cli/peerup")
    web = start_nginx(bench)
    host, user = Peer(bench, "host"), Peer(bench, "user")
    host.run("auth", "add", user.id)
    host.run("service", "add", "web", f"127.0.0.1:{web}")
    daemon = host.start("daemon")
    address = wait_address(host)
    user_daemon = user.start("daemon")
    wait_address(user)

    cold = [cold_first_byte(bench, user, address) for _ in range(max(bench.options.rounds, 5))]
    bench.figure("first byte from a cold `peerup proxy`", cold, "ms", "< 60", 0)

    port = free_port()
    user.start("proxy", address, "web", str(port))
    wait_port(port)
    urllib.request.urlopen(f"http://127.0.0.1:{port}/").read()
    through, direct = [], []
    for _ in range(bench.options.rounds):
        through.append(requests_per_second(port))
        direct.append(requests_per_second(web))
    bench.figure("HTTP requests per second, 64 connections, forward", through, digits=0)
    bench.figure("  direct to nginx", direct, digits=0)
    bench.figure("  forward / direct", [a / b for a, b in zip(through, direct)], goal="0.3")
    bench.figure("idle daemon that never connected, PSS", [pss(user_daemon.pid)], "MB", "< 12", 1)
    bench.figure("  the one that served", [pss(daemon.pid)], "MB", digits=1)


def sizes(bench):
    bench.section("Sizes")
    total = 0
    for path in (bench.build / "src/cli/peerup", (bench.build / "src/client/libpeerup-1.so").resolve()):
        out = bench.dir / path.name
        subprocess.run(["strip", "-o", out, path], check=True)
        total += out.stat().st_size
    bench.figure("command and library, stripped", [total / 1e6], "MB", "< 2")


PARTS = {"throughput": throughput, "product": product, "idle": quic.idle, "sizes": sizes}
PARTS |= {f"quic-{name}": part for name, part in quic.PARTS.items() if name != "idle"}
PARTS |= {f"relay-{name}": part for name, part in relay.PARTS.items()}


def choose(only):
    """The parts that @only names; all of them without it. "quic" and "relay" are all that begin with it."""
    names = only.split(",") if only else list(PARTS)
    for name in names:
        if name not in ("quic", "relay") and name not in PARTS:
            raise SystemExit(f"bench: {name}: no such part; there are quic, relay, {', '.join(PARTS)}")
    return [name for name in PARTS
            if name in names or ("quic" in names and name.startswith(("quic-", "idle")))
            or ("relay" in names and name.startswith("relay-"))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--go", type=str.split, help="go-libp2p's peer program, from tests/interop")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gib", type=float, default=2, help="what one transfer moves")
    parser.add_argument("--peers", type=int, default=10000, help="with a reservation at one relay")
    parser.add_argument("--circuits", type=int, default=1000, help="of them, busy at once")
    parser.add_argument("--only", help="parts, with commas between: quic, relay, " + ", ".join(PARTS))
    parser.add_argument("--json", type=pathlib.Path, help="where to write all figures, every round of them")
    parser.add_argument("--delay-line", help="the netlab's program, if it is not in the build directory")
    options = parser.parse_args()
    parts = choose(options.only)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: told to end"))  # and so end what was started
    with tempfile.TemporaryDirectory(prefix="peerup-bench-") as directory, contextlib.ExitStack() as stack:
        bench = Bench(options, stack, directory)
        try:
            for name in parts:
                PARTS[name](bench)
        finally:
            if options.json:
                bench.save(options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
