/** What a model hands on to those that are made of it. */
import type { ModelOptions, UntrainedModel } from './untrained.ts'

/** How a model that is made of another runs, unless it is told otherwise. */
export const inherited = ({
  deterministic,
  threads,
}: Pick<UntrainedModel, 'deterministic' | 'threads'>): ModelOptions => ({ deterministic, threads })

type Endowed = Pick<UntrainedModel, 'parameters' | 'metadata'>

/** Gives a model the metadata of the one it is made of, and its first parameters. */
export function endow<M extends Endowed>(
  model: M,
  parent: Pick<Endowed, 'metadata'>,
  values: Iterable<Float32Array>,
): M {
  const { parameters } = model
  let i = 0
  for (const given of values) parameters[i++].set(given)
  model.metadata = parent.metadata
  return model
}
