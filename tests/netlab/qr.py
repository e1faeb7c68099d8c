# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A QR code that was printed as text, made a picture and read by a program of somebody else."""
import shutil
import struct
import subprocess
import zlib

READER = shutil.which("ZXingReader")
SCALE = 8
# What of a character is light: its upper and its lower half.
BLOCKS = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}


def is_blocks(line):
    return len(line) > 20 and set(line) <= set(BLOCKS)


def rows_of_blocks(text):
    rows = []
    for line in filter(is_blocks, text.splitlines()):
        rows.append([BLOCKS[character][0] for character in line])
        rows.append([BLOCKS[character][1] for character in line])
    return rows


def rows_of_ascii(text):
    return [[int(character == "#") for character in line[::2]] for line in text.splitlines()
            if len(line) > 40 and set(line) <= {"#", " "}]


def png(rows):
    """Bytes of a picture in grey, SCALE pixels a module, with nothing around it."""
    def chunk(name, data):
        return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))

    lines = b"".join((b"\0" + b"".join(bytes([255 * module]) * SCALE for module in row)) * SCALE for row in rows)
    header = struct.pack("!IIBBBBB", len(rows[0]) * SCALE, len(rows) * SCALE, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def read(rows, directory):
    """What is in it."""
    assert rows and len(set(map(len, rows))) == 1
    path = directory / "qr.png"
    path.write_bytes(png(rows))
    done = subprocess.run([READER, "-format", "QRCode", str(path)], capture_output=True, text=True, timeout=30, check=False)
    line, = (line for line in done.stdout.splitlines() if line.startswith("Text:")) if done.returncode == 0 else ([],)
    assert line, (done.returncode, done.stdout, done.stderr)
    return line.split('"')[1]
