# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Each case on each pair of stacks, over TCP with TLS or Noise and yamux, and over QUIC."""

import os

import pytest

import nets
import peers

BULK = int(os.environ.get('PEERUP_INTEROP_BYTES', 64 * 1024 * 1024))
IDLE = 65  # seconds: longer than the idle timeout of any stack here
ENDLESS = 1 << 40  # bytes: does not end before it is ended; how a peer takes that is asked of ours alone
SERVED = {'/ipfs/id/1.0.0', '/ipfs/id/push/1.0.0', '/ipfs/ping/1.0.0', '/echo/1.0.0', '/sink/1.0.0', '/source/1.0.0'}
AGENT = {'go-0.47': 'go-libp2p/0.47.0', 'go-new': 'go-libp2p/0.', 'js': 'js-libp2p/3.', 'rust': 'rust-libp2p/0.',
         'peerup': 'peerup/'}
SUMS = {  # of the pattern, README.md
    4096: '85a68b6dab45d3019eaa2d7dfe1bd7a821045d6471d9e591d204813e17a8dd36',
    65536: '47b74e1a3ac69d36c3c33ff8d04c4454df451199ccefbb092f95c9645abbf45e',
    67108864: 'abf0cf4799b8b49e540bd29c0ad13f86190a1374a2aa4b62ad692267ae09f68d',
}
GO = ('go-0.47', 'go-new')
TELLS_CODES = {*GO, 'peerup'}  # as listeners, in the resets that /reset/1.0.0 is asked for
FOLLOWS_PATHS = {*GO, 'peerup'}  # as listeners
STREAMS = 24  # that ours takes of one peer where that is tried
GATES_BY_CODE = {'tls': {'peerup'}, 'noise': {'peerup'}, 'quic': {*GO, 'peerup'}}  # 0x1007


def needs_a_listener_that_follows(pair):
    if pair.listener_stack not in FOLLOWS_PATHS:
        pytest.skip(f'{pair.listener_stack}-libp2p lets no dialer come from another address than at first')


def needs_resets(pair):
    if pair.way == 'quic' and pair.listener_stack == 'rust':
        pytest.skip('rust-libp2p has no reset of a QUIC stream: it ends it')
    if pair.way == 'quic' and pair.dialer_stack == 'js':
        pytest.skip('js-libp2p reads the reset of a QUIC stream as its end')


def check_bulk(result, size):
    assert result['bytes'] == size
    assert result['sha256'] == SUMS.get(size, result['sha256'])


def test_ping(pair):
    result = pair.dial('ping', count=5)
    assert len(result['rtts_us']) == 5
    assert all(0 < rtt < 5_000_000 for rtt in result['rtts_us'])
    connected = pair.listener_sees('connected', peer=pair.dialer_id)
    if pair.way != 'quic' and 'rust' not in (pair.dialer_stack, pair.listener_stack):
        # Where the stack can tell: the muxer came with the security handshake.
        assert result.get('early_muxer', True)
        assert connected.get('early_muxer', True)
    pair.listener_sees('disconnected', peer=pair.dialer_id)


def test_identify(pair):
    result = pair.dial('identify')
    assert result['agent'].startswith(AGENT[pair.listener_stack])
    assert SERVED <= set(result['protocols'])
    assert pair.addr.rpartition('/p2p/')[0] in [a.rpartition('/p2p/')[0] or a for a in result['addrs']]
    assert result['observed'].startswith('/ip4/127.0.0.1/udp/' if pair.way == 'quic' else '/ip4/127.0.0.1/tcp/')
    # rust-libp2p signs no records by itself, and does not know the others' kind.
    assert result['signed'] is ('rust' not in (pair.dialer_stack, pair.listener_stack))


def wait_until_both_identified(pair, dialer):
    known = dialer.wait_for('connected', seconds=peers.START, peer=pair.listener_id)['protocols']
    assert SERVED <= set(known)
    seen = pair.listener_sees('identified', peer=pair.dialer_id)
    assert seen['agent'].startswith(AGENT[pair.dialer_stack])
    assert '/ipfs/id/push/1.0.0' in seen['protocols']


