# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The suites of build-aux/test, one after the other, in the development root.

Each suite is a function that returns a Tally. A program counts by what it says
and by how it ended: one that passed all its tests and then crashed or leaked is
one failure more. One that may have failed for want of time is run again at the end:
see second_try.py.
"""

import concurrent.futures
import dataclasses
import functools
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time
import xml.etree.ElementTree

import second_try

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / 'build'
LOGS = BUILD / 'test'
JOBS = str(os.cpu_count() or 2)
TAIL = 6000  # characters of a failed test's output that are shown
LITTLE = str(8 * 1024 * 1024)  # bytes of a bulk transfer under the sanitizers

# As in tests/meson.build, for programs that pytest starts.
SANITIZERS = {
    'G_DEBUG': 'fatal-criticals,fatal-warnings',
    'G_ENABLE_DIAGNOSTIC': '1',
    'ASAN_OPTIONS': 'detect_leaks=1:abort_on_error=1:strict_string_checks=1:detect_stack_use_after_return=0',
    'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1',
    'LSAN_OPTIONS': f'suppressions={TOP}/tests/lsan.supp:print_suppressions=0',
}


@dataclasses.dataclass
class Tally:
    """What came out of tests: a number, words about the others, and what a suite wants shown."""

    passed: int = 0
    failed: list = dataclasses.field(default_factory=list)   # (name, output)
    skipped: list = dataclasses.field(default_factory=list)  # (name, reason)
    shown: list = dataclasses.field(default_factory=list)
    suspects: list = dataclasses.field(default_factory=list)  # failed until they passed
    unsteady: list = dataclasses.field(default_factory=list)  # (name, output) of what passed in the end

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.shown += other.shown
        self.suspects += other.suspects
        self.unsteady += other.unsteady

    def __str__(self):
        tallies = (self, *(suspect.first for suspect in self.suspects))
        passed = sum(tally.passed for tally in tallies)
        failed, skipped = (sum(len(getattr(tally, what)) for tally in tallies) for what in ('failed', 'skipped'))
        return f'{passed} passed, {failed} failed, {skipped} skipped'


def failure(name, output):
    return Tally(failed=[(name, output.strip()[-TAIL:] or 'it said nothing')])


def suspect(tally, name, again, *args, **kwargs):
    """A tally that waits for its second try."""
    return Tally(suspects=[second_try.Suspect(name, tally, functools.partial(again, *args, **kwargs))])


def run(command, log, gently=False, **env):
    """Runs a command with its words going to a log; returns exit code and words. Gently: in the time others leave."""
    path = LOGS / f'{log}.log'
    command = [*(('nice', '-n', '19') if gently else ()), *map(str, command)]
    with path.open('w') as file:
        code = subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=file,
                              stderr=subprocess.STDOUT, env=os.environ | env, check=False).returncode
    return code, path.read_text(errors='replace')


def build(kind, *targets, gently=False):
    """Nothing if the build worked, else the failure."""
    code, words = run([TOP / 'build-aux/build', kind, *targets], f'build-{kind}', gently)
    return failure(f'build {kind}', words) if code else None


# Checks

def checks():
    tally = Tally()
    for script in ('check-style', 'check-layers'):
        listed = subprocess.run([TOP / 'build-aux' / script, '--list'], capture_output=True, text=True, check=True)
        for name in listed.stdout.split():
            code, words = run([TOP / 'build-aux' / script, name], f'{script}-{name}')
            tally.add(failure(f'{script} {name}', words) if code else Tally(passed=1))
    return tally


# Meson

TAP_LINE = re.compile(r'^(not ok|ok)\b *\d* *-? *(.*?)(?: +# *(SKIP)\b *(.*))?$', re.IGNORECASE)


def count_tap(program, said, words):
    """The tests of one program that speaks TAP, and its words to show for those that failed."""
    tally = Tally()
    for line in said.splitlines():
        match = TAP_LINE.match(line)
        if not match:
            continue
        verdict, name, directive, reason = match.groups()
        if directive:
            tally.skipped.append((f'{program} {name}', reason or 'no reason given'))
        elif verdict == 'ok':
            tally.passed += 1
        else:
            tally.failed.append((f'{program} {name}', words[-TAIL:]))
    return tally


def program_name(entry):
    return entry['name'].split(' / ')[-1]


def count_program(entry):
    """The tests of one entry of testlog.json."""
    name, result = program_name(entry), entry['result']
    words = '\n'.join(entry.get(stream) or '' for stream in ('stdout', 'stderr'))
    if '--tap' in entry['command']:
        tally = count_tap(name, entry.get('stdout') or '', words)
    else:
        tally = Tally(passed=int(result == 'OK'))
    if result == 'SKIP' and not tally.skipped:
        tally.skipped.append((name, 'no reason given'))
    elif result not in ('OK', 'SKIP') and not tally.failed:
        tally.add(failure(name, f'{words}\n{result}, exit code {entry.get("returncode")}'))
    elif not (tally.passed or tally.failed or tally.skipped):
        tally.add(failure(name, f'{words}\nit ran no tests'))
    return tally


def meson_tests(kind, *choice, rebuild='--no-rebuild', gently=False, jobs=JOBS, log='testlog', try_again=True):
    """Runs the tests of a build and counts them."""
    directory = BUILD / kind
    path = directory / f'meson-logs/{log}.json'
    path.unlink(missing_ok=True)
    code, words = run(['meson', 'test', '-C', directory, *([rebuild] if rebuild else []), '--num-processes', jobs,
                       '--timeout-multiplier', '3', '--logbase', log, *choice],
                      f'meson-{kind}' if log == 'testlog' else f'meson-{kind}-{log}', gently)
    tally = Tally()
    for entry in map(json.loads, path.read_text().splitlines() if path.exists() else ()):
        counted, name = count_program(entry), program_name(entry)
        if try_again and counted.failed and second_try.program_may_pass(entry):
            counted = suspect(counted, f'{name} ({kind})', meson_tests, kind, name, jobs='1', log=f'again-{name}',
                              try_again=False)
        tally.add(counted)
    if not (tally.passed or tally.failed or tally.skipped or tally.suspects):
        tally.add(failure(f'meson test {kind}', f'{words}\nit ran no tests'))
    elif code and not (tally.failed or tally.suspects):
        tally.add(failure(f'meson test {kind}', words))
    return tally


def unit():
    return build('asan') or meson_tests('asan', '--no-suite', 'fuzzing')


def release():
    return build('release') or meson_tests('release', '--no-suite', 'fuzzing')


def fuzz():
    # Meson builds what these tests are made of, which is a third of everything.
    return (build('fuzz', 'build.ninja', gently=True) or
            meson_tests('fuzz', '--suite', 'fuzzing', rebuild=None, gently=True, try_again=False))


# Pytest

# A section of a folder's own among pytest's last words, up to an empty line.
MATRIX = re.compile(r'^=+ matrix =+\n(.*?)\n\n', re.MULTILINE | re.DOTALL)


def count_case(case, kind):
    """One test case of pytest's report."""
    name = f'{case.get("classname")} {case.get("name")} ({kind})'
    for bad in (*case.findall('failure'), *case.findall('error')):
        return failure(name, f'{bad.text or ""}\n{bad.get("message") or ""}')
    skipped = case.find('skipped')
    if skipped is not None:
        return Tally(skipped=[(name, skipped.get('message') or 'no reason given')])
    return Tally(passed=1)


