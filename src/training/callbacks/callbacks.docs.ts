/** What docs/callbacks.md says. */
import { CALLBACK_EVENTS } from './callback.ts'
import type { CALLBACKS, CallbackName } from './callbacks.ts'

export const INTRO = `# Callbacks

Callbacks observe and control training: \`model.fit(x, y, { epochs: 50, callbacks: [earlyStopping({ patience: 3 }), progressBar()] })\`.
They are called in list order; their state is reset by every \`fit\`. If a monitored metric does not
exist, the error lists those that do.

Any object with some of these functions is a callback; promises are awaited. Epochs and batches are counted from 0; \`logs\`
are metrics by name (\`loss\`, \`accuracy\`, \`val_loss\`, ...).

| event | called |
|---|---|
| \`onTrainBegin(context)\` | before the first epoch |
| \`onEpochBegin(epoch, context)\` | before every epoch |
| \`onBatchEnd(batch, logs, context)\` | after every update; causes one machine call per batch |
| \`onProgress(progress, context)\` | at most about every 50 ms, with \`{ epoch, epochs, batch, batches, rows, logs }\`; no cost per batch |
| \`onEpochEnd(epoch, logs, context)\` | after every epoch, including \`val_\` metrics |
| \`onTrainEnd(context)\` | after the last epoch, also if a callback stopped training; not if training was aborted or a callback failed |

\`context\` has \`model\`, \`epochs\`, \`validationFrequency\`, \`rows\` (trained on in this epoch), \`learningRate\`, \`learningRateScale\` (a factor on the schedule,
which callbacks may set), \`stop(reason)\` and \`stopReason\`. In distributed training ([scale.md](scale.md)) every rank calls its callbacks, except that those with
\`firstOnly: true\` only run on rank 0.
`

export interface CallbackDoc<Option extends string = string> {
  /** If it is not the name and its options. */
  readonly signature?: string
  readonly does: string
  /** The page adds the defaults. */
  readonly options: Readonly<Record<Option, string>>
  readonly keras: string
  readonly pytorch: string
  readonly use: string
}

const MONITOR = 'the metric to monitor'
const MODE = "'min', 'max' or 'auto': larger is better for accuracy, precision, recall, f1, auc, r2 and similar metrics"

