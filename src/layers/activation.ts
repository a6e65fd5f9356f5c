/** Activations as layers of their own. */
import { ACTIVATION_EXPONENTIAL } from '../abi/activations.ts'
import {
  type Activation,
  type ActivationName,
  activationKinds,
  alphaOf,
  resolveActivation,
} from '../catalogue/activations.ts'
import { checkNoMore, checkOptions } from '../lib/check.ts'
import { wave, waveBack } from '../machine/ops/features.ts'
import { activate, activateBack } from '../machine/ops/layers.ts'
import type { Builder, LayerKind, Matrix } from './builder.ts'

export interface ActivationLayer {
  readonly kind: 'activation'
  readonly activation: Activation
}

/**
 * An activation as a separate layer, for example after a normalization: y = f(x), elementwise or by row (softmax).
 * @throws TypeError or RangeError for an unknown activation, suggesting the nearest name; TypeError for a second argument.
 */
export function activation(kind: ActivationName | Activation, ...more: []): ActivationLayer {
  checkNoMore('activation', more)
  return Object.freeze({ kind: 'activation', activation: resolveActivation('activation', kind) })
}

export const activationKind: LayerKind<ActivationLayer> = {
  outputs: (_, inputs) => inputs,
  parameters: () => [],
  revive(spec) {
    checkOptions('activation', spec, ['kind', 'activation'])
    return activation(spec.activation)
  },
  lower(layer, builder, x) {
    const y = builder.matrix(x.cols)
    emitActivation(builder, layer.activation, x, y)
    return {
      y: {
        ...y,
        activation: layer.activation,
        saved: activationKinds[layer.activation.kind].saves === 'input' ? x : y,
      },
      backward(dy, wanted) {
        if (!wanted.input || !builder.needsDerivative(x)) return wanted.input ? dy : undefined
        const dx = builder.matrix(x.cols)
        builder.applyDerivative(x, dy, dx)
        return dx
      },
    }
  },
}

/** Emits y = activation(x); y may be x. */
export function emitActivation(builder: Pick<Builder, 'emit'>, activation: Activation, x: Matrix, y: Matrix): void {
  const { code } = activationKinds[activation.kind]
  const elements = { from: x.address, to: y.address, stride: y.stride, cols: y.cols, kind: code }
  if (code >= ACTIVATION_EXPONENTIAL) builder.emit(wave, elements)
  else builder.emit(activate, { ...elements, alpha: alphaOf(activation) })
}

/** Emits to = gradient * activation'(saved); `to` may be the gradient. */
export function emitSlope(
  builder: Pick<Builder, 'emit'>,
  activation: Activation,
  saved: Matrix,
  { address, stride, cols }: Matrix,
  to: Matrix,
): void {
  const { code } = activationKinds[activation.kind]
  const elements = { from: address, to: to.address, saved: saved.address, stride, cols, kind: code }
  if (code >= ACTIVATION_EXPONENTIAL) builder.emit(waveBack, elements)
  else builder.emit(activateBack, { ...elements, alpha: alphaOf(activation) })
}
