/** What derived models inherit. */
import type { ModelOptions, UntrainedModel } from './untrained.ts'

/** Default options of a derived model. */
export const inherited = ({
  deterministic,
  threads,
}: Pick<UntrainedModel, 'deterministic' | 'threads'>): ModelOptions => ({ deterministic, threads })

type Endowed = Pick<UntrainedModel, 'parameters' | 'metadata'>

/** Gives a derived model the original's metadata and initial parameters. */
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
