// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// What both commands share: the node on the one stack the arguments name, and
// the lines on standard output.

import { createInterface } from 'node:readline'
import { noise } from '@chainsafe/libp2p-noise'
import { quic } from '@chainsafe/libp2p-quic'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify, identifyPush } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { webSockets } from '@libp2p/websockets'
import { createLibp2p } from 'libp2p'
import { WebSocket } from 'ws'

export class UsageError extends Error {}

const TRANSPORTS = ['tcp', 'quic', 'ws', 'wss']

/**
 * Makes and starts a node. gater adds to the rule that any address may be
 * dialed, loopback too; pushed is called with a peer's ID and its protocols
 * after each identify push of that peer. A node that listens and has a relay
 * has a reservation there when it has started. serving, where it is given, are
 * the settings of a relay's reservations.
 */
export async function makeNode ({ security, transport, key, relay }, { listen = false, gater = {}, pushed = () => {}, serving } = {}) {
  if (!/^[0-9a-f]{64}$/i.test(key ?? '')) throw new UsageError('--key must be 32 bytes in hex')
  if (!TRANSPORTS.includes(transport)) throw new UsageError(`--transport must be one of ${TRANSPORTS.join(', ')}`)
  const overTcp = transport !== 'quic'
  if (overTcp && security !== 'tls' && security !== 'noise') throw new UsageError('--security must be tls or noise')
  const address = overTcp ? '/ip4/127.0.0.1/tcp/0' + (transport === 'tcp' ? '' : `/${transport}`) : '/ip4/127.0.0.1/udp/0/quic-v1'
  return createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', Buffer.from(key, 'hex')),
    addresses: { listen: listen ? [address, ...(relay == null ? [] : [`${relay}/p2p-circuit`])] : [] },
    transports: [makeTransport(transport), circuitRelayTransport()],
    // What is inside a circuit is TCP's, whatever carries it.
    connectionEncrypters: overTcp || security != null ? [security === 'tls' ? tls() : noise()] : [],
    // A dialer may send a hundred streams along with the last message of its handshake; by default
    // the eleventh that comes before the connection is announced ends it.
    streamMuxers: overTcp || security != null ? [yamux({ maxEarlyStreams: 4096 })] : [],
    connectionGater: { denyDialMultiaddr: () => false, ...gater },
    // The tests connect more often in a second than the default lets one host.
    connectionManager: { inboundConnectionThreshold: 1000 },
    services: {
      ...(serving == null ? {} : { relay: circuitRelayServer({ reservations: serving }) }),
      identify: identify(),
      identifyPush: tellingPush(pushed),
      // Each ping is a stream, and the last one may still wait for the peer's
      // half-close when the next begins; the default of one refuses that.
      ping: ping({ maxOutboundStreams: 16 })
    }
  })
}

function makeTransport (transport) {
  if (transport === 'tcp') return tcp()
  return transport === 'quic' ? quic() : webSockets()
}

// Node has one of its own since 22, which cannot be told to leave a certificate alone.
globalThis.WebSocket = class extends WebSocket {
  constructor (url) {
    super(url, { rejectUnauthorized: false })
  }
}

// The events of the library do not tell a push from an identify answer.
function tellingPush (pushed) {
  return components => {
    const service = identifyPush({ debounce: 10 })(components)
    const handle = service.handleProtocol
    service.handleProtocol = async (stream, connection) => {
      await handle(stream, connection)
      const { protocols } = await components.peerStore.get(connection.remotePeer)
      pushed(connection.remotePeer, protocols)
    }
    return service
  }
}

function transportOf (address) {
  if (address.includes('/p2p-circuit')) return 'relay'
  if (/\/wss?(\/|$)/.test(address)) return 'websocket'
  return address.includes('/quic-v1') ? 'quic-v1' : 'tcp'
}

export function describe (connection) {
  return {
    peer: connection.remotePeer.toString(),
    transport: transportOf(connection.remoteAddr.toString()),
    security: connection.encryption,
    muxer: connection.multiplexer,
    limited: connection.limits != null
  }
}

export function identity (result) {
  return {
    peer: result.peerId.toString(),
    agent: result.agentVersion ?? '',
    protocol_version: result.protocolVersion ?? '',
    protocols: [...result.protocols].sort(),
    addrs: result.listenAddrs.map(String),
    observed: String(result.observedAddr ?? ''),
    signed: result.signedPeerRecord != null
  }
}

export function emit (event, members = {}) {
  process.stdout.write(JSON.stringify({ event, ...members }) + '\n')
}

/**
 * Resolves at the line "quit", at end of file, at SIGTERM or when signal aborts.
 * Called before printing what may be answered by one of these.
 */
export function untilQuit (command = () => {}, signal) {
  return new Promise(resolve => {
    const input = createInterface({ input: process.stdin })
    input.on('line', line => line === 'quit' ? resolve() : command(line))
    input.on('close', resolve)
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
    signal?.addEventListener('abort', resolve)
  })
}
