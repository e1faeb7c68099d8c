// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// dial: connects, plays one case, prints one result line.

import { once, setMaxListeners } from 'node:events'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, emit, identity, makeNode, UsageError, untilQuit } from './node.mjs'
import { echo, serve } from './listen.mjs'
import { patternSum, Reader, write, writePattern } from './streams.mjs'

const CASES = {
  ping: { run: pings, count: 5 },
  identify: { run: identifies },
  push: { run: pushes },
  'await-push': { run: awaitsPush },
  echo: { run: echoes, protocol: '/echo/1.0.0', bytes: 65536 },
  'half-close': { run: halfCloses, protocol: '/echo/1.0.0', bytes: 4096 },
  parallel: { run: parallels, bytes: 65536, count: 100 },
  burst: { run: bursts, bytes: 64, count: 1500 },
  crowd: { run: crowds, bytes: 64, count: 1000 },
  idle: { run: idles, bytes: 64, count: 40 },
  sequential: { run: followsOneAnother, bytes: 64, count: 1000 },
  sink: { run: sinks, bytes: 65536 },
  source: { run: sources, bytes: 65536 },
  reset: { run: resets, protocol: '/reset/1.0.0', code: 0 },
  unsupported: { run: meetsUnsupported, protocol: '/nobody/serves/this/1.0.0' },
  'expect-refused': { run: meetsRefusal },
  copy: { run: copies }
}

export async function dial (options) {
  const { result, over } = await play(options)
  const out = options.do === 'copy' ? process.stderr : process.stdout
  out.write(JSON.stringify(result) + '\n')
  await over
  return result.ok
}

/** Plays a case with a node of its own: the members of the result line, and when all is over. */
export async function play (options) {
  const { run, ...defaults } = CASES[options.do] ?? {}
  if (run == null) throw new UsageError(`--do ${options.do}: no such case`)
  const pushes = []
  const d = {
    ...defaults,
    ...options,
    result: { do: options.do },
    signal: AbortSignal.timeout(options.timeout * 1000),
    // Taken from the start on: the events of the dial itself are wanted.
    identified: Promise.withResolvers(),
    pushes,
    pushed: () => {}
  }
  setMaxListeners(Infinity, d.signal)
  try {
    d.addr = multiaddr(options.addr)
  } catch (error) {
    throw new UsageError(`--addr ${options.addr}: ${error.message}`)
  }
  d.node = await makeNode(options, {
    pushed: (_, protocols) => {
      pushes.push(protocols)
      d.pushed()
    }
  })
  d.node.addEventListener('peer:identify', ({ detail }) => {
    // A relay on the way is identified too.
    if (options.addr.endsWith(detail.peerId.toString())) d.identified.resolve(identity(detail))
  })
  try {
    await run(d)
    d.result.ok = true
  } catch (error) {
    d.result.ok = false
    d.result.error = inWords(error)
  }
  const over = d.node.stop()
  return { result: d.result, over }
}

function inWords (error) {
  const parts = error?.errors?.map(inWords) ?? []
  return [`${error?.name}: ${error?.message}`, ...parts].join('; ')
}

/** Rejects when the time of this dial is up. */
function inTime (d, promise) {
  d.signal.throwIfAborted()
  return Promise.race([promise, once(d.signal, 'abort').then(() => { throw d.signal.reason })])
}

async function connects (d) {
  d.connection = await d.node.dial(d.addr, { signal: d.signal })
  Object.assign(d.result, describe(d.connection))
}

async function opens (d, protocol) {
  if (d.connection == null) await connects(d)
  const stream = await d.connection.newStream(protocol, { signal: d.signal, maxOutboundStreams: 4096, runOnLimitedConnection: true })
  return { stream, reader: new Reader(stream) }
}

async function pings (d) {
  await connects(d)
  d.result.rtts_us = []
  for (let i = 0; i < d.count; i++) {
    const start = performance.now()
    await d.node.services.ping.ping(d.connection.remotePeer, { signal: d.signal })
    d.result.rtts_us.push(Math.round((performance.now() - start) * 1000))
  }
}

async function identifies (d) {
  await connects(d)
  Object.assign(d.result, await inTime(d, d.identified.promise))
}

function announce ({ peer, protocols }) {
  emit('connected', { peer, protocols })
}

async function pushes (d) {
  await connects(d)
  const known = await inTime(d, d.identified.promise)
  const quit = untilQuit(line => {
    const [word, id] = line.split(' ')
    if (word === 'protocol') serve(d.node, id, echo)
  }, d.signal)
  announce(known)
  await quit
  d.signal.throwIfAborted()
}

async function awaitsPush (d) {
  await connects(d)
  const before = await inTime(d, d.identified.promise)
  if (before.protocols.includes(d.protocol)) throw new Error(`identify announced ${d.protocol} already`)
  announce(before)
  for (;;) {
    const protocols = d.pushes.find(list => list.includes(d.protocol))
    if (protocols != null) {
      d.result.protocols = protocols
      return
    }
    await inTime(d, new Promise(resolve => { d.pushed = resolve }))
  }
}

/** Checks what came back against the pattern and notes the figures. */
function received (d, { count, sum }, start) {
  Object.assign(d.result, { bytes: count, sha256: sum, seconds: (performance.now() - start) / 1000 })
  if (count !== d.bytes) throw new Error(`${count} bytes came instead of ${d.bytes}`)
  if (sum !== patternSum(d.bytes)) throw new Error('other bytes came than expected')
}

async function writesAll (stream, offset, count) {
  await writePattern(stream, offset, count)
  await stream.close()
}

