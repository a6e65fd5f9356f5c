// fourlane under other settings than the plain one that all are compared with: wide vectors, two threads, both, 8 bits.
import { fileURLToPath } from 'node:url'
import { partner } from './partner.mjs'

const SETTINGS = [
  { name: 'fourlane wide', words: ['wide'] },
  { name: 'fourlane, 2 threads', words: ['threads'] },
  { name: 'fourlane wide, 2 threads', words: ['wide', 'threads'] },
  { name: 'fourlane int8', words: ['int8'], trains: false, tolerance: 0.1 },
]

/** Those that this host has. */
export async function peers() {
  const found = []
  for (const { name, words, ...options } of SETTINGS) {
    try {
      found.push(
        await partner(name, process.execPath, [fileURLToPath(new URL('own.mjs', import.meta.url)), ...words], options),
      )
    } catch (error) {
      console.log(`${name}: cannot run here: ${error.message}`)
    }
  }
  return found
}
