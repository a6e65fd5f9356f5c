/** RealMLP-TD-S: the simplified variant of the tuned defaults. */
import { randomNormal } from '../../catalogue/initializers/initializers.ts'
import { dense } from '../../layers/dense.ts'
import { input } from '../../layers/layers.ts'
import { scale } from '../../layers/scale.ts'
import { sequential } from '../../model/model.ts'
import { adam } from '../../optimizers/optimizers.ts'
import type { PresetKind } from './preset.ts'
import {
  BETAS,
  BIAS_RATE,
  compile,
  EPOCHS,
  EPSILON,
  fit,
  HIDDEN,
  headOf,
  isClassifier,
  SCALE_RATE,
  trained,
  wavesOf,
} from './realmlpDefaults.ts'

export const realmlpSmall: PresetKind = {
  epochs: EPOCHS,
  embeds: false,
  trained,

  build(encoder, options, length) {
    const { width } = encoder
    const isClasses = isClassifier(encoder)
    const sizes = [width, ...HIDDEN]
    const hidden = HIDDEN.map((units, i) =>
      dense(units, {
        activation: isClasses ? 'selu' : 'mish',
        kernelInitializer: randomNormal({ stddev: 1 / Math.sqrt(sizes[i]) }),
        biasInitializer: randomNormal({ stddev: 1 }),
        name: `hidden_${i + 1}`,
      }),
    )
    const { units, activation } = headOf(encoder)
    const head = dense(units, { activation, kernelInitializer: 'zeros', name: 'head' })
    const model = sequential([input(width), scale({ name: 'scale' }), ...hidden, head], options)
    const optimizer = adam({
      learningRate: wavesOf(isClasses ? 0.04 : 0.07, length),
      ...BETAS,
      epsilon: EPSILON,
      parameterGroups: [
        { match: 'scale', learningRateScale: SCALE_RATE },
        { match: 'bias', learningRateScale: BIAS_RATE },
        ...sizes.map((inputs, i) => ({
          match: `${i < HIDDEN.length ? `hidden_${i + 1}` : 'head'}.kernel`,
          learningRateScale: 1 / Math.sqrt(inputs),
          epsilon: EPSILON * Math.sqrt(inputs),
        })),
      ],
    })
    return compile(model, encoder, optimizer)
  },

  fit,
}
