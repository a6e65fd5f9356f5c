/** The pages of what moves the parameters: optimizers, solvers and schedules. */
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
import { anchor, call, code, fence, keysOf, list, paragraphs, table } from './markdown.ts'

const matrixRules = { muon, shampoo, soap, pathSgd }
const solvers = { lbfgs, conjugateGradient, newtonCg, naturalGradient, kfac }

const DECAY: Readonly<Record<Rule['decay'], string>> = {
  L2: 'L2, added to the gradient',
  decoupled: 'decoupled',
  either: 'L2, or decoupled with `decoupledWeightDecay: true`',
  inside: 'inside the step, as the equation shows',
  none: 'none',
}

export function optimizersPage(): string {
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

export function solversPage(): string {
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

export function schedules(): string {
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
