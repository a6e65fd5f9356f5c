/** A step of every op with every operand, small but of awkward shape: what the tests of the list iterate. */
import { ACTIVATION_COS, ACTIVATION_SOFTPLUS } from '../../src/abi/activations.ts'
import { CORRECT_BINARY } from '../../src/abi/batches.ts'
import { SEED_SOFTMAX } from '../../src/abi/fisher.ts'
import { BATCH_NORM_MODE_BATCH } from '../../src/abi/layers.ts'
import { SOLVE_TRANSPOSED } from '../../src/abi/linear.ts'
import { LOSS_SIGMOID_CROSSENTROPY } from '../../src/abi/losses.ts'
import * as ops from '../../src/machine/ops/ops.ts'
import { type Step, step } from '../../src/machine/program.ts'
import { matrixSamples } from './matrixSamples.ts'

export type OpName = keyof typeof ops

/** Units that threads share by each split: no two alike. */
export const UNITS = { none: 0, chunks: 1, panels: 3, rows: 5, lines: 7, grid: 8, vectors: 28 } as const
export const ROWS = 5
const COLS = 21
/** Of a layer, both ways: units of two panels. */
const WIDTH = 120
const COUNT = 112
const stride = 512
const xStride = 512

/** Steps by op; `room` gives the address of another region, `indices` is one of small integers. */
export function samples(room: () => number, indices: number): { readonly [Name in OpName]: Step } {
  const cols = COLS
  const layer = () => ({ x: room(), xStride, inputs: WIDTH, units: WIDTH })
  const dz = () => ({ dz: room(), dzStride: stride })
  const activation = () => ({
    activation: ACTIVATION_SOFTPLUS,
    alpha: 0.5,
    saved: room(),
    savedStride: stride,
  })
  const elements = () => ({ from: room(), to: room(), stride, cols, kind: ACTIVATION_SOFTPLUS, alpha: 0.5 })
  const waves = () => ({ from: room(), to: room(), stride, cols, kind: ACTIVATION_COS })
  const shares = () => ({ x: room(), f: room(), stride, cols, alpha: room() })
  const periods = () => ({
    x: room(),
    xStride,
    yStride: stride,
    cols,
    frequencies: 5,
    units: 3,
    w: room(),
    b: room(),
    kernel: room(),
  })
  const moved = () => ({ fromStride: xStride, to: room(), toStride: stride, count: 11 })
  const rowsOf = () => ({ x: room(), xStride, categories: 3, yStride: stride })
  const normColumns = () => ({ x: room(), stride, gamma: room() })
  const statistics = () => ({
    cols,
    mode: BATCH_NORM_MODE_BATCH,
    statistics: room(),
    statisticsStride: 96,
  })
  const running = () => ({ runningMean: room(), runningSpread: room() })
  const groups = () => ({ stride, cols, group: 7, gamma: room(), centered: 1 })
  const runs = () => ({ from: room(), to: room(), count: 24, run: 4 })
  const noisy = () => ({ from: room(), to: room(), stride, cols, stream: 1, scale: 1.25 })
  const slopes = () => ({ x: room(), stride, cols, alpha: room() })
  const kernel = () => ({ v: room(), g: room(), inverse: room(), inputs: 9, units: cols })
  const normCurve = () => ({ stride, cols, gamma: room(), gammaTangent: room(), normalizedTangent: room() })
  const batchCurve = () => ({
    ...normCurve(),
    x: room(),
    live: 1,
    statistics: room(),
    statisticsStride: 96,
    sums: room(),
  })
  const rowCurve = () => ({
    ...normCurve(),
    group: 7,
    normalized: room(),
    inverse: room(),
    moved: room(),
    centered: 1,
  })
  const curveBack = () => ({ dy: room(), dyTangent: room(), to: room() })
  const preluCurve = () => ({ ...slopes(), xTangent: room(), alphaTangent: room() })
  const weightCurve = () => ({ ...kernel(), vTangent: room(), gTangent: room(), sums: room() })
  const activity = () => ({ y: room(), stride, cols, l1: 0.1, l2: 0.2 })
  const norm = () => ({ gradients: room(), count: COUNT, partials: room(), order: 2 })
  const pass = () => ({
    parameters: room(),
    gradients: room(),
    count: COUNT,
    journal: 0,
    rateScale: 1,
    decayScale: 1,
    decay: 0.125,
    tiny: 1e-20,
    tinySquare: 1e-29,
  })
  const square = () => ({ to: room(), toRow: stride, toPanel: 32 })
  const triangular = () => ({ u: room(), stride, n: cols, first: 0, inverse: room() })
  const seconds = { beta2: 0.75, rest2: 0.25, epsilon: 0.01, decoupled: 0, epsilonRoot: 0.01 }
  const moments = { beta1: 0.5, rest1: 0.5, ...seconds }
  const two = () => ({ ...pass(), firstMoment: room(), secondMoment: room(), ...moments })
  const tensor = () => ({ ...two(), partials: room() })
  return {
    none: step(ops.none, {}),
    gather: step(ops.gather, { from: room(), to: room(), order: indices, cols, toStride: stride }),
    dense: step(ops.dense, { ...layer(), w: room(), b: room(), y: room(), yStride: stride, ...activation() }),
    denseDw: step(ops.denseDw, { ...layer(), ...dz(), dw: room(), db: room() }),
    denseDx: step(ops.denseDx, {
      ...dz(),
      inputs: WIDTH,
      units: WIDTH,
      w: room(),
      dx: room(),
      dxStride: stride,
      scratch: room(),
      ...activation(),
    }),
    activate: step(ops.activate, elements()),
    activateBack: step(ops.activateBack, { ...elements(), saved: room() }),
    meanLoss: step(ops.meanLoss, { rowLosses: room(), weights: room() }),
    correct: step(ops.correct, {
      mode: CORRECT_BINARY,
      outputs: room(),
      stride,
      cols,
      targets: room(),
      targetsStride: stride,
      threshold: 0.5,
    }),
    penalty: step(ops.penalty, {
      parameters: room(),
      gradients: room(),
      count: COUNT,
      partials: room(),
      l1: 0.1,
      l2: 0.2,
    }),
    penaltySum: step(ops.penaltySum, { partials: room(), count: 3 }),
    activity: step(ops.activity, activity()),
    activityBack: step(ops.activityBack, { ...activity(), dy: room(), to: room() }),
    gradientSums: step(ops.gradientSums, norm()),
    clipNorm: step(ops.clipNorm, { ...norm(), limit: 1e-6 }),
    clipValue: step(ops.clipValue, { gradients: room(), count: COUNT, limit: 0.75 }),
    batchNorm: step(ops.batchNorm, {
      ...normColumns(),
      ...statistics(),
      ...running(),
      beta: room(),
      y: room(),
      epsilon: 0.01,
      rMax: 3,
      dMax: 5,
    }),
    batchNormBack: step(ops.batchNormBack, {
      ...normColumns(),
      ...statistics(),
      dy: room(),
      dx: room(),
      dgamma: room(),
      dbeta: room(),
    }),
    runningStatistics: step(ops.runningStatistics, { ...statistics(), ...running(), momentum: 0, batches: room() }),
    rowNorm: step(ops.rowNorm, {
      ...groups(),
      x: room(),
      y: room(),
      beta: room(),
      normalized: room(),
      inverse: room(),
      epsilon: 0.01,
    }),
    rowNormBack: step(ops.rowNormBack, {
      ...groups(),
      dy: room(),
      dx: room(),
      normalized: room(),
      inverse: room(),
    }),
    columnSums: step(ops.columnSums, { dy: room(), n: room(), stride, cols, dgamma: room(), dbeta: room() }),
    spread: step(ops.spread, runs()),
    collect: step(ops.collect, runs()),
    dropout: step(ops.dropout, { ...noisy(), threshold: 1 << 30, rate: 0 }),
    noise: step(ops.noise, noisy()),
    add: step(ops.add, { a: room(), b: room(), to: room(), stride, cols }),
    prelu: step(ops.prelu, { ...slopes(), y: room() }),
    preluBack: step(ops.preluBack, { ...slopes(), dy: room(), dx: room(), dalpha: room() }),
    weightNorm: step(ops.weightNorm, { ...kernel(), w: room() }),
    weightNormBack: step(ops.weightNormBack, { ...kernel(), dw: room(), dv: room(), dg: room() }),
    sgd: step(ops.sgd, { ...pass(), velocity: room(), gradientShare: 0.5 }),
    asgd: step(ops.asgd, { ...pass(), average: room(), lambda: 0.1 }),
    rprop: step(ops.rprop, {
      ...pass(),
      previousGradient: room(),
      stepSize: room(),
      shrink: 0.5,
      grow: 1.25,
      smallest: 1e-6,
      largest: 50,
    }),
    adagrad: step(ops.adagrad, { ...pass(), sumOfSquares: room(), epsilon: 0.01 }),
    adadelta: step(ops.adadelta, {
      ...pass(),
      secondMoment: room(),
      secondDelta: room(),
      rho: 0.75,
      rest: 0.25,
      epsilon: 0.01,
    }),
    rmsprop: step(ops.rmsprop, {
      ...pass(),
      secondMoment: room(),
      velocity: room(),
      firstMoment: room(),
      rho: 0.75,
      rest: 0.25,
      epsilon: 0.01,
      momentum: 0.5,
    }),
    adam: step(ops.adam, {
      ...pass(),
      firstMoment: room(),
      secondMoment: room(),
      maxSecondMoment: room(),
      ...seconds,
    }),
    adamax: step(ops.adamax, { ...pass(), firstMoment: room(), infinityNorm: room(), ...moments }),
    nadam: step(ops.nadam, { ...pass(), firstMoment: room(), secondMoment: room(), ...seconds }),
    radam: step(ops.radam, two()),
    yogi: step(ops.yogi, two()),
    adabelief: step(ops.adabelief, two()),
    lion: step(ops.lion, { ...pass(), firstMoment: room(), ...moments }),
    lambNorms: step(ops.lambNorms, tensor()),
    lamb: step(ops.lamb, tensor()),
    novogradNorms: step(ops.novogradNorms, tensor()),
    novogradMoment: step(ops.novogradMoment, tensor()),
    novograd: step(ops.novograd, tensor()),
    dotPartials: step(ops.dotPartials, { x: room(), y: room(), count: COUNT, partials: room() }),
    dotSum: step(ops.dotSum, { partials: room(), count: 3 }),
    axpy: step(ops.axpy, { x: room(), y: room(), to: room(), count: COUNT, scalar: 1 }),
    ...matrixSamples(room),
    activateCurve: step(ops.activateCurve, {
      dy: room(),
      dyTangent: room(),
      saved: room(),
      tangent: room(),
      to: room(),
      stride,
      cols,
      kind: ACTIVATION_SOFTPLUS,
      alpha: 0.5,
    }),
    logSoftmaxTangent: step(ops.logSoftmaxTangent, { y: room(), tangent: room(), to: room(), stride, cols }),
    loss: step(ops.loss, {
      kind: LOSS_SIGMOID_CROSSENTROPY,
      outputs: room(),
      stride,
      cols,
      targets: room(),
      targetsStride: stride,
      weights: room(),
      deltas: room(),
      rowLosses: room(),
      gradient: room(),
      probabilities: room(),
      delta: 1,
      smoothing: 0.1,
    }),
    lossCurve: step(ops.lossCurve, {
      kind: LOSS_SIGMOID_CROSSENTROPY,
      outputs: room(),
      tangent: room(),
      to: room(),
      stride,
      cols,
      deltas: room(),
      targets: room(),
      targetsStride: stride,
      weights: room(),
      delta: 1,
      smoothing: 0.1,
    }),
    batchNormTangent: step(ops.batchNormTangent, {
      ...batchCurve(),
      xTangent: room(),
      betaTangent: room(),
      to: room(),
    }),
    batchNormCurve: step(ops.batchNormCurve, { ...batchCurve(), ...curveBack(), dgamma: room(), dbeta: room() }),
    rowNormTangent: step(ops.rowNormTangent, { ...rowCurve(), xTangent: room(), betaTangent: room(), to: room() }),
    rowNormCurve: step(ops.rowNormCurve, { ...rowCurve(), ...curveBack() }),
    preluTangent: step(ops.preluTangent, { ...preluCurve(), to: room() }),
    preluCurve: step(ops.preluCurve, { ...preluCurve(), ...curveBack(), dalpha: room() }),
    weightNormTangent: step(ops.weightNormTangent, { ...weightCurve(), to: room() }),
    weightNormCurve: step(ops.weightNormCurve, {
      ...weightCurve(),
      dw: room(),
      dwTangent: room(),
      dv: room(),
      dg: room(),
    }),
    quantizeRows: step(ops.quantizeRows, {
      from: room(),
      stride,
      cols,
      to: room(),
      toStride: stride,
      rows: room(),
      scale: 0.125,
      zero: 3,
    }),
    denseInt8: step(ops.denseInt8, {
      x: room(),
      xStride,
      xRows: room(),
      w: room(),
      sums: room(),
      scales: room(),
      b: room(),
      inputs: WIDTH,
      units: WIDTH,
      y: room(),
      yStride: stride,
      activation: ACTIVATION_SOFTPLUS,
      alpha: 0.5,
      to: room(),
      toStride: stride,
      toRows: room(),
      toScale: 0.125,
      toZero: 3,
    }),
    activateExact: step(ops.activateExact, elements()),
    copyColumns: step(ops.copyColumns, { ...moved(), from: room(), pad: 5 }),
    addColumns: step(ops.addColumns, { ...moved(), from: room() }),
    takeRows: step(ops.takeRows, { ...rowsOf(), units: cols, y: room(), table: room(), pad: 3 }),
    markColumns: step(ops.markColumns, { ...rowsOf(), y: room(), pad: 3 }),
    clearRows: step(ops.clearRows, {
      x: room(),
      xStride,
      categories: 3,
      units: cols,
      gradient: room(),
      list: room(),
      room: ROWS,
    }),
    addToRows: step(ops.addToRows, { ...rowsOf(), units: cols, dy: room(), gradient: room() }),
    stepRows: step(ops.stepRows, {
      ...rowsOf(),
      units: cols,
      y: room(),
      table: room(),
      gradient: room(),
      scale: 0.5,
      tiny: 1e-20,
    }),
    alphaDropout: step(ops.alphaDropout, { ...noisy(), threshold: 1 << 30, shift: 0.25, floor: -1.5 }),
    mix: step(ops.mix, { ...shares(), y: room() }),
    mixBack: step(ops.mixBack, { ...shares(), dy: room(), dx: room(), df: room(), dalpha: room() }),
    periodic: step(ops.periodic, { ...periods(), y: room(), bias: room() }),
    periodicBack: step(ops.periodicBack, {
      ...periods(),
      dy: room(),
      dx: room(),
      dw: room(),
      db: room(),
      dkernel: room(),
      dbias: room(),
    }),
    wave: step(ops.wave, waves()),
    waveBack: step(ops.waveBack, { ...waves(), saved: room() }),
    // three units of work: pairs of panels, each with another
    gram: step(ops.gram, { ...square(), x: room(), xStride, rows: 11, n: 88, lower: 0, adds: 1 }),
    damp: step(ops.damp, { from: room(), to: room(), stride, n: cols, scalar: 1, diagonal: room() }),
    cholesky: step(ops.cholesky, { ...triangular(), status: room(), diagonal: room() }),
    triangle: step(ops.triangle, { ...triangular(), x: room(), xStride, begin: 0, end: 45, kind: SOLVE_TRANSPOSED }),
    stridedProduct: step(ops.stridedProduct, {
      a: room(),
      aStride: stride,
      b: room(),
      bRow: stride,
      bPanel: 32,
      bLast: room(),
      to: room(),
      toRow: stride,
      toPanel: 32,
      toLast: room(),
      rows: WIDTH - 1,
      depth: 7,
      cols: WIDTH,
    }),
    combine: step(ops.combine, { x: room(), y: room(), to: room(), count: COUNT }),
    weigh: step(ops.weigh, {
      x: room(),
      xStride,
      cols,
      to: room(),
      toStride: stride,
      weights: room(),
      ones: 1,
      divides: 0,
    }),
    seed: step(ops.seed, { y: room(), stride, cols, to: room(), weights: room(), kind: SEED_SOFTMAX, stream: 1 }),
  }
}
