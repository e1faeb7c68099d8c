# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Foreign peers reserve at our relay and reach each other through it: ours carries bytes that it cannot read."""

import contextlib

import pytest

import peers

STACKS = ('go-0.47', 'go-new', 'js')
GO = ('go-0.47', 'go-new')
WAYS = ('tls', 'noise', 'quic')  # to the relay; inside the circuit it is TLS or Noise, and Noise over QUIC
# (target, source) where the relay cuts: each stack in each role.
LIMITED = (('go-0.47', 'js'), ('js', 'go-new'), ('go-new', 'go-0.47'), ('js', 'js'))
INSIDE = {'tls': '/tls/1.0.0', 'noise': '/noise', 'quic': '/noise'}
MEBIBYTE = 1 << 20


def options_of(way):
    return (*peers.way_options(way), '--security', 'noise') if way == 'quic' else peers.way_options(way)


class Relayed:
    """A relay of ours, a target that has reserved there, and dials through it."""

    def __init__(self, found, target, way, limits):
        self._found, self._way = found, way
        self._programs = []
        self.relay = self._start([*found[peers.OURS], 'relay', *peers.way_options(way), *limits], 'relay')
        self.relay_id = peers.peer_id(peers.seed('relay'))
        self.relay_addr = self.relay.wait_for('listening')['addrs'][0]
        self.target = self._start([*found[target], 'listen', *options_of(way), '--relay', self.relay_addr], 'target')
        self.target_id = peers.peer_id(peers.seed('target'))
        self.reserved = self.target.wait_for('reserved', relay=self.relay_id)
        self.addr = f'{self.relay_addr}/p2p-circuit/p2p/{self.target_id}'

    def _start(self, argv, name):
        program = peers.Program([*argv, '--key', peers.seed_hex(peers.seed(name))])
        self._programs.append(program)
        return program

    def dial(self, stack, case, passes=True, timeout=20, addr=None, **options):
        argv = [*self._found[stack], 'dial', *options_of(self._way), '--addr', addr or self.addr, '--do', case,
                '--timeout', str(timeout)]
        for name, value in options.items():
            argv += [f'--{name}', str(value)]
        program = self._start(argv, 'source')
        code = program.finish(timeout + peers.WAIT)
        result = program.events[-1] if program.events else {}
        assert code == (0 if passes else 1) and result.get('ok') is passes, \
            f'exit code {code} from {program.story()}\nthe relay: {self.relay.story()}\nthe target: {self.target.story()}'
        return result

    def check_through_the_relay(self, result):
        assert result['peer'] == self.target_id
        assert result['transport'] == 'relay'
        # go-libp2p does not tell of a connection through a relay.
        assert result['security'] in ('', INSIDE[self._way])
        assert result['muxer'] in ('', '/yamux/1.0.0')

    def wait_until_idle(self):
        """Until the last that the relay has told is that it has no circuit."""
        def told():
            return [event for event in self.relay.events if event.get('event') == 'relay']
        assert peers.until(lambda: told()[-1]['circuits'] == 0), self.relay.story()

    def close(self):
        """The target may be told by the relay's end; the relay has to go in order."""
        try:
            assert self.relay.stop() == 0, self.relay.story()
        finally:
            for program in self._programs:
                program.kill()


@contextlib.contextmanager
def relayed(listeners, target, way, *limits):
    for stack in (peers.OURS, target):
        if isinstance(listeners.stacks[stack], str):
            pytest.skip(listeners.stacks[stack])
    it = Relayed(listeners.stacks, target, way, limits)
    try:
        yield it
    finally:
        it.close()


def needs(listeners, stack):
    if isinstance(listeners.stacks[stack], str):
        pytest.skip(listeners.stacks[stack])


@pytest.fixture(params=[(target, way) for target in STACKS for way in WAYS], ids='-'.join, scope='module')
def unlimited(request, listeners):
    with relayed(listeners, *request.param) as it:
        yield it


@pytest.mark.parametrize('source', STACKS)
def test_circuit(listeners, unlimited, source):
    needs(listeners, source)
    mark = unlimited.relay.mark()
    unlimited.check_through_the_relay(unlimited.dial(source, 'echo', bytes=MEBIBYTE))
    assert unlimited.dial(source, 'sink', bytes=4 * MEBIBYTE)['bytes'] == 4 * MEBIBYTE
    assert unlimited.dial(source, 'source', bytes=4 * MEBIBYTE)['bytes'] == 4 * MEBIBYTE
    assert unlimited.dial(source, 'parallel', count=20)['streams'] == 20
    unlimited.relay.wait_for('relay', since=mark, reservations=1, circuits=1)
    unlimited.wait_until_idle()


def test_reservation(unlimited):
    reserved = unlimited.reserved
    if 'voucher' in reserved:
        assert reserved['voucher']
        assert reserved['seconds'] == reserved['bytes'] == 0
    assert [a for a in reserved['addrs'] if unlimited.relay_addr in a]


def test_nobody_has_reserved(listeners):
    with relayed(listeners, 'go-new', 'tls') as it:
        for source in STACKS:
            needs(listeners, source)
            nobody = peers.peer_id(peers.seed('nobody'))
            result = it.dial(source, 'ping', passes=False, addr=f'{it.relay_addr}/p2p-circuit/p2p/{nobody}')
            assert 'NO_RESERVATION' in result['error'] or '204' in result['error'], result['error']


@pytest.mark.parametrize(('target', 'source'), LIMITED)
def test_data_limit(listeners, target, source):
    """The one who sends too much is cut off, and everybody lives to try again."""
    needs(listeners, source)
    with relayed(listeners, target, 'tls', '--bytes', '262144') as it:
        if target in GO:
            assert it.reserved['bytes'] == 262144
        it.check_through_the_relay(it.dial(source, 'echo', bytes=65536))
        assert it.dial(source, 'sink', bytes=MEBIBYTE, passes=False)['error']
        assert it.dial(source, 'source', bytes=MEBIBYTE, passes=False)['error']
        it.wait_until_idle()
        it.dial(source, 'echo', bytes=65536)


@pytest.mark.parametrize(('target', 'source'), LIMITED)
def test_duration_limit(listeners, target, source):
    needs(listeners, source)
    with relayed(listeners, target, 'noise', '--count', '2') as it:
        if target in GO:
            assert it.reserved['seconds'] == 2
        it.check_through_the_relay(it.dial(source, 'ping', count=1))
        assert it.dial(source, 'idle', count=4, passes=False)['error']
        it.wait_until_idle()
        it.dial(source, 'ping', count=1)
