#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The figures of the README, each beside what it is compared with, in one run.

Run by build-aux/bench inside the development root:
    bench.py BUILDDIR [--go PROGRAM] [--rounds N] [--gib N]
Everything listens on loopback, has a home of its own under a temporary directory,
and is ended by its process ID. Rounds are interleaved (ours, theirs, ours, ...), so
that a machine that changes its speed changes it for both; medians are printed.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request


class Bench:
    def __init__(self, build, stack, directory):
        self.build = pathlib.Path(build).resolve()
        self.stack = stack
        self.dir = pathlib.Path(directory)
        self.env = dict(os.environ, XDG_RUNTIME_DIR=str(self.dir / "run"),
                        LD_LIBRARY_PATH=str(self.build / "src/client"))
        (self.dir / "run").mkdir(mode=0o700)

    def program(self, name):
        return str(self.build / "tests/bench" / name)

    def start(self, *command, **options):
        options.setdefault("env", self.env)
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=options.pop("stderr", subprocess.DEVNULL), text=True, **options)
        self.stack.callback(stop, process)
        return process


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_port(port, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"nothing listens on port {port}")


def row(name, value, note=""):
    print(f"{name:<58} {value:>14}  {note}", flush=True)


def start_ssh(bench, target):
    """ssh -L with aes128-gcm through an sshd of our own; returns the local port."""
    d = bench.dir
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", d / key], check=True)
    shutil.copy(d / "user.pub", d / "authorized")
    os.chmod(d / "authorized", 0o600)
    os.makedirs("/run/sshd", exist_ok=True)
    port, local = free_port(), free_port()
    server = bench.start("/usr/sbin/sshd", "-D", "-f", "/dev/null", "-h", str(d / "host"), "-p", str(port),
                "-o", f"AuthorizedKeysFile={d}/authorized", "-o", "StrictModes=no", "-o", "PidFile=none",
                "-o", "ListenAddress=127.0.0.1", "-o", "UsePAM=no", "-o", "PermitRootLogin=yes")
    wait_port(port)
    client = bench.start("ssh", "-N", "-i", str(d / "user"), "-p", str(port), "-c", "aes128-gcm@openssh.com",
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                "-L", f"127.0.0.1:{local}:127.0.0.1:{target}", "root@127.0.0.1")
    wait_port(local)
    return local, [server.pid, client.pid]


def start_ours(bench, target, security="tls"):
    server = bench.start(bench.program("bench-tunnel"), "serve", f"127.0.0.1:{target}", security)
    address = server.stdout.readline().strip()
    local = free_port()
    client = bench.start(bench.program("bench-tunnel"), "forward", address, str(local), security)
    client.stdout.readline()
    return local, [server.pid, client.pid]


def start_go(bench, program, target, security="tls"):
    server = bench.start(*program, "tunnel-listen", "--security", security, "--transport", "tcp",
                         "--key", "11" * 32, "--target", f"127.0.0.1:{target}")
    address = json.loads(server.stdout.readline())["addrs"][0]
    local = free_port()
    client = bench.start(*program, "tunnel-dial", "--security", security, "--transport", "tcp",
                         "--key", "22" * 32, "--addr", address, "--local", f"127.0.0.1:{local}")
    client.stdout.readline()
    return local, [server.pid, client.pid]


def processor_seconds(pids):
    """User and system time of these processes and all their descendants, ended ones included."""
    children = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = entry.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append((int(entry.parent.name), sum(map(int, fields[11:15]))))
    ticks, waiting = 0, list(pids)
    own = {pid: used for siblings in children.values() for pid, used in siblings}
    while waiting:
        pid = waiting.pop()
        ticks += own.get(pid, 0)
        waiting += [child for child, _ in children.get(pid, [])]
    return ticks / os.sysconf("SC_CLK_TCK")


def throughput(bench, options):
    target = free_port()
    bench.start(bench.program("bench-flow"), "serve", str(target)).stdout.readline()
    ways = {"ours": start_ours(bench, target), "ours, Noise": start_ours(bench, target, "noise"),
            "ssh -L": start_ssh(bench, target), "no tunnel": (target, [])}
    if options.go:
        ways["go-libp2p"] = start_go(bench, options.go, target)
    results = {name: [] for name in ways}
    before = {name: processor_seconds(pids) for name, (_, pids) in ways.items()}
    size = str(int(options.gib * 2**30))
    for _ in range(options.rounds):
        for name, (port, _) in ways.items():
            out = subprocess.run([bench.program("bench-flow"), "fetch", str(port), size],
                                 capture_output=True, text=True, timeout=300, check=True)
            results[name].append(float(out.stdout))
    for name, figures in results.items():
        row(f"one stream, {name}", f"{statistics.median(figures):.2f} Gbit/s",
            f"{min(figures):.2f}-{max(figures):.2f}")
        if ways[name][1]:
            used = processor_seconds(ways[name][1]) - before[name]
            row("  processor time of both ends", f"{used / options.rounds / options.gib:.2f} s/GiB")
    for name, goal in (("ssh -L", 1.0), ("go-libp2p", 2.0)):
        if name in results:
            ratios = [a / b for a, b in zip(results["ours"], results[name])]
            row(f"  ours / {name} (goal {goal})", f"{statistics.median(ratios):.2f}",
                f"{min(ratios):.2f}-{max(ratios):.2f}")
    if "go-libp2p" not in results:
        print("  go-libp2p: not measured, its program is not there (tests/interop/prepare says why)")


