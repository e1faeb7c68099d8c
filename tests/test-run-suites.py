# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Whether build-aux/test gives a second try to what deserves one, and to nothing else.

Runs suites of programs and cases made up here, with the real Meson and pytest, in
a directory of their own.
"""
import contextlib
import importlib.util
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BUILD_AUX = pathlib.Path(__file__).resolve().parent.parent / 'build-aux'

# Says "ok 1 /a/before", then what its name asks for. Whoever is flaky fails where no file tells of a first time.
PROGRAM = r"""
import os, pathlib, resource, signal, sys, time
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
name = sys.argv[2]
once = pathlib.Path(os.environ['ONCE']) / name
again = once.exists()
once.touch()
print('TAP version 14\n1..2\nok 1 /a/before', flush=True)

def give_up(why):
    print(f'not ok /a/it - {why}\nBail out!', flush=True)
    os.abort()

if name == 'bad' or (name.startswith('flaky') and not again):
    give_up(f'ERROR:../tests/unit/a/test-a.c:4:it: assertion failed ({name}): (1 == 2)')
elif name == 'skips' and not again:
    give_up('ERROR:../tests/unit/a/test-a.c:4:it: assertion failed')
elif name == 'skips':
    print('ok 2 /a/it # SKIP no time')
    sys.exit()
elif name == 'other' and again:
    print('ok 2 /a/it\nnot ok 3 /a/other')
    sys.exit(1)
elif name == 'other':
    give_up('ERROR:../tests/unit/a/test-a.c:4:it: assertion failed')
elif again:
    pass
elif name == 'slow':
    time.sleep(60)
elif name == 'sanitizer':
    print('==1==ERROR: AddressSanitizer: heap-use-after-free', file=sys.stderr, flush=True)
    give_up('ERROR:../tests/unit/a/test-a.c:4:it: assertion failed')
elif name == 'undefined':
    print('a.c:1:2: runtime error: signed integer overflow', file=sys.stderr, flush=True)
    give_up('ERROR:../tests/unit/a/test-a.c:4:it: assertion failed')
elif name == 'leak':
    print('ok 2 /a/it\n', flush=True)
    print('==1==ERROR: LeakSanitizer: detected memory leaks', file=sys.stderr, flush=True)
    os.abort()
elif name == 'critical':
    give_up('peerup-wire-FATAL-CRITICAL: boo')
elif name == 'product':
    give_up('peerup-wire:ERROR:../src/wire/a.c:4:it: assertion failed')
elif name == 'crash':
    os.kill(os.getpid(), signal.SIGSEGV)
elif name == 'after':
    print('ok 2 /a/it')
    sys.exit(3)
print('ok 2 /a/it')
"""
FLAKY = ('flaky1', 'flaky2', 'flaky3', 'flaky4')
HOPELESS = ('sanitizer', 'undefined', 'leak', 'critical', 'product', 'crash', 'after')
PROGRAMS = ('good', 'bad', 'slow', 'skips', 'other', *FLAKY, *HOPELESS)

CASES = r"""
import os, pathlib, pytest

@pytest.fixture
def first():
    once = pathlib.Path(os.environ['ONCE']) / os.environ['PYTEST_CURRENT_TEST'].split('[')[-1].split(']')[0].replace('/', '-')
    again = once.exists()
    once.touch()
    return not again

@pytest.fixture
def ends_badly(first):
    yield first
    assert not first, ["long " * 200 + "==1==ERROR: Leak" + "Sanitizer: detected memory leaks" + " words" * 200]

@pytest.fixture
def tells(first):
    yield first
    print("home, process 7, ended by SIGSEGV:")

@pytest.mark.parametrize("way", ["flaky-//a b", "tcp"])
def test_flaky(first, way):
    assert not first or way == "tcp", "late for " + os.environ["PEERUP_TEST_BIG"]

@pytest.mark.parametrize("way", ["bad"])
def test_bad(way):
    assert way == "good"

@pytest.mark.parametrize("way", ["teardown"])
def test_ends_badly(ends_badly, way):
    assert not ends_badly

@pytest.mark.parametrize("way", ["crash"])
def test_crash(tells, way):
    assert not tells

@pytest.mark.parametrize("way", ["died"])
def test_died(first, way):
    assert (-11 if first else 0) == 0

@pytest.mark.parametrize("way", ["critical"])
def test_critical(first, way):
    assert not first, "peerup-CRITICAL **: assertion 'x' failed"