def count_cases(cases, kind, again):
    """All test cases. One that also ended badly stands there twice; again(node) is its second try."""
    names = {}
    for case in cases:
        names.setdefault((case.get('classname'), case.get('name')), []).append(case)
    total = Tally()
    for (classname, name), those in names.items():
        tally = Tally()
        for case in those:
            tally.add(count_case(case, kind))
        words = '\n'.join(text for case in those for part in case.iter() for text in (part.get('message'), part.text) if text)
        module = classname.rpartition('.')[2]
        if again and module and tally.failed and second_try.case_may_pass(words):
            tally = suspect(tally, tally.failed[0][0], again, f'{module}.py::{name}')
        total.add(tally)
    return total


def pytest(folder, part, kind, choice, env, node=None, gently=False):
    """Runs a folder of Python tests, or one of its cases again, on the programs of one build and counts them."""
    name = f'{folder}-{kind}{part}'
    report = LOGS / f'{name}.xml'
    report.unlink(missing_ok=True)
    directory = BUILD / kind
    # What programs said comes with the cases that failed: it may tell that a second try is out of the question.
    code, words = run(['python3', '-m', 'pytest', '-p', 'no:cacheprovider', '-q', f'--junit-xml={report}',
                       '-o', 'junit_logging=all', *choice, f'{TOP}/tests/{folder}/{node}' if node else TOP / 'tests' / folder], name, gently, **SANITIZERS | {
                           'PEERUP_BUILD': str(directory),
                           'PEERUP_BIN': str(directory / 'src/cli/peerup'),
                           'PEERUP_INTEROP_BIN': str(directory / 'tests/interop/peerup-interop'),
                           'PYTHONDONTWRITEBYTECODE': '1',
                       } | env)
    again = None if node else functools.partial(pytest_again, folder, part, kind, env)
    tally = count_cases(xml.etree.ElementTree.parse(report).iter('testcase') if report.exists() else (), kind, again)
    if code not in (0, 1) or (code and not (tally.failed or tally.suspects)):
        tally.add(failure(f'pytest {name}', words))
    tally.shown += [f'{name}\n{matrix}' for matrix in MATRIX.findall(words)]
    return tally


