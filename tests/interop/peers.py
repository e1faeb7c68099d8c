# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The peer programs as the tests use them: see README.md for their contract.

A Program lives from its start to stop(), which ends it by its own pid; every
wait in here is bounded, and a wait that fails says what the program said.
"""

import contextlib
import itertools
import json
import os
import pathlib
import shlex
import subprocess
import tempfile
import threading
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import certificate
import nets

HERE = pathlib.Path(__file__).resolve().parent
OURS = 'peerup'
FOREIGN = ('go-0.47', 'go-new', 'js', 'rust')
SLOW = ('js',)  # to start: their dials share a program
READ = ('push', 'await-push', 'copy')  # cases that read standard input, or print before their result
WAITS = ('idle', 'quits', 'dies')  # who dials with a key of its own, for it waits while others are tested
WAIT = 10  # seconds for what takes milliseconds on an idle machine
START = 60  # seconds for a program to start, where many do


def stacks():
    """Each stack's command line as a list, or the reason in words why not."""
    found = {}
    listed = subprocess.run(['sh', HERE / 'prepare', '--list'], capture_output=True, text=True, check=True,
                            timeout=WAIT)
    for line in listed.stdout.splitlines():
        name, command, *reason = line.split('\t')
        found[name] = f'{name}: {reason[0]}' if reason else shlex.split(command)
    ours = os.environ.get('PEERUP_INTEROP_BIN')
    if not ours:
        found[OURS] = 'PEERUP_INTEROP_BIN is not set: it names our peer program'
    elif not os.access(ours, os.X_OK):
        found[OURS] = f'PEERUP_INTEROP_BIN is {ours}: no such program'
    else:
        found[OURS] = [ours]
    return found


def seed(*words):
    """A key of its own for each role; not secret, and the same in each run."""
    return Ed25519PrivateKey.from_private_bytes('/'.join(words).encode().ljust(32, b'.')[:32])


def seed_hex(key):
    return key.private_bytes_raw().hex()


def peer_id(key):
    """The libp2p peer ID, by another program's arithmetic than the peers'."""
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    number = int.from_bytes(b'\x00\x24\x08\x01\x12\x20' + public, 'big')
    text = ''
    while number:
        number, digit = divmod(number, 58)
        text = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'[digit] + text
    return '1' + text  # one leading zero byte


