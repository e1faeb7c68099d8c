# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What goes over the socket: requests, answers and events, as text and bytes."""

from __future__ import annotations

import json
import os
import pathlib
import socket
import struct
from typing import Any, Iterator, Mapping, NamedTuple
from urllib.parse import quote, urlencode

from ._places import Place, find
from .errors import BadAnswer, InvalidRequest, NotRunning, for_status

EVENTS_PATH = "/v1/events"


class Event(NamedTuple):
    """Something that happened: its name, what there is to say about it, and its ID (see events())."""

    name: str
    data: dict[str, Any]
    id: str


def places_of(config: str | os.PathLike[str] | None, profile: str | None, socket_path: str | os.PathLike[str] | None,
              cookie: str | os.PathLike[str] | None) -> list[Place]:
    """Where the daemon that is meant may be."""
    if socket_path is None and cookie is None:
        return find(config, profile)
    if socket_path is None or cookie is None or config is not None or profile is not None:
        raise InvalidRequest("name the socket and its cookie, or a configuration, or a profile")
    return [Place(pathlib.Path(socket_path), pathlib.Path(cookie))]


def read_cookie(path: pathlib.Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NotRunning(f"cannot read the daemon's cookie {path}: {error}") from error


def check_owner(connection: socket.socket, path: pathlib.Path) -> None:
    """The cookie is shown to daemons of this user and of root alone."""
    ucred = struct.Struct("3i")
    _, uid, _ = ucred.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, ucred.size))
    if uid not in (os.getuid(), 0):
        raise NotRunning(f"what listens on {path} is another user's")


def not_running(places: list[Place], error: OSError | None) -> NotRunning:
    looked = " and ".join(str(place.socket) for place in places)
    reason = f" ({error.strerror})" if error is not None and error.strerror else ""
    return NotRunning(f"no daemon answers on {looked}{reason}: start it with “peerup daemon”")


def target(method: str, path: str, segments: Mapping[str, Any], arguments: Mapping[str, Any]) -> tuple[str, bytes | None]:
    """The request's target and body. What is None is left out."""
    for name, value in segments.items():
        path = path.replace(f"{{{name}}}", quote(_text(value), safe=""))
    given = {name: value for name, value in arguments.items() if value is not None}
    if method not in ("GET", "DELETE"):
        return path, json.dumps({name: _plain(value) for name, value in given.items()}).encode()
    query = urlencode({name: _text(value) for name, value in given.items() if value != ""}, quote_via=quote)
    return (f"{path}?{query}" if query else path), None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(one) for one in value]
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(_plain(value))


def headers(cookie: str, body: bytes | None, last_id: str | None = None) -> dict[str, str]:
    fields = {"Host": "localhost", "Authorization": f"Bearer {cookie}", "Connection": "close"}
    if body is not None:
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    if last_id:
        fields["Last-Event-ID"] = last_id
    return fields


def read_answer(status: int, body: bytes) -> Any:
    """What an answer holds. An answer that tells of an error raises it."""
    try:
        answer = json.loads(body)
        if status == 200:
            return answer["data"]
        message = str(answer["error"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadAnswer(f"the daemon's answer with status {status} cannot be read: {error}", status) from error
    raise for_status(status, message)


class EventReader:
    """Server-sent events, line by line."""

    def __init__(self) -> None:
        self._name, self._data, self._id = "", list[str](), ""

    def feed(self, line: bytes) -> Iterator[Event]:
        """At most one event: that which ends with this line."""
        text = line.decode("utf-8").rstrip("\r\n")
        if text:
            name, _, value = text.partition(":")
            self._take(name, value.removeprefix(" "))
            return
        if self._data:
            try:
                data = json.loads("\n".join(self._data))
            except ValueError as error:
                raise BadAnswer(f"the event {self._name} cannot be read: {error}") from error
            yield Event(self._name or "message", data, self._id)
        self._name, self._data = "", []

    def _take(self, name: str, value: str) -> None:
        if name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)
        elif name == "id":
            self._id = value

