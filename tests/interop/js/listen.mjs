// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// listen: serves every protocol of the contract and tells what happens.

import { connect } from 'node:net'
import { describe, emit, identity, makeNode, UsageError, untilQuit } from './node.mjs'
import { Reader, write, writePattern } from './streams.mjs'

const LIMITS = { maxInboundStreams: 4096, maxOutboundStreams: 4096, runOnLimitedConnection: true }

export async function listen (options, serving) {
  const node = await makeNode(options, {
    listen: true,
    serving,
    gater: options.allow == null ? {} : { denyInboundEncryptedConnection: id => refuses(options.allow, id) },
    pushed: (id, protocols) => emit('pushed', { peer: id.toString(), protocols })
  })
  node.addEventListener('connection:open', ({ detail }) => emit('connected', describe(detail)))
  node.addEventListener('connection:close', ({ detail }) => emit('disconnected', { peer: detail.remotePeer.toString() }))
  node.addEventListener('peer:identify', ({ detail }) => emit('identified', identity(detail)))
  await serve(node, '/echo/1.0.0', echo)
  await serve(node, '/sink/1.0.0', sink)
  await serve(node, '/source/1.0.0', source)
  await serve(node, '/reset/1.0.0', reset)
  for (const text of options.service ?? []) {
    const parts = /^([^=]+)=(.+):([0-9]+)$/.exec(text)
    if (parts == null) throw new UsageError(`--service ${text}: use NAME=HOST:PORT`)
    const [, name, host, port] = parts
    await serve(node, `/peerup/${name}/1.0.0`, stream => connectTo(stream, host, Number(port)))
  }
  const quit = untilQuit(line => {
    const [word, id] = line.split(' ')
    if (word === 'protocol') serve(node, id, echo)
    if (word === 'peers') emit('peers', { peers: node.getConnections().map(c => c.remotePeer.toString()) })
  })
  if (options.relay != null) {
    const addrs = node.getMultiaddrs().map(String).filter(text => text.includes('/p2p-circuit'))
    emit('reserved', { relay: options.relay.split('/p2p/')[1], addrs })
  }
  emit('listening', { peer: node.peerId.toString(), addrs: node.getMultiaddrs().map(String) })
  await quit
  await node.stop()
  return true
}

/** A listener that serves hop too. The library takes the seconds of a circuit for milliseconds. */
export function relay (options) {
  const { bytes = 0, count = 0, ttl = 0 } = options
  return listen(options, {
    maxReservations: 1000,
    applyDefaultLimit: bytes > 0 || count > 0,
    defaultDataLimit: bytes > 0 ? BigInt(bytes) : 1n << 40n,
    defaultDurationLimit: count > 0 ? count * 1000 : 36_000_000,
    ...(ttl > 0 ? { reservationTtl: ttl * 1000 } : {})
  })
}

function refuses (allow, id) {
  if (allow.includes(id.toString())) return false
  emit('refused', { peer: id.toString() })
  return true
}

/** Half-closes the stream when the handler is done and resets it when it fails. */
export function serve (node, id, handler) {
  return node.handle(id, async stream => {
    try {
      await handler(stream)
      await stream.close()
    } catch (error) {
      stream.abort(error)
    }
  }, LIMITS)
}

export async function echo (stream) {
  for await (const chunk of new Reader(stream)) await write(stream, chunk)
}

async function sink (stream) {
  const { sum } = await new Reader(stream).sum()
  await write(stream, Buffer.from(sum + '\n'))
}

async function source (stream) {
  const count = await new Reader(stream).exactly(8)
  await writePattern(stream, 0, Number(count.readBigUInt64BE()))
}

async function reset (stream) {
  await new Reader(stream).exactly(1)
  throw new Error('this protocol always resets')
}

async function connectTo (stream, host, port) {
  const reader = new Reader(stream)
  const socket = connect({ host, port, allowHalfOpen: true })
  const upward = async () => {
    for await (const chunk of reader) {
      if (!socket.write(chunk)) await new Promise((resolve, reject) => socket.once('drain', resolve).once('error', reject))
    }
    socket.end()
  }
  const downward = async () => {
    for await (const chunk of socket) await write(stream, chunk)
    await stream.close()
  }
  try {
    await Promise.all([upward(), downward()])
  } finally {
    socket.destroy()
  }
}
