/**
 * Wide vectors, an opt-in for Node: V8's experimental pass that fuses pairs of 128-bit operations into 256-bit ones.
 * About 1.6 times the speed of matrix products where it works, and the same bits.
 */
import { setFlagsFromString } from 'node:v8'
import { dense } from '../layers/layers.ts'
import { isWide, pickTarget, setWide } from '../machine/wasm.ts'
import { type Model, sequential } from '../model/model.ts'
import { digestOfKernels } from '../model/selfTest.ts'
import { sgd } from '../optimizers/optimizers.ts'

const FLAG = 'experimental-wasm-revectorize'
/** The pass must pay at least this much, or it is switched off again. */
const LEAST_GAIN = 1.15
const WIDTH = 256
const ROWS = 128
/** Deterministic or not: the flag is for both. */
const BUILDS = [false, true]

/**
 * Switches wide vectors on for models made afterwards, if a self-test shows that this host computes the same bits with them in
 * every kernel, and faster. Takes a second or two; call it once, before the first model. FOURLANE_WIDE=1 in the environment does
 * the same when the first model is made.
 * The engine's flag is set while the process runs, and stays for whatever WebAssembly it compiles later, that of others too.
 * @returns whether it took; otherwise nothing has changed, and `describeRuntime().wideReason` says why. Always false but on Node 24
 * and 25 on x86-64, and where models run on the plain SIMD build by FOURLANE_TARGET or `configureRuntime`.
 */
export function enableWideVectors(): boolean {
  if (isWide()) return true
  const refusal = tryWide()
  setWide(refusal === undefined, refusal ?? 'the self-test found the same bits, and more speed')
  return refusal === undefined
}

/** Leaves the flag set where it returns nothing; else why it is not. */
function tryWide(): string | undefined {
  if (!isCandidate()) return 'this engine has none: they need Node 24 or 25 on x86-64'
  if (pickTarget() !== 'relaxed') return 'the plain SIMD build was asked for'
  const before = BUILDS.map(digestOfKernels)
  // the self-test is to meet optimized code from its first step on
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
  // models are to be compiled as usual: quickly first, optimized when hot
  setFlagsFromString('--liftoff')
  if (refusal) setFlagsFromString(`--no-${FLAG}`)
  return refusal
}

/**
 * V8 knows the flag since 12.x, but compiles it right only in the versions of Node 24 and later. That of Node 26 ends the process when
 * its flags change between two modules, as they must for the self-test.
 */
function isCandidate(): boolean {
  const { node, bun, deno } = process.versions
  return process.arch === 'x64' && !bun && !deno && ['24', '25'].includes(node.split('.')[0])
}

/** Best time of a training step, and a digest of the parameters after all of them. */
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
