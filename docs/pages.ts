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
import * as layerDocs from '../src/layers/layers.docs.ts'
import { type Layer, type Lowerable, parametersOf } from '../src/layers/layers.ts'
import * as matrixDocs from '../src/optimizers/matrices/matrices.docs.ts'
import { MATRIX_KINDS, type MatrixKind, type MatrixRule } from '../src/optimizers/matrices/matrixRule.ts'
import { muon } from '../src/optimizers/matrices/muon.ts'
import { pathSgd } from '../src/optimizers/matrices/pathSgd.ts'
import { shampoo } from '../src/optimizers/matrices/shampoo.ts'
import { soap } from '../src/optimizers/matrices/soap.ts'
import * as optimizerDocs from '../src/optimizers/optimizers.docs.ts'
import { type OptimizerName, optimizers, type Rule, rules } from '../src/optimizers/optimizers.ts'
import * as scheduleDocs from '../src/optimizers/schedules/schedules.docs.ts'
import { SCHEDULE_NAMES } from '../src/optimizers/schedules/schedules.ts'
import { conjugateGradient } from '../src/optimizers/solvers/conjugateGradient.ts'
import { kfac } from '../src/optimizers/solvers/kfac/kfac.ts'
import { lbfgs } from '../src/optimizers/solvers/lbfgs.ts'
import { naturalGradient } from '../src/optimizers/solvers/naturalGradient.ts'
import { newtonCg } from '../src/optimizers/solvers/newtonCg.ts'
import { SOLVER_KINDS } from '../src/optimizers/solvers/solver.ts'
import * as solverDocs from '../src/optimizers/solvers/solvers.docs.ts'
import * as callbackDocs from '../src/training/callbacks/callbacks.docs.ts'
import { CALLBACKS, type CallbackName } from '../src/training/callbacks/callbacks.ts'
import { anchor, call, code, fence, list, paragraphs, signature, table } from './markdown.ts'

const keysOf = <T extends object>(record: T) => Object.keys(record) as (keyof T & string)[]

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

const matrixRules = { muon, shampoo, soap, pathSgd }
const solvers = { lbfgs, conjugateGradient, newtonCg, naturalGradient, kfac }

const DECAY: Readonly<Record<Rule['decay'], string>> = {
  L2: 'L2, added to the gradient',
  decoupled: 'decoupled',
  either: 'L2, or decoupled with `decoupledWeightDecay: true`',
  inside: 'inside the step, as the equation shows',
  none: 'none',
}

function optimizersPage(): string {
  const names = keysOf(optimizers)
  const rows = names.map((kind) => {
    const { use, source } = optimizerDocs.OPTIMIZER_DOCS[kind]
    return [anchor(kind), use, source]
  })
  const section = (kind: OptimizerName) => {
    const { equation, state, source, equivalent, use } = optimizerDocs.OPTIMIZER_DOCS[kind]
    const { decay }: Rule = rules[kind]
    const { learningRate, weightDecay, options } = optimizers[kind]()
    const all = { learningRate, ...options, ...(decay !== 'none' && { weightDecay }) }
    return paragraphs(
      `## ${kind}`,
      use,
      fence(equation),
      list([
        `Defaults: \`${call({ kind, options: all })}\`.`,
        `State: ${state}.`,
        `Weight decay: ${DECAY[decay]}.`,
        `Elsewhere: ${equivalent}.`,
        `Source: ${source}.`,
      ]),
    )
  }
  const overview = table([['name', 'use', 'source'], ...rows])
  return paragraphs(
    optimizerDocs.INTRO,
    '## Which one',
    overview,
    ...names.map(section),
    matrixDocs.INTRO,
    ...MATRIX_KINDS.map(matrixSection),
  )
}

