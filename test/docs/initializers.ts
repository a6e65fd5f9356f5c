/** docs/initializers.md, built from the catalogue. */
import { INITIALIZER_NAMES, INITIALIZERS } from '../../src/catalogue/initializers/initializers.ts'

function section(kind: (typeof INITIALIZER_NAMES)[number]): string {
  const { signature, equation, source, pytorch, keras, use } = INITIALIZERS[kind]
  const facts = [
    ['PyTorch', pytorch],
    ['Keras', keras],
    ['Source', source],
  ].filter(([, text]) => text !== '')
  return [
    `## ${kind}`,
    '',
    `\`${signature}\``,
    '',
    `    ${equation}`,
    '',
    use,
    '',
    ...facts.map(([name, text]) => `* ${name}: ${text}`),
  ].join('\n')
}

export function page(): string {
  const intro = `# Initializers

How a parameter's first values are drawn: \`dense(100, { kernelInitializer: 'heNormal', biasInitializer: constant(0.1) })\`.
An initializer is given by its name, which stands for the default options, or made by its function. Kernels are
\`[inputs, units]\`; fanIn is the layer's inputs and fanOut its units, for biases too. Values are drawn in float64 from the
model's seed by operations that every engine rounds alike: the same seed gives the same bits everywhere.

Gains for \`glorotUniform\`, \`glorotNormal\`, \`heUniform\`, \`heNormal\` and \`orthogonal\`: \`initialGain(activation)\` is 1 for linear
and sigmoid, 5/3 for tanh, √2 for relu, 3/4 for selu and √(2 / (1 + alpha²)) for leakyRelu.`
  return `${[intro, ...INITIALIZER_NAMES.map(section)].join('\n\n')}\n`
}
