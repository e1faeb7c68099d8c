// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// Streams as the cases want them: the pattern of README.md, writing with
// back-pressure, reading to end of file.

import { createHash } from 'node:crypto'
import { StreamResetError } from '@libp2p/interface'

const PERIOD = 65521
const CHUNK = 65536

// One period and one chunk more, so that a chunk can begin anywhere in it.
const pattern = makePattern()

function makePattern () {
  const sums = []
  for (let i = 0; i * 32 < PERIOD; i++) {
    const number = Buffer.alloc(4)
    number.writeUInt32BE(i)
    sums.push(createHash('sha256').update(number).digest())
  }
  const once = Buffer.concat(sums).subarray(0, PERIOD)
  return Buffer.concat([once, once, once]).subarray(0, PERIOD + CHUNK)
}

function * patternChunks (offset, count) {
  while (count > 0) {
    const start = offset % PERIOD
    const size = Math.min(CHUNK, count)
    yield pattern.subarray(start, start + size)
    offset += size
    count -= size
  }
}

export function patternSum (count) {
  const hash = createHash('sha256')
  for (const chunk of patternChunks(0, count)) hash.update(chunk)
  return hash.digest('hex')
}

export async function write (stream, data) {
  if (!stream.send(data)) await stream.onDrain()
}

/** What a send leaves to be done waits for the event loop, which a stream that always drains would never reach. */
export async function writePattern (stream, offset, count) {
  for (const chunk of patternChunks(offset, count)) {
    await write(stream, chunk)
    await new Promise(resolve => setImmediate(resolve))
  }
}

/**
 * Everything a stream brings, from the moment it is made. The stream's own
 * iterator is not used: it waits for ever where the peer's end of file came
 * before the first reader, as after a small request in one flush.
 */
export class Reader {
  #stream
  #chunks = []
  #ended = false
  #error
  #wake = () => {}

  constructor (stream) {
    this.#stream = stream
    stream.addEventListener('message', ({ data }) => {
      this.#chunks.push(data.subarray())
      this.#check()
    })
    stream.addEventListener('remoteCloseWrite', () => this.#check())
    stream.addEventListener('end', () => this.#check())
    stream.addEventListener('close', ({ error }) => {
      this.#error ??= error
      this.#check()
    })
    this.#check()
  }

  #check () {
    if (this.#stream.status === 'reset') this.#error ??= new StreamResetError()
    const over = this.#stream.remoteWriteStatus === 'closed' || this.#stream.status === 'closed'
    if (over && this.#stream.readBufferLength === 0) this.#ended = true
    this.#wake()
  }

  async * [Symbol.asyncIterator] () {
    for (;;) {
      while (this.#chunks.length > 0) yield this.#chunks.shift()
      if (this.#error != null) throw this.#error
      if (this.#ended) return
      await new Promise(resolve => { this.#wake = resolve })
    }
  }

  /** Exactly count bytes; what came after them stays to be read. */
  async exactly (count) {
    let got = Buffer.alloc(0)
    for await (const chunk of this) {
      got = Buffer.concat([got, chunk])
      if (got.length >= count) {
        if (got.length > count) this.#chunks.unshift(got.subarray(count))
        return got.subarray(0, count)
      }
    }
    throw new Error(`the stream ended after ${got.length} of ${count} bytes`)
  }

  /** Reads to end of file: {count, sum}. start are bytes read before. */
  async sum (start = Buffer.alloc(0)) {
    const hash = createHash('sha256').update(start)
    let count = start.length
    for await (const chunk of this) {
      hash.update(chunk)
      count += chunk.byteLength
    }
    return { count, sum: hash.digest('hex') }
  }

  async text () {
    const chunks = []
    for await (const chunk of this) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }
}
