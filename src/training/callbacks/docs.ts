/** What the reference page says of every callback. */

export interface CallbackDoc {
  readonly signature: string
  readonly does: string
  readonly options: Readonly<Record<string, string>>
  readonly keras: string
  readonly pytorch: string
  readonly use: string
}

const MONITOR = "the metric to watch; default 'val_loss'"
const MODE = "'min', 'max' or 'auto': larger is better for accuracy, precision, recall, f1, auc and r2; default 'auto'"

export const DOCS = {
  earlyStopping: {
    signature:
      "earlyStopping({ monitor = 'val_loss', minDelta = 0, patience = 0, mode = 'auto', baseline, startFromEpoch = 0, restoreBestWeights = false })",
    does: 'Stops when the monitored metric has not improved by more than minDelta for `patience` epochs.',
    options: {
      monitor: MONITOR,
      minDelta: 'smaller improvements count as none; default 0',
      patience: 'epochs without improvement after which to stop; default 0',
      mode: MODE,
      baseline: 'waiting starts anew only where this value is beaten too; default none',
      startFromEpoch: 'epochs to let pass first; default 0',
      restoreBestWeights: 'bring back the weights of the best epoch when training ends; default false',
    },
    keras: 'EarlyStopping',
    pytorch: 'none',
    use: 'Against overfitting: patience of 3 to 20 with restoreBestWeights.',
  },
  reduceLearningRateOnPlateau: {
    signature:
      "reduceLearningRateOnPlateau({ monitor = 'val_loss', factor = 0.1, patience = 10, minDelta = 1e-4, mode = 'auto', cooldown = 0, minLearningRate = 0 })",
    does: 'Multiplies the learning rate by `factor` when the monitored metric has not improved for `patience` epochs. Works on top of any schedule.',
    options: {
      monitor: MONITOR,
      factor: 'what to multiply with, between 0 and 1; default 0.1',
      patience: 'epochs without improvement after which to reduce; default 10',
      minDelta: 'smaller improvements count as none; default 1e-4',
      mode: MODE,
      cooldown: 'epochs to ignore after a reduction; default 0',
      minLearningRate: 'not reduced below; default 0',
    },
    keras: 'ReduceLROnPlateau (whose cooldown ends one epoch earlier)',
    pytorch: "ReduceLROnPlateau(threshold_mode='abs') with patience one less",
    use: 'When no schedule is known to fit.',
  },
  modelCheckpoint: {
    signature:
      "modelCheckpoint({ path, monitor = 'val_loss', mode = 'auto', saveBestOnly = false, includeOptimizer = false })",
    does: "Saves the model at every epoch's end.",
    options: {
      path: 'the file; may hold `{epoch}` (from 1) and metrics such as `{val_loss}`, formatted as `{epoch:03d}`, `{val_loss:.2f}`',
      monitor: MONITOR,
      mode: MODE,
      saveBestOnly: 'save only when the metric improved; default false',
      includeOptimizer: 'save what resuming needs as well; default false',
    },
    keras: 'ModelCheckpoint',
    pytorch: 'torch.save in the training loop',
    use: 'Long trainings.',
  },
  csvLogger: {
    signature: "csvLogger({ path, separator = ',', append = false })",
    does: 'Writes the metrics as a table, one line per epoch (from 0), as they come.',
    options: {
      path: 'the file',
      separator: "the character between columns; default ','",
      append: 'continue an existing file, keeping its columns; default false',
    },
    keras: 'CSVLogger',
    pytorch: 'none',
    use: 'Learning curves for a spreadsheet or a notebook.',
  },
  tensorBoard: {
    signature: "tensorBoard({ logDir = 'logs' })",
    does: 'Writes event files for TensorBoard: epoch_NAME of every metric and epoch_learning_rate, in runs `train` and `validation`.',
    options: { logDir: "the folder to give to `tensorboard --logdir`; default 'logs'" },
    keras: 'TensorBoard',
    pytorch: 'torch.utils.tensorboard.SummaryWriter',
    use: 'Comparing trainings side by side.',
  },
  progressBar: {
    signature: 'progressBar({ output } = {})',
    does: 'Shows epoch, time left, rows per second and metrics: one redrawn line on a terminal, one plain line per epoch elsewhere.',
    options: { output: '`{ interactive, columns, write(text) }` to draw elsewhere; default standard output' },
    keras: 'ProgbarLogger, which fit(verbose=1) adds',
    pytorch: 'none',
    use: 'Watching. NO_COLOR turns colours off.',
  },
  terminateOnNaN: {
    signature: 'terminateOnNaN()',
    does: 'Stops when the training loss is NaN or infinite, within about 50 ms of its becoming so.',
    options: {},
    keras: 'TerminateOnNaN',
    pytorch: 'none',
    use: 'High learning rates, unattended trainings.',
  },
  lambdaCallback: {
    signature: 'lambdaCallback({ onTrainBegin, onEpochBegin, onBatchEnd, onProgress, onEpochEnd, onTrainEnd })',
    does: 'A callback from your own functions, checked for misspelt events. `fit` takes such an object directly too.',
    options: {},
    keras: 'LambdaCallback',
    pytorch: 'none',
    use: 'Whatever else should happen while training.',
  },
} as const satisfies Record<string, CallbackDoc>
