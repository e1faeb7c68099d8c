# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The figures of a relay: what a tunnel through it loses, what it costs, how many it bears.

The crowd that a relay is tried with shares this machine's processors with it, and with the
machine busy its circuits are as slow as the slowest of the three. So a share of a circuit is
compared with the mean of that run, and a cost counts the relay's own processor time."""
import contextlib
import json
import pathlib
import statistics
import time

from common import Failed, first_line, free_port, processor_seconds, wait_port
from contestants import Tunnel, measure, our_tunnel, ratios, start_target, try_all
from lines import Line, SmallLoopback
from peers import Peer, wait_address

KINDS = {"tls": "TCP", "quic": "QUIC"}
SETTLE = 3  # seconds
COUNTED = 10
PROBES = 200
CROWDS = 2
IDLE = 60


def start_relay(bench, line, stack, kind):
    process = bench.start(*line.there, bench.program("bench-relay"), "serve", kind, line.address, stack=stack)
    return process, first_line(process)


# A tunnel through a relay, beside the same tunnel without

def relayed_tunnel(bench, line, stack, target, kind):
    """What it costs is what the relay uses."""
    relay, at = start_relay(bench, line, stack, kind)
    server = bench.start(*line.there, bench.program("bench-tunnel"), "serve", f"127.0.0.1:{target}", kind, at,
                         stack=stack)
    address, local = first_line(server), free_port()
    client = bench.start(*line.here, bench.program("bench-tunnel"), "forward", address, str(local), kind, stack=stack)
    first_line(client)
    return Tunnel(bench, line, f"relayed over {KINDS[kind]}", local, relay)


def direct_tunnel(bench, line, stack, target, kind):
    tunnel = our_tunnel(bench, line, stack, target, kind)
    tunnel.name = f"direct over {KINDS[kind]}"
    return tunnel


def socat(bench, line, stack, target):
    port = free_port()
    process = bench.start(*line.here, "socat", f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr", f"TCP:127.0.0.1:{target}",
                          stack=stack)
    wait_port(port)
    return Tunnel(bench, line, "socat, in clear", port, process)


def tunnels(bench):
    with contextlib.ExitStack() as stack:
        line = Line(bench, stack)
        bench.section("A tunnel through a relay: loopback")
        target = start_target(bench, line, stack)
        makers = {"socat": lambda: socat(bench, line, stack, target)}
        for kind in KINDS:
            makers[f"direct {kind}"] = lambda kind=kind: direct_tunnel(bench, line, stack, target, kind)
            makers[f"relayed {kind}"] = lambda kind=kind: relayed_tunnel(bench, line, stack, target, kind)
        contestants = try_all(bench, makers)
        rates = {c.name: [] for c in contestants}
        costs = {c.name: [] for c in contestants}
        for _ in range(bench.options.rounds):
            for c in contestants:
                rate, cost = measure(bench, c, "fetch", int(bench.options.gib * 2**30))
                rates[c.name].append(rate)
                costs[c.name].append(cost and cost[0])
        show_tunnels(bench, rates, costs)


def show_tunnels(bench, rates, costs):
    for name, values in rates.items():
        bench.figure(name, [v for v in values if v], "Gbit/s")
    clear = costs.get("socat, in clear", [])
    bench.figure("processor time of socat", [c for c in clear if c], "s/GiB")
    for words in KINDS.values():
        direct, relayed = f"direct over {words}", f"relayed over {words}"
        if direct not in rates or relayed not in rates:
            continue
        bench.figure(f"relayed / direct, {words}", ratios(rates[relayed], rates[direct]), goal=">= 0.35")
        bench.figure(f"processor time of the relay, {words}", [c for c in costs[relayed] if c], "s/GiB")
        bench.figure("  relay / socat", ratios(costs[relayed], clear), goal="<= 3")


# Thousands of peers

def tell(process, *words):
    process.stdin.write(" ".join(map(str, words)) + "\n")
    process.stdin.flush()


def hear(process):
    line = process.stdout.readline()
    if not line:
        raise Failed(process.errors.read_text(errors="replace").strip()[-300:] or "the load program has ended")
    return json.loads(line)


def ask(process, *words):
    tell(process, *words)
    return hear(process)


def ask_all(processes, *words):
    for process in processes:
        tell(process, *words)
    return [hear(process) for process in processes]


def percentile(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))]


def show_times(bench, name, times, goal=""):
    bench.figure(f"{name}: middle", times, "ms", digits=1)
    bench.figure("  p99", [percentile(times, 0.99)], "ms", goal, 1)


def crowd_over(kind, make):
    def part(bench):
        with contextlib.ExitStack() as stack:
            line = make(bench, stack)
            bench.section(f"{bench.options.peers} reservations, {bench.options.circuits} busy circuits, "
                          f"{KINDS[kind]}: {line.name}")
            try:
                run_crowd(bench, line, stack, kind)
            except Failed as error:
                bench.row("the crowd", "failed", str(error))
    return part