class Peer:
    def __init__(self, bench, name):
        self.bench, self.home = bench, bench.dir / name
        (self.home / "run").mkdir(parents=True)
        (self.home / "run").chmod(0o700)
        self.env = dict(bench.env, HOME=str(self.home), XDG_CONFIG_HOME=str(self.home / ".config"),
                        XDG_RUNTIME_DIR=str(self.home / "run"))
        self.run("init")
        self.id = json.loads(self.run("whoami", "--json"))["peer_id"]

    def run(self, *arguments):
        return subprocess.run([self.bench.peerup, *arguments], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=True).stdout

    def start(self, *arguments, **options):
        return self.bench.start(self.bench.peerup, *arguments, env=self.env, **options)


def pss(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.M).group(1)) / 1024


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


def product(bench, options):
    bench.peerup = str(bench.build / "src/cli/peerup")
    web = start_nginx(bench)
    host, user = Peer(bench, "host"), Peer(bench, "user")
    host.run("auth", "add", user.id)
    host.run("service", "add", "web", f"127.0.0.1:{web}")
    daemon = host.start("daemon")
    address = wait_address(host)
    user_daemon = user.start("daemon")
    wait_address(user)

    cold = [cold_first_byte(bench, user, address) for _ in range(max(options.rounds, 5))]
    row("first byte from a cold `peerup proxy` (goal < 60 ms)", f"{statistics.median(cold):.0f} ms",
        f"{min(cold):.0f}-{max(cold):.0f}")

    port = free_port()
    user.start("proxy", address, "web", str(port))
    wait_port(port)
    urllib.request.urlopen(f"http://127.0.0.1:{port}/").read()
    ratios, through, direct = [], [], []
    for _ in range(options.rounds):
        through.append(requests_per_second(port))
        direct.append(requests_per_second(web))
        ratios.append(through[-1] / direct[-1])
    row("HTTP requests per second, 64 connections, forward", f"{statistics.median(through):.0f}")
    row("  direct to nginx", f"{statistics.median(direct):.0f}")
    row("  forward / direct (goal 0.3)", f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f}-{max(ratios):.2f}")
    row("idle daemon, PSS (goal < 12 MB)", f"{pss(user_daemon.pid):.1f} MB", "never connected")
    row("  the one that served", f"{pss(daemon.pid):.1f} MB")


def wait_address(peer):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(subprocess.CalledProcessError, KeyError):
            for address in json.loads(peer.run("status", "--json"))["listen_addresses"]:
                if address.startswith("/ip4/127.0.0.1/tcp/"):
                    return address if "/p2p/" in address else f"{address}/p2p/{peer.id}"
        time.sleep(0.05)
    raise RuntimeError("the daemon does not say where it listens")


def sizes(bench):
    total = 0
    for path in (bench.build / "src/cli/peerup", (bench.build / "src/client/libpeerup-1.so").resolve()):
        out = bench.dir / path.name
        subprocess.run(["strip", "-o", out, path], check=True)
        total += out.stat().st_size
    row("command and library, stripped (goal < 2 MB)", f"{total / 1e6:.2f} MB")


def idle(bench):
    program = bench.program("bench-idle")
    if not os.path.exists(program):
        print("idle connections and streams: not measured, bench-idle is not built")
        return
    print(subprocess.run([program], capture_output=True, text=True, timeout=300, check=True).stdout, end="")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--go", type=str.split, help="go-libp2p's peer program, from tests/interop")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gib", type=float, default=2)
    parser.add_argument("--only", choices=["throughput", "product", "idle", "sizes"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="peerup-bench-") as directory, contextlib.ExitStack() as stack:
        bench = Bench(options.build, stack, directory)
        parts = {"throughput": lambda: throughput(bench, options), "product": lambda: product(bench, options),
                 "idle": lambda: idle(bench), "sizes": lambda: sizes(bench)}
        for name, part in parts.items():
            if options.only in (None, name):
                part()
    return 0


if __name__ == "__main__":
    sys.exit(main())
