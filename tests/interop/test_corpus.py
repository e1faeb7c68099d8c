# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""ngtcp2's fuzzing corpus as datagrams at a QUIC listener.

Each file goes there in three ways: as it is; as the payload of an Initial that is one
only by its header; and as the frames of an Initial that is protected as it should be
(RFC 9001 5), which the parser of frames gets to see.
"""

import os
import pathlib
import socket
import time

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

import peers

VERSION_1 = bytes.fromhex('00000001')
SALT = bytes.fromhex('38762cf7f55934b34d179ae6a4c80cadccbb7f0a')  # RFC 9001 5.2
SMALLEST = 1200  # bytes of a client's first datagram, RFC 9000 14.1
LARGEST = 65507  # bytes of payload that UDP over IPv4 takes
ROUNDS = 100  # of the whole corpus, for one look at the memory
LOOKS = 12
GROWTH = 1024  # KiB a look that may be noise; a leak of 100 bytes a datagram is as much
PACE = 50  # datagrams between two short rests, so that the kernel drops few


def expand(secret, label, size):
    """HKDF-Expand-Label without a context, RFC 8446 7.1."""
    name = b'tls13 ' + label
    info = size.to_bytes(2, 'big') + bytes([len(name)]) + name + b'\0'
    return HKDFExpand(hashes.SHA256(), size, info).derive(secret)


def client_keys(connection_id):
    extract = hmac.HMAC(SALT, hashes.SHA256())
    extract.update(connection_id)
    secret = expand(extract.finalize(), b'client in', 32)
    return expand(secret, b'quic key', 16), expand(secret, b'quic iv', 12), expand(secret, b'quic hp', 16)


def initial_header(connection_id, size):
    """Of a packet with number 0 in four bytes; size counts the number and what follows."""
    return (b'\xc3' + VERSION_1 + bytes([len(connection_id)]) + connection_id + b'\0\0'
            + (0x4000 | size).to_bytes(2, 'big') + bytes(4))


def unprotected(payload):
    payload = payload.ljust(SMALLEST, b'\0')[:2000]
    return initial_header(os.urandom(8), 4 + len(payload)) + payload


def protected(frames):
    connection_id = os.urandom(8)
    key, iv, mask_key = client_keys(connection_id)
    frames = frames.ljust(SMALLEST, b'\0')[:2000]  # zero bytes are PADDING
    header = bytearray(initial_header(connection_id, 4 + len(frames) + 16))
    sealed = AESGCM(key).encrypt(iv, frames, bytes(header))  # the packet's number 0 leaves the nonce as it is
    mask = Cipher(algorithms.AES(mask_key), modes.ECB()).encryptor().update(sealed[:16])
    header[0] ^= mask[0] & 0x0f
    for i in range(4):
        header[-4 + i] ^= mask[1 + i]
    return bytes(header) + sealed


def test_protection_is_that_of_the_standard():
    """The keys of RFC 9001 A.1."""
    key, iv, mask_key = client_keys(bytes.fromhex('8394c8f03e515708'))
    assert key.hex() == '1f369613dd76d5467730efcbe3b1a22d'
    assert iv.hex() == 'fa044b2f42a3fd3b46fb255c'
    assert mask_key.hex() == '9f50449e04a0e810283a1e9933adedd2'


@pytest.fixture
def corpus(listeners):
    found = listeners.stacks['ngtcp2-corpus']
    if isinstance(found, str):
        pytest.skip(found)
    files = sorted(path for path in pathlib.Path(found[0]).rglob('*') if path.is_file())
    assert len(files) > 30
    return [path.read_bytes()[:LARGEST] for path in files]


def pytest_generate_tests(metafunc):
    # js-libp2p takes one handshake after the other, so ones that never end keep it from the rest.
    foreign = ('go-new', 'rust') if metafunc.config.getoption('foreign_pairs') else ()
    if 'stack' in metafunc.fixturenames:
        metafunc.parametrize('stack', (peers.OURS, *foreign))


@pytest.fixture
def victim(stack, listeners, monkeypatch):
    """A listener of its own, in which memory that was freed can be had again at once."""
    if isinstance(listeners.stacks[stack], str):
        pytest.skip(listeners.stacks[stack])
    monkeypatch.setenv('ASAN_OPTIONS', os.environ.get('ASAN_OPTIONS', '') + ':quarantine_size_mb=1')
    program = listeners.start(stack, 'quic')
    yield program
    assert program.stop() == 0, program.story()


def resident(program):
    """KiB of memory the program has now."""
    for line in pathlib.Path(f'/proc/{program.process.pid}/status').read_text().splitlines():
        if line.startswith('VmRSS:'):
            return int(line.split()[1])
    raise AssertionError(f'no memory figure: {program.story()}')


def replay(corpus, sender, target):
    sent = 0
    for data in corpus:
        for datagram in (data, unprotected(data), protected(data)):
            sender.sendto(datagram, target)
            sent += 1
            if sent % PACE == 0:
                time.sleep(0.001)


def ping(stack, listeners, addr):
    key = peers.seed_hex(peers.dialer_key(stack))
    dialer = peers.Program([*listeners.stacks[stack], 'dial', *peers.way_options('quic'), '--key', key,
                            '--addr', addr, '--do', 'ping', '--count', '1', '--timeout', '10'])
    code = dialer.finish(2 * peers.WAIT)
    assert code == 0, dialer.story()


def test_corpus(corpus, stack, victim, listeners):
    addr = victim.wait_for('listening')['addrs'][0]
    target = ('127.0.0.1', int(addr.split('/')[4]))
    corpus += [b'', b'\0', bytes(LARGEST), b'\xff' * LARGEST]
    ping(stack, listeners, addr)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        replay(corpus, sender, target)
        ping(stack, listeners, addr)
        if stack == peers.OURS:
            memory_settles(lambda: [replay(corpus, sender, target) for _ in range(ROUNDS)], victim)
    ping(stack, listeners, addr)


def memory_settles(work, program):
    """Handshakes that will never end are kept for a while, up to a limit: memory grows at first."""
    sizes = [resident(program)]
    for _ in range(LOOKS):
        work()
        sizes.append(resident(program))
        if len(sizes) > 3 and max(sizes[-2:]) - sizes[-3] < GROWTH:
            return
    raise AssertionError(f'memory grows on and on: {sizes} KiB')
