/** What docs/callbacks.md says. */
import { CALLBACK_EVENTS } from './callback.ts'
import type { CALLBACKS, CallbackName } from './callbacks.ts'

export const INTRO = `# Callbacks

What to do while \`fit\` runs: \`model.fit(x, y, { epochs: 50, callbacks: [earlyStopping({ patience: 3 }), progressBar()] })\`.
They are called in the order of the list; their state starts anew with every \`fit\`. A monitored metric that does not
exist is an error naming those that do.

Any object with some of these functions is a callback; promises are awaited. Epochs and batches count from 0; \`logs\`
are metrics by name (\`loss\`, \`accuracy\`, \`val_loss\`, ...).

| event | called |
|---|---|
| \`onTrainBegin(context)\` | before the first epoch |
| \`onEpochBegin(epoch, context)\` | before every epoch |
| \`onBatchEnd(batch, logs, context)\` | after every update; having it makes training enter the machine once per batch |
| \`onProgress(progress, context)\` | at most every 50 ms or so, with \`{ epoch, epochs, batch, batches, rows, logs }\`; costs nothing per batch |
| \`onEpochEnd(epoch, logs, context)\` | after every epoch, with the \`val_\` metrics |
| \`onTrainEnd(context)\` | after the last epoch, also when a callback stopped training; not when it was aborted or a callback failed |

\`context\` has \`model\`, \`epochs\`, \`validationFrequency\`, \`rows\` (trained on in this epoch), \`learningRate\`, \`learningRateScale\` (a factor on the schedule,
which callbacks may set), \`stop(reason)\` and \`stopReason\`. Where several processes train ([scale.md](scale.md)), every one calls its callbacks, but those with
\`firstOnly: true\` only the first does.
`

export interface CallbackDoc<Option extends string = string> {
  /** Where it is not the name and its options. */
  readonly signature?: string
  readonly does: string
  /** The page adds the defaults. */
  readonly options: Readonly<Record<Option, string>>
  readonly keras: string
  readonly pytorch: string
  readonly use: string
}

const MONITOR = 'the metric to watch'
const MODE = "'min', 'max' or 'auto': larger is better for accuracy, precision, recall, f1, auc, r2 and their like"

export const CALLBACK_DOCS: { readonly [Name in CallbackName]: CallbackDoc<keyof (typeof CALLBACKS)[Name] & string> } =
  {
    earlyStopping: {
      does: 'Stops when the monitored metric has not improved by more than minDelta for `patience` epochs.',
      options: {
        monitor: MONITOR,
        minDelta: 'smaller improvements count as none',
        patience: 'epochs without improvement after which to stop',
        mode: MODE,
        baseline: 'waiting starts anew only where this value is beaten too; none by default',
        startFromEpoch: 'epochs to let pass first',
        restoreBestWeights: 'bring back the weights of the best epoch when training ends',
      },
      keras: 'EarlyStopping',
      pytorch: 'none',
      use: 'Against overfitting: patience of 3 to 20 with restoreBestWeights.',
    },
    reduceLearningRateOnPlateau: {
      does: 'Multiplies the learning rate by `factor` when the monitored metric has not improved for `patience` epochs. Works on top of any schedule.',
      options: {
        monitor: MONITOR,
        factor: 'what to multiply with, between 0 and 1',
        patience: 'epochs without improvement after which to reduce',
        minDelta: 'smaller improvements count as none',
        mode: MODE,
        thresholdMode: "'absolute', or 'relative': minDelta is a part of the best value's size",
        cooldown: 'epochs to ignore after a reduction',
        minLearningRate: 'not reduced below',
      },
      keras: 'ReduceLROnPlateau (whose cooldown ends one epoch earlier)',
      pytorch: 'ReduceLROnPlateau with patience one less, whose thresholdMode is relative by default',
      use: 'When no schedule is known to fit.',
    },
    learningRateScheduler: {
      signature: 'learningRateScheduler((epoch, rate) => rate)',
      does: 'Sets the learning rate at the beginning of every epoch. A schedule of the optimizer goes on from the rate set.',
      options: {},
      keras: 'LearningRateScheduler',
      pytorch: 'lr_scheduler.LambdaLR, whose function gives a factor',
      use: 'Rates that change by epochs; schedules change them by updates, and files keep those.',
    },
    ema: {
      does: 'After every update average ← decay · average + (1 - decay) · weights, running statistics included; when training ends the average takes the place of the weights. Until then metrics and checkpoints are those of the weights themselves.',
      options: { decay: 'the part of the average that stays, in [0, 1)' },
      keras: 'use_ema of the optimizers',
      pytorch: 'swa_utils.AveragedModel with get_ema_multi_avg_fn(decay), use_buffers=True',
      use: 'Steadier results of noisy trainings: decay 0.99 to 0.9999. Costs a copy of the weights an update.',
    },
    swa: {
      does: 'The mean of the weights at the end of every epoch from `from` on, running statistics included, which takes the place of the weights when training ends.',
      options: { from: 'the first epoch that counts, from 0' },
      keras: 'none',
      pytorch: 'swa_utils.AveragedModel with use_buffers=True',
      use: 'Flatter minima: the last quarter of the epochs, at a constant or cyclic learning rate. Izmailov et al. 2018, arXiv:1803.05407.',
    },
    modelCheckpoint: {
      does: "Saves the model at every epoch's end. Missing folders are created.",
      options: {
        path: 'the file; may hold `{epoch}` (from 1) and metrics such as `{val_loss}`, formatted as `{epoch:03d}`, `{val_loss:.2f}`',
        monitor: MONITOR,
        mode: MODE,
        saveBestOnly:
          'save only when the metric is better than all this callback has saved and, where `initialEpoch` above 0 resumes a training, better than that of the file at the path',
        initialValueThreshold: 'with saveBestOnly, the value to beat first',
        includeOptimizer: 'save what resuming needs as well',
      },
      keras: 'ModelCheckpoint',
      pytorch: 'torch.save in the training loop',
      use: 'Long trainings.',
    },
    csvLogger: {
      does: 'Writes the metrics as a table, one line per epoch (from 0), as they come. Missing folders are created.',
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
      does: 'Writes event files for TensorBoard: epoch_NAME of every metric and epoch_learning_rate, in runs `train` and `validation`.',
      options: { logDir: 'the folder to give to `tensorboard --logdir`' },
      keras: 'TensorBoard',
      pytorch: 'torch.utils.tensorboard.SummaryWriter',
      use: 'Comparing trainings side by side.',
    },
    progressBar: {
      does: 'Shows epoch, time left, rows per second and metrics: one redrawn line on a terminal, one plain line per epoch elsewhere.',
      options: { output: '`{ interactive, columns, write(text) }` to draw elsewhere than on standard output' },
      keras: 'ProgbarLogger, which fit(verbose=1) adds',
      pytorch: 'none',
      use: 'Watching. NO_COLOR turns colours off.',
    },
    terminateOnNaN: {
      does: 'Stops when the training loss is NaN or infinite, within about 50 ms of its becoming so.',
      options: {},
      keras: 'TerminateOnNaN',
      pytorch: 'none',
      use: 'High learning rates, unattended trainings.',
    },
    lambdaCallback: {
      signature: `lambdaCallback({ ${CALLBACK_EVENTS.join(', ')} })`,
      does: 'A callback from your own functions, checked for misspelt events. `fit` takes such an object directly too.',
      options: {},
      keras: 'LambdaCallback',
      pytorch: 'none',
      use: 'Whatever else should happen while training.',
    },
  }
