# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A QR code that was printed as text, made a picture and read by programs of somebody else."""
import re
import shutil
import struct
import subprocess
import zlib

READER = shutil.which("ZXingReader")
ZBAR = shutil.which("zbarimg")
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


def png(width, lines):
    """Bytes of a picture in colours, of lines of three bytes a pixel."""
    def chunk(name, data):
        return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))

    header = struct.pack("!IIBBBBB", width, len(lines), 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + line for line in lines))) + chunk(b"IEND", b""))


def picture(rows, light=(255, 255, 255), dark=(0, 0, 0), around=(0, 0, 0), scale=SCALE, margin=0):
    """The rows in two colours, scale pixels a module, and as many of a third colour around them as the margin says."""
    assert rows and len(set(map(len, rows))) == 1
    side = bytes(around) * margin
    lines = [side + b"".join(bytes(light if module else dark) * scale for module in row) + side
             for row in rows for _ in range(scale)]
    width = len(rows[0]) * scale + 2 * margin
    above = [bytes(around) * width] * margin
    return png(width, above + lines + above)


def zxing(path):
    """What ZXing reads."""
    done = subprocess.run([READER, "-format", "QRCode", str(path)], capture_output=True, text=True, timeout=30, check=False)
    found = re.search(r'^Text: *"(.*)"$', done.stdout, re.MULTILINE)
    assert done.returncode == 0 and found, (done.returncode, done.stdout, done.stderr)
    return found[1]


def zbar(path, inverted=False):
    """What zbar reads, of which light on dark must be asked."""
    wanted = ["-Stest-inverted"] if inverted else []
    done = subprocess.run([ZBAR, "--quiet", "--raw", "--nodbus", *wanted, str(path)], capture_output=True, text=True,
                          timeout=30, check=False)
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    return done.stdout.removesuffix("\n")


def read(rows, directory):
    """What is in it."""
    path = directory / "qr.png"
    path.write_bytes(picture(rows))
    return zxing(path)
