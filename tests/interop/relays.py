# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Relays, who has reserved at them, and dials through them. README.md has the contract of the programs."""

import contextlib
import itertools

import pytest

import peers

GO = ('go-0.47', 'go-new')
STACKS = (*GO, 'js', peers.OURS)  # in each of the three roles
WAYS = ('tls', 'noise', 'quic')  # to the relay; inside of the circuit it is TLS or Noise, and Noise over QUIC
INSIDE = {'tls': '/tls/1.0.0', 'noise': '/noise', 'quic': '/noise'}
_numbers = itertools.count()


def options_of(way):
    return (*peers.way_options(way), '--security', 'noise') if way == 'quic' else peers.way_options(way)


class Relayed:
    """A relay, a target that has reserved there, and dials through it. Several may share a relay."""

    def __init__(self, listeners, relay, target, way, *limits, shared=None):
        self._listeners, self._way = listeners, way
        self.relay_stack, self.target_stack = relay, target
        self._own = contextlib.ExitStack()
        self.needs(relay, target)
        name = f'relay {relay}'
        self.relay = shared or self._start(relay, 'relay', name, *peers.way_options(way), *limits)
        self.relay_id = peers.peer_id(peers.seed(name))
        self.relay_addr = self.relay.wait_for('listening', seconds=peers.START)['addrs'][0]
        name = f'target {target}'
        self.target = self._start(target, 'listen', name, *options_of(way), '--relay', self.relay_addr,
                                  '--service', f'echo={listeners.echo.address}')
        self.target_id = peers.peer_id(peers.seed(name))
        self.reserved = self.target.wait_for('reserved', seconds=peers.START, relay=self.relay_id)
        self.addr = self.addr_of(self.target_id)

    def needs(self, *stacks):
        for stack in stacks:
            if isinstance(self._listeners.stacks[stack], str):
                pytest.skip(self._listeners.stacks[stack])

    def addr_of(self, peer):
        return f'{self.relay_addr}/p2p-circuit/p2p/{peer}'

    def _start(self, stack, command, name, *options):
        program = peers.Program([*self._listeners.stacks[stack], command, *options,
                                 '--key', peers.seed_hex(peers.seed(name))])
        self._own.callback(program.kill)
        return program

    def start(self, stack, case, timeout=30, addr=None, **options):
        """A dial through the relay, under a key of its own, so that several can be under way."""
        name = f'source {next(_numbers)}'
        words = [*options_of(self._way), '--key', peers.seed_hex(peers.seed(name)), '--addr', addr or self.addr,
                 '--do', case, '--timeout', str(timeout)]
        for option, value in options.items():
            words += [f'--{option}', str(value)]
        dial = self._listeners.start_dial(stack, words)
        dial.patience = timeout + peers.WAIT
        dial.peer_id = peers.peer_id(peers.seed(name))
        self._own.callback(dial.kill)
        return dial

    def result(self, dial, passes=True):
        code = dial.finish(dial.patience)
        result = dial.events[-1] if dial.events else {}
        assert code == (0 if passes else 1) and result.get('ok') is passes, \
            f'exit code {code} from {dial.story()}\nthe relay: {self.relay.story()}\nthe target: {self.target.story()}'
        return result

    def dial(self, stack, case, passes=True, **options):
        return self.result(self.start(stack, case, **options), passes)

    def check(self, result, limited=False):
        """That it went through the relay as it should."""
        assert result['peer'] == self.target_id
        assert result['transport'] == 'relay'
        # go-libp2p does not tell of a connection through a relay.
        assert result['security'] in ('', INSIDE[self._way])
        assert result['muxer'] in ('', '/yamux/1.0.0')
        assert result['limited'] is limited, result

    def wait_until_idle(self):
        """Until the last that the relay has told is that it has no circuit; only ours tells."""
        def told():
            return [event for event in self.relay.events if event.get('event') == 'relay']
        if self.relay_stack == peers.OURS:
            assert peers.until(lambda: told()[-1]['circuits'] == 0), self.relay.story()

    def close(self):
        """The target may be told by the relay's end; a relay of ours has to go in order."""
        try:
            if self.relay_stack == peers.OURS:
                assert self.relay.stop() == 0, self.relay.story()
        finally:
            self._own.close()


class Relays:
    """Without limits: one for each stack and way, and one target of each stack at it, for all tests."""

    def __init__(self, listeners):
        self._listeners = listeners
        self._relays, self._targets = {}, {}

    def get(self, relay, target, way):
        found = self._targets.get((relay, target, way))
        if not found:
            found = Relayed(self._listeners, relay, target, way, shared=self._relays.get((relay, way)))
            self._targets[relay, target, way] = found
            self._relays[relay, way] = found.relay
        return found

    def close(self):
        with contextlib.ExitStack() as stack:
            for one in self._targets.values():
                stack.callback(one.close)
