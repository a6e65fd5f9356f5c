import { runInNewContext } from 'node:vm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  isA,
  quote,
  show,
  suggest,
} from '../../src/lib/check.ts'

const message = (act: () => unknown) => {
  try {
    act()
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`
  }
  return 'nothing'
}

test('numbers: wrong kinds are TypeErrors, wrong values RangeErrors with the bounds', () => {
  assert.is(checkNumber('sgd', 'learningRate', 0.1, { minimum: 0 }), 0.1)
  assert.is(
    message(() => checkNumber('sgd', 'learningRate', -1, { minimum: 0 })),
    'RangeError: sgd: "learningRate" must be a finite number at least 0, got -1',
  )
  assert.is(
    message(() => checkNumber('f', 'x', '1')),
    'TypeError: f: "x" must be a number, got "1"',
  )
  assert.is(
    message(() => checkNumber('f', 'x', 1, { above: 0, below: 1 })),
    'RangeError: f: "x" must be a finite number greater than 0 and less than 1, got 1',
  )
  assert.ok(message(() => checkNumber('f', 'x', Number.NaN)).startsWith('RangeError'))
  assert.is(
    message(() => checkInteger('f', 'n', 1.5, 1)),
    'RangeError: f: "n" must be a whole number at least 1, got 1.5',
  )
  assert.ok(message(() => checkBoolean('f', 'b', 1)).startsWith('TypeError: f: "b" must be true or false'))
})

test('unknown options and names come with the nearest known one', () => {
  const known = ['learningRate', 'momentum', 'batchSize']
  assert.is(
    message(() => checkOptions('adam', { lr: 1 }, known)),
    'TypeError: adam: unknown option "lr"; did you mean "learningRate"?',
  )
  // names from a file may be as long as the file, which no distance is measured to
  const long = 'x'.repeat(3e6)
  const start = performance.now()
  assert.is(suggest('learning_rate', [long, ...known]), '; did you mean "learningRate"?')
  assert.ok(performance.now() - start < 1000)
  assert.is(suggest('learning_rate', known), '; did you mean "learningRate"?')
  assert.is(suggest('batchSzie', known), '; did you mean "batchSize"?')
  assert.is(suggest('zebra', known), '; known: learningRate, momentum, batchSize')
  assert.is(
    message(() => checkOneOf('dense', 'activation', 'tahn', ['tanh', 'relu'])),
    'RangeError: dense: unknown activation "tahn"; did you mean "tanh"?',
  )
  assert.ok(message(() => checkOptions('f', null, [])).startsWith('TypeError'))
})

test('values are shown shortly', () => {
  assert.is(show('x'.repeat(100)).length, 42)
  assert.is(show([1, 2]), 'an array of 2')
  assert.is(show(new Float32Array(3)), 'Float32Array(3 values)')
  assert.is(show(Object.create(null)), 'a null-prototype object')
  assert.is(show(undefined), 'undefined')
})

test('names of any length make short messages, at once', () => {
  const long = 'x'.repeat(5e6)
  for (const name of [long, '\u0001'.repeat(5e6), '"'.repeat(5e6), `constructor${long}`]) {
    assert.ok(quote(name).length <= 100)
    assert.ok(message(() => checkOptions('f', { [name]: 1 }, ['learningRate'])).length < 200)
    assert.ok(message(() => checkOneOf('f', 'kind', name, ['learningRate'])).length < 200)
  }
  assert.is(quote('a"b'), '"a\\"b"')
  assert.is(show({ constructor: { name: long } }), 'an object')
})

test('built-in classes are known from any realm, and nothing else passes for them', () => {
  const foreign: Uint8Array = runInNewContext('new Uint8Array(2)')
  assert.not.instance(foreign, Uint8Array)
  assert.ok(isA(foreign, 'Uint8Array'))
  assert.ok(isA(Buffer.alloc(1), 'Uint8Array'))
  assert.ok(isA(runInNewContext('new ArrayBuffer(2)'), 'ArrayBuffer'))
  assert.ok(isA(new URL('file:///a'), 'URL'))
  assert.ok(isA(new AbortController().signal, 'AbortSignal'))
  const empty = 'Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)'
  assert.ok(isA(runInNewContext(`new WebAssembly.Module(${empty})`), 'WebAssembly.Module'))
  for (const value of [undefined, null, 'Uint8Array', [1, 2], new Float32Array(2), new ArrayBuffer(2), {}]) {
    assert.not.ok(isA(value, 'Uint8Array'))
  }
})

test.run()