function matrixSection(kind: MatrixKind): string {
  const { use, equation, state, cost, memory, equivalent, source } = matrixDocs.MATRIX_DOCS[kind]
  const { learningRate, weightDecay, options, decay, fallback }: MatrixRule = matrixRules[kind]()
  const all = { learningRate, ...options, ...(decay !== 'none' && { weightDecay }) }
  return paragraphs(
    `## ${kind}`,
    use,
    fence(equation),
    list([
      `Defaults: \`${call({ kind, options: all })}\`${fallback ? `, fallback \`${fallback.kind}()\`` : ''}.`,
      `A step costs ${cost}.`,
      `State: ${state}. Memory beside it: ${memory}.`,
      `Weight decay: ${DECAY[decay]}.`,
      `Elsewhere: ${equivalent}.`,
      `Source: ${source}.`,
    ]),
  )
}

function solversPage(): string {
  const rows = SOLVER_KINDS.map((kind) => {
    const { use, cost, memory } = solverDocs.SOLVER_DOCS[kind]
    return [anchor(kind), use, cost, memory]
  })
  const sections = SOLVER_KINDS.map((kind) => {
    const { use, equation, options, cost, memory, state, equivalent, source } = solverDocs.SOLVER_DOCS[kind]
    const defaults = Object.entries(solvers[kind]().options).filter(([, value]) => typeof value !== 'object')
    return paragraphs(
      `## ${kind}`,
      use,
      fence(equation),
      list([
        ...options,
        `Defaults: \`${call({ kind, options: Object.fromEntries(defaults) })}\`.`,
        `An iteration costs ${cost}.`,
        `Memory: ${memory}. State: ${state}.`,
        `Elsewhere: ${equivalent}.`,
        `Source: ${source}.`,
      ]),
    )
  })
  const overview = table([['name', 'use', 'an iteration costs', 'memory'], ...rows])
  return paragraphs(solverDocs.INTRO, '## Which one', overview, ...sections)
}

function schedules(): string {
  const sections = SCHEDULE_NAMES.map((kind) => {
    const { use, equation, example, equivalent } = scheduleDocs.SCHEDULE_DOCS[kind]
    return paragraphs(
      `## ${kind}`,
      use,
      fence(equation),
      list([`\`${code(example)}\``, equivalent !== undefined && `Elsewhere: ${equivalent}.`]),
    )
  })
  return paragraphs(scheduleDocs.INTRO, ...sections)
}

/** What a layer is told without a default, and what every layer has. */
const NO_DEFAULT = ['kind', 'size', 'units', 'trainable', 'name', 'groups', 'layers', 'rate', 'stddev']

/** The layer's options at their defaults. */
function layerDefaults(layer: Layer): string {
  if (layer.kind === 'activation') return ''
  const shown = (value: unknown): string =>
    typeof value === 'object' && value !== null && 'kind' in value ? String(value.kind) : String(value)
  return Object.entries(layer)
    .filter(([name]) => !NO_DEFAULT.includes(name) && !(layer.kind === 'instanceNorm' && name === 'channels'))
    .map(([name, value]) => `\`${name} = ${shown(value)}\``)
    .join(', ')
}

/** Names and shapes for 6 columns. */
function layerParameters(layer: Lowerable): string {
  return parametersOf(layer, 6)
    .map(
      ({ name, shape, trainable }) => `\`${name}\` [${shape.join(', ')}]${trainable === false ? ' (not trained)' : ''}`,
    )
    .join(', ')
}

function layers(): string {
  const sections = Object.values(layerDocs.LAYER_DOCS).map(
    ({ signature: text, equation, use, source, pytorch, keras, notes = [], example }) => {
      const options = layerDefaults(example)
      const owned = example.kind === 'input' ? '' : layerParameters(example)
      return paragraphs(
        `## ${example.kind}`,
        `\`${text}\``,
        fence(equation),
        list([
          `Use: ${use}.`,
          options && `Defaults: ${options}.`,
          owned && `Parameters, on 6 columns: ${owned}.`,
          source !== undefined && `Source: ${source}.`,
          `PyTorch: ${pytorch}.`,
          `Keras: ${keras}.`,
          ...notes,
        ]),
      )
    },
  )
  return paragraphs(layerDocs.INTRO, ...sections)
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