export const CALLBACK_DOCS: { readonly [Name in CallbackName]: CallbackDoc<keyof (typeof CALLBACKS)[Name] & string> } =
  {
    earlyStopping: {
      does: 'Stops when the monitored metric has not improved by more than minDelta for `patience` epochs.',
      options: {
        monitor: MONITOR,
        minDelta: 'smaller improvements do not count',
        patience: 'epochs without improvement before stopping',
        mode: MODE,
        baseline: 'patience is only reset by values that beat this one, too; none by default',
        startFromEpoch: 'epochs to ignore at the start',
        restoreBestWeights: 'restore the weights of the best epoch when training ends',
      },
      keras: 'EarlyStopping',
      pytorch: 'none',
      use: 'Against overfitting: patience of 3 to 20 with restoreBestWeights.',
    },
    reduceLearningRateOnPlateau: {
      does: 'Multiplies the learning rate by `factor` when the monitored metric has not improved for `patience` epochs. Can be combined with any schedule.',
      options: {
        monitor: MONITOR,
        factor: 'the factor, between 0 and 1',
        patience: 'epochs without improvement before reducing',
        minDelta: 'smaller improvements do not count',
        mode: MODE,
        thresholdMode: "'absolute', or 'relative': minDelta is a fraction of the best value",
        cooldown: 'epochs to ignore after a reduction',
        minLearningRate: 'lower bound on the rate',
      },
      keras: 'ReduceLROnPlateau (whose cooldown ends one epoch earlier)',
      pytorch: 'ReduceLROnPlateau with patience one less, whose thresholdMode is relative by default',
      use: 'When no good schedule is known.',
    },
    learningRateScheduler: {
      signature: 'learningRateScheduler((epoch, rate) => rate)',
      does: 'Sets the learning rate at the beginning of every epoch. A schedule of the optimizer continues relative to the rate that was set.',
      options: {},
      keras: 'LearningRateScheduler',
      pytorch: 'lr_scheduler.LambdaLR, whose function returns a factor',
      use: 'Rates that change by epoch; schedules change them by update, and are saved in files.',
    },
    ema: {
      does: 'After every update average ← decay · average + (1 - decay) · weights, including running statistics; when training ends, the average replaces the weights. Until then metrics and checkpoints use the weights themselves.',
      options: { decay: 'the weight of the old average, in [0, 1)' },
      keras: 'use_ema of the optimizers',
      pytorch: 'swa_utils.AveragedModel with get_ema_multi_avg_fn(decay), use_buffers=True',
      use: 'More stable results of noisy training: decay 0.99 to 0.9999. Costs a pass over the weights per update.',
    },
    swa: {
      does: 'The mean of the weights at the end of every epoch from `from` on, including running statistics, which replaces the weights when training ends.',
      options: { from: 'the first epoch to include, from 0' },
      keras: 'none',
      pytorch: 'swa_utils.AveragedModel with use_buffers=True',
      use: 'Flatter minima: the last quarter of the epochs, at a constant or cyclic learning rate. Izmailov et al. 2018, arXiv:1803.05407.',
    },
    modelCheckpoint: {
      does: 'Saves the model at the end of every epoch. Missing directories are created.',
      options: {
        path: 'the file; may contain `{epoch}` (from 1) and metrics such as `{val_loss}`, formatted as `{epoch:03d}`, `{val_loss:.2f}`',
        monitor: MONITOR,
        mode: MODE,
        saveBestOnly:
          'save only if the metric is better than all that this callback has saved and, if `initialEpoch` above 0 resumes a training, better than that of the existing file',
        initialValueThreshold: 'with saveBestOnly, the value to beat first',
        includeOptimizer: 'also save the optimizer state, to resume training',
      },
      keras: 'ModelCheckpoint',
      pytorch: 'torch.save in the training loop',
      use: 'Long training runs.',
    },
    csvLogger: {
      does: 'Writes the metrics as a table, one line per epoch (from 0), as training proceeds. Missing directories are created.',
      options: {
        path: 'the file',
        separator: 'the character between columns',
        append: 'continue an existing file, keeping its columns',
      },
      keras: 'CSVLogger',
      pytorch: 'none',
      use: 'Learning curves for a spreadsheet or a notebook.',
    },
    tensorBoard: {
      does: 'Writes TensorBoard event files: epoch_NAME for every metric and epoch_learning_rate, in runs `train` and `validation`.',
      options: { logDir: 'the directory for `tensorboard --logdir`' },
      keras: 'TensorBoard',
      pytorch: 'torch.utils.tensorboard.SummaryWriter',
      use: 'Comparing training runs.',
    },
    progressBar: {
      does: 'Shows epoch, time left, rows per second and metrics: one redrawn line on a terminal, otherwise one plain line per epoch.',
      options: { output: '`{ interactive, columns, write(text) }` to draw somewhere else than on standard output' },
      keras: 'ProgbarLogger, which fit(verbose=1) adds',
      pytorch: 'none',
      use: 'Interactive use. NO_COLOR disables colours.',
    },
    terminateOnNaN: {
      does: 'Stops when the training loss is NaN or infinite, within about 50 ms.',
      options: {},
      keras: 'TerminateOnNaN',
      pytorch: 'none',
      use: 'High learning rates, unattended training.',
    },
    lambdaCallback: {
      signature: `lambdaCallback({ ${CALLBACK_EVENTS.join(', ')} })`,
      does: 'A callback from your own functions, checked for misspelt events. `fit` also accepts such an object directly.',
      options: {},
      keras: 'LambdaCallback',
      pytorch: 'none',
      use: 'Anything else to do during training.',
    },
  }
