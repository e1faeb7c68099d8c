#!/usr/bin/env -S gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors
// connect.js CONFIG PEER SERVICE: makes a service of a peer a port here, and says which, until its input ends.
import Gio from 'gi://Gio';
import GioUnix from 'gi://GioUnix';
import Peerup from 'gi://Peerup?version=1.0';

for (const [type, name] of [[Peerup.Engine, 'start_async'], [Peerup.Engine, 'connect_async'], [Peerup.Engine, 'stop_async'], [Gio.InputStream, 'read_bytes_async']])
    Gio._promisify(type.prototype, name);
const engine = Peerup.Engine.new(ARGV[0], Peerup.EngineFlags.DIAL_ONLY);
await engine.start_async(null);
const peer = await engine.connect_async(ARGV[1], null);
const forward = engine.add_forward(peer.id, ARGV[2], '0', false);
print(forward.port, peer.path);
await new GioUnix.InputStream({fd: 0}).read_bytes_async(1, 0, null);
await engine.stop_async(null);
