/** The catalogue of optimizers: defaults, refusals, and that no rule or op goes untested. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RECORD_SCALARS } from '../../src/abi/records.ts'
import type { Op } from '../../src/machine/ops/op.ts'
import * as ops from '../../src/machine/ops/ops.ts'
import { adam, type OptimizerName, optimizers, type Rule, rules, sgd } from '../../src/optimizers/optimizers.ts'
import { resolveOptimizer } from '../../src/optimizers/resolve.ts'
import { optimize } from '../../src/training/optimize.ts'
import { factory, fromGolden, optax, torch, variants } from '../support/optimizerCases.ts'

test('every op belongs to a rule, every rule is covered', () => {
  const used = new Map<Op, OptimizerName[]>()
  for (const [kind, { op, before = [] }] of Object.entries(rules) as [OptimizerName, Rule][]) {
    for (const each of [op, ...before]) used.set(each, [...(used.get(each) ?? []), kind])
  }
  const updates = Object.entries(ops).filter(([, { floats }]) => 'rateScale' in floats)
  for (const [name, op] of updates) {
    const kinds = used.get(op)
    assert.equal(kinds, op === ops.adam ? ['adam', 'adamw'] : [kinds?.[0]], `${name} must belong to one rule`)
    assert.ok(kinds?.[0], `${name} belongs to no rule`)
  }
  assert.is(used.size, updates.length)
  assert.equal(Object.keys(optimizers).sort(), Object.keys(rules).sort())
  const golden = new Set([...torch.cases, ...optax.cases].map((each) => fromGolden(each).kind))
  for (const kind of Object.keys(rules) as OptimizerName[]) {
    assert.ok(golden.has(kind), `${kind} has no golden trajectory`)
    assert.ok(
      variants.some((each) => each.kind === kind),
      `${kind} has no float64 comparison`,
    )
  }
})

test('constants and scalars fit their words', () => {
  for (const optimizer of variants) {
    const rule: Rule = rules[optimizer.kind]
    for (const op of [rule.op, ...(rule.before ?? [])]) {
      for (const name of Object.keys(rule.hypers(optimizer.options))) assert.ok(name in op.floats, optimizer.kind)
      for (const name of rule.states) assert.ok(name in op.ints, optimizer.kind)
    }
    assert.ok(
      (rule.scalars?.(optimizer.options, 1, 0.1, new Float64Array(8), () => optimizer.options) ?? []).length <=
        RECORD_SCALARS,
      optimizer.kind,
    )
  }
})

test("defaults are PyTorch's", () => {
  for (const golden of torch.cases.filter((each) => each.defaults_only)) {
    const { kind, learningRate, weightDecay, options } = fromGolden(golden)
    const ours = factory(kind)()
    assert.equal(ours.options, options, golden.id)
    assert.is(ours.weightDecay, weightDecay, golden.id)
    if (kind !== 'sgd') assert.is(ours.learningRate, learningRate, golden.id)
  }
  assert.is(sgd().learningRate, 0.01)
})

test('an optimizer is frozen plain data', () => {
  for (const optimizer of variants) {
    assert.ok(
      Object.isFrozen(optimizer) && Object.isFrozen(optimizer.options) && Object.isFrozen(optimizer.parameterGroups),
    )
    assert.equal(JSON.parse(JSON.stringify(optimizer)), optimizer)
  }
})

test('bad options are refused by name', () => {
  const refused = (make: () => unknown, message: string, kind = RangeError) => {
    assert.throws(make, (error: Error) => {
      assert.is(error.message, message)
      return error instanceof kind
    })
  }
  refused(() => sgd({ learningRate: -1 }), 'sgd: "learningRate" must be a finite number at least 0, got -1')
  refused(() => sgd({ learningRate: Number.NaN }), 'sgd: "learningRate" must be a finite number at least 0, got NaN')
  refused(() => adam({ beta1: 1 }), 'adam: "beta1" must be a finite number at least 0 and less than 1, got 1')
  refused(() => adam({ epsilon: 0 }), 'adam: "epsilon" must be a finite number at least 1e-30, got 0')
  refused(() => factory('adam')({ lr: 1 }), 'adam: unknown option "lr"; did you mean "learningRate"?', TypeError)
  refused(
    () => factory('rprop')({ weightDecay: 1 }),
    'rprop: unknown option "weightDecay"; known: learningRate, etas, stepSizes, parameterGroups',
    TypeError,
  )
  refused(() => factory('adam')({ amsgrad: 1 }), 'adam: "amsgrad" must be true or false, got 1', TypeError)
  refused(() => factory('sgd')({ momentum: '0.9' }), 'sgd: "momentum" must be a number, got "0.9"', TypeError)
  const nesterov = 'sgd: "nesterov" needs "momentum" above 0 and "dampening" 0, got momentum 0 and dampening 0'
  refused(() => sgd({ nesterov: true }), nesterov)
  assert.throws(
    () => sgd({ nesterov: true, momentum: 0.9, dampening: 0.1 }),
    /"dampening" 0, got momentum 0.9 and dampening 0.1/,
  )
  refused(
    () => factory('rprop')({ etas: [0.5] }),
    'rprop: "etas" must be an array of two numbers, got an array of 1',
    TypeError,
  )
  refused(
    () => factory('rprop')({ etas: [1.5, 2] }),
    'rprop: "etas[0]" must be a finite number greater than 0 and less than 1, got 1.5',
  )
  refused(() => factory('rprop')({ stepSizes: [2, 1] }), 'rprop: "stepSizes" must be [smallest, largest], got [2, 1]')
  refused(() => factory('adam')(5 as never), 'adam: options must be an object, got 5', TypeError)
  refused(
    () => factory('adam')({ parameterGroups: {} }),
    'adam: "parameterGroups" must be an array of groups, got an object',
    TypeError,
  )
  refused(
    () => factory('adam')({ parameterGroups: [{}] }),
    'adam: "parameterGroups[0].match" must be a name, an array of names, an expression or a function, got undefined',
    TypeError,
  )
  const negative = { match: () => true, learningRateScale: -1 }
  refused(
    () => adam({ parameterGroups: [negative] }),
    'adam: "parameterGroups[0].learningRateScale" must be a finite number at least 0, got -1',
  )
  assert.throws(
    () => factory('rprop')({ parameterGroups: [{ match: () => true, weightDecay: 1 }] }),
    /rprop does not have/,
  )
  refused(
    () => resolveOptimizer('compile', 'adamm' as never),
    'compile: unknown optimizer "adamm"; did you mean "adam"?',
  )
  refused(
    () => resolveOptimizer('compile', adam as never),
    'compile: "optimizer" is function adam; call it, or give its name',
    TypeError,
  )
  assert.throws(() => resolveOptimizer('compile', {} as never), TypeError)
  assert.throws(() => resolveOptimizer('compile', null as never), TypeError)
  const bad = optimize(sgd({ learningRate: () => Number.NaN }), [[1]])
  refused(
    () => bad.step(),
    'sgd: the schedule of "learningRate" must give a finite number at least 0, got NaN at step 0',
  )
  assert.is(bad.stepCount, 0)
})

test.run()
