#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""QUIC packets made by hand (RFC 9000, 9001), to be sent from anywhere.

Initials are protected as they must be and carry a whole ClientHello, so a server takes them for
the beginning of a handshake; which never goes on, for nobody here keeps its secrets.

    quic_initial.py HOST PORT COUNT RATE

sends COUNT of them at RATE a second, each from an address of its own of 20.0.0.0/8 and with
connection IDs of its own. It needs root.
"""
import hmac
import os
import socket
import struct
import sys
import time

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

V1 = 1
SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
# The least a datagram with an Initial of a client has (RFC 9000 14.1).
SMALLEST = 1200
SPOOFED = 20 << 24


def varint(value):
    for size, prefix in ((1, 0), (2, 0x4000), (4, 0x80000000), (8, 0xC000000000000000)):
        if value < 1 << (size * 8 - 2):
            return (value | prefix).to_bytes(size)
    raise ValueError(value)


def expand(secret, label, length):
    """HKDF-Expand-Label of RFC 8446 7.1, for one block of SHA-256."""
    label = b"tls13 " + label
    info = struct.pack("!HB", length, len(label)) + label + b"\0"
    return hmac.digest(secret, info + b"\1", "sha256")[:length]


def client_keys(dcid):
    """(key, iv, hp) of the client's Initials (RFC 9001 5.2)."""
    secret = expand(hmac.digest(SALT, dcid, "sha256"), b"client in", 32)
    return expand(secret, b"quic key", 16), expand(secret, b"quic iv", 12), expand(secret, b"quic hp", 16)


def extension(number, body):
    return struct.pack("!HH", number, len(body)) + body


def counted(size, body):
    return len(body).to_bytes(size) + body


def client_hello(scid, alpn=b"libp2p"):
    """TLS 1.3 by X25519 and AES-128-GCM, with QUIC's transport parameters."""
    parameters = b"".join(varint(number) + counted(1, body) for number, body in (
        (0x01, varint(30_000)), (0x04, varint(1 << 20)), (0x05, varint(1 << 18)), (0x06, varint(1 << 18)),
        (0x08, varint(100)), (0x0F, scid)))
    extensions = b"".join((
        extension(10, counted(2, b"\x00\x1d")),
        extension(13, counted(2, b"\x04\x03\x08\x04\x08\x07")),
        extension(16, counted(2, counted(1, alpn))),
        extension(43, counted(1, b"\x03\x04")),
        extension(51, counted(2, b"\x00\x1d" + counted(2, os.urandom(32)))),
        extension(57, parameters)))
    body = b"\x03\x03" + os.urandom(32) + b"\0" + counted(2, b"\x13\x01") + b"\x01\0" + counted(2, extensions)
    return b"\x01" + counted(3, body)


def crypto(data, offset=0):
    return b"\x06" + varint(offset) + varint(len(data)) + data


def initial(dcid, scid, frames=None, number=0, token=b"", size=SMALLEST, version=V1):
    """A datagram with one Initial, padded to size; frames default to the whole ClientHello."""
    key, iv, hp = client_keys(dcid)
    frames = crypto(client_hello(scid)) if frames is None else frames
    head = (b"\xc3" + version.to_bytes(4) + counted(1, dcid) + counted(1, scid) + varint(len(token)) + token)
    # Length has two bytes; it counts the packet number's four and the tag's sixteen.
    frames += bytes(max(0, size - len(head) - 2 - 4 - 16 - len(frames)))
    head += struct.pack("!HI", 0x4000 | (4 + len(frames) + 16), number)
    nonce = iv[:4] + (int.from_bytes(iv[4:]) ^ number).to_bytes(8)
    sealed = AESGCM(key).encrypt(nonce, frames, head)
    # Header protection (RFC 9001 5.4) samples right behind a packet number of four bytes.
    mask = Cipher(algorithms.AES(hp), modes.ECB()).encryptor().update(sealed[:16])
    start = len(head) - 4
    number = bytes(a ^ b for a, b in zip(head[start:], mask[1:5]))
    return bytes([head[0] ^ (mask[0] & 0x0F)]) + head[1:start] + number + sealed


def long_header(version, dcid, scid, size):
    """What no version defines, but all must be able to tell apart (RFC 8999)."""
    head = b"\xc0" + version.to_bytes(4) + counted(1, dcid) + counted(1, scid)
    return head + os.urandom(size - len(head))


def short_header(dcid, size):
    return b"\x43" + dcid + os.urandom(size - 1 - len(dcid))


def parse_version_negotiation(datagram):
    """(dcid, scid, versions), or None where it is none."""
    if not datagram[0] & 0x80 or datagram[1:5] != bytes(4):
        return None
    dcid = datagram[6:6 + datagram[5]]
    rest = datagram[6 + len(dcid):]
    scid, rest = rest[1:1 + rest[0]], rest[1 + rest[0]:]
    return dcid, scid, [version for version, in struct.iter_unpack("!I", rest)]


def ipv4_udp(source, target, source_port, target_port, data):
    """An IPv4 packet; the kernel fills in its checksum, and UDP goes without one."""
    length = 28 + len(data)
    return (struct.pack("!BBHHHBBHII", 0x45, 0, length, 0, 0, 64, socket.IPPROTO_UDP, 0, source, target) +
            struct.pack("!HHHH", source_port, target_port, 8 + len(data), 0) + data)


def ipv4(text):
    return int.from_bytes(socket.inet_aton(text))


def raw_socket():
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)


def flood(host, port, count, rate):
    target, began = ipv4(host), time.monotonic()
    with raw_socket() as raw:
        for i in range(count):
            datagram = initial(os.urandom(8), os.urandom(8))
            raw.sendto(ipv4_udp(SPOOFED + 256 + i, target, 1024 + i % 60000, port, datagram), (host, 0))
            if i % 50 == 49:
                time.sleep(max(0, began + i / rate - time.monotonic()))


if __name__ == "__main__":
    flood(sys.argv[1], *map(int, sys.argv[2:5]))
