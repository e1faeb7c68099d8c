#!/usr/bin/env -S gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors
// engine.js CONFIG: runs an engine for a moment, and says who and where it is.
import Gio from 'gi://Gio';
import Peerup from 'gi://Peerup?version=1.0';

for (const name of ['start_async', 'stop_async'])
    Gio._promisify(Peerup.Engine.prototype, name);
const engine = Peerup.Engine.new(ARGV[0], Peerup.EngineFlags.DEFAULT);
await engine.start_async(null);
print(engine.peer_id, ...engine.listen_addresses);
await engine.stop_async(null);
