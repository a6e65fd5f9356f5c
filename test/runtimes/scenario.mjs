// What every runtime must do with the installed package: train, predict, save, reload, fine-tune, load by hand. No imports: the
// caller hands in the package and the digits, so that the same lines run from files, in bundles and in workers.

/** FNV-1a over the bits of all parameters. */
export const hashOf = (model) => hashOfArrays(model.parameters.map((parameter) => parameter.get()))

function hashOfArrays(arrays) {
  let hash = 0x811c9dc5
  for (const values of arrays) {
    for (const byte of new Uint8Array(values.buffer, values.byteOffset, values.byteLength)) {
      hash = Math.imul(hash ^ byte, 0x01000193)
    }
  }
  return (hash >>> 0).toString(16).padStart(8, '0')
}

const sameBits = (a, b) => a.length === b.length && a.every((value, i) => Object.is(value, b[i]))

const check = (condition, what) => {
  if (!condition) throw new Error(`runtime scenario: ${what}`)
}

/**
 * @param fourlane the package's names
 * @param digits pixels and labels, base64
 * @param doors names of `fourlane/core` and `fourlane/predict`; wasm files for `init`: of training, and of an extension; a folder when
 * the host has files
 */
export async function scenario(fourlane, digits, { core, predict, wasm, folder } = {}) {
  const { input, dense, sgd, adam, standardScaler, trainTestSplit, modelFromBytes } = fourlane
  const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
  const images = Float32Array.from(decode(digits.images))
  const labels = Int32Array.from(decode(digits.labels))
  const split = trainTestSplit(images, labels, { columns: 64, testSize: 0.15, seed: 37 })
  const scaler = standardScaler()
  const xTrain = scaler.fitTransform(split.xTrain, 64)
  const xTest = scaler.transform(split.xTest)
  const { yTrain, yTest } = split
  const loss = 'sparseCategoricalCrossentropy'
  const metrics = ['accuracy']

  const train = async (from, options, optimizer, epochs, hidden = {}) => {
    const model = from.sequential(
      [input(64), dense(100, { activation: 'tanh', ...hidden }), dense(10, { activation: 'softmax' })],
      { seed: 37, ...options },
    )
    model.compile({ optimizer, loss, metrics })
    await model.fit(xTrain, yTrain, { epochs, batchSize: 32 })
    return model
  }

  // the host's own choice of build
  const { target } = fourlane.describeRuntime()
  const fast = await train(fourlane, {}, sgd({ learningRate: 0.1 }), 10)
  const { accuracy } = fast.evaluate(xTest, yTest)
  check(accuracy >= 0.95, `trained to accuracy ${accuracy}, expected at least 0.95`)

  // the same bits everywhere
  const model = await train(fourlane, { deterministic: true }, sgd({ learningRate: 0.1 }), 10)
  const hash = hashOf(model)
  const schedule = fourlane.cosineDecay({ learningRate: 0.003, minLearningRate: 0.0001, totalSteps: 240 })
  const normal = { kernelInitializer: 'heNormal', activation: 'gelu' }
  const adamHash = hashOf(await train(fourlane, { deterministic: true }, adam({ learningRate: schedule }), 5, normal))
  check(model.evaluate(xTest, yTest).accuracy >= 0.95, 'deterministic training fell short')

  // and on two threads, where the host has them: long enough for the workers to be there
  const threaded = await train(fourlane, { deterministic: true, threads: 2 }, sgd({ learningRate: 0.1 }), 60)
  const alone = await train(fourlane, { deterministic: true }, sgd({ learningRate: 0.1 }), 60)
  check(hashOf(threaded) === hashOf(alone), 'two threads give other parameters than one')
  // a model moves to shared memory when its workers have come
  const { buffer } = threaded.engine.arena.machine.memory
  const threads = typeof SharedArrayBuffer === 'function' && buffer instanceof SharedArrayBuffer ? 2 : 1
  threaded.close()

  // save, reload, predict
  const probabilities = model.predict(xTest)
  check(probabilities.length === yTest.length * 10, 'predict returned another size')
  const bytes = model.toBytes()
  const again = modelFromBytes(bytes)
  check(sameBits(again.predict(xTest), probabilities), 'the reloaded model predicts other values')
  if (folder) {
    const path = `${folder}/digits.safetensors`
    await model.save(path)
    check(
      sameBits((await fourlane.loadModel(path)).predict(xTest), probabilities),
      'the saved file predicts other values',
    )
  }

  // fine-tune the last layer
  again.compile({ optimizer: sgd({ learningRate: 0.01 }), loss, metrics })
  again.freeze(1)
  const before = again.parameters.map((parameter) => parameter.get())
  await again.fit(xTrain, yTrain, { epochs: 2 })
  const moved = again.parameters.map((parameter, i) => !sameBits(parameter.get(), before[i]))
  check(moved.join() === 'false,false,true,true', `fine-tuning moved the parameters ${moved}`)
  check(again.evaluate(xTest, yTest).accuracy >= 0.95, 'fine-tuning lost accuracy')

  // the optimizers on plain numbers
  const least = fourlane.minimize(adam({ learningRate: 0.1 }), [3, -2], (x, gradient) => {
    gradient.set([2 * x[0], 2 * x[1]])
    return x[0] ** 2 + x[1] ** 2
  })
  check(least.loss < 1e-4, `minimize stopped at ${least.loss}`)

  // only predicting, and loading by hand
  if (predict) {
    const predictor = predict.predictorFromBytes(bytes)
    check(sameBits(predictor.predict(xTest), probabilities), 'the predictor predicts other values')
    const loaded = fourlane.describeRuntime().modules.join()
    check(/^infer-simd.wasm,(relaxed.wasm,)?simd.wasm$/.test(loaded), `loaded ${loaded}`)
  }
  if (core) {
    for (const file of wasm) await core.init(file)
    const { modules } = core.describeRuntime()
    check(modules.includes('solve-simd.wasm'), `after init, loaded ${modules}`)
    const byHand = await train(core, { deterministic: true }, sgd({ learningRate: 0.1 }), 10)
    check(hashOf(byHand) === hash, 'loaded by init, training gives other parameters')
  }

  // in 8 bits: the same bits on the host's own build, too
  const int8 = fourlane.quantize(model).predict(xTest)
  const own = fourlane.sequential(model.layers, { seed: 1 })
  own.setWeights(model.getWeights())
  check(sameBits(fourlane.quantize(own).predict(xTest), int8), `in 8 bits, ${target} predicts other values than simd`)
  const calibrated = fourlane.quantize(own, { calibration: xTrain }).predict(xTest)
  const int8Hash = hashOfArrays([int8, calibrated])
  const right = fourlane.score('accuracy', yTest, int8)
  check(right >= accuracy - 0.01, `in 8 bits, accuracy is ${right}, in floats ${accuracy}`)
  return { accuracy, hash, adamHash, int8Hash, target, threads, bytes }
}
