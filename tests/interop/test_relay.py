# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Pairs that meet through a relay: foreign relays for ours, and both sides of a circuit."""

import contextlib
import socket
import subprocess
import threading
import time

import pytest

import peers

RELAYS = ('go-0.47', 'go-new', 'js')  # rust's cannot be asked to serve here
SUM = '47b74e1a3ac69d36c3c33ff8d04c4454df451199ccefbb092f95c9645abbf45e'  # of 65536 bytes of the pattern, README.md
WAYS = {'tls': ['--security', 'tls'], 'noise': ['--security', 'noise'], 'quic': ['--transport', 'quic']}


def trios():
    """(relay, listener, dialer): ours through each relay, and with that relay's stack on the other side."""
    for relay in RELAYS:
        yield relay, peers.OURS, peers.OURS
        yield relay, relay, peers.OURS
        yield relay, peers.OURS, relay


class Meeting:
    """A relay and a listener that has reserved there."""

    def __init__(self, stacks, way, relay, listener, dialer, **options):
        for stack in (relay, listener, dialer):
            if isinstance(stacks[stack], str):
                pytest.skip(stacks[stack])
        self._stack = contextlib.ExitStack()
        self._stacks, self._way, self._dialer = stacks, WAYS[way], dialer
        serving = [f'--{name}={value}' for name, value in options.items() if name != 'service']
        self.relay = self._start(relay, 'relay', '--serve-relay', *[o.replace('_', '-', 1) for o in serving])
        self.at = self.relay.wait_for('listening')['addrs'][0]
        service = ['--service', options['service']] if 'service' in options else []
        self.listener = self._start(listener, 'listener', '--relay', self.at, *service)
        self.addr = self.listener.wait_for('reserved', seconds=30)['addrs'][0]
        assert '/p2p-circuit/p2p/' in self.addr

    def _start(self, stack, role, *more):
        program = peers.Program([*self._stacks[stack], 'listen', *self._way, '--key', self._key(role), *more])
        self._stack.callback(program.kill)
        return program

    def _key(self, role):
        return peers.seed_hex(peers.seed('relayed', role))

    def start(self, case, *more):
        program = peers.Program([*self._stacks[self._dialer], 'dial', *self._way, '--key', self._key('dialer'),
                                 '--addr', self.addr, '--do', case, *more])
        self._stack.callback(program.kill)
        return program

    def dial(self, case, *more):
        program = self.start(case, *more)
        code = program.finish(60)
        result = next(event for event in program.events if event.get('do') == case)
        return code, result, program.story()

    def dial_well(self, case, *more):
        code, result, story = self.dial(case, *more)
        assert code == 0 and result['ok'], f'{story}\n{self.listener.story()}\n{self.relay.story()}'
        if self._dialer == peers.OURS:
            assert result['transport'] == 'relay'
        return result

    def close(self):
        self._stack.close()


@pytest.fixture
def meet(listeners):
    with contextlib.ExitStack() as stack:
        def make(*args, **options):
            meeting = Meeting(listeners.stacks, *args, **options)
            stack.callback(meeting.close)
            return meeting
        yield make


@pytest.mark.parametrize('way', ['tls', 'noise', 'quic'])
@pytest.mark.parametrize('relay,listener,dialer', trios(), ids='-'.join)
def test_echo(meet, way, relay, listener, dialer):
    if way == 'quic' and 'js' in (listener, dialer):
        pytest.skip('over QUIC js has no security to offer inside a circuit')
    meeting = meet(way, relay, listener, dialer)
    assert meeting.dial_well('echo')['sha256'] == SUM
    assert meeting.dial_well('parallel', '--count', '20')['bytes'] == 20 * 65536


@contextlib.contextmanager
def shouter():
    """A service that says everything again in capitals, and says goodbye after the end."""
    server = socket.create_server(('127.0.0.1', 0))

    def serve():
        with contextlib.suppress(OSError):
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(65536):
                    connection.sendall(data.upper())
                connection.sendall(b'goodbye')
    threading.Thread(target=serve, daemon=True).start()
    try:
        yield '127.0.0.1:%d' % server.getsockname()[1]
    finally:
        server.close()


@pytest.mark.parametrize('relay,listener,dialer', trios(), ids='-'.join)
def test_tunnel(meet, relay, listener, dialer, listeners):
    with shouter() as target:
        meeting = meet('tls', relay, listener, dialer, service=f'shout={target}')
        said = b'every word of it ' * 20000
        run = subprocess.run([*listeners.stacks[dialer], 'dial', '--security', 'tls', '--key', '11' * 32, '--addr',
                              meeting.addr, '--do', 'copy', '--protocol', '/peerup/shout/1.0.0'],
                             input=said, capture_output=True, timeout=60, check=False)
        assert run.stdout == said.upper() + b'goodbye', run.stderr[-2000:]


@pytest.mark.parametrize('relay', RELAYS)
def test_refresh(meet, relay):
    """A reservation outlives two of its terms, on one connection to the relay."""
    meeting = meet('tls', relay, peers.OURS, peers.OURS, ttl=4)
    time.sleep(10)
    reserved = [event for event in meeting.listener.events if event.get('event') == 'reserved']
    assert len(reserved) >= 4, meeting.listener.story()
    assert not [event for event in meeting.listener.events if event.get('event') == 'unreserved']
    assert len([event for event in meeting.listener.events if event.get('event') == 'connected']) == 1
    assert meeting.dial_well('echo')['sha256'] == SUM


@pytest.mark.parametrize('relay', RELAYS)
def test_limit(meet, relay):
    """The relay cuts a circuit off: both ends see it, and the next circuit is as good as new."""
    meeting = meet('tls', relay, peers.OURS, peers.OURS, circuit_bytes=200000)
    assert meeting.dial_well('echo')['sha256'] == SUM
    code, result, story = meeting.dial('source', '--bytes', '4000000', '--timeout', '20')
    assert code == 1 and not result['ok'], story
    assert meeting.dial_well('echo')['sha256'] == SUM


@pytest.mark.parametrize('relay', RELAYS)
def test_no_reservation(meet, relay):
    """The relay does not know who is asked for."""
    meeting = meet('tls', relay, peers.OURS, peers.OURS)
    meeting.addr = f'{meeting.at}/p2p-circuit/p2p/{peers.peer_id(peers.seed("relayed", "nobody"))}'
    code, result, story = meeting.dial('echo')
    assert code == 1, story
    assert 'the relay refuses' in result['error']
