/** What the reference page says about a layer. */
import type { Layer } from './layers.ts'

export interface LayerDoc {
  readonly signature: string
  readonly equation: string
  readonly use: string
  readonly source?: string
  readonly pytorch: string
  readonly keras: string
  readonly notes?: readonly string[]
  /** The page lists its defaults and parameters. */
  readonly example: Layer
}
