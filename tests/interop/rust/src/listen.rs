// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

//! listen: serves every protocol of the contract and tells what happens.

use std::collections::HashSet;
use std::time::Duration;

use libp2p::PeerId;
use serde_json::json;

use crate::node::{Event, Node, commands, describe_info, emit, emit_peer};
use crate::serve::Service;
use crate::{Options, Result, usage};

/// Over QUIC the ping behaviour does not wake for the next ping of a stream by itself, but
/// goes on when it pings.
const PING_EVERY: Duration = Duration::from_millis(100);

pub async fn listen(options: Options) -> Result<()> {
    let mut node = Node::new(&options, true, PING_EVERY)?;
    node.serve("/echo/1.0.0", Service::Echo)?;
    node.serve("/sink/1.0.0", Service::Sink)?;
    node.serve("/source/1.0.0", Service::Source)?;
    node.serve("/reset/1.0.0", Service::Reset)?;
    for text in &options.services {
        match text.split_once('=') {
            Some((name, target)) => node.serve(&format!("/peerup/{name}/1.0.0"), Service::Tcp(target.into()))?,
            None => return usage(format!("--service {text}: use NAME=HOST:PORT")),
        }
    }
    let mut lines = commands()?;
    let mut identified = HashSet::new();
    loop {
        tokio::select! {
            Some(event) = node.events.recv() => tell(&node.id, event, &mut identified),
            line = lines.recv() => match line {
                Some(line) => obey(&node, &line).await?,
                None => break,
            },
        }
    }
    node.close().await;
    Ok(())
}

async fn obey(node: &Node, line: &str) -> Result<()> {
    if let Some(id) = line.strip_prefix("protocol ") {
        node.serve(id, Service::Echo)?;
    } else if line == "peers" {
        let peers: Vec<String> = node.peers().await.iter().map(ToString::to_string).collect();
        emit("peers", json!({"peers": peers}));
    }
    Ok(())
}

/// Identify tells no push from an answer: what comes after the first is taken for one.
fn tell(id: &PeerId, event: Event, identified: &mut HashSet<PeerId>) {
    match event {
        Event::Listening(addr) => {
            emit("listening", json!({"peer": id.to_string(), "addrs": [format!("{addr}/p2p/{id}")]}));
        }
        Event::Connected(description) => emit("connected", description),
        Event::Disconnected(peer, _) => {
            identified.remove(&peer);
            emit_peer("disconnected", &peer);
        }
        Event::Identified(peer, info) => {
            let name = if identified.insert(peer) { "identified" } else { "pushed" };
            emit(name, describe_info(&peer, &info));
        }
        Event::NotConnected(_) | Event::Pinged(_) => {}
    }
}
