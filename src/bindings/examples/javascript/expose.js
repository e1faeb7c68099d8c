#!/usr/bin/env -S gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors
// expose.js CONFIG NAME ADDRESS: offers a service of this machine until its input ends.
import Gio from 'gi://Gio';
import GioUnix from 'gi://GioUnix';
import Peerup from 'gi://Peerup?version=1.0';

for (const [type, name] of [[Peerup.Engine, 'start_async'], [Peerup.Engine, 'stop_async'], [Gio.InputStream, 'read_bytes_async']])
    Gio._promisify(type.prototype, name);
const engine = Peerup.Engine.new(ARGV[0], Peerup.EngineFlags.DEFAULT);
await engine.start_async(null);
const service = engine.expose(ARGV[1], ARGV[2]);
print(service.name, ...engine.listen_addresses);
await new GioUnix.InputStream({fd: 0}).read_bytes_async(1, 0, null);
await engine.stop_async(null);
