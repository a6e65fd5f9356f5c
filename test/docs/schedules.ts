/** docs/schedules.md, written from the catalogue. */
import { type ScheduleEntry, schedules } from '../../src/optimizers/schedules/schedules.ts'

const HEAD = `# Schedules

A schedule gives the learning rate, or the weight decay, of every update: a pure function of the update's index t = 0, 1, 2, ...

\`\`\`ts
model.compile({ optimizer: sgd({ learningRate: cosineDecay({ learningRate: 0.1, totalSteps: 5000 }) }), loss: 'meanSquaredError' })
model.compile({ optimizer: sgd({ learningRate: (t) => 0.1 / (1 + t) }), loss: 'meanSquaredError' })
\`\`\`

t counts updates, not epochs: an epoch has ceil(rows / batchSize) of them. The schedules below are frozen functions that carry their
\`kind\` and \`options\`; \`describeSchedule\` turns them into plain data and \`restoreSchedule\` back, which a function of your own cannot do.
A schedule must give finite numbers at least 0; anything else stops the update with a RangeError. To follow a metric instead of the clock
there is the callback \`reduceLearningRateOnPlateau\`.
`

function section([name, { equation, call, use, equivalent }]: [string, ScheduleEntry]): string {
  const elsewhere = equivalent === undefined ? [] : [`* Elsewhere: ${equivalent}.`]
  return [`## ${name}`, '', use, '', '```', equation, '```', '', `* \`${call}\``, ...elsewhere, ''].join('\n')
}

/** The whole page. */
export function page(): string {
  return [HEAD, ...Object.entries(schedules).map(section)].join('\n')
}
