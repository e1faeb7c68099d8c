#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The library from Python: an engine without a configuration starts, tells, and stops."""
import gi

gi.require_version("Peerup", "1.0")
from gi.repository import Gio, GLib, Peerup  # noqa: E402

OTHER = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
loop = GLib.MainLoop()
engine = Peerup.Engine.new(None, Peerup.EngineFlags.DEFAULT)
seen = []


def on_started(source, result):
    assert source.start_finish(result)
    assert source.get_peer_id().startswith("12D3KooW") and source.props.state == Peerup.EngineState.RUNNING
    assert source.dup_problems() == [] and source.props.listen_addresses == []
    for model in (source.get_peers(), source.get_services(), source.get_forwards()):
        assert isinstance(model, Gio.ListModel) and len(model) == 0
    forward = source.add_forward(OTHER, "ssh", "127.0.0.1:0", False)
    assert (forward.get_peer_id(), forward.get_service(), forward.get_bytes()) == (OTHER, "ssh", (0, 0))
    assert forward.get_port() > 0 and list(source.get_forwards()) == [forward]
    source.remove_forward(forward)
    assert forward.props.state == Peerup.ForwardState.STOPPED and len(source.get_forwards()) == 0
    source.ping_async("nobody", None, on_pinged)


def on_pinged(source, result):
    try:
        source.ping_finish(result)
    except GLib.Error as error:
        seen.append(error.message)
    source.stop_async(None, on_stopped)


def on_stopped(source, result):
    assert source.stop_finish(result)
    loop.quit()


engine.connect("notify::state", lambda *_: seen.append(engine.props.state.value_nick))
engine.start_async(None, on_started)
GLib.timeout_add_seconds(30, lambda: loop.quit() or False)
loop.run()
assert seen[:2] == ["starting", "running"] and "nobody" in seen[2] and seen[3:] == ["stopping", "stopped"], seen
assert engine.get_peer_id() is None
