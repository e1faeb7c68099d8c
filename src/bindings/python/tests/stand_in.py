# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A stand-in for the daemon: HTTP on a Unix socket, with a cookie, answers that a test gives, and events."""

import contextlib
import http.server
import json
import os
import pathlib
import socketserver
import tempfile
import threading
from urllib.parse import unquote, urlsplit

COOKIE = "0123456789abcdef" * 4


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *arguments):
        pass

    def address_string(self):
        return "unix"

    def answer(self, status, text):
        body = text if isinstance(text, bytes) else json.dumps(text).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(body)

    def handle_any(self):
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, url.path, url.query, json.loads(body) if body else None))
        if self.headers["Authorization"] != f"Bearer {self.server.cookie}":
            self.answer(401, {"error": "the cookie is wrong"})
        elif url.path == "/v1/events":
            self.send_events()
        else:
            self.answer(*self.server.answers.get((self.command, unquote(url.path)), (404, {"error": "there is no such thing"})))

    do_GET = do_POST = do_PUT = do_DELETE = handle_any

    def send_events(self):
        self.server.last_id = self.headers["Last-Event-ID"]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for part in self.server.events:
            self.wfile.write(part)
            self.wfile.flush()
        self.close_connection = True


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, socket):
        super().__init__(str(socket), Handler)
        self.cookie = COOKIE
        self.seen, self.answers, self.events, self.last_id = [], {}, [], None


@contextlib.contextmanager
def daemon():
    """(server, home): a home with a configuration whose daemon is the server, and an environment that leads there."""
    from peerup import _places

    with tempfile.TemporaryDirectory(prefix="pu-") as directory:
        home = pathlib.Path(directory)
        config = home / "config/peerup/config.yaml"
        config.parent.mkdir(parents=True)
        config.write_text("version: 1\n")
        (home / "run/peerup").mkdir(parents=True)
        old = dict(os.environ)
        os.environ |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "XDG_RUNTIME_DIR": str(home / "run")}
        try:
            place = _places.candidates(config)[0]
            server = Server(place.socket)
            place.cookie.write_text(server.cookie)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            try:
                yield server, home
            finally:
                server.shutdown()
                thread.join()
                server.server_close()
        finally:
            os.environ.clear()
            os.environ.update(old)
