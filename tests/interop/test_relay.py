# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Two peers that meet at a relay: each stack as the relay, as the one that has reserved, and as the one that dials.

The relay carries bytes that it cannot read; what it cuts off ends with an error at both ends, and can be dialed again.
"""

import time

import pytest

import peers
from relays import GO, STACKS, WAYS, Relayed, Relays
from test_interop import AGENT, SERVED

OURS = peers.OURS
MEBIBYTE = 1 << 20
BOUND = 262144  # bytes of a circuit, where its relay bounds them
SECONDS = 5  # the same
TTL = 4  # seconds of a reservation, where it has to be refreshed
JS_TTL = 35  # the same for js-libp2p, which refreshes none before half a minute is over


def trios():
    """(relay, target, source): any two at ours; at others' at least one of the two is ours."""
    for relay in STACKS:
        for target in STACKS:
            for source in STACKS:
                if OURS in (relay, target, source):
                    yield relay, target, source


def some_trios():
    """Where the relay cuts: ours in each role with each stack, and each foreign stack at both ends of ours."""
    yield OURS, OURS, OURS
    yield from ((OURS, 'go-0.47', 'js'), (OURS, 'js', 'go-new'), (OURS, 'go-new', 'go-0.47'), (OURS, 'js', 'js'))
    for foreign in (*GO, 'js'):
        yield foreign, OURS, OURS
        yield foreign, foreign, OURS
        yield foreign, OURS, foreign


@pytest.fixture(scope='module')
def relays(listeners):
    running = Relays(listeners)
    yield running
    running.close()


@pytest.mark.parametrize('way', WAYS)
@pytest.mark.parametrize('trio', trios(), ids='-'.join)
def test_circuit(relays, trio, way):
    relay, target, source = trio
    it = relays.get(relay, target, way)
    it.needs(source)
    dials = {
        'identify': it.start(source, 'identify'),
        'echo': it.start(source, 'echo', bytes=MEBIBYTE),
        'sink': it.start(source, 'sink', bytes=4 * MEBIBYTE),
        'source': it.start(source, 'source', bytes=4 * MEBIBYTE),
        'parallel': it.start(source, 'parallel', count=20),
        'service': it.start(source, 'echo', protocol='/peerup/echo/1.0.0', bytes=100000),
    }
    results = {name: it.result(dial) for name, dial in dials.items()}
    for result in results.values():
        it.check(result)
    assert results['identify']['agent'].startswith(AGENT[target])
    assert SERVED <= set(results['identify']['protocols'])
    assert results['identify']['signed']
    assert [results[name]['bytes'] for name in ('echo', 'sink', 'source')] == [MEBIBYTE, 4 * MEBIBYTE, 4 * MEBIBYTE]
    assert results['parallel']['streams'] == 20
    it.wait_until_idle()


@pytest.mark.parametrize('way', WAYS)
@pytest.mark.parametrize('relay, target', [(a, b) for a in STACKS for b in STACKS if OURS in (a, b)])
def test_reservation(relays, relay, target, way):
    """Vouchers are checked where they are told of: go's client takes no wrong one, ours neither."""
    it = relays.get(relay, target, way)
    if target in GO:
        assert it.reserved['voucher']
    if 'seconds' in it.reserved:
        assert it.reserved['seconds'] == it.reserved['bytes'] == 0
    if relay not in GO:  # which tells none, for a loopback address is no public one
        assert [a for a in it.reserved['addrs'] if it.relay_addr in a]


@pytest.mark.parametrize('relay, source', [(a, b) for a in STACKS for b in STACKS if OURS in (a, b)])
def test_nobody_has_reserved(relays, relay, source):
    it = relays.get(relay, OURS, 'tls')
    it.needs(source)
    error = it.dial(source, 'ping', passes=False, addr=it.addr_of(peers.peer_id(peers.seed('nobody'))))['error']
    assert any(words in error for words in ('NO_RESERVATION', '204', 'the relay refuses')), error


def check_cut(it, dial):
    """It ended with an error, which at ours is none of bytes that lack; and the target saw it, too."""
    result = it.result(dial, passes=False)
    assert result['error']
    assert 'bytes came instead of' not in result['error'] or it.source_stack != OURS, dial.story()
    assert 'deadline' not in result['error'] and 'in time' not in result['error'], dial.story()
    it.target.wait_for('disconnected', seconds=30, peer=dial.peer_id)


def reach_data_limit(listeners, trio):
    relay, target, source = trio
    it = Relayed(listeners, relay, target, 'tls', '--bytes', str(BOUND))
    it.source_stack = source
    try:
        it.needs(source)
        if target in (*GO, OURS):
            assert it.reserved['bytes'] == BOUND
        it.check(it.dial(source, 'echo', bytes=65536), limited=True)
        for dial in [it.start(source, case, bytes=MEBIBYTE) for case in ('sink', 'source')]:
            check_cut(it, dial)
        it.wait_until_idle()
        it.dial(source, 'echo', bytes=65536)
    finally:
        it.close()


def reach_duration_limit(listeners, trio):
    relay, target, source = trio
    it = Relayed(listeners, relay, target, 'noise', '--count', str(SECONDS))
    it.source_stack = source
    try:
        it.needs(source)
        if target in (*GO, OURS):
            # js-libp2p tells its milliseconds for seconds.
            assert it.reserved['seconds'] == (1000 * SECONDS if relay == 'js' else SECONDS)
        it.check(it.dial(source, 'ping', count=1), limited=True)
        check_cut(it, it.start(source, 'idle', count=2 * SECONDS))
        it.wait_until_idle()
        it.dial(source, 'ping', count=1)
    finally:
        it.close()


def outlive_reservations(listeners, trio):
    """Two times and a half of what a reservation lasts: it was never lost, and is there still."""
    relay, target, source = trio
    ttl = JS_TTL if target == 'js' else TTL
    it = Relayed(listeners, relay, target, 'tls', '--ttl', str(ttl))
    try:
        it.needs(source)
        time.sleep(2 * ttl + min(ttl / 2, 3))
        assert not [e for e in it.target.events if e['event'] == 'unreserved'], it.target.story()
        if relay == OURS:
            told = [e['reservations'] for e in it.relay.events if e['event'] == 'relay']
            assert len(told) >= 3 and set(told) == {1}, it.relay.story()
        if target != 'js':  # which tells neither of this
            assert [e['peer'] for e in it.target.events if e['event'] == 'connected'] == [it.relay_id]
            assert len([e for e in it.target.events if e['event'] == 'reserved']) >= 3, it.target.story()
        it.check(it.dial(source, 'echo'))
    finally:
        it.close()


@pytest.mark.beside(run=outlive_reservations)
@pytest.mark.parametrize('trio', [(OURS, 'js', OURS), *((relay, OURS, OURS) for relay in STACKS),
                                  *((OURS, target, target) for target in GO)], ids='-'.join)
def test_refresh(trio, outcome):
    outcome()


@pytest.mark.beside(run=reach_data_limit)
@pytest.mark.parametrize('trio', some_trios(), ids='-'.join)
def test_data_limit(trio, outcome):
    outcome()


@pytest.mark.beside(run=reach_duration_limit)
@pytest.mark.parametrize('trio', some_trios(), ids='-'.join)
def test_duration_limit(trio, outcome):
    outcome()
