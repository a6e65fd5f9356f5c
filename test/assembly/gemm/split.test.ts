/** Dense kernels give the same bits for every split of panels and rows among threads. */
import { instantiateSync } from '@assemblyscript/loader'
import { suite } from 'uvu'
import { ACTIVATION_LINEAR } from '../../../src/abi/activations.ts'
import { MACHINE_BYTES } from '../../../src/abi/layout.ts'
import { supports } from '../../../src/machine/wasm.ts'
import { compile, featuresOf } from '../../support/compile.ts'
import { assertSame, layer, padded, TILES, title } from '../../support/dense.ts'
import { toPanels } from '../../support/sheet.ts'

interface Kernels extends Record<string, (...operands: number[]) => void> {}

/** The kernels themselves, with parameters that the op list cannot express: which panels and rows to compute. */
function kernels(relaxed: boolean): { memory: WebAssembly.Memory; kernels: Kernels } {
  const code = compile('assembly/gemm/products.ts', featuresOf(relaxed), '-O0')
  const { exports } = instantiateSync<Kernels>(code, {})
  return { memory: exports.memory as unknown as WebAssembly.Memory, kernels: exports }
}

const split = suite('dense, split by panels and rows')
for (const relaxed of supports('relaxed') ? [false, true] : [false]) {
  split(`gives the same bits, ${relaxed ? 'relaxed' : 'simd'}`, () => {
    const { memory, kernels: machine } = kernels(relaxed)
    const f32 = new Float32Array(memory.buffer)
    for (const [rows, inputs, units] of [
      [1, 30, 100],
      [2, 45, 39],
      [7, 20, 12],
      [50, 100, 27],
      [33, 27, 8],
      [280, 523, 45],
    ] as const) {
      const X = padded(inputs) * 4
      const Z = padded(units) * 4
      let top: number = MACHINE_BYTES
      const place = (floats: number) => {
        const at = top
        top += Math.ceil(floats / 16) * 64
        return at
      }
      const put = (values: ArrayLike<number>) => {
        const at = place(values.length)
        f32.set(values, at / 4)
        return at
      }
      const inRows = (values: Float32Array, cols: number) =>
        Float32Array.from({ length: rows * padded(cols) }, (_, i) => {
          const c = i % padded(cols)
          return c < cols ? values[Math.floor(i / padded(cols)) * cols + c] : 0
        })
      const of = layer(rows, inputs, units)
      const x = put(inRows(of.x, inputs))
      const dz = put(inRows(of.dz, units))
      const w = put(toPanels(of.w, inputs, units))
      const b = put([...of.b, ...new Float32Array(padded(units) - units)])
      const outputs = place(0)
      const y = place(rows * padded(units))
      const dw = place(inputs * padded(units))
      const db = place(padded(units))
      const dx = place(rows * padded(inputs))
      const count = (top - outputs) / 4
      const scratch = place(padded(inputs) * units)
      // by panels, and by rows where they are many enough to be shared
      const run = (cuts: readonly number[], rowCuts: readonly number[] = []) => {
        f32.fill(Number.NaN, outputs / 4, top / 4)
        const pieces = (total: number, cuts: readonly number[]) => {
          const ends = [...cuts.filter((cut) => cut < total), total]
          return ends.map((end, i) => [ends[i - 1] ?? 0, end] as const).reverse()
        }
        for (const [begin, end] of pieces(padded(units) / 8, cuts)) {
          for (const [row, rowEnd] of pieces(rows, rowCuts)) {
            const count = rowEnd - row
            const [from, to] = [x + row * X, y + row * Z]
            machine.denseForward(from, X, w, b, to, Z, count, inputs, units, begin, end, ACTIVATION_LINEAR, 0, 0, 0)
          }
          for (const [row, rowEnd] of pieces(inputs, rowCuts)) {
            const bias = row ? 0 : db
            machine.denseBackwardWeights(x, X, dz, Z, dw, bias, rows, inputs, row, rowEnd - row, units, begin, end)
          }
        }
        for (const [begin, end] of pieces(padded(inputs) / 8, cuts)) {
          for (const [row, rowEnd] of pieces(rows, rowCuts)) {
            machine.denseBackwardInput(
              dz + row * Z,
              Z,
              w,
              dx + row * X,
              X,
              rowEnd - row,
              Number(rowCuts.length > 0),
              inputs,
              units,
              begin,
              end,
              scratch,
              ACTIVATION_LINEAR,
              0,
              0,
              0,
            )
          }
        }
        return f32.slice(outputs / 4, outputs / 4 + count)
      }
      for (const tile of TILES) {
        machine.setTile(tile)
        const whole = run([])
        for (const cuts of [[1], [2], [1, 2, 3], [5]])
          assertSame(run(cuts), whole, `${title(of)}, cut at ${cuts}, tile ${tile}`)
        if (rows < 24 || inputs < 24) continue
        for (const rowCuts of [[12], [8, 20], [4, 16]])
          assertSame(run([1], rowCuts), whole, `${title(of)}, rows cut at ${rowCuts}, tile ${tile}`)
      }
    }
  })
}
split.run()
