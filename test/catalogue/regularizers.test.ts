import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { l1, l1l2, l2, resolveRegularizer } from '../../src/catalogue/regularizers.ts'

test('regularizers: frozen specs of both factors', () => {
  assert.equal(l1(0.5), { kind: 'l1', l1: 0.5, l2: 0 })
  assert.equal(l2(0.25), { kind: 'l2', l1: 0, l2: 0.25 })
  assert.equal(l1l2({ l1: 0.1, l2: 0.2 }), { kind: 'l1l2', l1: 0.1, l2: 0.2 })
  assert.equal(l1l2(), { kind: 'l1l2', l1: 0, l2: 0 })
  for (const spec of [l1(0), l2(1), l1l2({ l1: 1 })]) {
    assert.ok(Object.isFrozen(spec))
    assert.equal(resolveRegularizer('dense', spec), spec)
    assert.equal(resolveRegularizer('dense', JSON.parse(JSON.stringify(spec))), spec)
  }
  assert.is(resolveRegularizer('dense', undefined), undefined)
  assert.is(resolveRegularizer('dense', null), undefined)
})

test('regularizers: what is wrong is named', () => {
  assert.throws(
    () => l1(-1),
    (error: Error) =>
      error instanceof RangeError && error.message === 'l1: "lambda" must be a finite number at least 0, got -1',
  )
  assert.throws(() => l2(Number.NaN), /l2: "lambda" must be a finite number/)
  assert.throws(
    () => l2(undefined as unknown as number),
    (error: Error) => error instanceof TypeError,
  )
  assert.throws(() => l1l2({ l3: 1 } as object), /l1l2: unknown option "l3"; did you mean/)
  const resolve = (value: unknown) => () => resolveRegularizer('dense', value, 'kernelRegularizer')
  assert.throws(
    resolve(0.01),
    /dense: "kernelRegularizer" must be l1\(\.\.\.\), l2\(\.\.\.\) or l1l2\(\.\.\.\), got 0.01/,
  )
  assert.throws(resolve(l2), /got function l2; call it: l2\(\.\.\.\)/)
  assert.throws(resolve({ kind: 'l3', l1: 0, l2: 0 }), /dense: "kernelRegularizer": unknown kind "l3"/)
  assert.throws(resolve({ kind: 'l1', l1: 0, l2: 1 }), /use l1l2/)
  assert.throws(resolve({ kind: 'l2', l2: -1 }), /"l2" must be a finite number at least 0/)
  assert.throws(resolve({ kind: 'l2', lambda: 1 }), /unknown option "lambda"/)
})

test.run()
