# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Which pairs of stacks the tests run on, and the listeners they share."""

import pytest

import peers

WAYS = ('tls', 'noise', 'quic')  # over TCP with that security, or over QUIC
FOREIGN_PAIRS = (
    ('js', 'go-new'), ('go-new', 'js'), ('go-0.47', 'go-new'), ('go-new', 'go-0.47'),
    ('rust', 'go-new'), ('go-new', 'rust'), ('rust', 'js'), ('js', 'rust'))


def pytest_addoption(parser):
    parser.addoption('--foreign-pairs', action='store_true', help='let foreign stacks talk among themselves too')


def pytest_configure(config):
    config.addinivalue_line('markers', 'ours(role): only pairs in which our stack is the listener or the dialer')
    config.addinivalue_line('markers', 'ways(...): only these ways to connect')
    config.addinivalue_line('markers', 'dialers(...): only these stacks dial')


def pairs(config):
    """(listener, dialer), ours against each foreign stack in both directions, and against itself."""
    yield peers.OURS, peers.OURS
    for foreign in peers.FOREIGN:
        yield peers.OURS, foreign
        yield foreign, peers.OURS
    if config.getoption('foreign_pairs'):
        yield from FOREIGN_PAIRS


def pytest_generate_tests(metafunc):
    if 'pair' in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker
        ours, ways, dialers = marker('ours'), marker('ways'), marker('dialers')
        every = [(l, d, w) for l, d in pairs(metafunc.config) for w in (ways.args if ways else WAYS)
                 if (not ours or {'listener': l, 'dialer': d}[ours.args[0]] == peers.OURS)
                 and (not dialers or d in dialers.args)]
        metafunc.parametrize('pair', every, indirect=True, ids=[f'{d}-dials-{l}-{w}' for l, d, w in every])


@pytest.fixture(scope='session')
def listeners():
    running = peers.Listeners()
    yield running
    running.stop()


@pytest.fixture
def pair(request, listeners):
    listener, dialer, way = request.param
    for stack in (listener, dialer):
        if isinstance(listeners.stacks[stack], str):
            pytest.skip(listeners.stacks[stack])
    it = peers.Pair(listeners, listener, dialer, way)
    yield it
    it.close()
