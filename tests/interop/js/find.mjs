// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// find: a node of its own network, which tells whom mDNS finds there.

import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { mdns } from '@libp2p/mdns'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { emit, UsageError, untilQuit } from './node.mjs'

/** Listens at the address @at by TCP and Noise, and asks every second. */
export async function find ({ key, at }) {
  if (!/^[0-9a-f]{64}$/i.test(key ?? '')) throw new UsageError('--key must be 32 bytes in hex')
  if (at == null) throw new UsageError('--at must be an address of this network')
  const node = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', Buffer.from(key, 'hex')),
    addresses: { listen: [at] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    peerDiscovery: [mdns({ interval: 1000 })],
    services: { identify: identify(), ping: ping() }
  })
  node.addEventListener('peer:discovery', ({ detail }) =>
    emit('found', { peer: detail.id.toString(), addrs: detail.multiaddrs.map(String) }))
  const quit = untilQuit()
  emit('listening', { peer: node.peerId.toString(), addrs: node.getMultiaddrs().map(String) })
  await quit
  await node.stop()
  return true
}
