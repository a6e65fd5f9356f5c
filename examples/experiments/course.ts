/** The experiments, in an order to read them in. */
import type { Chapter } from './frame/index.ts'
import { wilson } from './wilson.ts'
import { zeilerTables } from './zeiler-tables.ts'

export const course: readonly Chapter[] = [
  {
    title: 'Going downhill',
    text: 'Training follows gradients; how it steps decides how long it takes, and sometimes where it arrives.',
    experiments: [
      ['What does a learning rate that is ten times too large, or too small, cost?', zeilerTables],
      ['Do all methods that fit the training rows generalize alike?', wilson],
    ],
  },
]

export const experiments = course.flatMap((chapter) => chapter.experiments.map(([, one]) => one))
