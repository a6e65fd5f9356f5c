/** docs/activations.md, written from the catalogue. */
import { type ActivationKind, activationKinds } from '../../src/catalogue/activations.ts'

const HEAD = `# Activations

Name one where a layer takes \`activation\`, or make one with its parameter:

\`\`\`ts
dense(100, { activation: 'tanh' })
dense(100, { activation: leakyRelu({ alpha: 0.2 }) })
activation('softmax')
\`\`\`

The backward pass multiplies the gradient by the derivative listed here, in float32. It is computed from the output y where that
loses nothing; the kinds marked "input" keep their input x for it, which costs one more buffer per layer. Values at kinks are
PyTorch's. How close the functions come to float64 is in [accuracy.md](accuracy.md).
`

/** Cells of a Markdown table may not hold a bare |. */
const cell = (text: string) => text.replaceAll('|', '\\|')

const DERIVED_FROM: Readonly<Record<ActivationKind['saves'], string>> = { output: 'output', input: 'input', none: '' }

function overview(): string {
  const rows = Object.entries(activationKinds).map(([name, { saves, pytorch, keras }]) =>
    [`[${name}](#${name.toLowerCase()})`, DERIVED_FROM[saves], pytorch, keras].map(cell).join(' | '),
  )
  const table = ['name | derivative from | PyTorch | Keras', '--- | --- | --- | ---', ...rows]
  return `${table.map((row) => `| ${row} |`).join('\n')}\n`
}

function section([name, { alpha, equation, derivative, source, rowwise, use }]: [string, ActivationKind]): string {
  return [
    `## ${name}`,
    '',
    '```',
    equation,
    `${rowwise ? '' : "y' = "}${derivative}`,
    '```',
    '',
    `* Use: ${use}.`,
    `* Source: ${source}.`,
    ...(alpha === undefined ? [] : [`* Option: \`${name}({ alpha = ${alpha} })\`, alpha at least 0.`]),
    '',
  ].join('\n')
}

/** The whole page. */
export function page(): string {
  return [HEAD, overview(), ...Object.entries(activationKinds).map(section)].join('\n')
}
