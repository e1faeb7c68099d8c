# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Which pairs of stacks the tests run on, and the listeners they share."""

import concurrent.futures

import pytest

import matrix
import peers

WAYS = ('tls', 'noise', 'quic')  # over TCP with that security, or over QUIC
BESIDE = 4  # threads for what mostly waits
FOREIGN_PAIRS = (
    ('js', 'go-new'), ('go-new', 'js'), ('go-0.47', 'go-new'), ('go-new', 'go-0.47'),
    ('rust', 'go-new'), ('go-new', 'rust'), ('rust', 'js'), ('js', 'rust'))


def pytest_addoption(parser):
    parser.addoption('--foreign-pairs', action='store_true', help='let foreign stacks talk among themselves too')


def pytest_configure(config):
    config.addinivalue_line('markers', 'ours(role): only pairs in which ours is the listener, the dialer or either')
    config.addinivalue_line('markers', 'ways(...): only these ways to connect')
    config.addinivalue_line('markers', 'begins(wait, function): function(pair) begins before all tests what takes long')
    config.addinivalue_line('markers', 'beside(run): run(listeners, ...) runs beside other tests, for it waits')
    config.stash[matrix.KEY] = matrix.Matrix('dialer', 'listener')
    config.stash[matrix.RELAYS] = matrix.Matrix('relay')


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
        ours, ways = marker('ours'), marker('ways')
        every = [(l, d, w) for l, d in pairs(metafunc.config) for w in (ways.args if ways else WAYS)
                 if not ours or peers.OURS in {'listener': (l,), 'dialer': (d,), 'either': (l, d)}[ours.args[0]]]
        metafunc.parametrize('pair', every, indirect=True, ids=[f'{d}-dials-{l}-{w}' for l, d, w in every])


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker('beside') is not None)
    items.sort(key=lambda item: item.get_closest_marker('begins') is not None)


@pytest.fixture(scope='session')
def listeners():
    running = peers.Listeners()
    yield running
    running.stop()


class Wait:
    """A pair of its own, and what has begun with it."""

    def __init__(self, listeners, key, function, listener, dialer, way):
        self._pair, self._begun, self._error = None, None, None
        try:
            self._pair = peers.Pair(listeners, listener, dialer, way, wait=key)
            self._begun = function(self._pair)
        except AssertionError as error:
            self._error = error

    def take(self):
        """The pair, and what the function has returned."""
        if self._error:
            raise self._error
        return self._pair, self._begun

    def close(self):
        if self._pair:
            self._pair.close()


@pytest.fixture(scope='session', autouse=True)
def waits(request, listeners):
    """Of each test that has to wait for long: it has begun before the first test, and comes last."""
    begun = {}
    with concurrent.futures.ThreadPoolExecutor(BESIDE) as pool:
        for item in request.session.items:
            marker = item.get_closest_marker('begins')
            if marker:
                listener, dialer, way = item.callspec.params['pair']
                if not any(isinstance(listeners.stacks[stack], str) for stack in (listener, dialer)):
                    begun[item.nodeid] = pool.submit(Wait, listeners, *marker.args, listener, dialer, way)
    begun = {name: future.result() for name, future in begun.items()}
    yield begun
    for wait in begun.values():
        wait.close()


@pytest.fixture
def pair(request, listeners, waits):
    listener, dialer, way = request.param
    if way.startswith('ws') and 'rust' in (listener, dialer):
        pytest.skip('the program on rust-libp2p is built without WebSocket')
    if way.startswith('wss') and listener == 'js':
        pytest.skip('js-libp2p makes no certificate of its own for a listener')
    for stack in (listener, dialer):
        if isinstance(listeners.stacks[stack], str):
            pytest.skip(listeners.stacks[stack])
    wait = waits.get(request.node.nodeid)
    it = wait.take()[0] if wait else peers.Pair(listeners, listener, dialer, way)
    yield it
    it.close()


@pytest.fixture
def begun(request, pair, waits):
    """What the function of the mark begins has returned."""
    return waits[request.node.nodeid].take()[1]


@pytest.fixture(scope='session', autouse=True)
def beside(request, listeners, waits):
    """What the tests of that mark only have to ask for, in the order in which they ask."""
    items = [item for item in request.session.items if item.get_closest_marker('beside')]
    with concurrent.futures.ThreadPoolExecutor(BESIDE) as pool:
        yield {item.nodeid: pool.submit(item.get_closest_marker('beside').kwargs['run'], listeners, **item.callspec.params)
               for item in items}
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def outcome(request, beside):
    """Waits for what runs beside, and raises what that has raised."""
    return beside[request.node.nodeid].result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    params = dict(item.callspec.params) if hasattr(item, 'callspec') else {}
    case = item.originalname.removeprefix('test_').replace('_', ' ')
    if 'pair' in params:
        listener, dialer, way = params.pop('pair')
        item.config.stash[matrix.KEY].note('-'.join([case, *map(str, params.values())]), (dialer, listener), way, report,
                                           f'{dialer} dials {listener} ({way})')
    elif 'trio' in params:
        relay, target, source = params['trio']
        item.config.stash[matrix.RELAYS].note(f'{case}: {source} dials {target}', (relay,), params.get('way', 'tls'),
                                              report, f'at {relay}')
    return report


def pytest_terminal_summary(terminalreporter, config):
    if lines := [*config.stash[matrix.KEY].lines(), *config.stash[matrix.RELAYS].lines()]:
        terminalreporter.section('matrix')
        for line in (*lines, matrix.LEGEND):
            terminalreporter.write_line(line)
        terminalreporter.write_line('')
