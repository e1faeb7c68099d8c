#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""connect.py CONFIG PEER SERVICE: makes a service of a peer a port here, and says which, until its input ends."""
import asyncio, sys, gi
gi.require_version("Peerup", "1.0")
from gi.events import GLibEventLoopPolicy
from gi.repository import Peerup

async def main():
    engine = Peerup.Engine.new(sys.argv[1], Peerup.EngineFlags.DIAL_ONLY)
    await engine.start_async()
    peer = await engine.connect_async(sys.argv[2])
    forward = engine.add_forward(peer.props.id, sys.argv[3], "0", False)
    print(forward.props.port, peer.props.path, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await engine.stop_async()

GLibEventLoopPolicy().get_event_loop().run_until_complete(main())
