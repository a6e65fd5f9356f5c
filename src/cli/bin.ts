#!/usr/bin/env node
/** The command `fourlane`. */
import { readFileSync } from 'node:fs'
import { main } from './main.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

// whoever reads may stop reading: `fourlane inspect model | head`
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

// not process.exit: what was written must arrive
process.exitCode = await main(process.argv.slice(2), version, {
  out: (text) => void process.stdout.write(text),
  note: (text) => void process.stderr.write(text),
})
