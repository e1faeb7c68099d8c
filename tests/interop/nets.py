# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What the programs have around them: services, ports nobody listens on, relays of datagrams, networks."""

import errno
import json
import socket
import subprocess
import threading
import time

PATIENCE = 10  # seconds for a command that takes milliseconds


class EchoServer:
    """A TCP service on loopback that returns what it gets, end of file included."""

    def __init__(self):
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.address = '127.0.0.1:%d' % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    @staticmethod
    def _serve(connection):
        with connection:
            connection.settimeout(120)
            try:
                while data := connection.recv(65536):
                    connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass

    def close(self):
        self._listener.close()


class ClosedPort:
    """A loopback address that refuses TCP and is deaf on UDP for as long as this lives."""

    def __init__(self):
        # A port that is free for datagrams may be somebody's for TCP.
        while not self._take():
            pass
        self.address = '127.0.0.1:%d' % self._socket.getsockname()[1]

    def _take(self):
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.bind(('127.0.0.1', 0))
        self._socket = socket.socket()
        try:
            self._socket.bind(self._datagrams.getsockname())
        except OSError as error:
            self.close()
            if error.errno != errno.EADDRINUSE:
                raise
            return False
        return True

    def close(self):
        self._socket.close()
        self._datagrams.close()


class Tap:
    """A relay of datagrams before a listener, which sees it as the dialer."""

    def __init__(self, addr):
        before, _, self._peer = addr.rpartition('/p2p/')
        _, _, host, _, port, _ = before.split('/')
        self._listener = (host, int(port))
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(('127.0.0.1', 0))
        self._front.settimeout(0.2)
        self.addr = '/ip4/127.0.0.1/udp/%d/quic-v1/p2p/%s' % (self._front.getsockname()[1], self._peer)
        self._dialer = None
        self._ended = threading.Event()
        self._back = self._connect()
        self._start(lambda: self.forward(self._receive()))

    def _start(self, relay):
        def run():
            while not self._ended.is_set():
                try:
                    relay()
                except OSError:  # the timeout, or what an earlier datagram met
                    pass
        threading.Thread(target=run, daemon=True).start()

    def _connect(self):
        """A socket to the listener; what comes back through it goes to the dialer."""
        back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        back.connect(self._listener)
        back.settimeout(0.2)
        self._start(lambda: self._front.sendto(back.recv(65536), self._dialer))
        return back

    def _receive(self):
        data, self._dialer = self._front.recvfrom(65536)
        return data

    def forward(self, data):
        self._back.send(data)

    def rebind(self):
        """From now on the listener sees another port, as after a router has forgotten the old one."""
        self._back = self._connect()
        return self._back.getsockname()[1]

    def close(self):
        self._ended.set()


class BackwardTap(Tap):
    """Keeps a dialer's first datagram back until the second is through."""

    def __init__(self, addr):
        self.first = []  # the dialer's first two datagrams
        super().__init__(addr)

    def forward(self, data):
        if len(self.first) < 2:
            self.first.append(data)
            if len(self.first) == 2:
                super().forward(data)
                super().forward(self.first[0])
        else:
            super().forward(data)


class Namespace:
    """A network of its own that has nothing but its loopback. Programs get into it by prefix."""

    def __init__(self):
        self._holder = subprocess.Popen(
            ['unshare', '--net', 'sh', '-c', 'ip link set lo up && echo up && exec cat'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = self._holder.stdout.readline().strip()
        self.reason = None if said == 'up' else f'there is no network namespace to be had: {said}'
        self.prefix = ['nsenter', '--target', str(self._holder.pid), '--net']

    def run(self, *command):
        subprocess.run([*self.prefix, *command], check=True, timeout=PATIENCE)

    def wait_for_link(self, name):
        """The kernel brings links up in its own time, and drops what is sent before."""
        command = [*self.prefix, 'ip', '-json', 'link', 'show', name]
        end = time.monotonic() + PATIENCE
        while json.loads(subprocess.check_output(command, timeout=PATIENCE))[0]['operstate'] != 'UP':
            assert time.monotonic() < end, f'{name} did not come up within {PATIENCE} s'
            time.sleep(0.02)

    def close(self):
        self._holder.stdin.close()
        self._holder.wait(PATIENCE)