def run_crowd(bench, line, stack, kind):
    relay, address = start_relay(bench, line, stack, kind)
    crowds = [bench.start(*line.here, bench.program("bench-relay"), "crowd", address, kind, stack=stack)
              for _ in range(CROWDS + 1)]
    for crowd in crowds:
        first_line(crowd)
    ask_all(crowds, "join", 2)  # brings in code and tables that are shared by all that follow
    probe = crowds.pop()
    time.sleep(1)
    reserved = reserve_many(bench, relay, crowds)
    show_times(bench, "a new reservation meanwhile", ask(probe, "join", PROBES // 4)["reserving"])
    carry_many(bench, relay, crowds, probe, reserved)


def reserve_many(bench, relay, crowds):
    each = bench.options.peers // CROWDS
    before = ask(relay, "look")
    began = time.monotonic()
    ask_all(crowds, "join", each, 8)
    seconds = time.monotonic() - began
    time.sleep(SETTLE)
    after = ask(relay, "look")
    count = after["reservations"] - before["reservations"]
    bench.row("reservations", str(count), f"{each * CROWDS / seconds:.0f} a second")
    bench.figure("memory of each (Pss)", [(after["pss_kib"] - before["pss_kib"]) / count], "KiB", "< 24", 1)
    bench.figure("processor time of each, connecting included", [(after["processor"] - before["processor"]) * 1000 / count],
                 "ms")
    return after


def carry_many(bench, relay, crowds, probe, reserved):
    each = bench.options.circuits // CROWDS
    ask_all(crowds, "carry", each)
    time.sleep(SETTLE)
    looks, began = [ask(relay, "look")], time.monotonic()
    for crowd in crowds:
        tell(crowd, "count", COUNTED)
    joined = ask(probe, "join", PROBES)
    looks.append(ask(relay, "look"))
    counted = [n for crowd in crowds for n in hear(crowd)["bytes"]]
    looks.append(ask(relay, "look"))
    seconds = time.monotonic() - began
    carried = (looks[-1]["bytes"] - looks[0]["bytes"]) / 2**30
    used = looks[-1]["processor"] - looks[0]["processor"]
    circuits = looks[0]["circuits"]
    bench.row("busy circuits", str(circuits), f"{looks[-1]['circuits']} of them at the end")
    bench.figure("carried", [carried * 8.589934592 / seconds], "Gbit/s")
    bench.row("  by", f"{used / seconds:.2f}", "processors of the relay")
    bench.figure("  processor time of the relay", [used / carried], "s/GiB")
    for name, key in (("memory of each (Pss)", "pss_kib"), ("  of it allocated", "allocated_kib"),
                      ("  of it, bytes that wait for the other side", "unread_kib")):
        goal = "< 64" if key == "pss_kib" else ""
        # The probe's own reservations are in the later looks.
        base = [reserved[key] * (look["reservations"] / reserved["reservations"]) for look in looks]
        bench.figure(name, [(look[key] - b) / circuits for look, b in zip(looks, base)], "KiB", goal, 1)
    mean = statistics.mean(counted)
    bench.figure("smallest share of a circuit, of an equal one", [min(counted) / mean], "", ">= 0.5")
    bench.figure("largest", [max(counted) / mean])
    show_times(bench, "a new reservation meanwhile", joined["reserving"], "< 200")
    show_times(bench, "  with a connection for it", [a + b for a, b in zip(joined["connecting"], joined["reserving"])])


# A peer that does nothing

def wakeups(pid):
    """Of each thread; one that ends, as those do that GLib keeps for a while, takes its number with it."""
    numbers = {}
    for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
        with contextlib.suppress(OSError):
            numbers[status.parent.name] = sum(int(line.split()[1]) for line in status.read_text().splitlines()
                                              if line.startswith("voluntary_ctxt_switches"))
    return numbers


def woken_since(pid, before):
    return sum(number - before.get(thread, 0) for thread, number in wakeups(pid).items())


def idle(bench):
    bench.section("An idle peer")
    bench.peerup = str(bench.build / "src/cli/peerup")
    with contextlib.ExitStack() as stack:
        line = Line(bench, stack)
        relays = [start_relay(bench, line, stack, "tls")[1], start_relay(bench, line, stack, "quic")[1]]
        daemons = {"no relay": start_daemon(bench, stack, "alone", []),
                   "two relays, TCP and QUIC": start_daemon(bench, stack, "relayed", relays)}
        time.sleep(2 * SETTLE)
        before = {name: (wakeups(d.pid), processor_seconds([d.pid])) for name, d in daemons.items()}
        time.sleep(IDLE)
        for name, daemon in daemons.items():
            bench.figure(f"{name}: wake-ups", [woken_since(daemon.pid, before[name][0]) * 60 / IDLE], "/min", digits=0)
            bench.figure("  processor time", [(processor_seconds([daemon.pid]) - before[name][1]) * 60 / IDLE], "s/min")


def start_daemon(bench, stack, name, relays):
    peer = Peer(bench, name)
    if relays:
        config = next((peer.home / ".config").rglob("config.yaml"))
        lines = "".join(f"\n    - {address}" for address in relays)
        config.write_text(config.read_text().replace("\n  addresses: []\n", f"\n  addresses:{lines}\n", 1))
    daemon = peer.start("daemon", stack=stack)
    wait_address(peer)
    return daemon


PARTS = {"tunnels": tunnels, "crowd-tcp": crowd_over("tls", SmallLoopback), "crowd-quic": crowd_over("quic", SmallLoopback),
         "idle": idle}
