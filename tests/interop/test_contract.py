# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What README.md asks of every peer program, before any two of them meet."""

import signal
import subprocess

import pytest

import peers

KEY = peers.seed_hex(peers.seed('contract'))
PATIENCE = peers.START
NOBODY = '/ip4/127.0.0.1/tcp/1/p2p/' + peers.peer_id(peers.seed('nobody'))
STACKS = (peers.OURS, *peers.FOREIGN)


def argv_of(listeners, stack):
    found = listeners.stacks[stack]
    if isinstance(found, str):
        pytest.skip(found)
    return found


def use_badly(listeners, stack, arguments):
    done = subprocess.run([*argv_of(listeners, stack), *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2
    assert done.stdout == ''
    assert len(done.stderr.splitlines()) == 1


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
@pytest.mark.beside(run=use_badly)
@pytest.mark.parametrize('stack', STACKS)
def test_bad_usage(stack, arguments, outcome):
    outcome()


def dial_nobody(listeners, stack, way, case):
    port = listeners.closed.address.rpartition(':')[2]
    socket = f'udp/{port}/quic-v1' if way == 'quic' else f'tcp/{port}'
    addr = f'/ip4/127.0.0.1/{socket}/p2p/' + peers.peer_id(peers.seed('nobody'))
    program = peers.Program([*argv_of(listeners, stack), 'dial', *peers.way_options(way), '--key', KEY, '--addr', addr,
                             '--do', case, '--timeout', '2'])
    assert program.finish(PATIENCE) == 1
    assert len(program.events) == 1
    assert program.events[0]['do'] == case
    assert program.events[0]['ok'] is False
    assert program.events[0]['error']


@pytest.mark.beside(run=dial_nobody)
@pytest.mark.parametrize('case', ('ping', 'expect-refused'))
@pytest.mark.parametrize('way', ('tls', 'quic'))
@pytest.mark.parametrize('stack', STACKS)
def test_nobody_listens(stack, way, case, outcome):
    outcome()


def end_listener(listeners, stack, way, how):
    program = peers.Program([*argv_of(listeners, stack), 'listen', *peers.way_options(way), '--key', KEY])
    try:
        ready = program.wait_for('listening', seconds=PATIENCE)
        assert ready['peer'] == peers.peer_id(peers.seed('contract'))
        assert ready['addrs'] and all(a.endswith('/p2p/' + ready['peer']) for a in ready['addrs'])
        if how == 'end of file':
            program.process.stdin.close()
        elif how == 'quit':
            program.say('quit')
        else:
            program.process.send_signal(signal.SIGTERM)
        assert program.finish(PATIENCE) == 0
    finally:
        program.kill()


@pytest.mark.beside(run=end_listener)
@pytest.mark.parametrize('how', ('end of file', 'quit', 'SIGTERM'))
@pytest.mark.parametrize('way', ('noise', 'quic'))
@pytest.mark.parametrize('stack', STACKS)
def test_listener_ends(stack, way, how, outcome):
    outcome()