"""


def load():
    sys.path.insert(0, str(BUILD_AUX))
    spec = importlib.util.spec_from_file_location('run_suites', BUILD_AUX / 'run-suites.py')
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class SecondTry(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix='peerup-suites-')))
        lines = ["project('made-up')", "python = find_program('python3')"]
        lines += [f"test('{name}', python, args: [files('program.py'), '--tap', '{name}'], protocol: 'tap', "
                  f"timeout: {3 if name == 'slow' else 30})" for name in PROGRAMS]
        (cls.top / 'meson.build').write_text('\n'.join(lines))
        (cls.top / 'program.py').write_text(PROGRAM)
        subprocess.run(['meson', 'setup', cls.top / 'build/asan', cls.top], check=True, capture_output=True)
        (cls.top / 'tests/netlab').mkdir(parents=True)
        (cls.top / 'tests/netlab/test_made_up.py').write_text(CASES)

    def setUp(self):
        os.environ['ONCE'] = self.enterContext(tempfile.TemporaryDirectory(prefix='peerup-once-'))
        self.suites = load()
        self.suites.TOP, self.suites.BUILD, self.suites.LOGS = self.top, self.top / 'build', self.top / 'build/test'
        self.suites.build = lambda *_args, **_kwargs: None

    def run_suite(self, suite):
        """Exit status and output of build-aux/test with that suite alone."""
        self.suites.SUITES = {'made_up': suite}
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            code = self.suites.main([])
        return code, output.getvalue().rstrip('\n').split('\n')

    def run_programs(self, *names, **how):
        return self.run_suite(lambda: self.suites.meson_tests('asan', *names, **how))

    def run_cases(self, *names):
        choice = ('-k', ' or '.join(names))
        return self.run_suite(lambda: self.suites.pytest('netlab', '', 'asan', choice, {'PEERUP_TEST_BIG': '77'}))

    def assert_failed_once(self, lines, name):
        told = {line.split()[0] for line in lines
                if line.startswith(('FAILED ', 'UNSTEADY ', 'again ')) and name in line.split()}
        self.assertEqual(told, {'FAILED'}, '\n'.join(lines))

    def test_program_that_passes_alone_is_unsteady(self):
        code, lines = self.run_programs('good', 'flaky1')
        self.assertEqual((code, lines[-2:]), (0, ['1 unsteady, counted as passed: mend the test, or what it found',
                                                  '4 passed, 0 failed, 0 skipped']))
        at = next(i for i, line in enumerate(lines) if line.startswith('UNSTEADY flaky1 /a/it'))
        self.assertIn('assertion failed (flaky1)', '\n'.join(lines[at:]))
        self.assertIn('made_up  3 passed, 1 failed, 0 skipped', lines[0])

    def test_first_log_is_kept(self):
        self.run_programs('good', 'flaky1')
        logs = self.top / 'build/asan/meson-logs'
        results = [[json.loads(line)['result'] for line in (logs / f'{name}.json').read_text().splitlines()]
                   for name in ('testlog', 'again-flaky1')]
        self.assertEqual((sorted(results[0]), results[1]), (['ERROR', 'OK'], ['OK']))

    def test_program_that_was_too_slow(self):
        code, lines = self.run_programs('slow')
        self.assertEqual((code, lines[-1]), (0, '2 passed, 0 failed, 0 skipped'))

    def test_program_that_fails_twice_is_a_failure(self):
        for name in ('bad', 'skips', 'other'):
            with self.subTest(name):
                code, lines = self.run_programs(name)
                self.assertEqual((code, lines[-1]), (1, '1 passed, 1 failed, 0 skipped'))
                self.assertIn('    Run again, alone on the machine:', lines)
                self.assertFalse([line for line in lines if 'unsteady' in line.lower()])

    def test_no_accident_has_no_second_try(self):
        code, lines = self.run_programs(*HOPELESS, 'flaky1')
        self.assertEqual(code, 1)
        for name in HOPELESS:
            with self.subTest(name):
                self.assert_failed_once(lines, name)
        self.assertIn(f' {len(HOPELESS)} failed, ', lines[-1])
        self.assertIn('    ==1==ERROR: AddressSanitizer: heap-use-after-free', lines)
        self.assertEqual(lines[-2], '1 unsteady, counted as passed: mend the test, or what it found')

    def test_fuzzers_and_what_runs_no_tests_have_none(self):
        code, lines = self.run_programs('flaky1', try_again=False)
        self.assertEqual((code, lines[-1]), (1, '1 passed, 1 failed, 0 skipped'))
        self.assert_failed_once(lines, 'flaky1')
        code, lines = self.run_suite(lambda: self.suites.meson_tests('asan', '--suite', 'nowhere'))
        self.assertEqual((code, lines[-1]), (1, '0 passed, 1 failed, 0 skipped'))
        self.assertIn('    it ran no tests', lines)

    def test_more_than_three_are_no_accident(self):
        code, lines = self.run_programs(*FLAKY)
        self.assertEqual((code, lines[-1]), (1, '4 passed, 4 failed, 0 skipped'))
        for name in FLAKY:
            self.assert_failed_once(lines, name)

    @unittest.skipUnless(importlib.util.find_spec('pytest'), 'pytest is not installed')
    def test_case_that_passes_alone_is_unsteady(self):
        code, lines = self.run_cases('test_flaky')
        self.assertEqual((code, lines[-2:]), (0, ['1 unsteady, counted as passed: mend the test, or what it found',
                                                  '2 passed, 0 failed, 0 skipped']))
        self.assertIn('late for 77', '\n'.join(lines))

    @unittest.skipUnless(importlib.util.find_spec('pytest'), 'pytest is not installed')
    def test_case_that_fails_twice_or_is_no_accident(self):
        code, lines = self.run_cases('test_bad', 'test_ends_badly', 'test_crash', 'test_died', 'test_critical')
        # One of them failed and ended badly.
        self.assertEqual((code, lines[-1]), (1, '0 passed, 6 failed, 0 skipped'))
        self.assertEqual(sum(line.startswith('again    ') for line in lines), 1, lines)
        self.assertIn('    Run again, alone on the machine:', lines)
        for name in ('test_ends_badly[teardown]', 'test_crash[crash]', 'test_died[died]', 'test_critical[critical]'):
            with self.subTest(name):
                self.assert_failed_once(lines, name)


if __name__ == '__main__':
    # Meson's own settings for its tests are not for those of the one below.
    for name in [name for name in os.environ if name.startswith(('MESON_', 'PYTEST_', 'PEERUP_'))]:
        del os.environ[name]
    unittest.main()
