# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""nice_agent.py SERVER PORT controlling|controlled: a libnice agent that asks a STUN server.

Says its session description in one line of JSON, takes the other agent's in the same way, and says
"ready" when they have found a way to each other. Ends with its input.
"""
import ctypes
import json
import sys

import gi

gi.require_version("Nice", "0.1")
from gi.repository import GLib, Nice  # noqa: E402

RECV_FUNC = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p)
drop = RECV_FUNC(lambda *_: None)


def attach(agent, stream):
    """nice_agent_attach_recv(), without which it reads nothing, and which the introspection leaves out."""
    ctypes.CDLL("libnice.so.10").nice_agent_attach_recv(ctypes.c_void_p(hash(agent)), stream, 1, None, drop, None)


def main(server, port, role):
    loop = GLib.MainLoop()
    agent = Nice.Agent.new(loop.get_context(), Nice.Compatibility.RFC5245)
    agent.set_property("stun-server", server)
    agent.set_property("stun-server-port", int(port))
    agent.set_property("controlling-mode", role == "controlling")
    agent.set_property("ice-tcp", False)
    agent.set_property("upnp", False)
    stream = agent.add_stream(1)
    agent.set_stream_name(stream, "application")

    def gathered(*_):
        print(json.dumps(agent.generate_local_sdp()), flush=True)
        # Blocks the loop, and with it the answers to checks that come early: they are sent again.
        if agent.parse_remote_sdp(json.loads(sys.stdin.readline())) < 1:
            sys.exit("the other description has no candidates")

    def changed(_, __, ___, state):
        if state == Nice.ComponentState.READY:
            print(json.dumps("ready"), flush=True)

    agent.connect("candidate-gathering-done", gathered)
    agent.connect("component-state-changed", changed)
    attach(agent, stream)
    if not agent.gather_candidates(stream):
        sys.exit("cannot gather candidates")
    GLib.timeout_add_seconds(30, lambda: sys.exit("not connected after 30 s"))
    GLib.io_add_watch(sys.stdin, GLib.IO_HUP, lambda *_: loop.quit())
    loop.run()


main(*sys.argv[1:])
