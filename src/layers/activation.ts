/** Activations as layers of their own. */
import * as abi from '../abi/abi.ts'
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
    abi.OP_ACTIVATE,
    {
      [abi.ACTIVATE_FROM]: x.address,
      [abi.ACTIVATE_TO]: y.address,
      [abi.ACTIVATE_STRIDE]: y.stride,
      [abi.ACTIVATE_COLS]: y.cols,
      [abi.ACTIVATE_KIND]: activationKinds[kind].code,
    },
    { [abi.ACTIVATE_ALPHA]: alpha },
  )
}
