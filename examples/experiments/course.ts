/** The experiments, in an order to read them in. */

import { batchSize } from './batch-size.ts'
import type { Chapter } from './frame/index.ts'
import { gauge } from './gauge.ts'
import { kerasDigits } from './keras-digits.ts'
import { kfacMnist } from './kfac-mnist.ts'
import { landscape } from './landscape.ts'
import { momentum } from './momentum.ts'
import { race } from './race.ts'
import { randomLabels } from './random-labels.ts'
import { regularization } from './regularization.ts'
import { vanishing } from './vanishing.ts'
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
      ['Who is first down a valley, and off a saddle?', race],
      ['What does a learning rate that is ten times too large, or too small, cost?', zeilerTables],
      ['Do all methods that fit the training rows generalize alike?', wilson],
      ['Does it pay to know how the loss bends?', kfacMnist],
    ],
  },
  {
    title: 'Depth',
    text: 'Signals and gradients pass every layer, and each changes their size.',
    experiments: [
      ['What do activations, initial weights, normalization and residual connections do to gradients?', vanishing],
      ['Does training depend on how a function is written down?', gauge],
    ],
  },
  {
    title: 'Learning and memorizing',
    text: 'A network that fits its training rows may have understood them, or know them by heart.',
    experiments: [
      ['Can a network fit labels that mean nothing, and what does it cost?', randomLabels],
      ['What do size, penalties, dropout, early stopping and weight decay do about it?', regularization],
    ],
  },
  {
    title: 'The shape of the loss',
    text: 'All of this happens on a surface in as many dimensions as there are weights. Some cuts through it can be looked at.',
    experiments: [
      ['What is around a minimum, and between it and the start?', landscape],
      ['Do large batches end in sharper minima, and generalize less?', batchSize],
    ],
  },
]

export const experiments = course.flatMap((chapter) => chapter.experiments.map(([, one]) => one))
