# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A second try for a test that may have failed only because the machine was busy.

It is run once more when all suites are done, with nothing beside it, on the same
build. If all of it passes then, it is unsteady, which everybody is shown, and no
failure. What cannot be an accident of time has no second try: a sanitizer's
report, a critical message, a process that a signal ended, an assertion of the
product. Neither has anything else, if too many ask for one: that is no accident.
"""

import dataclasses
import re
import signal
import typing

AT_MOST = 3  # programs of Meson's and cases of pytest's, in a whole run

# A test's own assertion says where in tests/ it is; GLib says FATAL of a message that ends a program.
NO_ACCIDENT = re.compile(r"""
    (?:Address|Leak|UndefinedBehavior|Thread|Memory)Sanitizer | runtime\ error: |
    \bCRITICAL\b | \bFATAL-[A-Z]+: | \bERROR:(?!\S*\btests/)\S+:\d+: |
    \bSIG(?:ABRT|BUS|FPE|ILL|SEGV|SYS|TRAP)\b | Segmentation\ fault | core\ dumped |
    it\ ran\ no\ tests | ==\d+==ABORTING
    """, re.VERBOSE)
# The same of the programs that a case of pytest's starts, whose assertions are never the test's, and of pytest itself,
# which shortens what a program said. At a case's end it is found that a program of its ended badly.
NO_ACCIDENT_OF_A_PROGRAM = re.compile(r"""
    [Aa]ssertion\ (?:.*\ )?failed | \bworker\ '\w+'\ crashed | ^failed\ on\ teardown\b |
    (?:\bassert\ |\bexit\ code\ |\breturncode=|[(,]\ ?)-(?:4|5|6|7|8|11|31)\b
    """, re.VERBOSE | re.MULTILINE)


@dataclasses.dataclass
class Suspect:
    """What failed and can be run again: again() does so and returns the tally."""

    name: str
    first: typing.Any
    again: typing.Callable


def program_may_pass(entry):
    """Whether an entry of Meson's testlog.json that failed may be an accident of time."""
    said, complaints = entry.get('stdout') or '', entry.get('stderr') or ''
    code = entry.get('returncode')
    if NO_ACCIDENT.search(f'{said}\n{complaints}') or code is None:
        return False
    if entry['result'] == 'TIMEOUT':
        return True
    if '--tap' not in entry['command']:
        return 0 < code < 128
    # One that passed all its tests and then ended badly had time enough. GLib aborts after the first test that failed.
    blamed, gave_up = (re.search(f'^{words}', said, re.MULTILINE) for words in ('not ok', 'Bail out!'))
    return bool(blamed and (0 <= code < 128 or (code == -signal.SIGABRT and gave_up)))


def case_may_pass(words):
    """Whether a case of pytest's that failed with these words may be an accident of time."""
    return not NO_ACCIDENT.search(words) and not NO_ACCIDENT_OF_A_PROGRAM.search(words)


def passes(first, second):
    """Whether all passes now. What failed must not be skipped instead."""
    instead = [name for name, _ in second.skipped if any(failed.startswith(name) for failed, _ in first.failed)]
    return second.passed > 0 and not second.failed and not instead


def both(first, second):
    """What to show of a test that failed twice."""
    now = '\n'.join(output for _, output in second.failed) or 'It passed nothing.'
    return [(name, f'{output}\n\nRun again, alone on the machine:\n{now}') for name, output in first.failed]


def settle(total):
    """Runs the suspects of a tally again and counts each of them in it as passed and unsteady, or as failed."""
    suspects, total.suspects = total.suspects, []
    if len(suspects) > AT_MOST:
        print(f'again    none of {len(suspects)}: more than {AT_MOST} are no accident', flush=True)
    for suspect in suspects:
        first = suspect.first
        if len(suspects) <= AT_MOST:
            second = suspect.again()
            passed = passes(first, second)
            print(f'again    {suspect.name} alone: {second}', flush=True)
            if passed:
                total.unsteady += first.failed
                first = second
            else:
                first.failed = both(first, second)
        total.add(first)
