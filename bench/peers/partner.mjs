// A peer in a separate process, which runs a window on request: other languages, and fourlane with other settings.
// Lines of JSON go in, one answer comes back for each; arrays lie in files. See torch.py and own.mjs.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const bytesOf = ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)

/** What a peer exports, of a program that speaks the protocol. Where it `infers` or `trains` not, it has no such function. */
export async function partner(name, command, args, { env = {}, trains = true, infers = true, tolerance } = {}) {
  const process = spawn(command, args, {
    env: { ...globalThis.process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const folder = mkdtempSync(join(tmpdir(), 'fourlane-peer-'))
  globalThis.process.on('exit', () => {
    process.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]()
  async function ask(question) {
    process.stdin.write(`${JSON.stringify(question)}\n`)
    const { value, done } = await lines.next()
    if (done) throw new Error(`${name} has ended`)
    const answer = JSON.parse(value)
    if (answer.error) throw new Error(answer.error)
    return answer
  }
  await new Promise((resolve, reject) => process.once('spawn', resolve).once('error', reject))
  const { version } = await ask({ do: 'version' })

  const put = (file, values) => writeFileSync(join(folder, file), bytesOf(values))
  const begin = async (what, load, x, weights) => {
    put('x', x)
    for (const [i, values] of weights.entries()) put(`w${i}`, values)
    await ask({ do: what, load, folder, weights: weights.length })
  }
  const many = (calls) => ask({ do: 'run', calls })
  return {
    name,
    version,
    tolerance,
    open: async () => {},
    ...(trains && {
      async training(workload, { x, y }, weights) {
        put('y', y)
        await begin('train', workload, x, weights)
        return { many, loss: async () => (await ask({ do: 'loss' })).loss, close: () => ask({ do: 'close' }) }
      },
    }),
    ...(infers && {
      async inference(load, x, weights) {
        await begin('infer', load, x, weights)
        await ask({ do: 'outputs' })
        const { buffer, byteOffset, length } = readFileSync(join(folder, 'outputs'))
        const outputs = new Float32Array(buffer.slice(byteOffset, byteOffset + length))
        return Object.assign(async () => outputs, { many })
      },
    }),
  }
}
