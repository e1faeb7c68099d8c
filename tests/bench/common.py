# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What the parts of the benchmark have in common: processes that end, and figures."""
import contextlib
import json
import os
import pathlib
import resource
import select
import signal
import socket
import statistics
import subprocess
import time

SECONDS_MAX = 300  # for any one program to do its part


class Bench:
    """Starts everything, and keeps the figures."""

    def __init__(self, options, stack, directory):
        self.options = options
        self.build = pathlib.Path(options.build).resolve()
        self.stack = stack
        self.dir = pathlib.Path(directory)
        self.env = dict(os.environ, XDG_RUNTIME_DIR=str(self.dir / "run"),
                        LD_LIBRARY_PATH=str(self.build / "src/client"))
        (self.dir / "run").mkdir(mode=0o700)
        self.n_started = 0
        self.rows = []

    def program(self, name):
        return str(self.build / "tests/bench" / name)

    def start(self, *command, stack=None, **options):
        """A process that runs until @stack, the benchmark's by default, ends it."""
        options.setdefault("env", self.env)
        options.setdefault("stdout", subprocess.PIPE)
        self.n_started += 1
        path = self.dir / f"errors-{self.n_started}"
        with open(path, "w") as errors:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=errors, text=True, **options)
        process.errors = path
        (stack or self.stack).callback(stop, process)
        return process

    def run(self, *command, **options):
        """What it printed, the seconds it took, and those of processor time it used."""
        options.setdefault("env", self.env)
        before, began = own_children_seconds(), time.monotonic()
        out = subprocess.run(command, stdin=options.pop("stdin", subprocess.DEVNULL), capture_output=True, text=True,
                             timeout=SECONDS_MAX, **options)
        seconds = time.monotonic() - began
        if out.returncode != 0:
            raise Failed(f"{os.path.basename(command[0])}: exit code {out.returncode}: {out.stderr.strip()[-300:]}")
        return out.stdout, seconds, own_children_seconds() - before

    def section(self, title):
        load = os.getloadavg()[0]
        print(f"\n{title} (load of the machine before: {load:.1f})", flush=True)
        self.rows.append({"section": title, "load": load})

    def row(self, name, value, note=""):
        """A figure that is text already."""
        print(f"{name:<62} {value:>14}  {note}", flush=True)
        self.rows.append({"name": name, "value": value, "note": note})

    def figure(self, name, values, unit="", goal="", digits=2):
        """The median of @values, and their range."""
        if not values:
            self.row(name, "-", "not measured")
            return
        middle = statistics.median(values)
        goal_words = f" (goal {goal})" if goal else ""
        print(f"{name + goal_words:<62} {f'{middle:.{digits}f} {unit}':>14}  "
              f"{min(values):.{digits}f}-{max(values):.{digits}f}", flush=True)
        self.rows.append({"name": name, "median": middle, "min": min(values), "max": max(values), "values": values,
                          "unit": unit, "goal": goal})

    def save(self, path):
        path.write_text(json.dumps({"processors": os.cpu_count(), "figures": self.rows}, indent=1) + "\n")


class Failed(Exception):
    """One contestant did not do its part; the others go on."""


def own_children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def first_line(process, seconds=20):
    """What it says when it is ready; a process that says nothing is ended."""
    readable, _, _ = select.select([process.stdout], [], [], seconds)
    line = process.stdout.readline().strip() if readable else ""
    if not line:
        stop(process)
        words = process.errors.read_text(errors="replace").strip()[-200:]
        raise Failed(words or f"{os.path.basename(process.args[0])} says nothing")
    return line


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
