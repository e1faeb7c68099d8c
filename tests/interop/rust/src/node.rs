// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

//! What both commands share: the node on the one stack the arguments name, which runs
//! as a task of its own, and the lines on standard output.

use std::collections::HashSet;
use std::io::Write;
use std::time::Duration;

use futures::StreamExt;
use libp2p::core::upgrade::Version;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{Config as SwarmConfig, NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, PeerId, StreamProtocol, Swarm, identify, identity, noise, ping, tcp, tls, yamux};
use serde_json::{Value, json};
use tokio::io::AsyncBufReadExt;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};

use crate::serve::Service;
use crate::streams::{OpenError, Opened, Streams};
use crate::{Options, Result, usage};

const CLOSING: Duration = Duration::from_secs(2);
/// QUIC tells nobody when the packets are out that close its connections.
const FLUSHING: Duration = Duration::from_millis(100);

pub enum Event {
    Listening(Multiaddr),
    Connected(Value),
    Disconnected(PeerId, String),
    /// The text of why no connection came about.
    NotConnected(String),
    Identified(PeerId, identify::Info),
    Pinged(Duration),
}

enum Command {
    Dial(PeerId, Multiaddr),
    Open(PeerId, StreamProtocol, oneshot::Sender<Opened>),
    Serve(StreamProtocol, Service),
    Peers(oneshot::Sender<Vec<PeerId>>),
    Close,
}

#[derive(NetworkBehaviour)]
struct Behaviour {
    streams: Streams,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
}

pub struct Node {
    pub id: PeerId,
    pub events: mpsc::UnboundedReceiver<Event>,
    commands: mpsc::UnboundedSender<Command>,
    task: tokio::task::JoinHandle<()>,
}

impl Node {
    /// Asks each peer for a ping every so often.
    pub fn new(options: &Options, listen: bool, ping_every: Duration) -> Result<Self> {
        let key = parse_key(&options.key)?;
        let behaviour = Behaviour {
            streams: Streams::new(parse_allowed(&options.allow)?),
            identify: identify::Behaviour::new(identify::Config::new("ipfs/0.1.0".into(), key.public())),
            ping: ping::Behaviour::new(ping::Config::new().with_interval(ping_every)),
        };
        let mut swarm = make_swarm(options, key, behaviour)?;
        if listen {
            let over_tcp = options.transport == "tcp";
            swarm.listen_on(if over_tcp { "/ip4/127.0.0.1/tcp/0" } else { "/ip4/127.0.0.1/udp/0/quic-v1" }.parse()?)?;
        }
        let id = *swarm.local_peer_id();
        let (to_app, events) = mpsc::unbounded_channel();
        let (commands, from_app) = mpsc::unbounded_channel();
        let task = tokio::spawn(run(swarm, from_app, to_app, options.clone()));
        Ok(Self { id, events, commands, task })
    }

    pub fn dial(&self, peer: PeerId, addr: Multiaddr) {
        let _ = self.commands.send(Command::Dial(peer, addr));
    }

    pub async fn open(&self, peer: PeerId, id: &str) -> Opened {
        let id = StreamProtocol::try_from_owned(id.into()).map_err(|e| OpenError::Failed(e.to_string()))?;
        let (reply, opened) = oneshot::channel();
        let _ = self.commands.send(Command::Open(peer, id, reply));
        opened.await.unwrap_or_else(|_| Err(OpenError::Failed("the connection is gone".into())))
    }

    pub fn serve(&self, id: &str, service: Service) -> Result<()> {
        let id = StreamProtocol::try_from_owned(id.into())?;
        let _ = self.commands.send(Command::Serve(id, service));
        Ok(())
    }

    pub async fn peers(&self) -> Vec<PeerId> {
        let (reply, peers) = oneshot::channel();
        let _ = self.commands.send(Command::Peers(reply));
        peers.await.unwrap_or_default()
    }

    /// Closes every connection, so that the peers know.
    pub async fn close(self) {
        let _ = self.commands.send(Command::Close);
        let _ = tokio::time::timeout(CLOSING, self.task).await;
        tokio::time::sleep(FLUSHING).await;
    }
}

fn parse_key(hex: &str) -> Result<identity::Keypair> {
    let digits: Option<Vec<u8>> = hex.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    match digits {
        Some(digits) if digits.len() == 64 => {
            let mut seed: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
            Ok(identity::Keypair::ed25519_from_bytes(&mut seed)?)
        }
        _ => usage("--key must be 32 bytes in hex"),
    }
}

fn parse_allowed(list: &[String]) -> Result<Option<HashSet<PeerId>>> {
    let mut allowed = HashSet::new();
    for text in list {
        allowed.insert(text.parse().or_else(|_| usage(format!("--allow {text}: not a peer ID")))?);
    }
    Ok((!allowed.is_empty()).then_some(allowed))
}

/// More streams may begin at once than the default of 128. The case early does not wait for
/// the answer to its proposals.
fn tune(options: &Options, config: SwarmConfig) -> SwarmConfig {
    let config = config.with_max_negotiating_inbound_streams(4096);
    match options.action.as_str() {
        "early" => config.with_substream_upgrade_protocol_override(Version::V1Lazy),
        _ => config,
    }
}