def test_push(pair):
    added = f'/pushed/{pair.dialer_stack}/{pair.way}/1.0.0'
    dialer = pair.start('push', timeout=peers.START)
    wait_until_both_identified(pair, dialer)
    dialer.say(f'protocol {added}')
    pushed = pair.listener_sees('pushed', peer=pair.dialer_id)
    assert added in pushed['protocols']
    dialer.say('quit')
    pair.result(dialer)


def test_await_push(pair):
    added = f'/awaited/{pair.dialer_stack}/{pair.way}/1.0.0'
    dialer = pair.start('await-push', protocol=added, timeout=peers.START)
    wait_until_both_identified(pair, dialer)
    pair.listener.say(f'protocol {added}')
    assert added in pair.result(dialer)['protocols']


def test_echo(pair):
    check_bulk(pair.dial('echo'), 65536)


def test_echo_of_nothing(pair):
    assert pair.dial('echo', bytes=0)['bytes'] == 0


def test_half_close(pair):
    check_bulk(pair.dial('half-close'), 4096)


def test_parallel_streams(pair):
    result = pair.dial('parallel', count=100)
    assert result['streams'] == 100
    assert result['bytes'] == 100 * 65536


@pytest.mark.ways('quic')
def test_more_streams_than_fit(pair):
    """With QUIC those that the listener does not take yet wait until others have ended."""
    # Ours takes 1024 and lets as many wait; others take 256 or less.
    count = 1500 if pair.listener_stack == peers.OURS else 1000
    assert pair.dial('burst', count=count)['streams'] == count


def test_sequential_streams(pair):
    result = pair.dial('sequential', count=1000, timeout=60)
    assert result['streams'] == 1000
    assert result['bytes'] == 1000 * 64


def test_bulk_to_listener(pair):
    check_bulk(pair.dial('sink', bytes=BULK, timeout=120), BULK)


def test_bulk_from_listener(pair):
    check_bulk(pair.dial('source', bytes=BULK, timeout=120), BULK)


@pytest.mark.parametrize('code', (0, 0x1001, 0x1008))
def test_reset(pair, code):
    needs_resets(pair)
    result = pair.dial('reset', code=code & 0xff)
    assert result['reset']
    if pair.listener_stack in TELLS_CODES:
        assert result.get('code', code) == code


def test_unsupported_protocol(pair):
    assert pair.dial('unsupported')['refusal']


def test_service(pair):
    check_bulk(pair.dial('echo', protocol='/peerup/echo/1.0.0', bytes=65536), 65536)


def test_service_that_refuses(pair):
    needs_resets(pair)
    assert pair.dial('reset', protocol='/peerup/closed/1.0.0')['reset']


def test_copy(pair):
    pair.copy('/peerup/echo/1.0.0', os.urandom(1 << 20))


def test_refused_by_the_gater(pair):
    stranger = peers.seed('stranger')
    result = pair.result(pair.start('expect-refused', key=stranger, timeout=10))
    assert result['refusal']
    if pair.dialer_stack == peers.OURS and pair.listener_stack in GATES_BY_CODE[pair.way]:
        assert 'authorize' in result['refusal']
    if pair.way == 'quic' and pair.dialer_stack in GO and pair.listener_stack in GATES_BY_CODE['quic']:
        assert '0x1007' in result['refusal']
    stranger_id = peers.peer_id(stranger)
    pair.listener_sees('refused', peer=stranger_id)
    assert peers.until(lambda: stranger_id not in pair.peers())
    assert not [e for e in pair.listener.events[pair.mark:] if e['event'] == 'connected' and e['peer'] == stranger_id]
    # And it was the stranger who was refused, not everybody.
    pair.dial('ping', count=1)


