// When do more ranks pay? Simulates steps of data-parallel training: `node scripts/scale.mjs` prints the tables of docs/scale.md from
// the measurements below. For those of another machine: `mpirun -n 2 node build/bench/ranks.js > build/ranks.json`, then `node
// scripts/scale.mjs build/ranks.json`.
//
// A step takes as long as its slowest rank, plus an all-reduce. Ranks' times are normally distributed around the measured one, with a standard
// deviation of SCATTER times it; an all-reduce of b bytes on n ranks takes Rabenseifner's 2 log2(n) alpha + 2 (n - 1) / n b beta.
import { readFileSync } from 'node:fs'

/** Relative spread of step times between ranks, as between machines of one kind. */
const SCATTER = 0.03
const STEPS = 400
const RANKS = [1, 2, 4, 8, 16, 64, 256, 1000]
/** Seconds per message and per byte: assumptions, except the first, which is measured. */
const NETWORKS = {
  'one machine': undefined,
  '100 Gbit/s, 5 µs': { alpha: 5e-6, beta: 1 / 11e9 },
  '10 Gbit/s, 30 µs': { alpha: 30e-6, beta: 1 / 1.1e9 },
  '1 Gbit/s, 100 µs': { alpha: 100e-6, beta: 1 / 0.11e9 },
}

/**
 * Measured on the machine of docs/benchmarks.md: all-reduces of bench/ranks.ts, the fastest of 200 each, in milliseconds, while other programs
 * ran; step times of one rank from docs/benchmarks.md.
 */
const MEASURED = {
  library: 'MPICH 4.0.2',
  ranks: 2,
  allReduces: [
    { floats: 1, best: 0.00118 },
    { floats: 64, best: 0.00181 },
    { floats: 1024, best: 0.00248 },
    { floats: 16384, best: 0.016 },
    { floats: 131072, best: 0.0964 },
    { floats: 669706, best: 0.557 },
  ],
  workloads: [
    { id: 'W3', floats: 672784, batch: 128, bestStepMilliseconds: 1000 / 117 },
    { id: 'W5', floats: 1738256, batch: 128, bestStepMilliseconds: 1000 / 46.6 },
  ],
}

const measured = process.argv[2] ? JSON.parse(readFileSync(process.argv[2], 'utf8')) : MEASURED

/** A line fitted to the fastest all-reduces by least squares of relative errors: intercept in milliseconds, and milliseconds per byte. */
function fitLine(points) {
  let [s, sx, sy, sxx, sxy] = [0, 0, 0, 0, 0]
  for (const { floats, best } of points) {
    const [x, y, weight] = [floats * 4, best, 1 / best ** 2]
    s += weight
    sx += weight * x
    sy += weight * y
    sxx += weight * x * x
    sxy += weight * x * y
  }
  const slope = (s * sxy - sx * sy) / (s * sxx - sx * sx)
  return { none: (sy - slope * sx) / s, byte: slope }
}

/** alpha and beta of this machine, in seconds, from all-reduces of `ranks` ranks. */
function machine({ ranks, allReduces }) {
  const { none, byte } = fitLine(allReduces)
  return {
    alpha: none / 1000 / (2 * Math.log2(ranks)),
    beta: byte / 1000 / ((2 * (ranks - 1)) / ranks),
  }
}

let state = 1
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return (state + 0.5) / 2 ** 32
}
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())

const allReduce = ({ alpha, beta }, ranks, bytes) =>
  ranks === 1 ? 0 : 2 * Math.log2(ranks) * alpha + ((2 * (ranks - 1)) / ranks) * bytes * beta

/** Rows per second on so many ranks, as a share of as many independent ones. */
function efficiency(network, ranks, compute, bytes) {
  let time = 0
  for (let step = 0; step < STEPS; step++) {
    let slowest = 0
    for (let rank = 0; rank < ranks; rank++) slowest = Math.max(slowest, compute * (1 + SCATTER * normal()))
    time += slowest + allReduce(network, ranks, bytes)
  }
  return (compute * STEPS) / time
}

const own = machine(measured)
console.log(
  `${measured.library}, ${measured.ranks} ranks: alpha ${(own.alpha * 1e6).toFixed(1)} µs, beta ${(1e-9 / own.beta).toFixed(2)} GB/s\n`,
)
for (const { id, floats, batch, bestStepMilliseconds } of measured.workloads) {
  const compute = bestStepMilliseconds / 1000
  console.log(`${id}: ${floats} floats, ${bestStepMilliseconds.toFixed(2)} ms for a batch of ${batch}\n`)
  console.log(`| network | batch of a rank | ${RANKS.slice(1).join(' | ')} |`)
  console.log(
    `|---|---|${RANKS.slice(1)
      .map(() => '--:')
      .join('|')}|`,
  )
  for (const [name, network = own] of Object.entries(NETWORKS)) {
    for (const times of [1, 8]) {
      const ranks = RANKS.slice(1).filter((count) => name !== 'one machine' || count <= 16)
      const shares = ranks.map((count) => efficiency(network, count, compute * times, floats * 4).toFixed(2))
      console.log(
        `| ${name} | ${batch * times} | ${RANKS.slice(1)
          .map((_, i) => shares[i] ?? '')
          .join(' | ')} |`,
      )
    }
  }
  console.log()
}