class Program:
    """A running peer program and every JSON line it has printed."""

    def __init__(self, argv):
        self.argv = argv
        self.events = []  # each with the time it came at
        self.ended = None  # and when no more could come
        self._silent = False
        self._news = threading.Condition()
        self._stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr, text=True, bufsize=1)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                event = {'event': 'not JSON', 'line': line}
            with self._news:
                event['at'] = time.monotonic()
                self.events.append(event)
                self._news.notify_all()
        with self._news:
            self.ended = time.monotonic()
            self._silent = True
            self._news.notify_all()

    def mark(self):
        """A place in the events: wait_for() looks only at later ones."""
        with self._news:
            return len(self.events)

    def wait_for(self, name, since=0, seconds=WAIT, **members):
        """The first event of that name, after since, that has these members."""
        def found():
            for event in self.events[since:]:
                if event.get('event') == name and all(event.get(k) == v for k, v in members.items()):
                    return event
            return None
        with self._news:
            self._news.wait_for(lambda: found() or self._silent, seconds)
            event = found()
        assert event, f'no event {name} with {members} from {self.story()}'
        return event

    def say(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()

    def story(self):
        """What the program was asked and what it said, for a failure's text."""
        self._stderr.seek(0)
        errors = self._stderr.read().decode(errors='replace')[-6000:]
        events = '\n'.join(json.dumps(e) for e in self.events[-20:])
        return f'{shlex.join(map(str, self.argv))}\n{events}\n{errors}'

    def finish(self, seconds):
        """Waits for the end of its own accord; returns the exit code."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f'still running after {seconds} s: {self.story()}') from None
        self._reader.join(WAIT)
        return code

    def stop(self):
        """Asks for the end as the contract says: end of file on standard input."""
        if self.process.poll() is None:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass
        return self.finish(WAIT)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Dials:
    """A program of a stack that is slow to start and dials again and again: README.md, dials. May be used by threads."""

    def __init__(self, argv):
        self._argv = [*argv, 'dials']
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._program = None

    def start(self, words):
        with self._lock:
            if not self._program or self._program.process.poll() is not None:
                self._program = Program(self._argv)
            dial = Dial(self._program, next(self._numbers), words)
            self._program.say(json.dumps({'id': dial.id, 'words': words}))
        return dial

    def stop(self):
        return self._program.stop() if self._program else 0


class Dial:
    """One of these dials, as a Program that has nothing to say but its result."""

    def __init__(self, program, number, words):
        self.id, self.events, self.ended = number, [], None
        self._program, self._words = program, words
        self._mark = program.mark()

    def finish(self, seconds):
        event = self._program.wait_for('dialed', since=self._mark, seconds=seconds, id=self.id)
        self.events, self.ended = [event['result']], event['at']
        return 0 if event['result']['ok'] else 1

    def story(self):
        return f'{shlex.join(map(str, self._words))}\n{json.dumps(self.events)}\nby {self._program.story()}'

    def kill(self):
        """It ends when its time is up."""


class Listeners:
    """One listening program for each stack and way, started when first asked for."""

    def __init__(self):
        self.stacks = stacks()
        self._dials = {name: Dials(self.stacks[name]) for name in SLOW if not isinstance(self.stacks[name], str)}
        self.running = {}
        self._lock = threading.Lock()
        self.gone = []
        self.echo = nets.EchoServer()
        self.closed = nets.ClosedPort()
        self.certificate = certificate.Certificate()

    def get(self, stack, way):
        """The listener; a new one if the last has died, which stop() reports. May be called by threads."""
        with self._lock:
            listener = self.running.get((stack, way))
            if listener and listener.process.poll() is not None:
                self.gone.append(self.running.pop((stack, way)))
                listener = None
            if not listener:
                listener = self.running[stack, way] = self.start(stack, way)
        return listener

    def start(self, stack, way, *options, prefix=()):
        """A new one, which its caller ends."""
        argv = [*prefix, *self.stacks[stack], 'listen', *way_options(way), '--key', seed_hex(listener_key(stack)),
                *options]
        for dialer in (OURS, *FOREIGN):
            for key in (dialer_key(dialer), *(seed(wait, dialer) for wait in WAITS)):
                argv += ['--allow', peer_id(key)]
        if way.startswith('wss') and stack == OURS:
            argv += ['--certificate', self.certificate.certificate, '--certificate-key', self.certificate.key]
        argv += ['--service', f'echo={self.echo.address}', '--service', f'closed={self.closed.address}']
        return Program(argv)

    def start_dial(self, stack, words):
        """A dial that reads no standard input, and need not be killed."""
        return self._dials[stack].start(words) if stack in self._dials else Program([*self.stacks[stack], 'dial', *words])

    def stop(self):
        self.echo.close()
        self.closed.close()
        self.certificate.close()
        for dials in self._dials.values():
            dials.stop()
        bad = [f'died with exit code {listener.process.returncode}: {listener.story()}' for listener in self.gone]
        for listener in self.running.values():
            try:
                if listener.stop() != 0:
                    bad.append(f'exit code {listener.process.returncode}: {listener.story()}')
            except AssertionError as error:
                bad.append(str(error))
        assert not bad, '\n'.join(bad)


def way_options(way):
    """What a program is told of how to connect: by the security over TCP, by QUIC, or by both in a WebSocket."""
    transport, _, security = way.rpartition('-')
    if transport:
        return '--transport', transport, '--security', security
    return ('--transport', 'quic') if way == 'quic' else ('--security', way)


def listener_key(stack):
    return seed('listener', stack)


def dialer_key(stack):
    return seed('dialer', stack)


class Pair:
    """Who dials whom over what, and the programs that do it."""

    def __init__(self, listeners, listener, dialer, way, wait=None):
        self.dialer_stack = dialer
        self.listener_stack = listener
        self.way = way
        self._argv = listeners.stacks[dialer]
        self._listeners = listeners
        self.listener = listeners.get(listener, way)
        ready = self.listener.wait_for('listening', seconds=START)
        self.listener_id = peer_id(listener_key(listener))
        self._key = seed(wait, dialer) if wait else dialer_key(dialer)
        self.dialer_id = peer_id(self._key)
        assert ready['peer'] == self.listener_id
        self.addr = ready['addrs'][0]
        self.mark = self.listener.mark()
        self._programs = []

    def another_listener(self, *options, prefix=()):
        """One more of the same, with its address; close() ends it at the latest."""
        program = self._listeners.start(self.listener_stack, self.way, *options, prefix=prefix)
        self._programs.append(program)
        return program, program.wait_for('listening', seconds=START)['addrs'][0]

    def _words(self, case, key=None, addr=None, way=None, **options):
        words = [*way_options(way or self.way), '--key', seed_hex(key or self._key), '--addr', addr or self.addr,
                 '--do', case]
        for name, value in options.items():
            words += [f'--{name}', str(value)]
        return words

    def start(self, case, timeout=20, own=False, **options):
        """Starts a dial, in a program of its own if that is wanted; options are those of the command line."""
        words = self._words(case, timeout=timeout, **options)
        if own or case in READ:
            program = Program([*self._argv, 'dial', *words])
        else:
            program = self._listeners.start_dial(self.dialer_stack, words)
        program.patience = timeout + WAIT
        self._programs.append(program)
        return program

    def result(self, program, passes=True):
        """The result line of a dial that has to pass, or to fail."""
        code = program.finish(program.patience)
        last = program.events[-1] if program.events else {}
        assert code == (0 if passes else 1) and last.get('ok') is passes, \
            f'exit code {code} from {program.story()}\nwhile the other side was {self.listener.story()}'
        return last

    def dial(self, case, **options):
        """A whole dial that has to pass and to have used what was asked for."""
        result = self.result(self.start(case, **options))
        assert result['do'] == case
        assert result['peer'] == self.listener_id
        if self.way == 'quic':
            assert result['transport'] == 'quic-v1'
        else:
            transport, _, security = self.way.rpartition('-')
            assert result['transport'] == ('websocket' if transport else 'tcp')
            assert result['security'] == {'tls': '/tls/1.0.0', 'noise': '/noise'}[security]
            assert result['muxer'] == '/yamux/1.0.0'
        return result

    def copy(self, protocol, data, halfway=None, prefix=(), timeout=20, **options):
        """Sends data to a stream of that protocol, which has to return it. When half of it is on its way and some has
        come back, calls halfway with a function that returns what the program has said on standard error."""
        argv = [*prefix, *self._argv, 'dial', *self._words('copy', timeout=timeout, protocol=protocol, **options)]
        returned, begun = bytearray(), threading.Event()

        def take():
            while chunk := program.stdout.read1(65536):
                returned.extend(chunk)
                begun.set()

        with tempfile.TemporaryFile() as errors:
            def words():
                return os.pread(errors.fileno(), 1 << 20, 0).decode(errors='replace')

            program = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
            taker = threading.Thread(target=take, daemon=True)
            taker.start()
            try:
                with contextlib.suppress(BrokenPipeError):  # it has ended, and says why
                    program.stdin.write(data[:len(data) // 2])
                    program.stdin.flush()
                    if halfway:
                        assert begun.wait(timeout), 'nothing came back'
                        halfway(words)
                    program.stdin.write(data[len(data) // 2:])
                    program.stdin.close()
                code = program.wait(timeout + WAIT)
                taker.join(WAIT)
            finally:
                program.kill()
                program.wait()
            assert code == 0, f'exit code {code} from {shlex.join(map(str, argv))}: {words()}'
        assert returned == data

    def listener_sees(self, name, seconds=WAIT, **members):
        return self.listener.wait_for(name, since=self.mark, seconds=seconds, **members)

    @property
    def patience(self):
        """Seconds until a peer that is dead must have been noticed: TCP tells, QUIC's idle timeout has to pass."""
        return 60 if self.way == 'quic' else WAIT

    def peers(self):
        """Peer IDs the listener has connections with now."""
        mark = self.listener.mark()
        self.listener.say('peers')
        return self.listener.wait_for('peers', since=mark)['peers']

    def close(self):
        for program in self._programs:
            program.kill()


def until(condition, seconds=WAIT):
    """Whether the condition held within the time; asks ten times a second."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