def test_another_peer_than_dialed(pair):
    other = peers.peer_id(peers.seed('other'))
    addr = pair.addr.rpartition('/p2p/')[0] + '/p2p/' + other
    assert pair.result(pair.start('expect-refused', addr=addr, timeout=10))['refusal']
    pair.dial('ping', count=1)


def test_early(pair):
    if pair.dialer_stack == 'js':
        pytest.skip('js-libp2p as dialer always waits for the answer to its proposal')
    result = pair.dial('early')
    check_bulk(result, 65536)
    # Ours can tell that it went ahead.
    assert result.get('ahead', 4096) == 4096


def test_early_service(pair):
    if pair.dialer_stack == 'js':
        pytest.skip('js-libp2p as dialer always waits for the answer to its proposal')
    check_bulk(pair.dial('early', protocol='/peerup/echo/1.0.0', bytes=100000), 100000)


@pytest.mark.ours('dialer')
def test_early_unsupported(pair):
    assert pair.dial('early-unsupported')['refusal']


@pytest.mark.ours('dialer')
def test_early_service_that_refuses(pair):
    """The service cannot be reached: to the dialer that is no end of what it asked for."""
    needs_resets(pair)
    result = pair.result(pair.start('early', protocol='/peerup/closed/1.0.0'), passes=False)
    assert result['error']


@pytest.mark.ours('listener')
def test_more_streams_than_allowed(pair):
    _, addr = pair.another_listener('--streams', str(STREAMS))
    result = pair.dial('crowd', addr=addr)
    # Identify may hold one or two when the last is refused.
    assert STREAMS - 2 <= result['streams'] <= STREAMS
    assert result['refusal']


@pytest.mark.ways('quic')
def test_rebinding(pair):
    """A router on the way forgets the dialer's port and gives it another."""
    needs_a_listener_that_follows(pair)
    tap = nets.Tap(pair.addr)
    try:
        ports = []
        pair.copy('/echo/1.0.0', os.urandom(1 << 20), halfway=lambda _: ports.append(tap.rebind()), addr=tap.addr)
        if pair.listener_stack == peers.OURS:
            pair.listener_sees('moved', peer=pair.dialer_id, remote=f'/ip4/127.0.0.1/udp/{ports[0]}/quic-v1')
    finally:
        tap.close()


@pytest.mark.ways('quic')
def test_migration(pair):
    """The dialer goes on from another address by its own choice."""
    needs_a_listener_that_follows(pair)
    if pair.dialer_stack in ('js', 'rust'):
        pytest.skip(f'{pair.dialer_stack}-libp2p as dialer does not change its address')
    if pair.dialer_stack == peers.OURS:
        migrate_by_route(pair)
        return
    local = pair.dial('migrate')['local']
    if pair.listener_stack == peers.OURS:
        pair.listener_sees('moved', peer=pair.dialer_id, remote='/ip4/{}/udp/{}/quic-v1'.format(*local.split(':')))


def migrate_by_route(pair):
    """The system's best source address becomes another, which ours notices by itself."""
    network = nets.Namespace()

    def change(words):
        network.run('ip', 'route', 'replace', 'local', '127.0.0.1', 'dev', 'lo', 'table', 'local', 'src', '127.0.0.2')
        assert peers.until(lambda: '/ip4/127.0.0.2/' in words()), words()

    try:
        if network.reason:
            pytest.skip(network.reason)
        listener, addr = pair.another_listener(prefix=network.prefix)
        pair.copy('/echo/1.0.0', os.urandom(1 << 20), halfway=change, prefix=network.prefix, addr=addr)
        if pair.listener_stack == peers.OURS:
            listener.wait_for('moved', peer=pair.dialer_id)
    finally:
        pair.close()
        network.close()


@pytest.mark.ours('either')
def test_listener_quits(pair):
    if pair.way == 'quic' and pair.listener_stack in ('js', 'rust'):
        pytest.skip('quinn, the QUIC of js and rust, may end without a word a connection that it is sending on')
    listener, addr = pair.another_listener()
    dialer = pair.start('source', bytes=ENDLESS, addr=addr)
    # Sooner than that go-libp2p would dial again.
    listener.wait_for('identified', peer=pair.dialer_id)
    assert listener.stop() == 0, listener.story()
    assert dialer.finish(peers.WAIT) == 1
    assert dialer.events[-1]['ok'] is False


