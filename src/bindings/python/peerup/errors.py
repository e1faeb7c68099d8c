# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""What can go wrong. Every text is meant for people: it names the thing, the reason and the next step."""

from __future__ import annotations


class PeerupError(Exception):
    """Any failure; `status` is that of the HTTP answer, 0 where there was none."""

    status = 0

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status or type(self).status


class NotRunning(PeerupError):
    """No daemon answers."""


class BadAnswer(PeerupError):
    """What answers does not speak as a daemon does."""


class InvalidRequest(PeerupError):
    """Something in the request is not as it must be."""

    status = 400


class Unauthorized(PeerupError):
    """The cookie is not the daemon's; it may have started anew just now."""

    status = 401


class Denied(PeerupError):
    """Refused: by a file's mode, by what a peer may use, or by a peer that does not admit this device."""

    status = 403


class NotFound(PeerupError):
    """A name, peer, service or file that is not there."""

    status = 404


class Exists(PeerupError):
    """A name, peer, service or file that is there already."""

    status = 409


class TooLarge(PeerupError):
    """More than fits."""

    status = 413


class LimitMet(PeerupError):
    """A limit on count, memory or rate was met."""

    status = 429


class Unsupported(PeerupError):
    """The engine does not do this."""

    status = 501


class Unreachable(PeerupError):
    """The far side fails: it cannot be reached, or not be understood."""

    status = 502


class Busy(PeerupError):
    """The daemon takes no more at this moment."""

    status = 503


class TimedOut(PeerupError):
    """No answer in time."""

    status = 504


_BY_STATUS = {
    kind.status: kind
    for kind in (InvalidRequest, Unauthorized, Denied, NotFound, Exists, TooLarge, LimitMet, Unsupported, Unreachable,
                 Busy, TimedOut)
}


def for_status(status: int, message: str) -> PeerupError:
    """The error that an answer with that status is."""
    return _BY_STATUS.get(status, PeerupError)(message, status)
