# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A client of the HTTP socket that can also say what no client should."""
import hashlib
import http.client
import json
import os
import socket
import time

PATIENCE = 60


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)


class Api:
    """The HTTP socket of a peer's daemon."""

    def __init__(self, peer):
        name = hashlib.sha256(os.fsencode(os.path.realpath(peer.config))).hexdigest()[:16]
        self.socket = peer.runtime / "peerup" / f"{name}-http.sock"
        self.cookie = peer.runtime / "peerup" / f"{name}-http.cookie"

    @property
    def token(self):
        return self.cookie.read_text()

    @property
    def authorization(self):
        return f"Authorization: Bearer {self.token}"

    def connection(self):
        return UnixConnection(self.socket)

    def ask(self, method, path, body=None, connection=None, **fields):
        """(status, JSON), or (status, text) of what is none."""
        connection = connection or self.connection()
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        connection.request(method, path, body, {"Authorization": f"Bearer {self.token}"} | fields)
        answer = connection.getresponse()
        text = answer.read()
        if answer.headers["Content-Type"] == "application/json" and text:
            return answer.status, json.loads(text)
        return answer.status, text.decode()

    def get(self, path):
        status, answer = self.ask("GET", path)
        assert status == 200, answer
        return answer["data"]

    def dial(self):
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(PATIENCE)
        stream.connect(str(self.socket))
        return stream

    def raw(self, request):
        """All that is answered to these bytes, until the other side closes."""
        with self.dial() as stream:
            try:
                stream.sendall(request)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return receive_all(stream)

    def head(self, line, *fields):
        return "\r\n".join((line, "Host: localhost", self.authorization, *fields, "", "")).encode()

    def events(self, **fields):
        return Events(self, fields)


def receive_all(stream):
    received = bytearray()
    while data := stream.recv(1 << 16):
        received += data
    return bytes(received)


class Events:
    """An event stream, to be read one by one: (id, name, data)."""

    def __init__(self, api, fields):
        self.connection = api.connection()
        self.connection.request("GET", "/v1/events", headers={"Authorization": f"Bearer {api.token}"} | fields)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200 and self.answer.headers["Content-Type"] == "text/event-stream"

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.answer.close()
        self.connection.close()

    def next(self):
        """Within PATIENCE, whatever comments come meanwhile."""
        found = {}
        end = time.monotonic() + PATIENCE
        while "data" not in found:
            assert time.monotonic() < end, "no event came"
            line = self.answer.readline().decode()
            assert line, "the stream ended"
            name, _, value = line.rstrip("\n").partition(": ")
            if name:
                found[name] = value
        return found["id"], found["event"], json.loads(found["data"])

    def wait(self, name):
        while True:
            event = self.next()
            if event[1] == name:
                return event
