# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The same client for asyncio."""

from __future__ import annotations

import asyncio
import os
from typing import Any, AsyncIterator, Mapping

from . import _protocol
from ._aio_operations import AsyncOperations
from ._protocol import Event
from .errors import BadAnswer, NotRunning, TimedOut

HEAD_MAX = 64 * 1024


class _Stream:
    """One request and its answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.status = 0
        self.length: int | None = None

    def send(self, method: str, path: str, fields: Mapping[str, str], body: bytes | None) -> None:
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        self.writer.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii") + (body or b""))

    async def read_head(self) -> None:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("iso-8859-1").split("\r\n")
        try:
            self.status = int(head[0].split(" ", 2)[1])
            fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            self.length = int(fields["content-length"]) if "content-length" in fields else None
        except (IndexError, ValueError) as error:
            raise BadAnswer(f"the daemon's answer is no HTTP: {head[0]!r}") from error
        if "transfer-encoding" in fields:
            raise BadAnswer(f"the daemon's answer is in an encoding that is not known here: {fields['transfer-encoding']}")

    async def read_body(self) -> bytes:
        return await (self.reader.read() if self.length is None else self.reader.readexactly(self.length))

    def close(self) -> None:
        self.writer.close()


class AsyncClient(AsyncOperations):
    """As peerup.Client. A call that is cancelled is cancelled in the daemon, too."""

    def __init__(self, config: str | os.PathLike[str] | None = None, *, profile: str | None = None,
                 socket: str | os.PathLike[str] | None = None, cookie: str | os.PathLike[str] | None = None,
                 timeout: float | None = None) -> None:
        self._places = _protocol.places_of(config, profile, socket, cookie)
        self._timeout = timeout

    async def _connect(self) -> tuple[_Stream, str]:
        failure: OSError | None = None
        for place in self._places:
            try:
                reader, writer = await asyncio.open_unix_connection(str(place.socket), limit=HEAD_MAX)
            except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError) as error:
                failure = error
                continue
            try:
                _protocol.check_owner(writer.get_extra_info("socket"), place.socket)
                return _Stream(reader, writer), _protocol.read_cookie(place.cookie)
            except BaseException:
                writer.close()
                raise
        raise _protocol.not_running(self._places, failure)

    async def _send(self, method: str, path: str, body: bytes | None, last_id: str | None = None) -> _Stream:
        stream, cookie = await self._connect()
        try:
            stream.send(method, path, _protocol.headers(cookie, body, last_id), body)
            await stream.writer.drain()
            await stream.read_head()
            return stream
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            stream.close()
            raise NotRunning(f"the daemon went away during {method} {path}: {error}") from error
        except BaseException:
            stream.close()
            raise

    async def _exchange(self, method: str, path: str, body: bytes | None) -> Any:
        stream = await self._send(method, path, body)
        try:
            return _protocol.read_answer(stream.status, await stream.read_body())
        except (OSError, asyncio.IncompleteReadError) as error:
            raise NotRunning(f"the daemon went away during {method} {path}: {error}") from error
        finally:
            stream.close()

    async def _call(self, method: str, path: str, segments: Mapping[str, Any], arguments: Mapping[str, Any]) -> Any:
        path, body = _protocol.target(method, path, segments, arguments)
        try:
            return await asyncio.wait_for(self._exchange(method, path, body), self._timeout)
        except TimeoutError as error:
            raise TimedOut(f"the daemon did not answer {method} {path} within {self._timeout} seconds") from error

    async def events(self, last_id: str | None = None) -> AsyncIterator[Event]:
        """As peerup.Client.events(): `async for event in await client.events()`."""
        stream = await self._send("GET", _protocol.EVENTS_PATH, None, last_id)
        if stream.status != 200:
            try:
                _protocol.read_answer(stream.status, await stream.read_body())
            finally:
                stream.close()
            raise BadAnswer("the daemon does not send events", stream.status)
        return self._read_events(stream)

    @staticmethod
    async def _read_events(stream: _Stream) -> AsyncIterator[Event]:
        reader = _protocol.EventReader()
        try:
            while line := await _read_line(stream.reader):
                for event in reader.feed(line):
                    yield event
        except ConnectionError:
            return
        finally:
            stream.close()


async def _read_line(reader: asyncio.StreamReader) -> bytes:
    """Of any length: an event may be longer than the reader's buffer."""
    parts = list[bytes]()
    while True:
        try:
            return b"".join([*parts, await reader.readuntil(b"\n")])
        except asyncio.IncompleteReadError:
            return b""
        except asyncio.LimitOverrunError as error:
            parts.append(await reader.readexactly(error.consumed))