/// A swarm that offers exactly one way to connect.
fn make_swarm(options: &Options, key: identity::Keypair, behaviour: Behaviour) -> Result<Swarm<Behaviour>> {
    let builder = libp2p::SwarmBuilder::with_existing_identity(key).with_tokio();
    let tcp = tcp::Config::default().nodelay(true);
    let tune = |config| tune(options, config);
    Ok(match (options.transport.as_str(), options.security.as_str()) {
        ("quic", _) => builder.with_quic().with_behaviour(|_| behaviour)?.with_swarm_config(tune).build(),
        ("tcp", "tls") => builder
            .with_tcp(tcp, tls::Config::new, yamux::Config::default)?
            .with_behaviour(|_| behaviour)?
            .with_swarm_config(tune)
            .build(),
        ("tcp", "noise") => builder
            .with_tcp(tcp, noise::Config::new, yamux::Config::default)?
            .with_behaviour(|_| behaviour)?
            .with_swarm_config(tune)
            .build(),
        ("tcp", _) => return usage("--security must be tls or noise"),
        _ => return usage("--transport must be tcp or quic"),
    })
}

async fn run(
    mut swarm: Swarm<Behaviour>,
    mut commands: mpsc::UnboundedReceiver<Command>,
    events: mpsc::UnboundedSender<Event>,
    options: Options,
) {
    let mut closing = false;
    while !closing || swarm.connected_peers().next().is_some() {
        tokio::select! {
            event = swarm.select_next_some() => {
                if let Some(event) = translate(event, &options) {
                    let _ = events.send(event);
                }
            }
            Some(command) = commands.recv(), if !closing => {
                closing = matches!(command, Command::Close);
                obey(&mut swarm, command, &events);
            }
        }
    }
}

fn obey(swarm: &mut Swarm<Behaviour>, command: Command, events: &mpsc::UnboundedSender<Event>) {
    match command {
        Command::Dial(peer, addr) => {
            let dial = DialOpts::peer_id(peer).addresses(vec![addr]).condition(PeerCondition::Always).build();
            if let Err(error) = swarm.dial(dial) {
                let _ = events.send(Event::NotConnected(error.to_string()));
            }
        }
        Command::Open(peer, id, reply) => swarm.behaviour_mut().streams.open(peer, id, reply),
        Command::Serve(id, service) => swarm.behaviour_mut().streams.serve(id, service),
        Command::Peers(reply) => {
            let _ = reply.send(swarm.behaviour().streams.peers());
        }
        Command::Close => {
            let peers: Vec<PeerId> = swarm.connected_peers().copied().collect();
            for peer in peers {
                let _ = swarm.disconnect_peer_id(peer);
            }
        }
    }
}

fn translate(event: SwarmEvent<BehaviourEvent>, options: &Options) -> Option<Event> {
    Some(match event {
        SwarmEvent::NewListenAddr { address, .. } => Event::Listening(address),
        SwarmEvent::ConnectionEstablished { peer_id, .. } => Event::Connected(describe(peer_id, options)),
        SwarmEvent::ConnectionClosed { peer_id, cause, .. } => {
            Event::Disconnected(peer_id, cause.map_or("closed".into(), |cause| format!("{cause}: {cause:?}")))
        }
        SwarmEvent::OutgoingConnectionError { error, .. } => Event::NotConnected(format!("{error}: {error:?}")),
        SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received { peer_id, info, .. })) => {
            Event::Identified(peer_id, info)
        }
        SwarmEvent::Behaviour(BehaviourEvent::Ping(ping::Event { result: Ok(rtt), .. })) => Event::Pinged(rtt),
        _ => return None,
    })
}

/// rust-libp2p does not tell what was negotiated: it is the one that was offered.
fn describe(peer: PeerId, options: &Options) -> Value {
    let (transport, security, muxer) = match (options.transport.as_str(), options.security.as_str()) {
        ("quic", _) => ("quic-v1", "", ""),
        (_, "tls") => ("tcp", "/tls/1.0.0", "/yamux/1.0.0"),
        _ => ("tcp", "/noise", "/yamux/1.0.0"),
    };
    json!({"peer": peer.to_string(), "transport": transport, "security": security, "muxer": muxer})
}

pub fn describe_info(peer: &PeerId, info: &identify::Info) -> Value {
    let mut protocols: Vec<&str> = info.protocols.iter().map(AsRef::as_ref).collect();
    protocols.sort_unstable();
    let record = info.signed_peer_record.clone().map(libp2p::core::PeerRecord::from_signed_envelope);
    json!({
        "peer": peer.to_string(),
        "agent": info.agent_version,
        "protocol_version": info.protocol_version,
        "protocols": protocols,
        "addrs": info.listen_addrs.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "observed": info.observed_addr.to_string(),
        "signed": matches!(record, Some(Ok(record)) if record.peer_id() == *peer),
    })
}

/// Takes the members of more into members.
pub fn extend(members: &mut Value, more: Value) {
    if let (Value::Object(members), Value::Object(more)) = (members, more) {
        members.extend(more);
    }
}

/// A reader that is gone is no reason to fail.
pub fn print(mut to: impl Write, members: &Value) {
    let _ = writeln!(to, "{members}");
    let _ = to.flush();
}

pub fn emit(event: &str, mut members: Value) {
    extend(&mut members, json!({"event": event}));
    print(std::io::stdout(), &members);
}

pub fn emit_peer(event: &str, peer: &PeerId) {
    emit(event, json!({"peer": peer.to_string()}));
}

/// The lines of standard input up to "quit"; none after that, end of file or SIGTERM.
pub fn commands() -> Result<mpsc::Receiver<String>> {
    let (to, lines) = mpsc::channel(1);
    let mut term = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        let mut input = tokio::io::BufReader::new(tokio::io::stdin()).lines();
        loop {
            let line = tokio::select! {
                line = input.next_line() => line.ok().flatten().filter(|line| line != "quit"),
                _ = term.recv() => None,
            };
            let Some(line) = line else { return };
            if to.send(line).await.is_err() {
                return;
            }
        }
    });
    Ok(lines)
}
