// Seconds per epoch of realmlp-small and of PyTorch's, both on one thread, alternating:
// node examples/tables/speed.ts TABLE TARGET [--wide] [--python PROGRAM] [--rounds N]
// Of the processor, so that other work on the machine counts little. --wide is for Node 24 and 25. Every epoch validates and keeps the best weights, on both sides.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { prepare, readTable, trainTabular } from 'fourlane/table'
import { enableWideVectors } from 'fourlane/wide'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    wide: { type: 'boolean', default: false },
    python: { type: 'string', default: 'python3' },
    rounds: { type: 'string', default: '5' },
  },
})
const [file, target] = positionals
/** Of a round; the first warms up and is not counted. */
const EPOCHS = 4

const isWide = values.wide && enableWideVectors()
if (values.wide && !isWide)
  throw new Error('speed: wide vectors did not pay here; is the machine busy, or Node older than 24?')
const prepared = prepare(await readTable(file), { target, oneHotLimit: 2 ** 16 })
const { x, y, rows, encoder } = prepared
const options = { preset: 'realmlp-small', threads: 1 } as const

function processorSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Seconds of the epochs of a training. */
async function ours(epochs: number): Promise<number[]> {
  const seconds: number[] = []
  let before = 0
  const { model } = await trainTabular(prepared, {
    ...options,
    epochs,
    callbacks: [
      {
        onEpochBegin: () => {
          before = processorSeconds()
        },
        onEpochEnd: () => void seconds.push(processorSeconds() - before),
      },
    ],
  })
  model.close()
  return seconds
}

const folder = mkdtempSync(join(tmpdir(), 'fourlane-speed-'))
/** As many rows to validate with as ours: which ones does not matter to a clock. */
const trained = Math.floor(rows.length * 0.8)
const parts = [
  x.slice(0, trained * encoder.width),
  y.slice(0, trained),
  x.slice(trained * encoder.width),
  y.slice(trained),
]
const paths = parts.map((part, i) => {
  const path = join(folder, `${i}.bin`)
  writeFileSync(path, part)
  return path
})
const classes = encoder.target.task === 'classification' ? encoder.target.classes.length : 0
const script = fileURLToPath(new URL('realmlp.py', import.meta.url))
const torch = spawn(values.python, [script, ...paths, `${encoder.width}`, `${classes}`], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
const answers = createInterface({ input: torch.stdout })[Symbol.asyncIterator]()
async function theirs(epochs: number): Promise<number[]> {
  torch.stdin.write(`${epochs}\n`)
  const { value, done } = await answers.next()
  if (done) throw new Error('PyTorch ended')
  return value.split(' ').map(Number)
}

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]
const pairs: [number, number][] = []
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    const [own, other] = [await ours(EPOCHS), await theirs(EPOCHS)]
    for (let epoch = 1; epoch < EPOCHS; epoch++) pairs.push([own[epoch], other[epoch]])
  }
} finally {
  torch.kill()
  rmSync(folder, { recursive: true, force: true })
}
const [own, other] = [0, 1].map((side) => pairs.map((pair) => pair[side]))
const best = Math.min(...own) / Math.min(...other)
console.log(
  `${file}: an epoch of ${trained} rows of ${encoder.width}, ${isWide ? '256' : '128'}-bit vectors: ${median(own).toFixed(3)} s, ` +
    `PyTorch ${median(other).toFixed(3)} s; ratio ${median(pairs.map(([a, b]) => a / b)).toFixed(2)}, of the fastest ${best.toFixed(2)}`,
)
