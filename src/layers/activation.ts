/** Activations as layers of their own. */
import {
  ACTIVATE_ALPHA,
  ACTIVATE_COLS,
  ACTIVATE_FROM,
  ACTIVATE_KIND,
  ACTIVATE_STRIDE,
  ACTIVATE_TO,
} from '../abi/layers.ts'
import { OP_ACTIVATE } from '../abi/ops.ts'
import { type Activation, type ActivationName, activationKinds, resolveActivation } from '../catalogue/activations.ts'
import type { LayerKind, Lowering, Matrix } from './builder.ts'

export interface ActivationLayer {
  readonly kind: 'activation'
  readonly activation: Activation
}

/** An activation as a layer of its own, for example after a normalization. */
export function activation(kind: ActivationName | Activation): ActivationLayer {
  return Object.freeze({ kind: 'activation', activation: resolveActivation('activation', kind) })
}

export const activationKind: LayerKind<ActivationLayer> = {
  outputs: (_, inputs) => inputs,
  parameters: () => [],
  revive: (spec) => activation(spec.activation),
  lower(layer, lowering, x) {
    const y = lowering.matrix(x.cols)
    emitActivation(lowering, layer.activation, x, y)
    return {
      y: {
        ...y,
        activation: layer.activation,
        saved: activationKinds[layer.activation.kind].saves === 'input' ? x : y,
      },
      backward(dy, wanted) {
        if (!wanted.input || !lowering.owes(x)) return wanted.input ? dy : undefined
        const dx = lowering.matrix(x.cols)
        lowering.settle(x, dy, dx)
        return dx
      },
    }
  },
}

/** y = activation(x) as a step of its own; y may be x. */
export function emitActivation(lowering: Lowering, { kind, alpha = 0 }: Activation, x: Matrix, y: Matrix): void {
  lowering.emit(
    OP_ACTIVATE,
    {
      [ACTIVATE_FROM]: x.address,
      [ACTIVATE_TO]: y.address,
      [ACTIVATE_STRIDE]: y.stride,
      [ACTIVATE_COLS]: y.cols,
      [ACTIVATE_KIND]: activationKinds[kind].code,
    },
    { [ACTIVATE_ALPHA]: alpha },
  )
}
