#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""engine.py CONFIG: runs an engine for a moment, and says who and where it is."""
import asyncio, sys, gi
gi.require_version("Peerup", "1.0")
from gi.events import GLibEventLoopPolicy
from gi.repository import Peerup

async def main():
    engine = Peerup.Engine.new(sys.argv[1], Peerup.EngineFlags.DEFAULT)
    await engine.start_async()
    print(engine.props.peer_id, *engine.props.listen_addresses, flush=True)
    await engine.stop_async()

GLibEventLoopPolicy().get_event_loop().run_until_complete(main())
