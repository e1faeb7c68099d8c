# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Who is measured. Each has a server that runs for as long as its stack of exits is open, and
moves bytes when it is told to: "fetch" from where it was started, "send" towards it."""
import json
import os
import shutil
import statistics
import subprocess

from common import Failed, first_line, free_port, processor_seconds, wait_port

GTLS = "/opt/gtls/usr"
# The priorities of gtlsserver prefer nothing; what everybody here agrees on is named.
GTLS_CIPHERS = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM"
ENOUGH = "64M"  # of any window, where a program has to be told

WORDS = {"tls": "TCP+TLS", "noise": "TCP+Noise", "quic": "QUIC", "quic-bbr": "QUIC BBR"}


class Contestant:
    name = ""
    there, here = None, None  # processes whose processor time counts; None: @here is who asks

    def move(self, what, size):
        """Returns the seconds it took, and processor seconds of who asked."""
        raise NotImplementedError

    def can(self, what):
        return True

    def used(self):
        """Processor seconds so far, there and here, but for those of who asks."""
        return tuple(processor_seconds([p.pid]) if p else 0 for p in (self.there, self.here))


class OurStream(Contestant):
    """bench-stream: a PeerupStream at each end. Timed as a process, as gtlsclient has to be."""

    def __init__(self, bench, line, stack, kind="quic"):
        self.bench, self.line, self.kind = bench, line, kind
        self.name = f"our {WORDS[kind]} stream"
        server = bench.start(*line.there, bench.program("bench-stream"), "serve", kind, line.address,
                             stack=stack)
        self.address = first_line(server)
        self.there = server

    def move(self, what, size):
        _, seconds, used = self.bench.run(*self.line.here, self.bench.program("bench-stream"), what, self.address,
                                          str(size), self.kind)
        return seconds, used

    def connect(self, count, parallel, how="connect"):
        out, _, used = self.bench.run(*self.line.here, self.bench.program("bench-stream"), how, self.address,
                                      str(count), str(parallel), self.kind)
        return json.loads(out), used


class Gtls(Contestant):
    """ngtcp2's own programs: HTTP/3, a body that the server makes up and the client drops."""

    def __init__(self, bench, line, stack, payload=None, congestion="cubic", window=None):
        self.bench, self.line = bench, line
        self.name = "gtls" + (f", payload {payload}" if payload else "") + (", bbr" if congestion == "bbr" else "")
        self.env = dict(bench.env, LD_LIBRARY_PATH=f"{GTLS}/lib/x86_64-linux-gnu")
        self.port = free_port()
        self.shared = ["-q", "--no-quic-dump", "--no-http-dump", f"--ciphers={GTLS_CIPHERS}", f"--cc={congestion}"]
        if window:
            self.shared += [f"--max-window={window}", f"--max-stream-window={window}"]
        if payload:
            self.shared.append(f"--max-udp-payload-size={payload}")
        key, certificate = self.certificate()
        # It logs a line for each connection that ends; a pipe that nobody reads would fill.
        server = bench.start(*line.there, f"{GTLS}/sbin/gtlsserver", *self.shared, "--max-dyn-length=64G",
                             f"--max-data={ENOUGH}", f"--max-stream-data-bidi-remote={ENOUGH}",
                             line.address, str(self.port), key, certificate, env=self.env, stack=stack,
                             stdout=subprocess.DEVNULL, cwd=bench.dir)
        self.there = server

    def certificate(self):
        key, certificate = str(self.bench.dir / "gtls-key.pem"), str(self.bench.dir / "gtls-certificate.pem")
        if not os.path.exists(key):
            self.bench.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                           "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate)
        return key, certificate

    def move(self, what, size):
        _, seconds, used = self.bench.run(
            *self.line.here, f"{GTLS}/bin/gtlsclient", *self.shared, "--exit-on-all-streams-close",
            f"--max-data={ENOUGH}", f"--max-stream-data-bidi-local={ENOUGH}", *self.upload(what, size),
            self.line.address, str(self.port),
            f"https://localhost:{self.port}/{size if what == 'fetch' else 1}", env=self.env)
        return seconds, used

    def upload(self, what, size):
        if what == "fetch":
            return []
        path = self.bench.dir / f"zeros-{size}"
        if not path.exists():
            with open(path, "wb") as f:
                for _ in range(0, size, 2**20):
                    f.write(bytes(2**20))
                f.truncate(size)
        return ["-m", "POST", "-d", str(path)]


class GoStream(Contestant):
    """go-libp2p's /source/1.0.0, whose bytes go to /dev/null by way of the program's output."""

    def __init__(self, bench, line, stack, program):
        self.bench, self.line, self.program = bench, line, program
        self.name = "go-libp2p QUIC stream"
        server = bench.start(*line.there, *program, "listen", "--security", "tls", "--transport", "quic",
                             "--key", "11" * 32, stack=stack)
        self.address = json.loads(first_line(server))["addrs"][0]
        self.there = server
        self.request = bench.dir / "go-request"

    def can(self, what):
        return what == "fetch"

    def move(self, what, size):
        self.request.write_bytes(size.to_bytes(8))
        with open(self.request, "rb") as request:
            _, seconds, used = self.bench.run(
                "sh", "-c", 'exec "$@" >/dev/null', "sh", *self.line.here, *self.program, "dial", "--do", "copy",
                "--security", "tls", "--transport", "quic", "--key", "22" * 32, "--addr", self.address,
                "--protocol", "/source/1.0.0", "--timeout", "280", stdin=request)
        return seconds, used


