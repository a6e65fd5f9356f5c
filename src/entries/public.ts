/** fourlane: the public names. */
export {
  type Activation,
  type ActivationName,
  cos,
  elu,
  exponential,
  gelu,
  leakyRelu,
  sin,
  softplus,
} from '../catalogue/activations.ts'
export { constant } from '../catalogue/constant.ts'
export { type CustomLoss, customLoss, type LossRows } from '../catalogue/customLoss.ts'
export {
  cosineSimilarity,
  focal,
  meanSquaredLogarithmicError,
  multiMargin,
  quantile,
} from '../catalogue/hostLosses.ts'
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
} from '../catalogue/initializers/initializers.ts'
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
  meanAbsolutePercentageError,
  meanSquaredError,
  poisson,
  sparseCategoricalCrossentropy,
  squaredHinge,
} from '../catalogue/losses.ts'
export {
  type CustomMetric,
  customMetric,
  type MetricRows,
  type MetricState,
} from '../catalogue/metrics/customMetric.ts'
export {
  accuracy,
  auc,
  averagePrecision,
  balancedAccuracy,
  binaryAccuracy,
  classificationReport,
  confusionMatrix,
  f1Score,
  fBeta,
  logLoss,
  type Metric,
  type MetricName,
  matthewsCorrelation,
  precision,
  precisionAtRecall,
  r2Score,
  recall,
  rootMeanSquaredError,
  topKAccuracy,
} from '../catalogue/metrics/metrics.ts'
export { type ScoreOptions, score } from '../catalogue/metrics/score.ts'
export { l1, l1l2, l2, type Regularizer } from '../catalogue/regularizers.ts'
export type { BatchInput, BatchSource } from '../data/dataset.ts'
export type { Features } from '../data/features.ts'
export { type FoldOptions, kFold, takeRows } from '../data/folds.ts'
export { type QuantileScaler, quantileScaler, type RobustScaler, robustScaler } from '../data/rankScalers.ts'
export {
  type MinMaxScaler,
  minMaxScaler,
  type ScalerJson,
  type StandardScaler,
  standardScaler,
} from '../data/scalers.ts'
export { oneHot, shuffle, trainTestSplit } from '../data/split.ts'
export type { Targets } from '../data/targets.ts'
export type { ValidationData, ValidationSplit } from '../data/validation.ts'
export type { ClassWeight } from '../data/weights.ts'
export { kfac, naturalGradient, newtonCg } from '../engine/exactSolvers.ts'
export { type CsvTable, readCsv } from '../formats/csv.ts'
export { gunzip, readIdx } from '../formats/idx.ts'
export { type Curvature, type CurvatureOptions, curvature } from '../landscape/curvature.ts'
export { type LossAlongOptions, type LossLine, lossAlong } from '../landscape/lossAlong.ts'
export { type LossSurface, type LossSurfaceOptions, lossSurface } from '../landscape/lossSurface.ts'
export type { ProbeOptions } from '../landscape/probe.ts'
export { recordTrajectory, type Trajectory, type TrajectoryOptions } from '../landscape/trajectory.ts'
export {
  activation,
  alphaDropout,
  type BlendOptions,
  batchNorm,
  batchRenorm,
  blend,
  concatenate,
  dense,
  dropout,
  type EmbeddingOptions,
  type EmbeddingTable,
  embedding,
  gaussianNoise,
  groupNorm,
  input,
  instanceNorm,
  type Layer,
  layerNorm,
  type OneHotColumnsOptions,
  oneHotColumns,
  type PeriodicEmbeddingOptions,
  periodicEmbedding,
  prelu,
  residual,
  rmsNorm,
  type ScaleOptions,
  type SelectOptions,
  scale,
  select,
  unitNorm,
} from '../layers/layers.ts'
export { configureRuntime, describeRuntime } from '../machine/wasm.ts'
export type { LossCallback, LossCallbackOf } from '../model/callbackLoss.ts'
export type {
  ClassesOf,
  ClassNamesOf,
  CompileOptions,
  CompileOptionsOf,
  Each,
  HeadsCompileOptions,
  RowWeightsOf,
  TargetsOf,
} from '../model/compileOptions.ts'
export type { Custom } from '../model/custom.ts'
export { type Diagnosis, diagnose, diagnosisTable, type LayerDiagnosis } from '../model/diagnose.ts'
export type { BatchInputOf, BatchSourceOf, EvaluateOptions, FitOptionsOf, StepOptions } from '../model/headData.ts'
export { heads } from '../model/heads.ts'
export { inputGradients } from '../model/inputGradients.ts'
export { type LoadOptions, loadModel, modelFromBytes } from '../model/load.ts'
export { Model, sequential } from '../model/model.ts'
export { Parameter } from '../model/parameters.ts'
export {
  type Importance,
  type ImportanceOptions,
  permutationImportance,
} from '../model/permutationImportance.ts'
export type { FeatureSource } from '../model/predictBatches.ts'
export { gaussNewtonVectorProduct, hessianVectorProduct } from '../model/products.ts'
export { type QuantizationReport, type QuantizedModel, type QuantizeOptions, quantize } from '../model/quantize.ts'
export type { ReadOptions } from '../model/snapshot.ts'
export type { ModelSource } from '../model/source.ts'
export { submodel } from '../model/submodel.ts'
export type { ModelOptions, PredictOptions } from '../model/untrained.ts'
export type { MatrixRule } from '../optimizers/matrices/matrixRule.ts'
export { type MuonOptions, muon } from '../optimizers/matrices/muon.ts'
export { type PathSgdOptions, pathSgd } from '../optimizers/matrices/pathSgd.ts'
export { type ShampooOptions, shampoo } from '../optimizers/matrices/shampoo.ts'
export { type SoapOptions, soap } from '../optimizers/matrices/soap.ts'
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
} from '../optimizers/optimizers.ts'
export {
  cosineDecay,
  cosineDecayRestarts,
  coslog,
  cyclic,
  describeSchedule,
  exponentialDecay,
  flatCosine,
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
} from '../optimizers/schedules/schedules.ts'
export { type ConjugateGradientOptions, conjugateGradient } from '../optimizers/solvers/conjugateGradient.ts'
export type { KfacOptions } from '../optimizers/solvers/kfac/kfac.ts'
export { type LbfgsOptions, lbfgs } from '../optimizers/solvers/lbfgs.ts'
export type { NaturalGradientOptions } from '../optimizers/solvers/naturalGradient.ts'
export type { NewtonCgOptions } from '../optimizers/solvers/newtonCg.ts'
export type { Solver } from '../optimizers/solvers/solver.ts'
export {
  type Callback,
  type CallbackContext,
  type CallbackModel,
  csvLogger,
  earlyStopping,
  ema,
  type Logs,
  lambdaCallback,
  learningRateScheduler,
  modelCheckpoint,
  type Progress,
  type ProgressOutput,
  progressBar,
  reduceLearningRateOnPlateau,
  type SaveOptions,
  swa,
  tensorBoard,
  terminateOnNaN,
} from '../training/callbacks/callbacks.ts'
export type { FitOptions } from '../training/fitOptions.ts'
export type { History } from '../training/history.ts'
export {
  type MinimizeOptions,
  type Minimum,
  minimize,
  type Progress as MinimizeProgress,
} from '../training/minimize.ts'
export { type Optimization, type OptimizeOptions, optimize } from '../training/optimize.ts'
