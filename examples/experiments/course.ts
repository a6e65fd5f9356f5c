/** The experiments, in an order to read them in. */
import type { Chapter } from './frame/index.ts'
import { kerasDigits } from './keras-digits.ts'
import { momentum } from './momentum.ts'
import { wilson } from './wilson.ts'
import { zeilerTables } from './zeiler-tables.ts'

export const course: readonly Chapter[] = [
  {
    title: 'A network that learns',
    text: 'First something that works, so that there is something to ask about.',
    experiments: [['How good is a small network on digits, and how much of that is luck?', kerasDigits]],
  },
  {
    title: 'Going downhill',
    text: 'Training follows gradients; how it steps decides how long it takes, and sometimes where it arrives.',
    experiments: [
      ['What is momentum, and which constants are best?', momentum],
      ['What does a learning rate that is ten times too large, or too small, cost?', zeilerTables],
      ['Do all methods that fit the training rows generalize alike?', wilson],
    ],
  },
]

export const experiments = course.flatMap((chapter) => chapter.experiments.map(([, one]) => one))
