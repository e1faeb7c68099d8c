# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What came out, as a table: a line for each case, a column for each pair, a letter for each way to connect."""

import pytest

KEY = pytest.StashKey()
LETTERS = {'tls': 't', 'noise': 'n', 'quic': 'q'}
WEB_LETTERS = {'ws-tls': 'w', 'ws-noise': 'o', 'wss-tls': 's'}
WIDTH = 9
LEGEND = ('t TCP with TLS, n TCP with Noise, q QUIC, w WebSocket with TLS inside, o WebSocket with Noise, '
          's WebSocket in TLS: passed; the capital of it: FAILED; - cannot be done, see below; '
          '. not asked: it is about our end alone, or about QUIC alone')


class Matrix:
    def __init__(self):
        self._pairs = []
        self._results = {}  # case: {(listener, dialer, way): outcome}
        self._reasons = {}  # why something was skipped: {case: [words]}

    def note(self, case, pair, report):
        """Takes up one phase of a test: the worst of its phases counts."""
        if report.when != 'call' and report.passed:
            return
        if pair[:2] not in self._pairs:
            self._pairs.append(pair[:2])
        results = self._results.setdefault(case, {})
        if results.get(pair) != 'failed':
            results[pair] = report.outcome
        if report.skipped:
            listener, dialer, way = pair
            where = self._reasons.setdefault(report.longrepr[2].removeprefix('Skipped: '), {})
            where.setdefault(case, []).append(f'{dialer} dials {listener} ({way})')

    def _cell(self, results, pair):
        letters = ''
        letters_of = WEB_LETTERS if any(way in WEB_LETTERS for *_, way in results) else LETTERS
        for way, letter in letters_of.items():
            outcome = results.get((*pair, way))
            letters += {'passed': letter, 'failed': letter.upper(), 'skipped': '-'}.get(outcome, '.')
        return letters

    def lines(self):
        if not self._results:
            return
        first = max(map(len, self._results)) + 1
        rows = {'dialer': [dialer for _, dialer in self._pairs],
                'listener': [listener for listener, _ in self._pairs]}
        for case, results in self._results.items():
            rows[case] = [self._cell(results, pair) for pair in self._pairs]
        for name, cells in rows.items():
            yield (name.ljust(first) + ''.join(cell.ljust(WIDTH) for cell in cells)).rstrip()
        yield LEGEND
        for reason, where in self._reasons.items():
            yield f'- {reason}:'
            for case, words in where.items():
                yield f'    {case}: {", ".join(words)}'
