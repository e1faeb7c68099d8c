# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What README.md asks of every peer program, before any two of them meet."""

import signal
import subprocess

import pytest

import peers

KEY = peers.seed_hex(peers.seed('contract'))
NOBODY = '/ip4/127.0.0.1/tcp/1/p2p/' + peers.peer_id(peers.seed('nobody'))


@pytest.fixture(params=(peers.OURS, *peers.FOREIGN))
def argv(request, listeners):
    found = listeners.stacks[request.param]
    if isinstance(found, str):
        pytest.skip(found)
    return found


@pytest.mark.parametrize('arguments', (
    (),
    ('juggle',),
    ('listen', '--security', 'rot13', '--key', KEY),
    ('listen', '--transport', 'pigeon', '--security', 'tls', '--key', KEY),
    ('listen', '--key', KEY),
    ('listen', '--security', 'tls', '--key', '00'),
    ('listen', '--security', 'tls', '--key', KEY, '--colour', 'blue'),
    ('dial', '--security', 'tls', '--key', KEY, '--addr', 'nowhere', '--do', 'ping'),
    ('dial', '--security', 'tls', '--key', KEY, '--addr', NOBODY, '--do', 'juggle'),
), ids=('nothing', 'command', 'security', 'transport', 'no security', 'key', 'option', 'address', 'case'))
def test_bad_usage(argv, arguments):
    done = subprocess.run([*argv, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=peers.WAIT, check=False)
    assert done.returncode == 2
    assert done.stdout == ''
    assert len(done.stderr.splitlines()) == 1


def dial_nobody(listeners, stack, way, case):
    found = listeners.stacks[stack]
    if isinstance(found, str):
        pytest.skip(found)
    port = listeners.closed.address.rpartition(':')[2]
    socket = f'udp/{port}/quic-v1' if way == 'quic' else f'tcp/{port}'
    addr = f'/ip4/127.0.0.1/{socket}/p2p/' + peers.peer_id(peers.seed('nobody'))
    program = peers.Program([*found, 'dial', *peers.way_options(way), '--key', KEY, '--addr', addr, '--do', case,
                             '--timeout', '2'])
    assert program.finish(peers.WAIT) == 1
    assert len(program.events) == 1
    assert program.events[0]['do'] == case
    assert program.events[0]['ok'] is False
    assert program.events[0]['error']


@pytest.mark.beside(run=dial_nobody)
@pytest.mark.parametrize('case', ('ping', 'expect-refused'))
@pytest.mark.parametrize('way', ('tls', 'quic'))
@pytest.mark.parametrize('stack', (peers.OURS, *peers.FOREIGN))
def test_nobody_listens(stack, way, case, outcome):
    outcome()


@pytest.mark.parametrize('how', ('end of file', 'quit', 'SIGTERM'))
@pytest.mark.parametrize('way', ('noise', 'quic'))
def test_listener_ends(argv, way, how):
    program = peers.Program([*argv, 'listen', *peers.way_options(way), '--key', KEY])
    try:
        ready = program.wait_for('listening')
        assert ready['peer'] == peers.peer_id(peers.seed('contract'))
        assert ready['addrs'] and all(a.endswith('/p2p/' + ready['peer']) for a in ready['addrs'])
        if how == 'end of file':
            program.process.stdin.close()
        elif how == 'quit':
            program.say('quit')
        else:
            program.process.send_signal(signal.SIGTERM)
        assert program.finish(peers.WAIT) == 0
    finally:
        program.kill()
