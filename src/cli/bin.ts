#!/usr/bin/env node
/** The command `fourlane`. */
import { readFileSync } from 'node:fs'
import { main } from './main.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

// whoever reads may stop reading: `fourlane inspect model | head`; what is written after that is told to the one who writes
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

// not process.exit: what was written must arrive
process.exitCode = await main(process.argv.slice(2), version, {
  out: (text) =>
    new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
    }),
  note: (text) => void process.stderr.write(text),
  // not before it is wanted: there may be none
  get input() {
    return process.stdin
  },
  interactive: process.stderr.isTTY === true && !process.env.CI,
  columns: process.stderr.columns ?? 80,
  onStop(stop) {
    // the second one ends the process, as it does elsewhere
    for (const signal of SIGNALS) process.once(signal, stop)
    return () => {
      for (const signal of SIGNALS) process.off(signal, stop)
    }
  },
})
