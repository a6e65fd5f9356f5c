// What loadWeights and exportWeights make of names, shapes and types, for PyTorch's layout and for Keras'.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exportWeights, loadWeights, writeSafetensors } from '../../src/entries/formats.ts'
import { dense, embedding, input, sequential } from '../../src/entries/public.ts'
import { refuses } from '../support/refuses.ts'
import { bits, tensor, wave } from '../support/samples.ts'

test('kernels are transposed for PyTorch, and not for Keras', () => {
  const model = sequential([input(2), dense(3, { useBias: false })])
  model.parameters[0].set([1, 2, 3, 4, 5, 6])
  const torch = exportWeights(model, { layout: 'torch' }).get('0.weight')
  assert.equal(
    [torch?.shape, [...(torch?.data ?? [])]],
    [
      [3, 2],
      [1, 4, 2, 5, 3, 6],
    ],
  )
  const keras = exportWeights(model, { layout: 'keras' }).get('dense/kernel')
  assert.equal(
    [keras?.shape, [...(keras?.data ?? [])]],
    [
      [2, 3],
      [1, 2, 3, 4, 5, 6],
    ],
  )
})

test('modules with names are found by their shapes, one that says what the rest has', () => {
  const model = () => sequential([input(2), dense(3), dense(3), dense(1)], { seed: 1 })
  const named = {
    'body.weight': tensor([3, 3], 1),
    'body.bias': tensor([3], 2),
    'head.weight': tensor([1, 3], 3),
    'head.bias': tensor([1], 4),
    'stem.weight': tensor([3, 2], 5),
    'stem.bias': tensor([3], 6),
  }
  const loaded = model()
  loadWeights(loaded, named, { layout: 'torch' })
  assert.equal(loaded.parameters[5].get(), named['head.bias'].data)
  assert.equal(loaded.parameters[1].get(), named['stem.bias'].data)

  const square = () => sequential([input(3), dense(3), dense(3)], { seed: 1 })
  const alike = {
    'a.weight': tensor([3, 3], 1),
    'a.bias': tensor([3], 2),
    'b.weight': tensor([3, 3], 3),
    'b.bias': tensor([3], 4),
  }
  const says =
    /which tensors belong where is not clear; say so, as in \{ names: \{ "dense_1.kernel": 'name of the tensor' \} \}. What fits: dense_1 \(bias 3, weight 3 x 3\): "a", "b"; dense_2/
  const untouched = square()
  const before = bits(untouched)
  refuses(() => loadWeights(untouched, alike, { layout: 'torch' }), RangeError, says)
  assert.equal(bits(untouched), before)
  const told = square()
  loadWeights(told, alike, { layout: 'torch', names: { 'dense_1.kernel': 'b.weight' } })
  assert.equal(
    told.parameters.filter(({ name }) => name.endsWith('bias')).map((parameter) => parameter.get()),
    [alike['b.bias'].data, alike['a.bias'].data],
  )
})

test('numbers in names count as numbers, 10 after 9', () => {
  const model = sequential([input(2), ...Array.from({ length: 11 }, () => dense(2, { useBias: false }))], { seed: 1 })
  const names = Array.from({ length: 11 }, (_, i) => `net.fc${i}.weight`)
  loadWeights(model, Object.fromEntries(names.map((name, i) => [name, tensor([2, 2], i)]).sort()), { layout: 'torch' })
  assert.equal(model.parameters[10].get()[0], wave(1, 10)[0])
})

test('a name of a hundred thousand digits takes no longer than to read it', () => {
  const model = sequential([input(2), dense(2)], { seed: 1 })
  const long = { [`${'1'.repeat(1e5)}x.weight`]: tensor([7, 2]) }
  const start = performance.now()
  refuses(() => loadWeights(model, long, { layout: 'torch' }), RangeError, 'What fits: dense_1')
  assert.ok(performance.now() - start < 2000)
})

test("the table of an embedding is PyTorch's and Keras' as it is; several tables are refused", () => {
  const make = () => sequential([input(2), embedding({ columns: 0, categories: 5, units: 3 }), dense(2)], { seed: 1 })
  const model = make()
  for (const [layout, name] of [
    ['torch', '0.weight'],
    ['keras', 'embedding/embeddings'],
  ] as const) {
    const tensors = exportWeights(model, { layout })
    assert.equal(tensors.get(name)?.shape, [5, 3])
    assert.equal(tensors.get(name)?.data, model.parameters[0].get())
    const again = make()
    again.parameters[0].set(new Float32Array(15))
    loadWeights(again, tensors, { layout })
    assert.equal(again.parameters[0].get(), model.parameters[0].get())
  }
  const table = { columns: 0, categories: 5, units: 3 }
  const two = sequential([input(2), embedding([table, { ...table, columns: 1 }])], { seed: 1 })
  refuses(() => exportWeights(two, { layout: 'torch' }), RangeError, 'PyTorch has no embedding of several tables')
})

test('halves and doubles are rounded to float32', () => {
  const model = sequential([input(1), dense(1)], { seed: 1 })
  const file = writeSafetensors({
    '0.weight': { data: Float32Array.of(0.5), shape: [1, 1], dtype: 'BF16' },
    '0.bias': { data: Float64Array.of(Math.PI) },
  })
  for (const bytes of [file, file.buffer, Buffer.from(file)]) {
    loadWeights(model, bytes, { layout: 'torch' })
    assert.equal(bits(model), [0.5, Math.fround(Math.PI)])
  }
})

test.run()