def pytest_again(folder, part, kind, env, node):
    """One case, in a process of its own."""
    return pytest(folder, f'{part}-again-{re.sub(r"[^A-Za-z0-9]+", "-", node)[:100]}', kind, (), env, node)


def build_and_test(folder, part, targets, kind, choice, env):
    return build(kind, *targets) or pytest(folder, part, kind, choice, env)


def on_both_builds(folder, *targets, part='', at_once=False, asan_choice=(), release_choice=(), **asan_env):
    """The sanitizers for right and wrong, and the release for its own sake."""
    if not list((TOP / 'tests' / folder).glob('test_*.py')):
        return Tally(skipped=[(folder, f'tests/{folder} has no tests')])
    runs = (('asan', asan_choice, asan_env), ('release', release_choice, {}))
    tally = Tally()
    with concurrent.futures.ThreadPoolExecutor(2 if at_once else 1) as pool:
        for done in [pool.submit(build_and_test, folder, part, targets, *run) for run in runs]:
            tally.add(done.result())
    return tally


def package():
    """It builds by itself, as a packager would, and what it tests is one installation."""
    return pytest('package', '', 'release', (), {}, gently=True)


def interop():
    """Both at once: much of it waits for a program to start."""
    return on_both_builds('interop', 'tests/interop/peerup-interop', at_once=True, PEERUP_INTEROP_BYTES=LITTLE)


def netlab():
    # What takes long by the clock alone takes as long with the sanitizers, and once is enough, as it is for what is
    # marked so: right and wrong are seen by the sanitizers, and times without them. Each test has networks of its own and
    # mostly waits, so four files at once take half the time of one after the other, on two processors; but for those that
    # keep the machine busy by themselves, and measure.
    side_by_side = ('-n', '4', '--dist', 'loadfile')
    asan, release = 'not released', 'not by_the_clock and not sanitized'
    tally = on_both_builds('netlab', asan_choice=(*side_by_side, '-m', f'not calm and {asan}'),
                           release_choice=(*side_by_side, '-m', f'not calm and {release}'), PEERUP_TEST_BIG=LITTLE)
    tally.add(on_both_builds('netlab', part='-calm', asan_choice=('-m', f'calm and {asan}'),
                             release_choice=('-m', f'calm and {release}')))
    return tally


def ui():
    # Each test has screens and networks of its own, and mostly waits for them. Pictures are the same on both builds.
    side_by_side = ('-n', '3', '--dist', 'worksteal')
    tally = on_both_builds('ui', asan_choice=(*side_by_side, '-m', 'not calm and not released'),
                           release_choice=(*side_by_side, '-m', 'not calm and not sanitized'))
    tally.add(build_and_test('ui', '-calm', (), 'release', ('-m', 'calm'), {}))
    return tally


SUITES = {suite.__name__: suite for suite in (checks, unit, release, fuzz, package, interop, netlab, ui)}
# They mostly compute, and run one after the other beside the suite that comes next, which mostly waits for programs to
# start.
BESIDE = ('fuzz', 'package')


def timed(name):
    """The tally of a suite and the line that says how it went."""
    start = time.monotonic()
    tally = SUITES[name]()
    return tally, f'{name:8} {tally} ({time.monotonic() - start:.0f} s)'


def print_indented(output):
    print('\n'.join(f'    {line}' for line in output.splitlines()))


def report(tally):
    for name, output in tally.failed:
        print(f'\nFAILED {name}')
        print_indented(output)
    for text in tally.shown:
        print(f'\n{text}')
    if tally.skipped:
        print()
    names = {}
    for name, reason in tally.skipped:
        names.setdefault(reason, []).append(name)
    for reason, those in names.items():
        print(f'skipped {those[0]}{f" and {len(those) - 1} more" if len(those) > 1 else ""}: {reason}')
    for name, output in tally.unsteady:
        print(f'\nUNSTEADY {name}: it failed at first, as follows, and passed when it was run again, alone')
        print_indented(output)
    print()
    if tally.unsteady:
        print(f'{len(tally.unsteady)} unsteady, counted as passed: mend the test, or what it found')
    print(tally)


def show(total, tally, line):
    print(line, flush=True)
    total.add(tally)


def main(names):
    if '--help' in names:
        print(f'usage: build-aux/test [SUITE...]\n\nThe suites, in the order they are run: {", ".join(SUITES)}.')
        return 0
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        print(f'test: no suite is called {shlex.join(unknown)}: use {", ".join(SUITES)}', file=sys.stderr)
        return 2
    LOGS.mkdir(parents=True, exist_ok=True)
    total, beside = Tally(), []
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        for name in names or SUITES:
            if name in BESIDE:
                beside.append(pool.submit(timed, name))
                continue
            show(total, *timed(name))
            while beside:
                show(total, *beside.pop().result())
        while beside:
            show(total, *beside.pop().result())
    second_try.settle(total)
    report(total)
    return 1 if total.failed else 0


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
