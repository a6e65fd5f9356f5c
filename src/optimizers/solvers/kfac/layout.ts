/** The memory layout of K-FAC's matrices: for every dense kernel, the second moments of its inputs and of its output gradients. */
import { squareBytes } from '../../../machine/linear.ts'
import { roundUp, rowStride } from '../../../machine/matrixLayout.ts'
import type { BlockPlace } from '../batchCurvature.ts'

/** A symmetric matrix, [n, n]. */
export interface Moments {
  readonly n: number
  /** The running mean; only the diagonal and above are valid. */
  readonly mean: number
  /** The running mean including the current batch, until the step commits. */
  readonly next: number
  /** Inverse of next + damping I; row-major for the inputs, in panels for the output gradients. */
  readonly inverse: number
}

/** A dense layer: its kernel [inputs, units], its bias if any, and their factors A and G. */
export interface FactoredLayer {
  readonly kernel: BlockPlace
  readonly bias: BlockPlace | undefined
  readonly inputs: number
  readonly units: number
  /** Second moments of the inputs, with a 1 appended if there is a bias. */
  readonly a: Moments
  readonly g: Moments
}

export interface KfacLayout {
  readonly layers: readonly FactoredLayer[]
  /** Work buffers for one matrix at a time: U, U⁻ᵀ, the matrix's diagonal, the reciprocal of U's. */
  readonly u: number
  readonly lower: number
  readonly diagonal: number
  readonly inverse: number
  /** One i32 for A and one for G. */
  readonly status: number
  /** A layer's A⁻¹ D, row-major. */
  readonly half: number
  /** A layer's kernel and bias, laid out as in the blocks. */
  readonly product: number
  readonly bytes: number
}

const panelBytes = (n: number): number => roundUp(n, 8) * n * 4

/** Kernels that multiply their layer's input, each with its bias. */
export function kfacLayout(places: readonly BlockPlace[], room = 0): KfacLayout {
  let top = room
  const reserve = (bytes: number): number => {
    const address = top
    top += roundUp(bytes, 64)
    return address
  }
  const moments = (n: number, inverse: number): Moments => ({
    n,
    mean: reserve(squareBytes(n)),
    next: reserve(squareBytes(n)),
    inverse: reserve(inverse),
  })
  const layers = places
    .filter(({ name, layout }) => layout === 'panels' && /(^|\W)kernel$/.test(name))
    .map((kernel): FactoredLayer => {
      const own = kernel.name.replace(/kernel$/, 'bias')
      const bias = places.find(({ layer, name }) => layer === kernel.layer && name === own)
      const [inputs, units] = kernel.shape
      const n = inputs + (bias ? 1 : 0)
      return { kernel, bias, inputs, units, a: moments(n, squareBytes(n)), g: moments(units, panelBytes(units)) }
    })
  const most = (size: (layer: FactoredLayer) => number) => Math.max(0, ...layers.map(size))
  const n = most(({ a, g }) => Math.max(a.n, g.n))
  return {
    layers,
    u: reserve(squareBytes(n)),
    lower: reserve(squareBytes(n)),
    diagonal: reserve(n * 4),
    inverse: reserve(n * 4),
    status: reserve(8),
    half: reserve(most(({ a, units }) => a.n * rowStride(units))),
    product: reserve(most(({ kernel, bias }) => (kernel.stored + (bias?.stored ?? 0)) * 4)),
    bytes: top - room,
  }
}
