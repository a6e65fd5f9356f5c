/** Parallel branches over the same input rows, outputs concatenated: what `concatenate` and `heads` share. */
import { copyColumns } from '../machine/ops/features.ts'
import { add } from '../machine/ops/layers.ts'
import type { Builder, LayerKind, Lowered, Matrix, Origins, ParameterSpec, Traced, Value } from './builder.ts'
import { emitCopies, padOf } from './columns.ts'
import { blockPrefixes, type Inner, type Input, owns } from './residual.ts'
import type { Resolvers } from './resolvers.ts'

/** A layer with branches. */
export interface Branched<Layer> {
  readonly kind: string
  /** One list of layers per branch; an empty list is the identity. */
  readonly branches: readonly (readonly Layer[])[]
  /** Names of the branches, if they have any. */
  readonly names?: readonly string[]
}

/** Prefix of a branch's parameter names: its name, or `branch_1.`, ... */
export const branchPrefix = (branch: number, names?: readonly string[]): string =>
  `${names?.[branch] ?? `branch_${branch + 1}`}.`

/** The part of the layer catalogue that a nested layer calls back into. */
export interface Catalogue<Layer> {
  revive(spec: Layer, resolvers: Resolvers): Layer | Input
  outputsOf(layer: Layer, inputs: number): number
  parametersOf(layer: Layer, inputs: number): readonly ParameterSpec[]
  trace(layers: readonly Layer[], origins: Origins): Traced
  lower(layer: Layer, builder: Builder, x: Value): Lowered
}

/** Output width of a list of layers for rows of `inputs` features. */
export const widthOf = <Layer>(catalogue: Catalogue<Layer>, layers: readonly Layer[], inputs: number): number =>
  layers.reduce((width, layer) => catalogue.outputsOf(layer, width), inputs)

export const branchesKind = <Layer extends Inner>(
  catalogue: Catalogue<Layer>,
): Omit<LayerKind<Branched<Layer>>, 'revive'> => ({
  outputs: ({ branches }, inputs) => branches.reduce((sum, branch) => sum + widthOf(catalogue, branch, inputs), 0),

  parameters({ branches, names }, inputs) {
    return branches.flatMap((branch, b) => {
      const prefixes = blockPrefixes(branch)
      let width = inputs
      return branch.flatMap((layer, i) => {
        const specs = catalogue.parametersOf(layer, width)
        width = catalogue.outputsOf(layer, width)
        const prefix = branchPrefix(b, names) + prefixes[i]
        return specs.map((spec) => ({
          ...spec,
          name: prefix + spec.name,
          ...(spec.derived && { derived: { ...spec.derived, from: prefix + spec.derived.from } }),
          ...(layer.trainable === false && { trainable: false as const }),
        }))
      })
    })
  },

  trace({ branches }, origins) {
    const traced = branches.map((branch) => catalogue.trace(branch, origins))
    const parts = traced.map((each) => each.origins)
    return {
      origins: {
        width: parts.reduce((sum, { width }) => sum + width, 0),
        of(column) {
          let at = column
          for (const part of parts) {
            if (at < part.width) return part.of(at)
            at -= part.width
          }
          return undefined
        },
      },
      doors: traced.flatMap(({ doors }) => doors),
    }
  },

  lower({ branches, names }, builder, x) {
    // x's pending derivative is applied once, to the sum over all branches
    const plain: Value = { address: x.address, cols: x.cols, stride: x.stride }
    const passed = branches.map((branch, b) => {
      const prefixes = blockPrefixes(branch)
      let inner = plain
      const lowered = branch.map((layer, i) => {
        const step = builder.within(branchPrefix(b, names) + prefixes[i], () => catalogue.lower(layer, builder, inner))
        inner = step.y
        return step
      })
      return { lowered, y: inner }
    })
    const y = builder.matrix(passed.reduce((sum, branch) => sum + branch.y.cols, 0))
    let at = 0
    const firsts = passed.map(({ y: { cols } }) => {
      at += cols
      return at - cols
    })
    for (const [b, branch] of passed.entries()) {
      emitCopies(builder, branch.y, y, [{ from: 0, to: firsts[b], count: branch.y.cols }])
    }
    return {
      y,
      backward(dy, wanted) {
        const gradients: Matrix[] = []
        for (const [b, { lowered, y: inner }] of passed.entries()) {
          const trained = branches[b].map((layer) => wanted.parameters && owns(layer))
          const first = trained.indexOf(true)
          if (!wanted.input && first < 0) continue
          // this branch's columns of dy, times the pending derivative of the branch's last activation
          const part = builder.matrix(inner.cols)
          builder.emit(copyColumns, {
            from: dy.address + firsts[b] * 4,
            fromStride: dy.stride,
            to: part.address,
            toStride: part.stride,
            count: inner.cols,
            pad: padOf(inner.cols),
          })
          builder.applyDerivative(inner, part)
          let gradient: Matrix | undefined = part
          for (let i = lowered.length - 1; i >= 0 && gradient && (wanted.input || i >= first); i--) {
            gradient = lowered[i].backward(gradient, { parameters: trained[i], input: wanted.input || i > first })
          }
          if (wanted.input && gradient) gradients.push(gradient)
        }
        const [dx, ...others] = gradients
        if (!dx) return undefined
        const sum = others.length > 0 ? builder.matrix(x.cols) : dx
        let left = dx
        for (const other of others) {
          const { stride, cols } = sum
          builder.emit(add, { a: left.address, b: other.address, to: sum.address, stride, cols })
          left = sum
        }
        builder.applyDerivative(x, sum)
        return sum
      },
    }
  },
})