class Tunnel(Contestant):
    """Anything with a TCP port that leads to bench-flow's: @port is here."""

    def __init__(self, bench, line, name, port, there=None, here=None):
        self.bench, self.line, self.name, self.port, self.there, self.here = bench, line, name, port, there, here

    def move(self, what, size):
        _, seconds, _ = self.bench.run(*self.line.here, self.bench.program("bench-flow"), what, str(self.port), str(size))
        return seconds, 0  # the ends are no part of a tunnel


def start_target(bench, line, stack):
    target = free_port()
    first_line(bench.start(*line.there, bench.program("bench-flow"), "serve", str(target), stack=stack))
    return target


def our_tunnel(bench, line, stack, target, kind="tls", how="forward"):
    server = bench.start(*line.there, bench.program("bench-tunnel"), "serve", f"127.0.0.1:{target}", kind,
                         line.address, stack=stack)
    address, local = first_line(server), free_port()
    client = bench.start(*line.here, bench.program("bench-tunnel"), how, address, str(local), kind,
                         stack=stack)
    first_line(client)
    name = f"our {WORDS[kind]} tunnel"
    return Tunnel(bench, line, name, local, server, client)


def go_tunnel(bench, line, stack, target, program, transport="tcp", security="tls"):
    """Listens on loopback only."""
    server = bench.start(*line.there, *program, "tunnel-listen", "--security", security, "--transport", transport,
                         "--key", "11" * 32, "--target", f"127.0.0.1:{target}", stack=stack)
    address, local = json.loads(first_line(server))["addrs"][0], free_port()
    client = bench.start(*line.here, *program, "tunnel-dial", "--security", security, "--transport", transport,
                         "--key", "22" * 32, "--addr", address, "--local", f"127.0.0.1:{local}", stack=stack)
    first_line(client)
    name = "go-libp2p tunnel" + (", QUIC" if transport == "quic" else "")
    return Tunnel(bench, line, name, local, server, client)


def ssh_tunnel(bench, line, stack, target):
    """ssh -L with aes128-gcm through an sshd of our own; on loopback."""
    d = bench.dir
    for key in ("host", "user"):
        if not (d / key).exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", d / key], check=True)
    shutil.copy(d / "user.pub", d / "authorized")
    os.chmod(d / "authorized", 0o600)
    os.makedirs("/run/sshd", exist_ok=True)
    port, local = free_port(), free_port()
    server = bench.start("/usr/sbin/sshd", "-D", "-f", "/dev/null", "-h", str(d / "host"), "-p", str(port),
                         "-o", f"AuthorizedKeysFile={d}/authorized", "-o", "StrictModes=no", "-o", "PidFile=none",
                         "-o", "ListenAddress=127.0.0.1", "-o", "UsePAM=no", "-o", "PermitRootLogin=yes", stack=stack)
    wait_port(port)
    client = bench.start("ssh", "-N", "-i", str(d / "user"), "-p", str(port), "-c", "aes128-gcm@openssh.com",
                         "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                         "-o", "LogLevel=ERROR", "-L", f"127.0.0.1:{local}:127.0.0.1:{target}", "root@127.0.0.1",
                         stack=stack)
    wait_port(local)
    return Tunnel(bench, line, "ssh -L", local, server, client)


def try_all(bench, makers):
    """Contestants of those that start; it says which do not, and why."""
    made = []
    for name, maker in makers.items():
        try:
            made.append(maker())
        except (Failed, OSError) as error:
            bench.row(name, "-", f"not measured: {error}")
    return made


def ratios(figures, others):
    return [a / b for a, b in zip(figures, others) if a and b]


def compare(bench, contestants, what, size, pairs=()):
    """Rounds of all of @contestants, one after the other, so that a machine that changes its
    speed changes it for all. @pairs: (one, other, goal) by name, for the ratio within a round."""
    contestants = [c for c in contestants if c.can(what)]
    rates = {c.name: [] for c in contestants}
    costs = {c.name: [] for c in contestants}
    for _ in range(bench.options.rounds):
        for c in contestants:
            rate, cost = measure(bench, c, what, size)
            rates[c.name].append(rate)
            costs[c.name].append(cost)
    for c in contestants:
        bench.figure(f"{c.name}, {what}", [r for r in rates[c.name] if r], "Gbit/s")
        sums = [sum(cost) for cost in costs[c.name] if cost]
        if any(sums):
            ends = [statistics.median(end) for end in zip(*(cost for cost in costs[c.name] if cost))]
            bench.figure(f"  processor time, {ends[0]:.2f} to send + {ends[1]:.2f} to receive", sums, "s/GiB")
    for one, other, goal in pairs:
        if one in rates and other in rates:
            bench.figure(f"  {one} / {other}", ratios(rates[one], rates[other]), goal=goal)
    return rates


def measure(bench, contestant, what, size):
    """Gbit/s, and processor seconds a GiB of who sends and who receives; None of each if it failed."""
    before = contestant.used()
    try:
        seconds, asked = contestant.move(what, size)
    except (Failed, subprocess.TimeoutExpired) as error:
        bench.row(f"{contestant.name}, {what}", "failed", str(error)[:200])
        return None, None
    there, here = (after - earlier for earlier, after in zip(before, contestant.used()))
    ends = (there, here + asked) if what == "fetch" else (here + asked, there)
    return size * 8 / 1e9 / seconds, tuple(end * 2**30 / size for end in ends)
