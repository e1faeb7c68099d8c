# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The figures of QUIC: streams, tunnels, distance, handshakes, idle connections, dispatches.

Our own TCP is beside it everywhere, and loopback beside a link with an MTU of 1500: on
loopback path MTU discovery finds datagrams of 64 KiB, which no network has."""
import contextlib
import json
import subprocess

from common import Failed
from contestants import ENOUGH, Gtls, GoStream, OurStream, compare, go_tunnel, our_tunnel, ssh_tunnel, start_target, try_all
from lines import Far, Line, SmallLoopback, Veth, delay_line

FAR = 68  # ms, the round trip that published figures of others are for
# The largest payload that a line carries, for gtls: it probes no further than 1444 by itself.
PAYLOAD = {"loopback": 65000, "loopback, MTU 1500": 1472, "veth, MTU 1500": 1472}
STREAM, TUNNEL = "our QUIC stream", "our QUIC tunnel"


def size_of(bench, part=1.0):
    return int(bench.options.gib * part * 2**30)


def streams(bench):
    for make in (Line, SmallLoopback, Veth):
        with contextlib.ExitStack() as stack:
            line = make(bench, stack)
            bench.section(f"QUIC, one stream without TCP ends: {line.name}")
            payload = PAYLOAD[line.name]
            makers = {STREAM: lambda: OurStream(bench, line, stack),
                      "gtls": lambda: Gtls(bench, line, stack),
                      "gtls with a larger payload": lambda: Gtls(bench, line, stack, payload),
                      "our TCP stream": lambda: OurStream(bench, line, stack, "tls")}
            if bench.options.go and make is not Veth:
                makers["go-libp2p"] = lambda: GoStream(bench, line, stack, bench.options.go)
            all_of_them = try_all(bench, makers)
            pairs = [(STREAM, "gtls", ">= 1.3"), (STREAM, f"gtls, payload {payload}", ""),
                     (STREAM, "go-libp2p QUIC stream", ">= 2.0"), (STREAM, "our TCP+TLS stream", "")]
            for what in ("fetch", "send"):
                compare(bench, all_of_them, what, size_of(bench), pairs)


def tunnels(bench):
    for make in (Line, SmallLoopback, Veth):
        with contextlib.ExitStack() as stack:
            line = make(bench, stack)
            bench.section(f"QUIC, a whole tunnel, TCP in and TCP out: {line.name}")
            target = start_target(bench, line, stack)
            makers = {TUNNEL: lambda: our_tunnel(bench, line, stack, target, "quic"),
                      "gtls": lambda: Gtls(bench, line, stack),
                      "our TCP tunnel": lambda: our_tunnel(bench, line, stack, target, "tls")}
            if bench.options.go and make is not Veth:
                makers["go-libp2p"] = lambda: go_tunnel(bench, line, stack, target, bench.options.go, "quic")
            if make is Line:
                makers["ssh -L"] = lambda: ssh_tunnel(bench, line, stack, target)
            all_of_them = try_all(bench, makers)
            pairs = [(TUNNEL, "gtls", ">= 0.8"), (TUNNEL, "go-libp2p tunnel, QUIC", ">= 2.0"),
                     (TUNNEL, "our TCP+TLS tunnel", ""), (TUNNEL, "ssh -L", "")]
            for what in ("fetch", "send"):
                compare(bench, all_of_them, what, size_of(bench), pairs)


def has_delay_line(bench):
    if delay_line(bench).exists():
        return True
    bench.row("over distance", "-", f"not measured: {delay_line(bench)} is not there")
    return False


def far(bench):
    if not has_delay_line(bench):
        return
    for mbit, part, goal in ((1000, 0.25, ""), (None, 0.5, ">= 1.5")):
        with contextlib.ExitStack() as stack:
            line = Far(bench, stack, FAR, mbit)
            bench.section(f"QUIC over distance: {line.name}")
            makers = {STREAM: lambda: OurStream(bench, line, stack),
                      "our QUIC BBR stream": lambda: OurStream(bench, line, stack, "quic-bbr"),
                      "gtls": lambda: Gtls(bench, line, stack, window=ENOUGH),
                      "gtls, BBR": lambda: Gtls(bench, line, stack, congestion="bbr", window=ENOUGH),
                      "our TCP stream": lambda: OurStream(bench, line, stack, "tls")}
            all_of_them = try_all(bench, makers)
            rates = compare(bench, all_of_them, "fetch", size_of(bench, part),
                            [(STREAM, "gtls", ""), ("our QUIC BBR stream", "gtls, bbr", ""),
                             (STREAM, "our TCP+TLS stream", "")])
            if goal and rates.get(STREAM):
                bench.figure(f"  {STREAM}, {line.name}", [r for r in rates[STREAM] if r], "Gbit/s", goal)


def lossy(bench):
    """What is left of a line that loses packets for other reasons than being full."""
    if not has_delay_line(bench):
        return
    for loss, size in ((0.1, 32), (1, 8)):
        with contextlib.ExitStack() as stack:
            line = Far(bench, stack, FAR, 100, loss)
            bench.section(f"QUIC over a lossy line: {line.name}")
            makers = {kind: lambda kind=kind: OurStream(bench, line, stack, kind) for kind in ("quic", "quic-bbr", "tls")}
            compare(bench, try_all(bench, makers), "fetch", size * 2**20,
                    [("our QUIC BBR stream", STREAM, ""), (STREAM, "our TCP+TLS stream", "")])


def connect(bench):
    """How long until the first byte, and what a handshake costs."""
    with contextlib.ExitStack() as stack:
        if has_delay_line(bench):
            line = Far(bench, stack, FAR)
            bench.section(f"Connecting over {line.name}")
            for c in try_all(bench, {k: lambda k=k: OurStream(bench, line, stack, k) for k in ("quic", "tls", "noise")}):
                for how, words in (("greet", "first byte"), ("connect", "first byte of an answer")):
                    show_first_bytes(bench, c, how, words)
            cold_tunnels(bench, line)
    with contextlib.ExitStack() as stack:
        line = Line(bench, stack)
        bench.section("Handshakes on loopback, 8 at a time, each with a first byte and a close")
        makers = {k: lambda k=k: OurStream(bench, line, stack, k) for k in ("quic", "tls", "noise")}
        handshakes(bench, try_all(bench, makers))


def show_first_bytes(bench, contestant, how, words):
    times, _ = contestant.connect(10, 1, how)
    first = [t * 1000 for t in times["first_byte"]]
    goal = f"<= {2 * FAR + 20}" if contestant.kind == "quic" and how == "greet" else ""
    bench.figure(f"{contestant.name}: connected", [t * 1000 for t in times["connect"]], "ms", digits=1)
    bench.figure(f"  {words}", first, "ms", goal, 1)
    bench.figure(f"  {words}, in round trips", [t / FAR for t in first], "RTT")


def cold_tunnels(bench, line):
    """From a client's connect() to the first byte of the answer, nothing being connected before."""
    for kind in ("quic", "tls", "noise"):
        times = []
        for _ in range(max(bench.options.rounds, 5)):
            with contextlib.ExitStack() as stack:
                tunnel = our_tunnel(bench, line, stack, start_target(bench, line, stack), kind, "cold")
                out, _, _ = bench.run(*line.here, bench.program("bench-flow"), "fetch", str(tunnel.port), "1")
                times.append(float(out) * 1000)
        bench.figure(f"{tunnel.name}, cold: first byte of an answer", times, "ms", f"<= {2 * FAR + 20}" if kind == "quic" else "", 1)
        bench.figure("  in round trips", [t / FAR for t in times], "RTT")


