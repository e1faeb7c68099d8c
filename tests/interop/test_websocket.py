# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The cases on which a WebSocket leaves its mark, with each pair of stacks, with and without TLS around it."""

import subprocess

import pytest

import test_interop

BULK = min(test_interop.BULK, 4 * 1024 * 1024)

pytestmark = pytest.mark.ways('ws-tls', 'ws-noise', 'wss-tls')


def test_ws_identify(pair):
    result = pair.dial('identify')
    assert result['agent'].startswith(test_interop.AGENT[pair.listener_stack])
    assert pair.addr.rpartition('/p2p/')[0] in [a.rpartition('/p2p/')[0] or a for a in result['addrs']]
    pair.listener_sees('disconnected', peer=pair.dialer_id)


def test_ws_bulk_to_listener(pair):
    test_interop.check_bulk(pair.dial('sink', bytes=BULK, timeout=60), BULK)


def test_ws_bulk_to_dialer(pair):
    test_interop.check_bulk(pair.dial('source', bytes=BULK, timeout=60), BULK)


@pytest.mark.ways('ws-tls')
def test_ws_parallel(pair):
    assert pair.dial('parallel')['streams'] == 100


@pytest.mark.ours('listener')
@pytest.mark.ways('ws-tls', 'wss-tls')
def test_ws_curl(pair):
    """Who comes with a browser or curl is told what this is. Asked once for each way: the dialer has no part in it."""
    if pair.dialer_stack != pair.listener_stack:
        pytest.skip('the dialer has no part in it')
    port = pair.addr.split('/')[4]
    scheme = 'https' if pair.way.startswith('wss') else 'http'
    done = subprocess.run(['curl', '-sS', '--insecure', '--max-time', '10', '-i', f'{scheme}://127.0.0.1:{port}/'],
                          capture_output=True, text=True, check=False)
    if done.returncode == 127:
        pytest.skip('there is no curl')
    assert done.returncode == 0, done.stderr
    head, _, body = done.stdout.partition('\n\n')
    assert head.startswith('HTTP/1.1 426 Upgrade Required')
    assert 'libp2p' in body
