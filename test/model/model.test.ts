import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { adam, configureRuntime, dense, input, sequential, sgd } from '../../src/entries/public.ts'
import { refuses, rejects } from '../support/refuses.ts'
import { bits, classifier, labels, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

for (const target of targets) {
  const test = suite(`model (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  const widths = target === 'debug' ? [1, 3, 5, 10, 100] : [1, 3, 5, 7, 10, 100, 513]
  for (const units of widths) {
    for (const rows of [1, 2, 33]) {
      test(`widths of ${units} and batches of ${rows}: forward pass, and a step that lowers the loss`, () => {
        const model = sequential([input(units), dense(units, { activation: 'tanh' }), dense(units)], { seed: 1 })
        model.compile({ optimizer: sgd({ learningRate: 0.01 }), loss: 'meanSquaredError' })
        const x = wave(rows * units)
        const y = wave(rows * units, 2)
        const [w1, b1, w2, b2] = model.parameters.map((parameter) => parameter.get())
        const outputs = model.predict(x)
        for (let r = 0; r < rows; r++) {
          const hidden = Array.from({ length: units }, (_, u) => {
            let z = b1[u]
            for (let k = 0; k < units; k++) z += x[r * units + k] * w1[k * units + u]
            return Math.tanh(z)
          })
          for (let u = 0; u < units; u++) {
            let z = b2[u]
            for (let k = 0; k < units; k++) z += hidden[k] * w2[k * units + u]
            assert.ok(
              Math.abs(outputs[r * units + u] - z) < 1e-5 * (1 + Math.abs(z)),
              `row ${r}, unit ${u}: ${outputs[r * units + u]}, expected ${z}`,
            )
          }
        }
        const before = model.trainStep(x, y)
        assert.ok(model.evaluate(x, y).loss < before)
      })
    }
  }

  test('training is the same after predicting, which plans no training', () => {
    const [x, y] = [wave(12), labels(3)]
    const [used, trained] = [classifier(), classifier()]
    const before = used.predict(x)
    used.predict(wave(4 * 100))
    for (const model of [used, trained]) for (let i = 0; i < 3; i++) model.trainStep(x, y)
    assert.equal(bits(used), bits(trained))
    assert.equal(used.predict(x), trained.predict(x))
    assert.not.equal(used.predict(x), before)
  })

  test('no hidden layer: logistic and softmax regression learn', async () => {
    const x = wave(200 * 2)
    const logistic = sequential([input(2), dense(1, { activation: 'sigmoid' })], { seed: 1 })
    logistic.compile({ optimizer: adam({ learningRate: 0.1 }), loss: 'binaryCrossentropy', metrics: ['accuracy'] })
    const y = Int32Array.from({ length: 200 }, (_, i) => (x[2 * i] + x[2 * i + 1] > 0 ? 1 : 0))
    await logistic.fit(x, y, { epochs: 30 })
    assert.ok(logistic.evaluate(x, y).accuracy > 0.95)

    const softmax = sequential([input(2), dense(2, { activation: 'softmax' })], { seed: 1 })
    softmax.compile({
      optimizer: adam({ learningRate: 0.1 }),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
    })
    await softmax.fit(x, y, { epochs: 30 })
    assert.ok(softmax.evaluate(x, y).accuracy > 0.95)
  })

  test('one-hot rows and class indices train alike', () => {
    const x = wave(6 * 4)
    const y = labels(6)
    const oneHot = Float32Array.from({ length: 18 }, (_, i) => (y[Math.floor(i / 3)] === i % 3 ? 1 : 0))
    const sparse = classifier()
    const dense_ = classifier()
    dense_.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'categoricalCrossentropy' })
    for (let i = 0; i < 5; i++) assert.ok(Math.abs(sparse.trainStep(x, y) - dense_.trainStep(x, oneHot)) < 1e-6)
    assert.equal(bits(sparse), bits(dense_))
    // one-hot rows are classes to a sparse loss too
    sparse.trainStep(x, oneHot)
  })

  test('the same seed gives the same bits, another seed others', async () => {
    const run = async (seed: number) => {
      const model = classifier({ seed })
      await model.fit(wave(50 * 4), labels(50), { epochs: 3, batchSize: 16 })
      return bits(model)
    }
    const first = await run(7)
    assert.equal(await run(7), first)
    assert.not.equal(await run(8), first)
  })

  test('however steps are called, the bits are the same', async () => {
    const x = wave(50 * 4)
    const y = labels(50)
    const whole = classifier()
    await whole.fit(x, y, { epochs: 2, batchSize: 16, shuffle: false })
    const watched = classifier()
    await watched.fit(x, y, { epochs: 2, batchSize: 16, shuffle: false, callbacks: [{ onBatchEnd() {} }] })
    const stepped = classifier()
    for (let epoch = 0; epoch < 2; epoch++) {
      for (let row = 0; row < 50; row += 16) {
        stepped.trainStep(x.subarray(row * 4, (row + 16) * 4), y.subarray(row, row + 16))
      }
    }
    assert.equal(bits(watched), bits(whole))
    assert.equal(bits(stepped), bits(whole))
  })

  test('arguments are refused by name, and the model still works', async () => {
    const model = classifier()
    const x = wave(8 * 4)
    const y = labels(8)
    const before = bits(model)
    refuses(
      () => model.predict(new Float32Array(7)),
      RangeError,
      '"x" has 7 values, not a multiple of the model\'s 4 inputs',
    )
    refuses(() => model.trainStep(wave(9), y), RangeError, '"x" has 9 values')
    refuses(() => model.trainStep(x, labels(7)), RangeError, '"y"')
    refuses(
      () =>
        model.trainStep(
          Float32Array.from(x, (v, i) => (i === 13 ? Number.NaN : v)),
          y,
        ),
      RangeError,
      'row 3, column 1',
    )
    refuses(
      () =>
        model.trainStep(
          x,
          Int32Array.from(y, (v, i) => (i === 5 ? 3 : v)),
        ),
      RangeError,
      'row 5',
    )
    refuses(
      () =>
        model.trainStep(
          x,
          Int32Array.from(y, (v, i) => (i === 2 ? -1 : v)),
        ),
      RangeError,
      'row 2',
    )
    refuses(() => model.compile({ optimizer: 'adam', loss: 'crossEntropie' as 'huber' }), RangeError, 'unknown loss')
    refuses(() => model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' }), RangeError, 'does not suit')
    refuses(() => sgd({ learningRate: -1 }), RangeError, '"learningRate"')
    refuses(() => adam({ lr: 0.1 } as object), TypeError, 'did you mean "learningRate"?')
    await rejects(model.fit(x, y, { epochs: 1.5 }), RangeError, '"epochs"')
    await rejects(model.fit(x, y, { batchSize: 0 }), RangeError, '"batchSize"')
    await rejects(model.fit(x, y, { batchsize: 4 } as object), TypeError, 'did you mean "batchSize"?')
    await rejects(model.fit(x, y, { validationSplit: 1 }), RangeError, '"validationSplit"')
    await rejects(model.fit(new Float32Array(0), y), RangeError, 'empty')
    refuses(() => model.predict(x, { out: new Float32Array(5) }), RangeError, '"out"')
    refuses(() => model.parameters[0].set(new Float32Array(5)), RangeError, '64 values')
    refuses(() => model.parameters[0].set(new Float32Array(64).fill(Number.NaN)), RangeError, 'finite')
    refuses(() => model.freeze(9), RangeError, '"layers" must be a whole number from 0 to 2, got')
    assert.equal(bits(model), before)
    const loss = model.trainStep(x, y)
    assert.ok(Number.isFinite(loss) && model.trainStep(x, y) < loss)
  })

  test('layers and options of a model are refused by name', () => {
    refuses(() => sequential([dense(3)]), TypeError, 'input(n)')
    refuses(() => sequential([input(3)]), RangeError, 'at least one layer')
    refuses(() => dense(0), RangeError, '"units"')
    refuses(() => dense(3, { activation: 'tahn' as 'tanh' }), RangeError, 'did you mean "tanh"?')
    refuses(() => dense(3, { kernelInitializer: 'glorot' as 'zeros' }), RangeError, 'kernelInitializer')
    refuses(() => sequential([input(3), dense(3)], { seed: -1 }), RangeError, '"seed"')
    refuses(() => sequential([input(3), dense(3)]).trainStep([1, 2, 3], [1, 2, 3]), Error, 'not compiled')
  })

  test('frozen layers keep their parameters, the others train', () => {
    const model = classifier()
    model.freeze(1)
    assert.equal(
      model.parameters.map(({ trainable }) => trainable),
      [false, false, true, true],
    )
    const before = model.parameters.map((parameter) => parameter.get())
    model.trainStep(wave(8 * 4), labels(8))
    const after = model.parameters.map((parameter) => parameter.get())
    assert.equal(after.slice(0, 2), before.slice(0, 2))
    assert.not.equal(after[2], before[2])
    model.unfreeze(1)
    model.trainStep(wave(8 * 4), labels(8))
    assert.not.equal(model.parameters[0].get(), before[0])
  })

  test('what would be ignored or misread is refused', () => {
    const model = classifier()
    const x = wave(8 * 4)
    refuses(() => model.freeze(), RangeError, 'freeze: name at least one layer')
    refuses(() => model.unfreeze(), RangeError, 'unfreeze: name at least one layer')
    refuses(() => model.predict(x, 32 as never), TypeError, 'predict: options must be an object, got 32')
    refuses(() => model.predict(x, null as never), TypeError, 'predict: options must be an object, got null')
    refuses(() => model.predict(x, { out: null } as never), RangeError, '"out" must be a Float32Array')
    refuses(() => model.predict(x, { training: null } as never), TypeError, '"training" must be true or false')
    refuses(
      () => model.predict(Buffer.alloc(16)),
      TypeError,
      'predict: "x" is a Buffer of 16 bytes; pass new Uint8Array',
    )
    refuses(() => model.predict(x.buffer as never), TypeError, 'say what it holds: new Float32Array(buffer)')
    assert.is(model.predict(new Uint8Array(Buffer.alloc(16))).length, 12)
    refuses(() => model.gradients(x, labels(8), { weights: [] } as never), TypeError, 'gradients: unknown option')
  })

  test('sample weights weigh the gradient as they do the step', () => {
    const [x, y] = [wave(8 * 4), labels(8)]
    const sampleWeight = [1, 0, 2, 0.5, 1, 3, 0, 1]
    const [model, trained] = [classifier(), classifier()]
    const { loss, gradient } = model.gradients(x, y, { sampleWeight })
    assert.is(loss, model.evaluate(x, y, { sampleWeight }).loss)
    assert.is(loss, trained.trainStep(x, y, { sampleWeight }))
    assert.equal(
      [...gradient],
      trained.parameters.flatMap((parameter) => [...parameter.gradient()]),
    )
    assert.not.equal([...gradient], [...model.gradients(x, y).gradient])
  })

  test('weights of a model of other shapes are refused, whoever copied them', () => {
    const of = (units: number) => sequential([input(4), dense(units, { biasInitializer: 'ones' })], { seed: 1 })
    const [model, same, other] = [of(3), of(3), of(5)]
    const weights = model.getWeights()
    assert.is(weights.length, other.getWeights().length)
    same.setWeights(weights)
    assert.equal(bits(same), bits(model))
    same.setWeights(weights.slice())
    same.setWeights(weights.map((value) => value * 0.5))
    const before = bits(other)
    refuses(
      () => other.setWeights(weights),
      RangeError,
      'the snapshot is of panels 4 x 3, row 3; this model has panels 4 x 5, row 5',
    )
    // of a copy only its padding can tell, as that of the wider model does
    const copy = other.getWeights().slice()
    refuses(() => model.setWeights(copy), RangeError, /"weights" has .* has padding; it is of other shapes/)
    refuses(() => other.setWeights(weights.slice(1)), RangeError, '"weights" must be a snapshot of')
    refuses(() => other.setWeights([...weights] as never), TypeError, 'must be what getWeights() returned')
    assert.equal(bits(other), before)
  })

  test('two layers of one name are refused', () => {
    refuses(() => sequential([input(3), dense(3, { name: 'dense_2' }), dense(1)]), RangeError, '"dense_2"')
  })

  test('replaceHead keeps the body', () => {
    const model = classifier()
    const other = model.replaceHead([dense(7, { activation: 'softmax' })], { seed: 2 })
    assert.equal(other.parameters[0].get(), model.parameters[0].get())
    assert.equal(other.predict(wave(4)).length, 7)
  })

  test('weights per sample: zero weight is no row at all', () => {
    const x = wave(8 * 4)
    const y = labels(8)
    const weighted = classifier()
    const plain = classifier()
    for (let i = 0; i < 3; i++) {
      weighted.trainStep(x, y, { sampleWeight: [1, 1, 1, 1, 1, 0, 0, 0] })
      plain.trainStep(x.subarray(0, 20), y.subarray(0, 5))
    }
    const difference = bits(weighted).map((value, i) => Math.abs(value - bits(plain)[i]))
    assert.ok(Math.max(...difference) < 1e-6)
  })

  test('a parameter has a gradient once there has been one', () => {
    const model = classifier()
    const [kernel] = model.parameters
    refuses(() => kernel.gradient(), Error, 'has none yet')
    model.gradients(wave(8 * 4), labels(8))
    assert.ok(kernel.gradient().some((value) => value !== 0))
    model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' })
    refuses(() => kernel.gradient(), Error, 'has none yet')
    model.trainStep(wave(8 * 4), labels(8))
    assert.ok(kernel.gradient().some((value) => value !== 0))
  })

  test('100,000 steps grow no memory', () => {
    const model = sequential([input(4), dense(16, { activation: 'tanh' }), dense(3, { activation: 'softmax' })], {
      seed: 1,
    })
    model.compile({ optimizer: sgd({ learningRate: 0.01 }), loss: 'sparseCategoricalCrossentropy' })
    const x = wave(16 * 4)
    const y = labels(16)
    for (let i = 0; i < 1000; i++) model.trainStep(x, y)
    const { memory } = model.engine.arena.machine
    const bytes = memory.buffer.byteLength
    const steps = target === 'debug' ? 5000 : 100_000
    for (let i = 0; i < steps; i++) model.trainStep(x, y)
    assert.is(memory.buffer.byteLength, bytes)
    assert.ok(Number.isFinite(model.trainStep(x, y)))
  })
  test.run()
}
