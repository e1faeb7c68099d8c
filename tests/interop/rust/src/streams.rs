// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

//! The behaviour that opens and serves streams, and is the gater. The stream
//! behaviour that comes with rust-libp2p drops inbound streams when many come at once.

use std::collections::{HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use libp2p::core::transport::PortUse;
use libp2p::core::upgrade::{InboundUpgrade, OutboundUpgrade, UpgradeInfo};
use libp2p::core::{Endpoint, Multiaddr};
use libp2p::swarm::handler::{ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound};
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm, NetworkBehaviour,
    NotifyHandler, StreamUpgradeError, SubstreamProtocol, ToSwarm,
};
use libp2p::{PeerId, StreamProtocol};
use tokio::sync::oneshot;
use tokio_util::compat::FuturesAsyncReadCompatExt;

use crate::node::emit_peer;
use crate::pattern::Stream;
use crate::serve::{Service, serve};

#[derive(Debug)]
pub enum OpenError {
    Unsupported(StreamProtocol),
    Failed(String),
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unsupported(id) => write!(f, "the peer does not serve {id}"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for OpenError {}

pub type Opened = Result<Stream, OpenError>;
type Reply = oneshot::Sender<Opened>;
type Services = Arc<Mutex<HashMap<StreamProtocol, Service>>>;

#[derive(Debug)]
pub enum Order {
    Open(StreamProtocol, Reply),
    /// There are other protocols: the handler is polled and tells.
    Look,
}

#[derive(Debug)]
struct Stranger(PeerId);

impl std::fmt::Display for Stranger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is not let in", self.0)
    }
}

impl std::error::Error for Stranger {}

#[derive(Default)]
pub struct Streams {
    services: Services,
    /// None: everybody.
    allowed: Option<HashSet<PeerId>>,
    connections: Vec<(PeerId, ConnectionId)>,
    orders: VecDeque<ToSwarm<Infallible, Order>>,
}

impl Streams {
    pub fn new(allowed: Option<HashSet<PeerId>>) -> Self {
        Self { allowed, ..Default::default() }
    }

    pub fn serve(&mut self, id: StreamProtocol, service: Service) {
        self.services.lock().unwrap().insert(id, service);
        for &(peer_id, connection) in &self.connections {
            self.orders.push_back(ToSwarm::NotifyHandler {
                peer_id,
                handler: NotifyHandler::One(connection),
                event: Order::Look,
            });
        }
    }

    pub fn open(&mut self, peer_id: PeerId, id: StreamProtocol, reply: Reply) {
        let event = Order::Open(id, reply);
        self.orders.push_back(ToSwarm::NotifyHandler { peer_id, handler: NotifyHandler::Any, event });
    }

    /// One entry for each connection.
    pub fn peers(&self) -> Vec<PeerId> {
        self.connections.iter().map(|&(peer, _)| peer).collect()
    }

    fn handler(&self) -> Handler {
        Handler { services: self.services.clone(), wanted: VecDeque::new() }
    }
}

impl NetworkBehaviour for Streams {
    type ConnectionHandler = Handler;
    type ToSwarm = Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<Handler, ConnectionDenied> {
        if self.allowed.as_ref().is_some_and(|allowed| !allowed.contains(&peer)) {
            emit_peer("refused", &peer);
            return Err(ConnectionDenied::new(Stranger(peer)));
        }
        Ok(self.handler())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<Handler, ConnectionDenied> {
        Ok(self.handler())
    }

    fn on_swarm_event(&mut self, event: FromSwarm) {
        match event {
            FromSwarm::ConnectionEstablished(it) => self.connections.push((it.peer_id, it.connection_id)),
            FromSwarm::ConnectionClosed(it) => self.connections.retain(|&(_, id)| id != it.connection_id),
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: Infallible) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Infallible, Order>> {
        self.orders.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}

pub struct Handler {
    services: Services,
    wanted: VecDeque<(StreamProtocol, Reply)>,
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Order;
    type ToBehaviour = Infallible;
    type InboundProtocol = AnyOf;
    type OutboundProtocol = AnyOf;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = (StreamProtocol, Reply);

    fn listen_protocol(&self) -> SubstreamProtocol<AnyOf> {
        SubstreamProtocol::new(AnyOf(self.services.lock().unwrap().keys().cloned().collect()), ())
    }

    fn connection_keep_alive(&self) -> bool {
        true
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<AnyOf, (StreamProtocol, Reply), Infallible>> {
        match self.wanted.pop_front() {
            Some((id, reply)) => Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                protocol: SubstreamProtocol::new(AnyOf(vec![id.clone()]), (id, reply)),
            }),
            None => Poll::Pending,
        }
    }

    fn on_behaviour_event(&mut self, order: Order) {
        if let Order::Open(id, reply) = order {
            self.wanted.push_back((id, reply));
        }
    }

    fn on_connection_event(&mut self, event: ConnectionEvent<AnyOf, AnyOf, (), (StreamProtocol, Reply)>) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound { protocol: (stream, id), .. }) => {
                if let Some(service) = self.services.lock().unwrap().get(&id) {
                    tokio::spawn(serve(service.clone(), stream));
                }
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
                protocol: (stream, _),
                info: (_, reply),
            }) => {
                let _ = reply.send(Ok(stream));
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError { info: (id, reply), error }) => {
                let _ = reply.send(Err(match error {
                    StreamUpgradeError::NegotiationFailed => OpenError::Unsupported(id),
                    other => OpenError::Failed(format!("{other:?}")),
                }));
            }
            _ => {}
        }
    }
}

/// An upgrade that takes the stream as it is after the negotiation.
pub struct AnyOf(Vec<StreamProtocol>);

impl UpgradeInfo for AnyOf {
    type Info = StreamProtocol;
    type InfoIter = std::vec::IntoIter<StreamProtocol>;

    fn protocol_info(&self) -> Self::InfoIter {
        self.0.clone().into_iter()
    }
}

impl InboundUpgrade<libp2p::Stream> for AnyOf {
    type Output = (Stream, StreamProtocol);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: libp2p::Stream, id: StreamProtocol) -> Self::Future {
        ready(Ok((stream.compat(), id)))
    }
}

impl OutboundUpgrade<libp2p::Stream> for AnyOf {
    type Output = (Stream, StreamProtocol);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_outbound(self, stream: libp2p::Stream, id: StreamProtocol) -> Self::Future {
        ready(Ok((stream.compat(), id)))
    }
}
