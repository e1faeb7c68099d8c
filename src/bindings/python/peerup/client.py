# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A client that waits for each answer."""

from __future__ import annotations

import http.client
import os
import socket
from typing import Any, Iterator, Mapping

from . import _protocol
from ._operations import Operations
from ._places import Place
from ._protocol import Event
from .errors import BadAnswer, NotRunning, TimedOut


class _Connection(http.client.HTTPConnection):
    def __init__(self, place: Place, timeout: float | None) -> None:
        super().__init__("localhost", timeout=timeout)
        self._place = place

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._place.socket))
        _protocol.check_owner(self.sock, self._place.socket)


class Client(Operations):
    """The daemon of a configuration. It need not run yet: each call connects, and finds a daemon that was started anew.

    config, profile: which daemon, as for the program's --config and --profile; the default one without.
    socket, cookie: or these very files.
    timeout: seconds without a byte of an answer; calls have limits of their own, so there is none by default.
    """

    def __init__(self, config: str | os.PathLike[str] | None = None, *, profile: str | None = None,
                 socket: str | os.PathLike[str] | None = None, cookie: str | os.PathLike[str] | None = None,
                 timeout: float | None = None) -> None:
        self._places = _protocol.places_of(config, profile, socket, cookie)
        self._timeout = timeout

    def _send(self, method: str, path: str, body: bytes | None, last_id: str | None = None,
              ) -> tuple[_Connection, http.client.HTTPResponse]:
        failure: OSError | None = None
        for place in self._places:
            connection = _Connection(place, self._timeout)
            try:
                connection.connect()
            except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError) as error:
                connection.close()
                failure = error
                continue
            try:
                connection.request(method, path, body, _protocol.headers(_protocol.read_cookie(place.cookie), body, last_id))
                return connection, connection.getresponse()
            except TimeoutError as error:
                connection.close()
                raise TimedOut(f"the daemon did not answer {method} {path} within {self._timeout} seconds") from error
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                raise NotRunning(f"the daemon went away during {method} {path}: {error}") from error
            except BaseException:
                connection.close()
                raise
        raise _protocol.not_running(self._places, failure)

    def _call(self, method: str, path: str, segments: Mapping[str, Any], arguments: Mapping[str, Any]) -> Any:
        path, body = _protocol.target(method, path, segments, arguments)
        connection, response = self._send(method, path, body)
        try:
            return _protocol.read_answer(response.status, response.read())
        except TimeoutError as error:
            raise TimedOut(f"the answer to {method} {path} stopped for {self._timeout} seconds") from error
        except (OSError, http.client.HTTPException) as error:
            raise NotRunning(f"the daemon went away during {method} {path}: {error}") from error
        finally:
            response.close()
            connection.close()

    def events(self, last_id: str | None = None) -> Iterator[Event]:
        """What happens, as it happens, until the daemon stops or the iterator is closed.

        It is connected when this returns, so nothing that is caused afterwards is missed.

        last_id: of the last event that was seen: those since come first, and one called Lost if some are forgotten.
        """
        connection, response = self._send("GET", _protocol.EVENTS_PATH, None, last_id)
        if response.status != 200:
            try:
                _protocol.read_answer(response.status, response.read())
            finally:
                connection.close()
            raise BadAnswer("the daemon does not send events", response.status)
        return self._read_events(connection, response)

    @staticmethod
    def _read_events(connection: _Connection, response: http.client.HTTPResponse) -> Iterator[Event]:
        reader = _protocol.EventReader()
        try:
            while line := response.readline():
                yield from reader.feed(line)
        except (ConnectionError, http.client.HTTPException):
            return
        finally:
            response.close()
            connection.close()
