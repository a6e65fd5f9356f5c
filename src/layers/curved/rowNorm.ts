/** Tangents of row normalizations. */
import { PANEL } from '../../abi/layout.ts'
import { roundUp } from '../../machine/matrixLayout.ts'
import { rowNormCurve, rowNormTangent } from '../../machine/ops/curvature.ts'
import { collect, columnSums, rowNorm, rowNormBack, spread } from '../../machine/ops/layers.ts'
import { axpy } from '../../machine/ops/solve.ts'
import type { Matrix } from '../builder.ts'
import { partition, type RowNormLayer } from '../rowNorm.ts'
import { type CurvedBuilder, type CurvedKind, type DualGradient, type DualParameter, ONE, shapeOf } from './curved.ts'

export const curvedRowNorm: CurvedKind<RowNormLayer> = (layer, builder, x) => {
  const { cols } = x.value
  const { groups, channels } = partition(layer, cols)
  const parameter = (name: string) => columnParameter(builder, builder.parameter(name), cols, channels)
  const gamma = layer.affine ? parameter('gamma') : undefined
  const beta = layer.affine && layer.kind !== 'rmsNorm' ? parameter('beta') : undefined
  const value = builder.matrix(cols)
  const normalized = gamma ? builder.matrix(cols) : value
  const kept = { normalized: normalized.address, inverse: builder.matrix(groups).address }
  const words = {
    ...shapeOf(value),
    group: cols / groups,
    gamma: gamma?.address,
    centered: layer.kind === 'rmsNorm' ? 0 : 1,
  }
  builder.emit(rowNorm, {
    ...words,
    x: x.value.address,
    y: value.address,
    beta: beta?.address,
    normalized: gamma ? kept.normalized : 0,
    inverse: kept.inverse,
    epsilon: layer.epsilon,
  })

  const moves = x.tangent !== undefined || (gamma?.tangent ?? 0) !== 0
  const turned = builder.matrix(cols)
  const moved = builder.matrix(groups).address
  const dual = { ...words, ...kept, gammaTangent: gamma?.tangent, normalizedTangent: turned.address, moved }
  const tangent = moves ? builder.matrix(cols) : undefined
  if (tangent) {
    const from = { xTangent: x.tangent?.address, betaTangent: beta?.tangent }
    builder.along(rowNormTangent, { ...dual, ...from, to: tangent.address })
  }
  return {
    y: { value, tangent },
    backward(dy, wanted) {
      if (wanted.parameters && gamma) parametersBack(gamma, dy)
      if (!wanted.input) return undefined
      const back = (list: 'emit' | 'along', from: Matrix): Matrix => {
        const dx = builder.matrix(cols)
        builder[list](rowNormBack, { ...words, ...kept, dy: from.address, dx: dx.address })
        return dx
      }
      if (!dy.value) return { value: undefined, tangent: back('along', dy.tangent) }
      const to = builder.matrix(cols)
      const gradients = { dy: dy.value.address, dyTangent: dy.tangent.address }
      builder.along(rowNormCurve, { ...dual, ...gradients, to: to.address })
      return { value: back('emit', dy.value), tangent: to }
    },
  }

  /** tdgamma = sum of tdy n + dy tn, tdbeta = sum of tdy, over the rows. */
  function parametersBack(gamma: ColumnParameter, dy: DualGradient): void {
    const sums = { ...shapeOf(value), dgamma: gamma.product, dbeta: beta?.product }
    builder.along(columnSums, { ...sums, dy: dy.tangent.address, n: normalized.address })
    if (dy.value && tangent) {
      const count = roundUp(cols, PANEL)
      const crossed = builder.region(count * 4)
      const words = { ...shapeOf(value), dy: dy.value.address, n: turned.address }
      builder.along(columnSums, { ...words, dgamma: crossed })
      builder.along(axpy, { x: crossed, y: gamma.product, to: gamma.product, count, scalar: ONE })
    }
    gamma.collect()
    beta?.collect()
  }
}

interface ColumnParameter extends DualParameter {
  collect(): void
}

/** Expands a parameter with one value per channel to one per column, as the kernels read it. */
function columnParameter(
  builder: CurvedBuilder,
  parameter: DualParameter,
  cols: number,
  channels: number,
): ColumnParameter {
  if (channels === cols) return { ...parameter, collect: () => {} }
  const row = roundUp(cols, PANEL) * 4
  const words = (from: number, to: number) => ({ from, to, count: cols, run: cols / channels })
  const address = builder.region(row)
  const tangent = parameter.tangent && builder.region(row)
  const product = builder.region(row)
  builder.emit(spread, words(parameter.address, address))
  if (tangent) builder.along(spread, words(parameter.tangent, tangent))
  return { address, tangent, product, collect: () => builder.along(collect, words(product, parameter.product)) }
}