async function echoes (d) {
  const { stream, reader } = await opens(d, d.protocol)
  const start = performance.now()
  const [back] = await inTime(d, Promise.all([reader.sum(), writesAll(stream, 0, d.bytes)]))
  received(d, back, start)
}

async function halfCloses (d) {
  const { stream, reader } = await opens(d, d.protocol)
  const start = performance.now()
  await inTime(d, writesAll(stream, 0, d.bytes))
  received(d, await inTime(d, reader.sum()), start)
}

/** Opens an echo stream whose first byte has come back. */
async function answered (d) {
  const one = await opens(d, '/echo/1.0.0')
  await writePattern(one.stream, 0, 1)
  return { ...one, first: await one.reader.exactly(1) }
}

/** Echoes the rest of it. */
async function finishes (d, { stream, reader, first }) {
  const [{ count, sum }] = await Promise.all([reader.sum(first), writesAll(stream, 1, d.bytes - 1)])
  if (count !== d.bytes || sum !== patternSum(d.bytes)) throw new Error(`a stream returned ${count} bytes with hash ${sum}`)
}

/** Holds every stream open after its first byte until all have theirs. */
async function parallels (d) {
  await connects(d)
  const start = performance.now()
  const all = await inTime(d, Promise.all(Array.from({ length: d.count }, () => answered(d))))
  await inTime(d, Promise.all(all.map(one => finishes(d, one))))
  Object.assign(d.result, { streams: d.count, bytes: d.bytes * d.count, seconds: (performance.now() - start) / 1000 })
}

/** As many at once, each of which goes on as soon as it can. */
async function bursts (d) {
  await connects(d)
  const start = performance.now()
  await inTime(d, Promise.all(Array.from({ length: d.count }, async () => finishes(d, await answered(d)))))
  Object.assign(d.result, { streams: d.count, bytes: d.bytes * d.count, seconds: (performance.now() - start) / 1000 })
}

/** Opens streams until one is refused; the others must not be hurt. */
async function crowds (d) {
  await connects(d)
  const held = []
  let refusal
  while (refusal == null && held.length < d.count) {
    await inTime(d, answered(d)).then(one => held.push(one), error => { refusal = error })
  }
  d.signal.throwIfAborted()
  if (refusal == null) throw new Error('no stream was refused')
  Object.assign(d.result, { streams: held.length, refusal: inWords(refusal) })
  for (const one of held) await inTime(d, finishes(d, one))
  await inTime(d, answered(d).then(one => finishes(d, one)))
}

/** Leaves a stream alone for count seconds. */
async function idles (d) {
  const one = await inTime(d, answered(d))
  await inTime(d, new Promise(resolve => setTimeout(resolve, d.count * 1000)))
  await inTime(d, finishes(d, one))
}

/** One stream after the other, each when the last has ended. */
async function followsOneAnother (d) {
  await connects(d)
  const start = performance.now()
  const expected = patternSum(d.bytes)
  for (let i = 0; i < d.count; i++) {
    const { stream, reader } = await opens(d, '/echo/1.0.0')
    const [{ count, sum }] = await inTime(d, Promise.all([reader.sum(), writesAll(stream, 0, d.bytes)]))
    if (count !== d.bytes || sum !== expected) throw new Error(`stream ${i} returned ${count} bytes with hash ${sum}`)
    Object.assign(d.result, { streams: i + 1, bytes: d.bytes * (i + 1) })
  }
  d.result.seconds = (performance.now() - start) / 1000
}

async function sinks (d) {
  const { stream, reader } = await opens(d, '/sink/1.0.0')
  const start = performance.now()
  await inTime(d, writesAll(stream, 0, d.bytes))
  const answer = await inTime(d, reader.text())
  if (!answer.endsWith('\n')) throw new Error(`the answer is no line: ${JSON.stringify(answer)}`)
  received(d, { count: d.bytes, sum: answer.slice(0, -1) }, start)
}

async function sources (d) {
  const { stream, reader } = await opens(d, '/source/1.0.0')
  const start = performance.now()
  const count = Buffer.alloc(8)
  count.writeBigUInt64BE(BigInt(d.bytes))
  await write(stream, count)
  await stream.close({ signal: d.signal })
  received(d, await inTime(d, reader.sum()), start)
}

async function resets (d) {
  const { stream, reader } = await opens(d, d.protocol)
  if (stream.status === 'open') await write(stream, Buffer.from([d.code]))
  const error = await inTime(d, reader.sum()).then(() => new Error('the stream ended'), error => error)
  if (error.name !== 'StreamResetError') throw error
  d.result.reset = inWords(error)
}

async function meetsUnsupported (d) {
  const error = await opens(d, d.protocol).then(() => new Error('the stream was opened'), error => error)
  if (error.name !== 'UnsupportedProtocolError') throw error
  d.result.refusal = inWords(error)
  await d.node.services.ping.ping(d.connection.remotePeer, { signal: d.signal })
}

async function meetsRefusal (d) {
  try {
    await connects(d)
    await d.node.services.ping.ping(d.connection.remotePeer, { signal: d.signal })
  } catch (error) {
    d.signal.throwIfAborted()
    if (inWords(error).includes('ECONNREFUSED')) throw error
    d.result.refusal = inWords(error)
    return
  }
  throw new Error('the peer answered a ping')
}

async function copies (d) {
  const { stream, reader } = await opens(d, d.protocol)
  const upward = async () => {
    for await (const chunk of process.stdin) await write(stream, chunk)
    await stream.close()
  }
  d.result.bytes = 0
  const downward = async () => {
    for await (const chunk of reader) {
      d.result.bytes += chunk.byteLength
      if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
    }
  }
  upward().catch(error => stream.abort(error))
  await inTime(d, downward())
}
