#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""events.py CONFIG: says what happens in an engine until its input ends."""
import asyncio, json, sys, gi
gi.require_version("Peerup", "1.0")
from gi.events import GLibEventLoopPolicy
from gi.repository import Peerup

async def main():
    engine = Peerup.Engine.new(sys.argv[1], Peerup.EngineFlags.DEFAULT)
    engine.connect("event", lambda _, name, details: print(name, json.dumps(details.unpack()), flush=True))
    await engine.start_async()
    await asyncio.to_thread(sys.stdin.read)
    await engine.stop_async()

GLibEventLoopPolicy().get_event_loop().run_until_complete(main())