def begin_idle(pair):
    dialer = pair.start('idle', count=IDLE, timeout=IDLE + 30)
    pair.listener_sees('connected', peer=pair.dialer_id, seconds=30)
    return dialer


@pytest.mark.begins('idle', begin_idle)
def test_idle(pair, begun):
    """With a stream open the connection stays, whether or not anything is said."""
    pair.result(begun)


def begin_quits(pair):
    dialer = pair.start('idle', timeout=5, own=True)
    pair.listener_sees('connected', peer=pair.dialer_id, seconds=30)
    return dialer


@pytest.mark.ours('either')
@pytest.mark.begins('quits', begin_quits)
def test_dialer_quits(pair, begun):
    """The listener hears at once of the end of a connection on which a stream is open."""
    pair.result(begun, passes=False)
    gone = pair.listener_sees('disconnected', peer=pair.dialer_id)
    assert gone['at'] < begun.ended + 5


def begin_dialer_dies(pair):
    dialer = pair.start('source', bytes=ENDLESS, own=True)
    pair.listener_sees('connected', peer=pair.dialer_id, seconds=30)
    dialer.kill()
    return dialer


@pytest.mark.ours('listener')
@pytest.mark.begins('dies', begin_dialer_dies)
def test_dialer_dies(pair, begun):
    gone = pair.listener_sees('disconnected', peer=pair.dialer_id, seconds=pair.patience)
    assert gone['at'] < begun.ended + pair.patience
    assert peers.until(lambda: pair.dialer_id not in pair.peers())


def begin_listener_dies(pair):
    listener, addr = pair.another_listener()
    dialer = pair.start('source', bytes=ENDLESS, addr=addr, timeout=2 * pair.patience)
    listener.wait_for('connected', peer=pair.dialer_id, seconds=30)
    listener.kill()
    return listener, dialer


@pytest.mark.ours('dialer')
@pytest.mark.begins('dies', begin_listener_dies)
def test_listener_dies(pair, begun):
    listener, dialer = begun
    pair.result(dialer, passes=False)
    assert dialer.ended < listener.ended + pair.patience


@pytest.mark.ways('tls', 'noise')
def test_no_security_in_common(pair):
    other = {'tls': 'noise', 'noise': 'tls'}[pair.way]
    assert pair.result(pair.start('expect-refused', way=other, timeout=10))['refusal']
    pair.dial('ping', count=1)


REFUSALS = {  # what is wrong with the handshake: the code it is refused with
    'no-alpn': 0x178,
    'foreign-alpn': 0x178,
    'no-certificate': 0x174,
    'plain-certificate': 0x12a,
    'version-2': None,
}


@pytest.mark.ways('quic')
@pytest.mark.ours('listener')
@pytest.mark.parametrize('fault', REFUSALS)
def test_refused_handshake(pair, fault):
    if pair.dialer_stack != 'go-new':
        pytest.skip('only the QUIC of go-libp2p lets a program spoil its handshake, and one version of that is enough')
    result = pair.result(pair.start('handshake', protocol=fault, timeout=10))
    assert result.get('code') == REFUSALS[fault]
    pair.dial('ping', count=1)


@pytest.mark.ways('quic')
def test_client_hello_in_two_datagrams(pair):
    """Go offers a post-quantum key share, and the second half of its hello comes first."""
    if pair.dialer_stack not in GO:
        pytest.skip(f'the ClientHello of {pair.dialer_stack} fits one datagram')
    tap = nets.BackwardTap(pair.addr)
    try:
        pair.dial('echo', addr=tap.addr)
        assert [data[0] & 0xb0 for data in tap.first] == [0x80, 0x80]  # both Initials
    finally:
        tap.close()
