/** Rules with a norm per tensor: LAMB, NovoGrad. */
import * as ops from '../../machine/ops/optimizers.ts'
import { corrections, momentHypers, number, type RuleOf, SQUARED } from './rule.ts'

export const layerwise: { readonly [Kind in 'lamb' | 'novograd']: RuleOf<(typeof ops)[Kind]> } = {
  lamb: {
    op: ops.lamb,
    before: [ops.lambNorms],
    states: ['firstMoment', 'secondMoment'],
    hypers: (options) => momentHypers(options),
    scalars: corrections,
    perTensor: true,
    tiny: SQUARED,
    decay: 'inside',
  },
  novograd: {
    op: ops.novograd,
    before: [ops.novogradNorms, ops.novogradMoment],
    states: ['firstMoment', 'secondMoment'],
    hypers: (options) => momentHypers(options),
    scalars: (options, t) => (t === 1 ? [0, 1] : [number(options, 'beta2'), 1 - number(options, 'beta2')]),
    perTensor: true,
    tiny: SQUARED,
    decay: 'inside',
  },
}
