/** Models of all layers in random order, with random parameters: what a file must be able to hold. */
import { type ActivationName, activationKinds } from '../../src/catalogue/activations.ts'
import {
  type Activation,
  activation,
  batchNorm,
  batchRenorm,
  dense,
  dropout,
  elu,
  gaussianNoise,
  groupNorm,
  input,
  instanceNorm,
  type Layer,
  layerNorm,
  leakyRelu,
  type Model,
  prelu,
  residual,
  rmsNorm,
  scale,
  sequential,
  softplus,
} from '../../src/entries/public.ts'
import type { CarriedKind } from '../../src/layers/carried.ts'
import type { Lowerable } from '../../src/layers/layers.ts'
import type { Dice } from '../fuzz/dice.ts'

const ACTIVATIONS = Object.keys(activationKinds) as ActivationName[]

/** Activations that keep values in the range of the next layers. */
function anyActivation(dice: Dice): ActivationName | Activation {
  if (dice.chance(0.1)) return leakyRelu({ alpha: dice.of([0.05, 0.2, 0.3]) })
  if (dice.chance(0.1)) return softplus({ beta: dice.of([0.5, 3]) })
  if (dice.chance(0.1)) return elu({ alpha: dice.of([0.5, 2]) })
  return dice.of(ACTIVATIONS)
}

const anyDense = (dice: Dice, units: number): Layer =>
  dense(units, {
    activation: dice.chance(0.6) ? anyActivation(dice) : 'linear',
    useBias: dice.chance(0.8),
    weightNorm: dice.chance(0.2),
  })

/** One layer of each kind that keeps the width and that other programs have, by kind. */
const sameWidth: Readonly<
  Record<
    Exclude<Lowerable['kind'], 'residual' | 'dense' | Exclude<CarriedKind, 'scale'>>,
    (dice: Dice, width: number) => Layer
  >
> = {
  activation: (dice) => activation(anyActivation(dice)),
  batchNorm: (dice) =>
    batchNorm({ affine: dice.chance(0.7), epsilon: dice.of([1e-5, 1e-3]), momentum: dice.of([0.1, 0.01, null]) }),
  batchRenorm: (dice) => batchRenorm({ affine: dice.chance(0.7) }),
  layerNorm: (dice) => layerNorm({ affine: dice.chance(0.7), epsilon: dice.of([1e-5, 1e-3, 1e-6]) }),
  rmsNorm: (dice) => rmsNorm({ affine: dice.chance(0.7), epsilon: dice.of([1e-5, 1e-2, 2 ** -23]) }),
  groupNorm(dice, width) {
    const channels = dice.chance(0.5) ? width : dice.of(divisors(width))
    return groupNorm(dice.of(divisors(channels)), {
      channels,
      affine: dice.chance(0.7),
      epsilon: dice.of([1e-5, 1e-3]),
    })
  },
  instanceNorm: (dice, width) =>
    instanceNorm({
      channels: dice.of([1, ...divisors(width)].filter((n) => n < width || width === 1)),
      affine: dice.chance(0.5),
    }),
  dropout: (dice) => dropout(dice.of([0, 0.1, 0.5])),
  gaussianNoise: () => gaussianNoise(0.1),
  prelu: () => prelu(),
  scale: () => scale(),
}
const KINDS = Object.keys(sameWidth) as (keyof typeof sameWidth)[]

const divisors = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0)

/** A layer for rows of `width`, with the width after it. */
function anyLayer(dice: Dice, width: number, depth: number): [layer: Layer, width: number] {
  if (dice.chance(0.35)) {
    const units = dice.of([1, 2, 3, 5, 8, 12, 17])
    return [anyDense(dice, units), units]
  }
  if (depth < 3 && dice.chance(0.15)) {
    const inner = manyLayers(dice, width, 1 + dice.below(3), depth + 1)
    const [layers, last] = inner
    return [residual(last === width ? layers : [...layers, anyDense(dice, width)]), width]
  }
  // a channel of one column has no variance
  const kinds = width === 1 ? KINDS.filter((kind) => kind !== 'instanceNorm') : KINDS
  return [sameWidth[dice.of(kinds)](dice, width), width]
}

function manyLayers(dice: Dice, inputs: number, count: number, depth: number): [layers: Layer[], width: number] {
  const layers: Layer[] = []
  let width = inputs
  for (let i = 0; i < count; i++) {
    const [layer, next] = anyLayer(dice, width, depth)
    layers.push(layer)
    width = next
  }
  return [layers, width]
}

/** A model with values in all its parameters that no default has. */
export function randomStack(dice: Dice): Model {
  const inputs = 1 + dice.below(9)
  const [layers] = manyLayers(dice, inputs, 1 + dice.below(8), 0)
  const model = sequential([input(inputs), ...layers], { seed: dice.below(1000) })
  for (const parameter of model.parameters) {
    const isSpread = /running(Variance|Deviation)|gamma|scale$/.test(parameter.name)
    if (/kernel$|direction$/.test(parameter.name)) continue
    const values = Array.from({ length: parameter.size }, () =>
      isSpread ? 0.5 + dice.below(100) / 100 : dice.below(100) / 100 - 0.5,
    )
    parameter.set(values)
  }
  return model
}

/** Rows of features between -3 and 3. */
export const randomRows = (dice: Dice, count: number, width: number): Float32Array =>
  Float32Array.from({ length: count * width }, () => (dice.below(6001) - 3000) / 1000)
