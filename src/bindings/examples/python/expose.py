#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""expose.py CONFIG NAME ADDRESS: offers a service of this machine until its input ends."""
import asyncio, sys, gi
gi.require_version("Peerup", "1.0")
from gi.events import GLibEventLoopPolicy
from gi.repository import Peerup

async def main():
    engine = Peerup.Engine.new(sys.argv[1], Peerup.EngineFlags.DEFAULT)
    await engine.start_async()
    service = engine.expose(sys.argv[2], sys.argv[3])
    print(service.props.name, *engine.props.listen_addresses, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await engine.stop_async()

GLibEventLoopPolicy().get_event_loop().run_until_complete(main())
