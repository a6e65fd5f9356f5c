import * as assert from 'uvu/assert'

/** Asserts kind and exact message of what `run` throws. */
export function refuses(run: () => unknown, kind: typeof TypeError | typeof RangeError, message: string): void {
  assert.throws(run, (error: Error) => {
    assert.is(error.message, message)
    assert.instance(error, kind)
    return true
  })
}
