/** fourlane: public names only. */
export { type Activation, type ActivationName, elu, leakyRelu } from './activations.ts'
export {
  type Callback,
  type CallbackContext,
  type CallbackModel,
  csvLogger,
  earlyStopping,
  type Logs,
  lambdaCallback,
  modelCheckpoint,
  type Progress,
  type ProgressOutput,
  progressBar,
  reduceLearningRateOnPlateau,
  tensorBoard,
  terminateOnNaN,
} from './callbacks.ts'
export type { CompileOptions } from './compile.ts'
export { constant } from './constant.ts'
export type { Features } from './data/features.ts'
export type { ClassWeight, Targets } from './data.ts'
export type { BatchInput, BatchSource, ValidationData } from './dataset.ts'
export { type Diagnosis, diagnose, diagnosisTable, type LayerDiagnosis } from './diagnose.ts'
export type { History } from './fit.ts'
export type { FitOptions } from './fitOptions.ts'
export { type CsvTable, readCsv } from './formats/csv.ts'
export { gunzip, readIdx } from './formats/idx.ts'
export {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  identity,
  initialGain,
  lecunNormal,
  lecunUniform,
  ones,
  orthogonal,
  randomNormal,
  randomUniform,
  torchLinear,
  truncatedNormal,
  varianceScaling,
  zeros,
} from './initializers.ts'
export {
  activation,
  batchNorm,
  batchRenorm,
  dense,
  dropout,
  gaussianNoise,
  groupNorm,
  input,
  instanceNorm,
  type Layer,
  layerNorm,
  prelu,
  residual,
  rmsNorm,
} from './layers.ts'
export { loadModel, modelFromBytes } from './load.ts'
export {
  binaryCrossentropy,
  categoricalCrossentropy,
  categoricalHinge,
  hinge,
  huber,
  klDivergence,
  type Loss,
  type LossName,
  logCosh,
  meanAbsoluteError,
  meanSquaredError,
  poisson,
  sparseCategoricalCrossentropy,
  squaredHinge,
} from './losses.ts'
export {
  accuracy,
  auc,
  binaryAccuracy,
  classificationReport,
  confusionMatrix,
  f1Score,
  logLoss,
  type Metric,
  type MetricName,
  meanAbsolutePercentageError,
  precision,
  r2Score,
  recall,
  rootMeanSquaredError,
  score,
  topKAccuracy,
} from './metrics.ts'
export { type Model, type ModelOptions, sequential } from './model.ts'
export {
  type MinimizeOptions,
  type Minimum,
  minimize,
  type Optimization,
  type OptimizeOptions,
  optimize,
  type Progress as MinimizeProgress,
} from './optimize.ts'
export {
  adabelief,
  adadelta,
  adagrad,
  adam,
  adamax,
  adamw,
  asgd,
  lamb,
  lion,
  nadam,
  novograd,
  type Optimizer,
  type OptimizerName,
  type ParameterGroup,
  radam,
  rmsprop,
  rprop,
  sgd,
  yogi,
} from './optimizers.ts'
export type { Parameter } from './parameters.ts'
export {
  type MinMaxScaler,
  minMaxScaler,
  oneHot,
  type StandardScaler,
  shuffle,
  standardScaler,
  trainTestSplit,
} from './preprocessing.ts'
export { l1, l1l2, l2, type Regularizer } from './regularizers.ts'
export {
  cosineDecay,
  cosineDecayRestarts,
  cyclic,
  describeSchedule,
  exponentialDecay,
  harmonic,
  inverseSqrt,
  inverseSqrtWarmup,
  inverseTimeDecay,
  joinSchedules,
  linearWarmup,
  multiStepDecay,
  oneCycle,
  piecewiseConstant,
  polynomialDecay,
  restoreSchedule,
  type Schedule,
  stepDecay,
  warmupCosine,
} from './schedules.ts'
export { configureRuntime, describeRuntime } from './wasm.ts'
