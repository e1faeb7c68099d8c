# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Peer-Up's daemon from Python: its controls over a Unix socket, with the standard library alone."""

from ._operations import EVENTS, Properties
from ._places import Place, find
from ._protocol import Event
from .aio import AsyncClient
from .client import Client
from .errors import (BadAnswer, Busy, Denied, Exists, InvalidRequest, LimitMet, NotFound, NotRunning, PeerupError,
                     TimedOut, TooLarge, Unauthorized, Unreachable, Unsupported)

__all__ = ["EVENTS", "AsyncClient", "BadAnswer", "Busy", "Client", "Denied", "Event", "Exists", "InvalidRequest",
           "LimitMet", "NotFound", "NotRunning", "PeerupError", "Place", "Properties", "TimedOut", "TooLarge",
           "Unauthorized", "Unreachable", "Unsupported", "find"]
