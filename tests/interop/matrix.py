# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What came out, as a table: a line for each case, a column for each pair or relay, a letter for each way to connect."""

import pytest

KEY = pytest.StashKey()
RELAYS = pytest.StashKey()
LETTERS = {'tls': 't', 'noise': 'n', 'quic': 'q'}
WEB_LETTERS = {'ws-tls': 'w', 'ws-noise': 'o', 'wss-tls': 's'}
WIDTH = 9
LEGEND = ('t TCP with TLS, n TCP with Noise, q QUIC, w WebSocket with TLS inside, o WebSocket with Noise, '
          's WebSocket in TLS: passed; the capital of it: FAILED; - cannot be done, see below; '
          '. not asked: it is about our end alone, or about QUIC alone')


class Matrix:
    def __init__(self, *heads):
        self._heads = heads  # what a column's names are
        self._columns = []
        self._results = {}  # case: {(column, way): outcome}
        self._reasons = {}  # why something was skipped: {case: [words]}

    def note(self, case, column, way, report, words):
        """Takes up one phase of a test: the worst of its phases counts."""
        if report.when != 'call' and report.passed:
            return
        if column not in self._columns:
            self._columns.append(column)
        results = self._results.setdefault(case, {})
        if results.get((column, way)) != 'failed':
            results[column, way] = report.outcome
        if report.skipped:
            where = self._reasons.setdefault(report.longrepr[2].removeprefix('Skipped: '), {})
            where.setdefault(case, []).append(words)

    @staticmethod
    def _cell(results, column):
        letters = ''
        letters_of = WEB_LETTERS if any(way in WEB_LETTERS for _, way in results) else LETTERS
        for way, letter in letters_of.items():
            outcome = results.get((column, way))
            letters += {'passed': letter, 'failed': letter.upper(), 'skipped': '-'}.get(outcome, '.')
        return letters

    def lines(self):
        if not self._results:
            return
        first = max(map(len, self._results)) + 1
        rows = {head: [column[i] for column in self._columns] for i, head in enumerate(self._heads)}
        for case, results in self._results.items():
            rows[case] = [self._cell(results, column) for column in self._columns]
        for name, cells in rows.items():
            yield (name.ljust(first) + ''.join(cell.ljust(WIDTH) for cell in cells)).rstrip()
        for reason, where in self._reasons.items():
            yield f'- {reason}:'
            for case, words in where.items():
                yield f'    {case}: {", ".join(words)}'
