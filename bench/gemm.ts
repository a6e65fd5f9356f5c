/** Dense layers' three products, as steps of the op list, against the peak. */
import { ACTIVATION_LINEAR } from '../src/abi/activations.ts'
import * as layout from '../src/abi/layout.ts'
import { emitKernelGradient } from '../src/layers/kernelGradient.ts'
import { roundUp, rowStride } from '../src/machine/matrixLayout.ts'
import * as ops from '../src/machine/ops/ops.ts'
import { type Step, step } from '../src/machine/program.ts'
import type { Target } from '../src/machine/wasm.ts'
import { Sheet } from '../test/support/sheet.ts'
import { type Contender, repeated, sideBySide } from './measure.ts'
import { record } from './replay.ts'
import type { Report } from './report.ts'
import { noise } from './workloads.ts'
import { benchTargets, Yardstick } from './yardstick.ts'

const WARMUP_MILLISECONDS = 1000

type Shape = readonly [rows: number, inputs: number, units: number]
type Product = 'y' | 'dw' | 'dx'
const PRODUCTS: readonly Product[] = ['y', 'dw', 'dx']

interface Case {
  readonly shape: Shape
  /** Least share of the fused peak; of the separate one where the target is simd. */
  readonly required?: Partial<Record<Product, number>>
  readonly requiredSimd?: Partial<Record<Product, number>>
}

const all = (ratio: number) => ({ y: ratio, dw: ratio, dx: ratio })
const CASES: readonly Case[] = [
  { shape: [512, 512, 512], required: { y: 0.92 }, requiredSimd: { y: 0.95 } },
  { shape: [256, 256, 256], required: { y: 0.92 } },
  { shape: [1024, 1024, 1024], required: all(0.88) },
  { shape: [128, 784, 512], required: all(0.88) },
  { shape: [128, 512, 512], required: all(0.88) },
  { shape: [32, 784, 512], required: { y: 0.75 } },
  { shape: [32, 64, 100], required: { y: 0.75 } },
  { shape: [32, 100, 10], required: { y: 0.5 } },
  { shape: [1, 784, 512], required: { y: 0.75 } },
  { shape: [128, 2352, 512] },
  { shape: [256, 2048, 2048] },
]
const TILED: readonly Shape[] = [
  [512, 512, 512],
  [128, 784, 512],
  [32, 64, 100],
]
const TILES = Object.entries(layout).flatMap(([name, value]) =>
  name.startsWith('TILE_') && typeof value === 'number' ? [{ name: name.slice(5).toLowerCase(), value }] : [],
)

/** The three products of one shape on one machine; each call runs one step, or two where x and dz are packed for dw. */
function products(target: Target, [rows, inputs, units]: Shape): { sheet: Sheet; calls: Record<Product, () => void> } {
  const sheet = new Sheet(target)
  const { arena } = sheet
  const matrix = (cols: number) => {
    const { address, stride } = sheet.matrix(rows, cols, undefined, rowStride(cols))
    for (let r = 0; r < rows; r++) arena.floats(address + r * stride, cols).set(noise(cols, r))
    return { address, stride }
  }
  const panels = roundUp(units, layout.PANEL) * inputs
  const w = sheet.floats(noise(panels, 1))
  const dw = sheet.floats(new Float32Array(panels))
  const scratch = sheet.floats(new Float32Array(roundUp(inputs, layout.PANEL) * units))
  const bias = sheet.floats(new Float32Array(roundUp(units, layout.PANEL)))
  const db = sheet.floats(new Float32Array(roundUp(units, layout.PANEL)))
  const [x, y, dx] = [matrix(inputs), matrix(units), matrix(inputs)]
  const shape = { inputs, units }
  const from = { x: x.address, xStride: x.stride }
  const gradient = { dz: y.address, dzStride: y.stride }
  const call = (...of: readonly Step[]) => {
    sheet.clear()
    sheet.add(...of)
    const recording = record(arena.machine)
    sheet.run(rows)
    return recording.stop().replay
  }
  const gradientSteps: Step[] = []
  const site = { rows, scratch: (bytes: number) => sheet.floats(new Float32Array(bytes / 4)) }
  emitKernelGradient(site, (op, operands) => gradientSteps.push(step(op, operands)), {
    ...shape,
    ...from,
    ...gradient,
    dw,
    db,
  })
  const calls = {
    // dw and dx first: what they read as dz must not be the result of y
    dw: call(...gradientSteps),
    dx: call(
      step(ops.denseDx, {
        ...shape,
        ...gradient,
        w,
        dx: dx.address,
        dxStride: dx.stride,
        scratch,
        activation: ACTIVATION_LINEAR,
      }),
    ),
    y: call(
      step(ops.dense, {
        ...shape,
        ...from,
        w,
        b: bias,
        y: y.address,
        yStride: y.stride,
        activation: ACTIVATION_LINEAR,
      }),
    ),
  }
  return { sheet, calls }
}

