/** Packing x and dz for dW depends on the batch, not on the plan: gradients of a batch are the same bits whatever came before. */
import { suite, test } from 'uvu'
import * as assert from 'uvu/assert'
import { configureRuntime, dense, input, sequential } from '../../src/entries/public.ts'
import { emitKernelGradient } from '../../src/layers/kernelGradient.ts'
import * as ops from '../../src/machine/ops/layers.ts'
import { targets } from '../support/targets.ts'
import { assertSame, bits } from '../support/threading.ts'

/** Steps of a layer's dW, and bytes of scratch, in plans of so many rows. */
function emitted(rows: number, inputs: number, units: number) {
  const steps: { readonly code: number; readonly mostRows: number | undefined }[] = []
  let bytes = 0
  const scratch = (asked: number) => {
    bytes = asked
    return 64
  }
  emitKernelGradient(
    { rows, scratch },
    ({ code }, operands) => steps.push({ code, mostRows: (operands as { mostRows?: number }).mostRows }),
    { x: 0, xStride: inputs * 4, dz: 0, dzStride: units * 4, inputs, units, dw: 0 },
  )
  return { codes: steps.map(({ code }) => code), mostRows: steps[0].mostRows ?? 0, bytes }
}

test('long rows are packed, in a bounded buffer', () => {
  const [pack, dw] = [ops.densePack.code, ops.denseDw.code]
  for (const [inputs, units, packed] of [
    [784, 512, true],
    [127, 2048, false],
    [384, 383, false],
    [384, 384, true],
    [100_000, 50_000, false],
  ] as const) {
    for (const rows of [64, 65, 300, 1_000_000]) {
      const { codes, mostRows, bytes } = emitted(rows, inputs, units)
      assert.equal(codes, packed && rows > 64 ? [pack, dw] : [dw], `${rows} rows of ${inputs} and ${units}`)
      const width = inputs + units
      if (codes.length === 2) assert.ok(bytes >= Math.min(rows, mostRows) * width * 4 && bytes <= 2 ** 25)
    }
  }
})
test.run()

const WIDTH = 1024
/** Half of the rows give partial sums that are flushed where a sum is split; 1 + 2^-12 gives products that are ties. */
const data = (rows: number, scale: number) =>
  Float32Array.from({ length: rows * WIDTH }, (_, i) => {
    if (rows === 1) return 1 + 2 ** -12
    const isFaint = i < (rows * WIDTH) / 2
    return scale * (isFaint ? 1e-10 : 1e-6) * (1 + ((i * 7) % 97) / 97)
  })

function build() {
  const layers = [input(WIDTH), dense(WIDTH, { kernelInitializer: 'zeros', useBias: false })]
  const model = sequential(layers, { seed: 1, threads: 1 })
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
  return model
}

for (const target of targets) {
  const test = suite(`gradients of kernels (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('small batches after large ones', () => {
    const later = build()
    later.gradients(data(128, 1), data(128, 1))
    for (const rows of [1, 2, 40, 64, 65]) {
      const [x, y] = [data(rows, 1), data(rows, -WIDTH)]
      const expected = bits(build().gradients(x, y).gradient)
      assertSame(bits(later.gradients(x, y).gradient), expected, `${rows} rows`)
    }
  })

  test.run()
}
