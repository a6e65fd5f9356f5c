#!/usr/bin/env node
/** The command `fourlane`. */
import { readFileSync } from 'node:fs'
import { main } from './main.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

// the reader may close the pipe: `fourlane inspect model | head`; later writes fail with EPIPE in the writer
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

// not process.exit, which would drop pending output
process.exitCode = await main(process.argv.slice(2), version, {
  out: (text) =>
    new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
    }),
  note: (text) => void process.stderr.write(text),
  // a getter: opened only if used, since there may be no stdin
  get input() {
    return process.stdin
  },
  interactive: process.stderr.isTTY === true && !process.env.CI,
  columns: process.stderr.columns ?? 80,
  onStop(stop) {
    // a second signal terminates the process, as usual
    for (const signal of SIGNALS) process.once(signal, stop)
    return () => {
      for (const signal of SIGNALS) process.off(signal, stop)
    }
  },
})
