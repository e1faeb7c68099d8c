# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Peers behind routers that let nobody in, which meet at relays of their own: what is carried, cut, lost and found again.

The tests of one world are in the order in which they do it harm, and each begins when all is well again.
"""
import os
import signal
import threading
import time

import pytest

from conftest import BIG
from netlab import wait_for
from relay_lab import CUT, DRAIN, PATIENCE, World, says, seconds_until


@pytest.fixture(scope="module")
def world(module_lab, make_module_peer, module_serve):
    world = World(module_lab, make_module_peer, module_serve, delays=(2, 30))
    world.start()
    return world
