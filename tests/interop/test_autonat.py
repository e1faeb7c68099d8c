# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""AutoNAT v2 between two stacks, each on a host of its own: nobody asks about addresses that are not of the internet."""

import itertools
import shutil

import pytest

import nets
import peers

GO = ('go-0.47', 'go-new')
SERVER, CLIENT, CLIENT_TOO = '5.6.7.8', '1.2.3.4', '1.2.3.5'
PORTS = itertools.count(20000)
TRANSPORT = {'tcp': '/ip4/%s/tcp/%d', 'quic': '/ip4/%s/udp/%d/quic-v1'}


@pytest.fixture(scope='module')
def hosts():
    """A server's network and a client's, which has two addresses, with a wire between them."""
    both = server, client = nets.Namespace(), nets.Namespace()
    try:
        if reason := server.reason or client.reason or (not shutil.which('ip') and 'there is no ip command'):
            pytest.skip(reason)
        server.run('ip', 'link', 'add', 'wan', 'type', 'veth', 'peer', 'name', 'wan', 'netns', client.prefix[2])
        for space, addresses in ((server, [SERVER]), (client, [CLIENT, CLIENT_TOO])):
            for address in addresses:
                space.run('ip', 'address', 'add', f'{address}/32', 'dev', 'wan')
            space.run('ip', 'link', 'set', 'wan', 'up')
            space.run('ip', 'route', 'add', 'default', 'dev', 'wan', 'src', addresses[0])
        for space in both:
            space.wait_for_link('wan')
        yield both
    finally:
        for space in both:
            space.close()


class Question:
    """One server, and one client that asks it once."""

    def __init__(self, stacks, hosts, server, client, transport):
        for stack in (server, client):
            if isinstance(stacks[stack], str):
                pytest.skip(stacks[stack])
        self._stacks, self._client, self._hosts, self._transport = stacks, client, hosts, transport
        self._asked = []
        at = TRANSPORT[transport] % (SERVER, next(PORTS))
        key = peers.seed('autonat server', server)
        self._server = self._start(hosts[0], server, '--at', at, key=key)
        self._server.wait_for('listening', seconds=peers.START)
        self._addr = f'{at}/p2p/{peers.peer_id(key)}'

    def _start(self, space, stack, *options, key):
        way = ('--transport', 'quic') if self._transport == 'quic' else ('--security', 'tls')
        return peers.Program([*space.prefix, *self._stacks[stack], 'autonat', *way, '--key', peers.seed_hex(key), *options])

    def ask(self, host, port=None):
        """A client that listens on a port of its own everywhere asks about that host, and that port or its own."""
        own = next(PORTS)
        key = peers.seed('autonat client', self._client, str(own))
        self._asked.append(self._start(
            self._hosts[1], self._client, '--at', TRANSPORT[self._transport] % ('0.0.0.0', own), '--addr', self._addr,
            '--check', TRANSPORT[self._transport] % (host, port or own), key=key))
        return self._asked[-1]

    def verdict(self, program):
        code = program.finish(peers.START)
        assert code == 0, f'{program.story()}\nthe server: {self._server.story()}'
        return program.events[-1]['verdict']

    def close(self):
        try:
            assert self._server.stop() == 0, self._server.story()
        finally:
            for program in (self._server, *self._asked):
                program.kill()


PAIRS = ((peers.OURS, peers.OURS), *((peers.OURS, go) for go in GO), *((go, peers.OURS) for go in GO))


@pytest.fixture(params=[(*pair, transport) for pair in PAIRS for transport in TRANSPORT],
                ids=lambda param: '{1}-asks-{0}-{2}'.format(*param))
def question(request, listeners, hosts):
    it = Question(listeners.stacks, hosts, *request.param)
    yield it
    it.close()


def test_autonat(question):
    """Where it is reached, where nobody listens, and at an address that the server has not seen, which costs data. A
    client of ours lets nobody in by its gate: the server comes as a guest."""
    asked = question.ask(CLIENT), question.ask(CLIENT, port=9), question.ask(CLIENT_TOO)
    assert [question.verdict(program) for program in asked] == ['reachable', 'unreachable', 'reachable']
