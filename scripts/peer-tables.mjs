// The tables of the README and of docs/benchmarks.md, from bench/results/peers.json: one run.
import { readFileSync, writeFileSync } from 'node:fs'

const WORKLOADS = {
  W1: 'train 4-16-3, batch 16',
  W2: 'train 64-100-10, batch 32',
  W3: 'train 784-512-512-10, batch 128, Adam',
  W4: 'train 784-500-300-10, batch 100, Adadelta',
  W5: 'train 2352-512-512-512-10, batch 128, momentum',
  W6: 'train 1024-2048-2048-1000, batch 256, AdamW',
  I1: 'predict one row, 784-512-512-10',
  I2: 'predict 256 rows, 784-512-512-10',
  I3: 'predict one row, 64-32-1',
}
/** The rows shown in the README. */
const SHORT = ['W1', 'W2', 'W3', 'I1', 'I2', 'I3']
const OTHERS = ['tfjs wasm', 'jax-js wasm', 'brain.js', 'onnxruntime-node', 'PyTorch']
const VARIANTS = [
  'fourlane wide',
  'fourlane, 2 threads',
  'fourlane wide, 2 threads',
  'fourlane int8',
  'onnxruntime-node, 2 threads',
  'onnxruntime-node int8',
  'PyTorch, 2 threads',
]

const digits = (value, count) => Number(value.toPrecision(count))
const count = (value) => digits(value, 3).toLocaleString('en-US', { maximumFractionDigits: 3 })
const factor = (ratio) => `${digits(ratio, ratio < 10 ? 2 : 3)}x`
const unitOf = (unit) => (unit === 'us' ? ' µs' : ' samples/s')

function table(rows, ids, libraries) {
  const cellOf = (id, library) =>
    rows.find((row) => row.id === id && row.library === library && row.value !== undefined)
  const shown = libraries.filter((library) => ids.some((id) => cellOf(id, library)))
  const lines = ids.map((id) => {
    const own = cellOf(id, 'fourlane')
    const cells = shown.map((library) => {
      const cell = cellOf(id, library)
      return cell ? `${count(cell.value)} (${factor(cell.ratio)})` : '-'
    })
    return [WORKLOADS[id], `**${count(own.value)}${unitOf(own.unit)}**`, ...cells]
  })
  const head = ['', 'fourlane', ...shown]
  return [head, head.map(() => '---'), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`.replace('|  |', '| |'))
    .join('\n')
}

function put(path, text) {
  const page = readFileSync(path, 'utf8')
  const marks = /<!-- peers -->[\s\S]*?<!-- end of peers -->/
  if (!marks.test(page)) throw new Error(`${path} has no place for the peers' table`)
  writeFileSync(
    path,
    page.replace(marks, () => `<!-- peers -->\n${text}\n<!-- end of peers -->`),
  )
}

export function writeTables() {
  const { rows, node, cpu, date, target, peers } = JSON.parse(readFileSync('bench/results/peers.json', 'utf8'))
  const host = `Node ${node}, ${cpu}, ${date.slice(0, 10)}`
  put(
    'README.md',
    `One thread, ${host}, all in one run; in parentheses, how many times faster fourlane is:\n\n${table(rows, SHORT, OTHERS)}`,
  )
  const ids = Object.keys(WORKLOADS)
  const versions = OTHERS.filter((name) => peers[name]).map((name) => `${name} ${peers[name]}`)
  const variants =
    'The same run under other settings, and peers under theirs; in parentheses, how many times faster the plain fourlane of the first table is:'
  put(
    'docs/benchmarks.md',
    `${host}, fourlane target \`${target}\`, one thread each. ${versions.join(', ')}.\n\n${table(rows, ids, OTHERS)}\n\n${variants}\n\n${table(rows, ids, VARIANTS)}`,
  )
}
