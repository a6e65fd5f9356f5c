/**
 * Wide vectors, opt-in for Node: V8's experimental pass that fuses pairs of 128-bit operations into 256-bit ones.
 * Makes matrix products about 1.6 times as fast where supported, with the same bits.
 */
import { setFlagsFromString } from 'node:v8'
import { dense } from '../layers/layers.ts'
import { isWide, pickTarget, setWide } from '../machine/wasm.ts'
import { type Model, sequential } from '../model/model.ts'
import { digestOfKernels } from '../model/selfTest.ts'
import { sgd } from '../optimizers/optimizers.ts'

const FLAG = 'experimental-wasm-revectorize'
/** Minimum speedup; below it the pass is disabled again. */
const LEAST_GAIN = 1.15
const WIDTH = 256
const ROWS = 128
/** Deterministic or not: the flag affects both. */
const BUILDS = [false, true]

/**
 * Enables wide vectors for models made afterwards, if a self-test shows that all kernels compute the same bits with them on
 * this host, and faster. Takes a second or two; call it once, before creating the first model. FOURLANE_WIDE=1 in the environment
 * does the same when the first model is created.
 * Sets an engine flag in the running process, which affects all WebAssembly compiled later, including that of other libraries.
 * @returns whether it took effect; otherwise nothing has changed, and `describeRuntime().wideReason` says why. Always false except on
 * Node 24 and 25 on x86-64, and if FOURLANE_TARGET or `configureRuntime` selects the plain SIMD build.
 */
export function enableWideVectors(): boolean {
  if (isWide()) return true
  const refusal = tryWide()
  setWide(refusal === undefined, refusal ?? 'the self-test found the same bits, and more speed')
  return refusal === undefined
}

/** Leaves the flag set if it returns undefined; otherwise returns the reason for not setting it. */
function tryWide(): string | undefined {
  if (!isCandidate()) return 'this engine has none: they need Node 24 or 25 on x86-64'
  if (pickTarget() !== 'relaxed') return 'the plain SIMD build was asked for'
  const before = BUILDS.map(digestOfKernels)
  // the self-test should run optimized code from its first step on
  setFlagsFromString('--no-liftoff')
  let refusal: string | undefined
  try {
    const narrow = trial(false)
    setFlagsFromString(`--${FLAG}`)
    const wide = trial(true)
    const gain = narrow.milliseconds / wide.milliseconds
    if (gain < LEAST_GAIN) refusal = `the self-test found them ${gain.toFixed(2)} times as fast, which is not worth it`
    else if (wide.bits !== narrow.bits || BUILDS.some((build, i) => digestOfKernels(build) !== before[i]))
      refusal = 'the self-test found other bits'
  } catch (error) {
    refusal = `the self-test failed: ${(error as Error).message}`
  }
  // models are compiled as usual: quickly first, optimized when hot
  setFlagsFromString('--liftoff')
  if (refusal) setFlagsFromString(`--no-${FLAG}`)
  return refusal
}

/**
 * V8 has the flag since 12.x, but only compiles correctly with it since Node 24. In Node 26, V8 aborts the process if
 * its flags change between two modules, as the self-test requires.
 */
function isCandidate(): boolean {
  const { node, bun, deno } = process.versions
  return process.arch === 'x64' && !bun && !deno && ['24', '25'].includes(node.split('.')[0])
}

/** Best time of a training step, and a digest of the parameters afterwards. */
function trial(wide: boolean): { bits: string; milliseconds: number } {
  setWide(wide, 'trying')
  const model = sequential([{ kind: 'input', size: WIDTH }, dense(WIDTH, { activation: 'tanh' }), dense(WIDTH)], {
    seed: 1,
  })
  model.compile({ optimizer: sgd({ learningRate: 0.01 }), loss: 'meanSquaredError' })
  const x = Float32Array.from({ length: ROWS * WIDTH }, (_, i) => Math.sin(i))
  let milliseconds = Number.POSITIVE_INFINITY
  for (let i = 0; i < 40; i++) {
    const started = performance.now()
    model.trainStep(x, x)
    milliseconds = Math.min(milliseconds, performance.now() - started)
  }
  return { bits: digest(model), milliseconds }
}

const digest = (model: Model): string => {
  const { buffer, byteOffset, byteLength } = model.getWeights()
  return Array.from(new Uint32Array(buffer, byteOffset, byteLength / 4)).join()
}
