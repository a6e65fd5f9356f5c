/** The reference pages: docs/NAME.md is written by `npm run docs` from the catalogues and the prose beside them (*.docs.ts). */
import * as activationDocs from '../src/catalogue/activations.docs.ts'
import { type ActivationKind, type ActivationName, activationKinds } from '../src/catalogue/activations.ts'
import * as initializerDocs from '../src/catalogue/initializers/initializers.docs.ts'
import { INITIALIZER_NAMES, resolveInitializer } from '../src/catalogue/initializers/initializers.ts'
import * as lossDocs from '../src/catalogue/losses.docs.ts'
import { LOSS_NAMES, lossKinds, resolveLoss } from '../src/catalogue/losses.ts'
import * as metricDocs from '../src/catalogue/metrics/metrics.docs.ts'
import { METRIC_NAMES, resolveMetric } from '../src/catalogue/metrics/metrics.ts'
import * as regularizerDocs from '../src/catalogue/regularizers.docs.ts'
import { l1l2, REGULARIZER_KINDS } from '../src/catalogue/regularizers.ts'
import { HELP, shown } from '../src/cli/command.ts'
import { COMMANDS } from '../src/cli/main.ts'
import * as callbackDocs from '../src/training/callbacks/callbacks.docs.ts'
import { CALLBACKS, type CallbackName } from '../src/training/callbacks/callbacks.ts'
import { layers } from './layerPage.ts'
import { anchor, code, fence, keysOf, list, paragraphs, signature, table } from './markdown.ts'
import { optimizersPage, schedules, solversPage } from './optimizerPages.ts'

function activations(): string {
  const names = keysOf(activationKinds)
  const from: Readonly<Record<ActivationKind['saves'], string>> = { output: 'output', input: 'input', none: '' }
  const rows = names.map((kind) => {
    const { pytorch, keras } = activationDocs.ACTIVATION_DOCS[kind]
    return [anchor(kind), from[activationKinds[kind].saves], pytorch, keras]
  })
  const section = (kind: ActivationName) => {
    const { equation, derivative, use, source } = activationDocs.ACTIVATION_DOCS[kind]
    const { rowwise, alpha } = activationKinds[kind]
    const option = alpha !== undefined && `Option: \`${signature(kind, { alpha })}\`, alpha at least 0.`
    return paragraphs(
      `## ${kind}`,
      fence(`${equation}\n${rowwise ? '' : "y' = "}${derivative}`),
      list([`Use: ${use}.`, `Source: ${source}.`, option]),
    )
  }
  const overview = table([['name', 'derivative from', 'PyTorch', 'Keras'], ...rows])
  return paragraphs(activationDocs.INTRO, overview, ...names.map(section))
}

function losses(): string {
  const rows = LOSS_NAMES.map((kind) => [
    anchor(kind),
    lossKinds[kind].targets === 'classes' ? 'class indices' : 'one number for each output',
    lossDocs.LOSS_DOCS[kind].reduction,
  ])
  const sections = LOSS_NAMES.map((kind) => {
    const { equation, reduction, gradient, source, pytorch, keras, use } = lossDocs.LOSS_DOCS[kind]
    return paragraphs(
      `## ${kind}`,
      `\`${signature(kind, resolveLoss('docs', kind))}\``,
      use,
      list([
        `**Loss**: ${equation}; ${reduction}`,
        `**Gradient**: ${gradient}`,
        `**Source**: ${source}`,
        `**PyTorch**: ${pytorch}`,
        `**Keras**: ${keras}`,
      ]),
    )
  })
  return paragraphs(lossDocs.INTRO, table([['loss', 'targets', 'of a row'], ...rows]), lossDocs.NOTES, ...sections)
}

function metrics(): string {
  const rows = METRIC_NAMES.map((kind) => [anchor(kind), metricDocs.METRIC_DOCS[kind].outputs])
  const sections = METRIC_NAMES.map((kind) => {
    const { options = [], equation, keras, scikitLearn, use } = metricDocs.METRIC_DOCS[kind]
    return paragraphs(
      `## ${kind}`,
      `\`${signature(kind, resolveMetric('docs', kind), options)}\``,
      use,
      list([`**Value**: ${equation}`, `**Keras**: ${keras}`, `**scikit-learn**: ${scikitLearn}`]),
    )
  })
  return paragraphs(metricDocs.INTRO, table([['metric', 'outputs'], ...rows]), metricDocs.NOTES, ...sections)
}

function initializers(): string {
  const sections = INITIALIZER_NAMES.map((kind) => {
    const { equation, source, pytorch, keras, use, ...given } = initializerDocs.INITIALIZER_DOCS[kind]
    const { signature: text = signature(kind, resolveInitializer('docs', kind)) } = given
    return paragraphs(
      `## ${kind}`,
      `\`${text}\``,
      `    ${equation}`,
      use,
      list([pytorch && `PyTorch: ${pytorch}`, keras && `Keras: ${keras}`, source && `Source: ${source}`]),
    )
  })
  return paragraphs(initializerDocs.INTRO, ...sections)
}

function regularizers(): string {
  const sections = REGULARIZER_KINDS.map((kind) => {
    const { equation, gradient, use, pytorch, keras, source, ...given } = regularizerDocs.REGULARIZER_DOCS[kind]
    return paragraphs(
      `## ${kind}`,
      `\`${given.signature ?? signature(kind, l1l2())}\``,
      `    penalty   ${equation}\n    gradient  ${gradient}`,
      use,
      list([`PyTorch: ${pytorch}`, `Keras: ${keras}`, `Source: ${source}`]),
    )
  })
  return paragraphs(regularizerDocs.INTRO, ...sections)
}

function callbacks(): string {
  const section = (kind: CallbackName) => {
    const doc: callbackDocs.CallbackDoc = callbackDocs.CALLBACK_DOCS[kind]
    const defaults: Readonly<Record<string, unknown>> = CALLBACKS[kind]
    const options = Object.entries(doc.options).map(([name, text]) => {
      const value = defaults[name]
      return `\`${name}\`: ${text}${value === undefined ? '' : `; default ${code(value)}`}`
    })
    return paragraphs(
      `## ${kind}`,
      fence(doc.signature ?? signature(kind, defaults), 'ts'),
      doc.does,
      list(options),
      `Use: ${doc.use} Keras: ${doc.keras}. PyTorch: ${doc.pytorch}.`,
    )
  }
  return paragraphs(callbackDocs.INTRO, ...keysOf(CALLBACKS).map(section))
}

const CLI_INTRO = `# The command line

\`npx fourlane COMMAND\`, or \`fourlane\` where the package is installed. Exit codes: 0, 1 for failure, 2 for wrong use. What went wrong is one
line on standard error; results go to standard output, or into files. \`fourlane COMMAND --help\` says what this page says.`

/** docs/cli.md: what `--help` says, from the same list. */
function cliPage(): string {
  const sections = COMMANDS.map((command) => {
    const options = [...command.options, HELP].map((option) => [`\`${shown(option)}\``, option.text])
    return paragraphs(
      `## ${command.name}`,
      fence(`fourlane ${command.name} ${command.usage} [options]`, 'sh'),
      command.summary,
      table([['option', ''], ...options]),
      ...command.notes,
    )
  })
  return paragraphs(CLI_INTRO, ...sections)
}

/** By their names in docs/. */
export const pages: Readonly<Record<string, () => string>> = {
  activations,
  callbacks,
  cli: cliPage,
  initializers,
  layers,
  losses,
  metrics,
  optimizers: optimizersPage,
  regularizers,
  schedules,
  solvers: solversPage,
}
