/** docs/callbacks.md, built from the catalogue. */
import { CALLBACKS } from '../../src/training/callbacks/callbacks.ts'

function section(name: string): string {
  const { signature, does, options, keras, pytorch, use } = CALLBACKS[name as keyof typeof CALLBACKS]
  return [
    `## ${name}`,
    '',
    '```ts',
    signature,
    '```',
    '',
    does,
    '',
    ...Object.entries(options).map(([option, text]) => `* \`${option}\`: ${text}`),
    ...(Object.keys(options).length > 0 ? [''] : []),
    `Use: ${use} Keras: ${keras}. PyTorch: ${pytorch}.`,
  ].join('\n')
}

export function page(): string {
  const intro = `# Callbacks

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

\`context\` has \`model\`, \`epochs\`, \`rows\` (trained on in this epoch), \`learningRate\`, \`learningRateScale\` (a factor on the schedule,
which callbacks may set), \`stop(reason)\` and \`stopReason\`.`
  return `${[intro, ...Object.keys(CALLBACKS).map(section)].join('\n\n')}\n`
}
