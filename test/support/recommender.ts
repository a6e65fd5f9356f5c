/** Ratings of users and items by two tables of trained rows; some of them do not occur. */
import { type CompileOptions, dense, embedding, input, type l2, sequential, sgd } from '../../src/entries/public.ts'
import { wave } from './samples.ts'

export const USERS = 40
export const pairs = Float32Array.from({ length: 64 * 2 }, (_, i) =>
  i % 2 ? (i * 7) % 9 : ((i * i) % (USERS + 1)) - 1,
)
export const ratings = wave(64, 9)
export function recommender(
  options: Partial<CompileOptions>,
  more: { regularizer?: ReturnType<typeof l2> } = {},
  threads = 1,
) {
  const model = sequential(
    [
      input(2),
      embedding([
        { columns: 0, categories: USERS, units: 11, ...more },
        { columns: 1, categories: 9, units: 8 },
      ]),
      dense(5, { activation: 'tanh' }),
      dense(1),
    ],
    { seed: 4, threads },
  )
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'meanSquaredError', ...options })
  return model
}
