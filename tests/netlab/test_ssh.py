# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A real OpenSSH server reached through a forward: session, scp, sftp."""
import hashlib
import os
import shutil
import subprocess

import pytest

from conftest import Running, free_port, wait_for

SSHD = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")
SFTP_SERVER = "/usr/lib/openssh/sftp-server"
SIZE = 32 << 20

pytestmark = pytest.mark.skipif(SSHD is None or os.getuid() != 0, reason="needs sshd, and root to log in with a key")


class Sshd:
    """An OpenSSH server on a port of loopback, and a key to log in with."""

    def __init__(self, directory):
        self.keys = keys = directory / "keys"
        keys.mkdir(mode=0o700)
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys / name], check=True)
        (keys / "authorized").write_bytes((keys / "user.pub").read_bytes())
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        self.port = free_port()
        (keys / "sshd_config").write_text(f"""
            ListenAddress 127.0.0.1:{self.port}
            HostKey {keys}/host
            AuthorizedKeysFile {keys}/authorized
            PermitRootLogin prohibit-password
            PasswordAuthentication no
            StrictModes no
            UsePAM no
            PidFile none
            Subsystem sftp {SFTP_SERVER}
        """)
        self.process = Running([SSHD, "-D", "-e", "-f", str(keys / "sshd_config")], dict(os.environ), directory, "sshd")
        self.process.wait_stderr("Server listening")

    def options(self, proxy):
        """Of ssh, scp and sftp, to reach it by a forward."""
        known = (self.keys / "host.pub").read_text().split()[:2]
        (self.keys / "known").write_text(f"[127.0.0.1]:{proxy.address[1]} {' '.join(known)}\n")
        return ["-F", "none", "-i", str(self.keys / "user"), "-o", f"UserKnownHostsFile={self.keys}/known", "-o",
                "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", f"Port={proxy.address[1]}"]


@pytest.fixture
def ssh(pair, directory):
    """(ssh options, home): an sshd behind home's service "ssh", and how laptop reaches it."""
    home, laptop = pair
    server = Sshd(directory)
    home.run("service", "add", "ssh", server.port)
    home.daemon()
    yield server.options(laptop.proxy("home", "ssh")), home
    server.process.end()


def run(*args, **kwargs):
    return subprocess.run(args, check=True, capture_output=True, timeout=120, **kwargs)


def test_session(ssh):
    options, home = ssh
    done = run("ssh", *options, "root@127.0.0.1", "cat; echo done >&2; exit 0", input=b"across\n")
    assert done.stdout == b"across\n" and b"done" in done.stderr
    failed = subprocess.run(["ssh", *options, "root@127.0.0.1", "exit 7"], timeout=60)
    assert failed.returncode == 7
    wait_for(lambda: home.status()["services"][0]["active"] == 0)


def test_terminal_session(ssh):
    options, _ = ssh
    done = run("ssh", "-tt", *options, "root@127.0.0.1", "tty && stty size; read line; echo got $line", input=b"typed\n")
    assert b"/dev/pts/" in done.stdout and b"got typed" in done.stdout


def test_scp_and_sftp_copy_whole_files(ssh, directory):
    options, _ = ssh
    source = directory / "source"
    source.write_bytes(os.urandom(SIZE))
    digest = hashlib.sha256(source.read_bytes()).digest()
    run("scp", "-q", *options, str(source), f"root@127.0.0.1:{directory}/up")
    run("scp", "-q", *options, f"root@127.0.0.1:{directory}/up", str(directory / "down"))
    batch = f"put {source} {directory}/sftp-up\nget {directory}/sftp-up {directory}/sftp-down\n"
    run("sftp", "-q", *options, "-b", "-", "root@127.0.0.1", input=batch.encode())
    for name in ("up", "down", "sftp-up", "sftp-down"):
        assert hashlib.sha256((directory / name).read_bytes()).digest() == digest
