// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// A peer on js-libp2p for the interoperability suite. ../README.md is the
// contract it keeps; it refuses what stands not there with exit code 2.

import { parseArgs } from 'node:util'
import { dial, play } from './dial.mjs'
import { find } from './find.mjs'
import { listen, relay } from './listen.mjs'
import { emit, UsageError, untilQuit } from './node.mjs'

const text = { type: 'string' }
const list = { type: 'string', multiple: true }
const COMMANDS = {
  listen: { run: options => listen(options), options: { transport: text, security: text, key: text, allow: list, service: list, relay: text } },
  relay: { run: relay, options: { transport: text, security: text, key: text, bytes: text, count: text, ttl: text } },
  dials: { run: dials, options: {} },
  find: { run: find, options: { key: text, at: text } },
  dial: {
    run: dial,
    options: {
      transport: text,
      security: text,
      key: text,
      addr: text,
      do: text,
      protocol: text,
      bytes: text,
      count: text,
      code: text,
      timeout: text
    }
  }
}
const NUMBERS = ['bytes', 'count', 'code', 'timeout', 'ttl']

function parse ([command, ...args]) {
  const { run, options } = COMMANDS[command] ?? {}
  if (run == null) throw new UsageError('say listen, relay or dial')
  let values
  try {
    values = { transport: 'tcp', timeout: '30', ...parseArgs({ args, options }).values }
  } catch (error) {
    throw new UsageError(error.message)
  }
  for (const name of NUMBERS.filter(name => name in values)) {
    if (!/^[0-9]+(\.[0-9]+)?$/.test(values[name])) throw new UsageError(`--${name} ${values[name]}: not a number`)
    values[name] = Number(values[name])
  }
  return (it = run) => it(values)
}

/** Dials as often as it is told, at the same time if need be: to start this program takes longer than most dials. */
async function dials () {
  // What one dial leaves behind must not end the others.
  process.on('unhandledRejection', error => process.stderr.write(`peer: nobody waited for ${error?.stack}\n`))
  await untilQuit(line => {
    const { id, words } = JSON.parse(line)
    playWell(words).then(result => emit('dialed', { id, result }))
  })
  return true
}

async function playWell (words) {
  try {
    const { result, over } = await parse(['dial', ...words])(play)
    await over
    return result
  } catch (error) {
    return { ok: false, error: error.message }
  }
}

try {
  const passed = await parse(process.argv.slice(2))()
  // exit() drops what a full pipe has not taken yet.
  await new Promise(resolve => process.stdout.write('', resolve))
  process.exit(passed ? 0 : 1)
} catch (error) {
  process.stderr.write(`peer: ${error.message}\n`)
  process.exit(error instanceof UsageError ? 2 : 1)
}