const flopsOf = ([rows, inputs, units]: Shape) => 2 * rows * inputs * units

/** Times are per floating-point operation, so that ratios are shares of the peak. */
const perFlop = (contender: Contender, flops: number): Contender => ({
  ...contender,
  calls: (contender.calls ?? 1) * flops,
})

/** Runs every tile until the engine's optimizing compiler, which runs concurrently, has surely compiled it. */
function warm(target: Target): void {
  const { sheet, calls } = products(target, [128, 256, 256])
  const started = performance.now()
  while (performance.now() - started < WARMUP_MILLISECONDS) {
    for (const { value } of TILES) {
      sheet.arena.machine.setTile(value)
      for (const product of PRODUCTS) calls[product]()
    }
  }
}

export async function gemm(report: Report): Promise<void> {
  for (const target of benchTargets) {
    const { peak } = new Yardstick(target)
    warm(target)
    for (const { shape, required, requiredSimd } of CASES) {
      const { calls } = products(target, shape)
      const contenders = PRODUCTS.map((product) => perFlop(repeated(product, calls[product]), flopsOf(shape)))
      const bounds = target === 'simd' ? requiredSimd : required
      for (const [i, timing] of (await sideBySide(peak, contenders)).entries()) {
        const bound = bounds?.[PRODUCTS[i]]
        report.add({
          group: 'gemm',
          name: `${shape.join('x')} ${PRODUCTS[i]}`,
          target,
          best: 1e-9 / timing.best,
          median: 1e-9 / timing.median,
          unit: 'GFLOP/s',
          ratio: timing.bestRatio,
          medianRatio: timing.medianRatio,
          of: 'peak',
          ...(bound !== undefined && { required: bound }),
        })
      }
    }
  }
}

export async function tiles(report: Report): Promise<void> {
  for (const target of benchTargets) {
    const { peak } = new Yardstick(target)
    warm(target)
    for (const shape of TILED) {
      const { sheet, calls } = products(target, shape)
      const { machine } = sheet.arena
      for (const product of PRODUCTS) {
        const contenders = TILES.map(({ name, value }) => {
          machine.setTile(value)
          const { run, ...rest } = perFlop(repeated(name, calls[product]), flopsOf(shape))
          const tiled = () => {
            machine.setTile(value)
            run()
          }
          return { ...rest, run: tiled }
        })
        const timings = await sideBySide(peak, contenders, { windows: 6, milliseconds: 4, warmup: 10 })
        for (const { name, best, median, bestRatio, medianRatio } of timings) {
          report.add({
            group: 'tiles',
            name: `${shape.join('x')} ${product} ${name}`,
            target,
            best: 1e-9 / best,
            median: 1e-9 / median,
            unit: 'GFLOP/s',
            ratio: bestRatio,
            medianRatio,
            of: 'peak',
          })
        }
      }
    }
  }
}