def handshakes(bench, contestants, each=100, parallel=8):
    rates, costs = {c.name: [] for c in contestants}, {c.name: [] for c in contestants}
    for _ in range(bench.options.rounds):
        for c in contestants:
            before = sum(c.used())
            try:
                out, used = c.connect(each, parallel)
            except (Failed, subprocess.TimeoutExpired) as error:
                bench.row(c.name, "failed", str(error)[:200])
                continue
            rates[c.name].append(each * parallel / out["seconds"])
            costs[c.name].append((sum(c.used()) - before + used) * 1000 / (each * parallel))
    for c in contestants:
        bench.figure(f"{c.name}: connections a second", rates[c.name], "/s", digits=0)
        bench.figure("  processor time of both ends, each", costs[c.name], "ms")


def idle(bench):
    for make, goals in ((SmallLoopback, {"quic": "< 64", "tls": "< 48"}), (Line, {"quic": ""})):
        with contextlib.ExitStack() as stack:
            line = make(bench, stack)
            bench.section(f"1,000 idle connections, each side by itself: {line.name}")
            idle_connections(bench, line, goals)


def idle_connections(bench, line, goals):
    """Where datagrams of 64 KiB are possible, each QUIC connection has a buffer of that size."""
    for kind, goal in goals.items():
        try:
            out, _, _ = bench.run(*line.here, bench.program("bench-idle"), kind, "1000", "10000")
        except (Failed, subprocess.TimeoutExpired) as error:
            bench.row(f"idle connections, {kind}", "-", f"not measured: {str(error)[:200]}")
            continue
        figures = json.loads(out)
        for side in ("dialed", "accepted"):
            of = figures[side]
            bench.figure(f"{kind}: a connection where {side}", [of["connection_kib"]], "KiB", goal)
            bench.figure("  a stream", [of["stream_kib"]], "KiB", "< 4")
            bench.figure("  processor time of all, idle", [of["cpu_per_minute"]], "s/min")


def dispatches(bench):
    """How long our data path keeps the main loop, with a tunnel that is as fast as it can be."""
    for make in (Line, Veth):
        with contextlib.ExitStack() as stack:
            line = make(bench, stack)
            bench.section(f"Dispatches of a saturated tunnel: {line.name}")
            target = start_target(bench, line, stack)
            for kind in ("quic", "tls"):
                for tunnel in try_all(bench, {kind: lambda: our_tunnel(bench, line, stack, target, kind)}):
                    tunnel.move("fetch", size_of(bench))
                    for side, process in (("sends", tunnel.there), ("receives", tunnel.here)):
                        show_dispatches(bench, f"{tunnel.name}, who {side}", process)


def show_dispatches(bench, name, process):
    """Ends the process, which prints its histogram then."""
    out, _ = process.communicate("", timeout=20)
    for clock, counts in json.loads(out.splitlines()[-1]).items():
        total = sum(n for _, n in counts)
        short = sum(n for below, n in counts if below and below <= 2048)
        bench.row(f"{name}: below 2 ms, {clock} time", f"{100 * short / total:.3f} %", f"of {total}")
        bench.row("  by less than so many µs", "", " ".join(f"{below or 'more'}:{n}" for below, n in counts))


PARTS = {"streams": streams, "tunnels": tunnels, "far": far, "lossy": lossy, "connect": connect, "idle": idle,
         "dispatches": dispatches}
