// Kernels of the extension `solve` on vectors, on every target.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SUM_CHUNK } from '../../src/abi/layout.ts'
import { RECORD_DOT, RECORD_SCALAR } from '../../src/abi/records.ts'
import { Arena } from '../../src/machine/arena.ts'
import * as ops from '../../src/machine/ops/ops.ts'
import { modulesOf, type Step, step } from '../../src/machine/program.ts'
import { dotOf, write } from '../support/alternation.ts'
import { targets } from '../support/targets.ts'

for (const target of targets) {
  const kernels = suite(`solve (${target})`)

  const numbers = (count: number, seed: number) =>
    Float32Array.from({ length: count }, (_, i) => Math.sin(seed + i * 1.7))

  kernels('dot products in float64, whatever their length', () => {
    for (const count of [4, 64, SUM_CHUNK, SUM_CHUNK + 4, 3 * SUM_CHUNK + 20]) {
      const arena = new Arena(target)
      const [x, y] = [1, 2].map((seed) => {
        const address = arena.reserve(count * 4)
        arena.commit()
        arena.floats(address, count).set(numbers(count, seed))
        return address
      })
      const { record } = run(arena, dotOf(arena, x, y, count))
      const a = numbers(count, 1)
      const expected = numbers(count, 2).reduce((sum, value, i) => sum + value * a[i], 0)
      const size = numbers(count, 2).reduce((sum, value, i) => sum + Math.abs(value * a[i]), 0)
      const found = arena.f64[record / 8 + RECORD_DOT / 2]
      assert.ok(Math.abs(found - expected) <= count * 2 ** -53 * size, `${count}: ${found}, expected ${expected}`)
    }
  })

  kernels('axpy, also in place', () => {
    const count = 52
    for (const place of ['apart', 'x', 'y']) {
      const arena = new Arena(target)
      const [x, y, other] = [1, 2, 3].map(() => arena.reserve(count * 4))
      arena.commit()
      arena.floats(x, count).set(numbers(count, 1))
      arena.floats(y, count).set(numbers(count, 2))
      const to = place === 'apart' ? other : place === 'x' ? x : y
      run(arena, [step(ops.axpy, { x, y, to, count, scalar: 3 })], { [RECORD_SCALAR + 3]: 0.3 })
      const [a, b] = [numbers(count, 1), numbers(count, 2)]
      arena.floats(to, count).forEach((value, i) => {
        const exact = b[i] + Math.fround(0.3) * a[i]
        assert.ok(Math.abs(value - exact) <= 2 ** -23, `${place} ${i}: ${value}, expected ${exact}`)
      })
    }
  })

  kernels.run()
}

function run(arena: Arena, steps: readonly Step[], floats?: Record<number, number>) {
  const written = write(arena, steps, 1, floats)
  arena.machine.need(modulesOf(steps))
  arena.machine.run(written.program, 0, steps.length, written.record, 1, 0)
  return written
}
