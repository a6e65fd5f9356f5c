/** A program under construction: allocates regions, collects steps, and writes them as words once the plan is complete. */
import { RECORD_SCHEDULED, RECORD_SCHEDULES } from '../abi/records.ts'
import { emitSlope } from '../layers/activation.ts'
import type { Builder, Lowered, Matrix, Value } from '../layers/builder.ts'
import { type Layer, lower } from '../layers/layers.ts'
import type { Arena } from '../machine/arena.ts'
import { rowStride } from '../machine/matrixLayout.ts'
import { stepRows } from '../machine/ops/features.ts'
import type { Foreign, Op, Values } from '../machine/ops/op.ts'
import { encode, modulesOf, programBytes, type Range, type Step, step } from '../machine/program.ts'
import { LINEAR } from '../optimizers/rules/rule.ts'
import type { Schedule } from '../optimizers/schedules/named.ts'
import { findPlaces, type ParameterPlace } from './parameterLayout.ts'

/**
 * How layers behave. `inference`; `reversible`: inference that keeps what the backward pass needs; `training` (batch statistics,
 * dropout, noise); `trial`: training without a backward pass; `smooth`: training without dropout and noise.
 */
export type Pass = 'inference' | 'reversible' | 'trial' | 'training' | 'smooth'

/** The addresses and shapes that all steps of a model share. */
export interface Site {
  readonly arena: Arena
  readonly places: readonly ParameterPlace[]
  /** Address of the parameter block. */
  readonly parameters: number
  /** Address of the gradient block; 0 if the model only predicts. */
  readonly gradients: number
  /** Maximum batch size. */
  readonly rows: number
  /** Indices of frozen layers. */
  readonly frozen: ReadonlySet<number>
  /** Whether training uses the running statistics as constants. */
  readonly frozenStatistics: boolean
  /** Overrides how layers are lowered. */
  readonly instead?: ((builder: ProgramBuilder) => ProgramBuilder['instead']) | undefined
  /** With sharded updates: this rank's floats [from, to) of the block. */
  readonly share?: Share | undefined
}

/** Floats [from, to) of a block, multiples of 16. */
export interface Share {
  readonly from: number
  readonly to: number
}

/** Minimum rows per call, and maximum floats of the widest layer for them. */
const PASS_ROWS = 64
const PASS_FLOATS = 2 ** 22

/** Rows per inference pass: many, to need few calls, but fewer for a very wide model, to bound memory. */
export const passRows = (widths: readonly number[]): number =>
  Math.max(1, Math.min(PASS_ROWS, Math.floor(PASS_FLOATS / widths.reduce((a, b) => Math.max(a, b)))))

export class ProgramBuilder implements Builder {
  readonly site: Site
  readonly steps: Step[] = []
  instead: Builder['instead']
  /** Rows that the most demanding pass needs. */
  minimumRows = 1
  /** Tables whose update only visits looked-up rows: the scale of their rate by offset. */
  sparse: Readonly<Record<number, number>> = {}
  /** The schedules for the record's words from RECORD_SCHEDULED on. */
  readonly schedules: Schedule[] = []
  /** Addresses returned by `memory`. */
  readonly lists: number[] = []
  readonly #place: ReturnType<typeof findPlaces>
  #pass: Pass = 'inference'
  #layer = 0
  /** Prefix of parameter names while a nested layer is lowered. */
  #prefix = ''
  #streams = 0
  #deferred: Step[] = []
  readonly #described: string[] = []
  #visits: Step[] = []
  #scratch: { readonly address: number; readonly bytes: number }[] = []
  #base = 0
  #top = 0

  constructor(site: Site) {
    this.site = site
    this.#place = findPlaces(site.places)
    this.instead = site.instead?.(this)
  }

  matrix(cols: number): Matrix {
    const stride = rowStride(cols)
    return { address: this.site.arena.reserve(this.site.rows * stride), cols, stride }
  }

  scratch(bytes: number, steps: 1 | 2 = 1): number {
    const scratch = this.#scratch[steps - 1]
    if (!scratch || bytes > scratch.bytes) this.#scratch[steps - 1] = { address: this.site.arena.reserve(bytes), bytes }
    return this.#scratch[steps - 1].address
  }

  region(bytes: number): number {
    return this.site.arena.reserve(bytes)
  }

  stream(): number {
    return this.#streams++
  }

  scheduled(described: object, schedule: Schedule): number {
    const key = JSON.stringify(described)
    const found = this.#described.indexOf(key)
    const index = found < 0 ? this.#described.push(key) - 1 : found
    this.schedules[index] ??= schedule
    if (index < RECORD_SCHEDULES) return RECORD_SCHEDULED + index
    throw new RangeError(`a model may have ${RECORD_SCHEDULES} schedules of dropout, got more; let layers share one`)
  }

  get rows(): number {
    return this.site.rows
  }

  get training(): boolean {
    return this.#pass === 'training' || this.#pass === 'reversible' || this.#pass === 'smooth'
  }

  get noise(): boolean {
    return this.#pass === 'training' || this.#pass === 'trial'
  }

  get batchStatistics(): boolean {
    const { frozen, frozenStatistics } = this.site
    return (this.noise || this.#pass === 'smooth') && !frozenStatistics && !frozen.has(this.#layer)
  }

  requireRows(rows: number): void {
    this.minimumRows = Math.max(this.minimumRows, rows)
  }

  /** From here on regions overlap those of lists built since the first call; such lists never run at the same time. */
  overlay(): void {
    const { arena } = this.site
    if (this.#base === 0) this.#base = arena.top
    this.#top = Math.max(this.#top, arena.top)
    arena.top = this.#base
    this.#scratch = []
  }

  /** The steps that `emit` adds. */
  range(emit: () => void): Range {
    const from = this.steps.length
    emit()
    return this.span(from, this.steps.length)
  }

  /** Steps [from, to) spanning several ranges. */
  span(from: number, to: number): Range {
    return [from, to, modulesOf(this.steps.slice(from, to))]
  }

  #placeOf(name: string): ParameterPlace {
    const full = this.#prefix + name
    const place = this.#place(this.#layer, full)
    if (!place) throw new Error(`plan: layer ${this.#layer} has no parameter "${full}"`)
    return place
  }

  parameter(name: string): { address: number; gradient: number } {
    const place = this.#placeOf(name)
    return { address: this.site.parameters + place.offset * 4, gradient: this.site.gradients + place.offset * 4 }
  }

  table(name: string): ReturnType<Builder['table']> {
    const { [this.#placeOf(name).offset]: scale } = this.sparse
    return {
      ...this.parameter(name),
      visit:
        scale === undefined
          ? undefined
          : (operands) => this.#visits.push(step(stepRows, { ...operands, scale, tiny: LINEAR })),
    }
  }

  emit<O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): void {
    this.steps.push(step(op, operands))
  }

  defer<O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): void {
    this.#deferred.push(step(op, operands))
  }

  memory(bytes: number): number {
    const address = this.region(bytes)
    this.lists.push(address)
    return address
  }

  /** Emits the update steps of tables of which only looked-up rows are visited. */
  emitVisits(): void {
    this.steps.push(...this.#visits)
    this.#visits = []
  }

  within<T>(prefix: string, lower: () => T): T {
    const outer = this.#prefix
    this.#prefix = outer + prefix
    try {
      return lower()
    } finally {
      this.#prefix = outer
    }
  }

  /** Emits the deferred steps; `again`: keeps them for another range. */
  emitDeferred(again = false): void {
    this.steps.push(...this.#deferred)
    if (!again) this.#deferred = []
  }

  needsDerivative({ activation, saved }: Value): boolean {
    return activation !== undefined && saved !== undefined && activation.kind !== 'linear'
  }

  applyDerivative(value: Value, gradient: Matrix, to: Matrix = gradient): void {
    const { activation, saved } = value
    if (!activation || !saved || !this.needsDerivative(value)) return
    emitSlope(this, activation, saved, gradient, to)
  }

  /** What follows belongs to layer `index` of the model. */
  enter(index: number, pass: Pass): void {
    this.#layer = index
    this.#pass = pass
  }

  /** Lowers the layers in order; entry i of `lowered` has the backward pass of layer i. */
  forward(layers: readonly Layer[], x: Matrix, pass: Pass): { y: Value; lowered: (Lowered | undefined)[] } {
    this.#streams = 0
    let y: Value = x
    const lowered = layers.map((layer, index) => {
      if (layer.kind === 'input') return undefined
      this.enter(index, pass)
      const step = lower(layer, this, y)
      y = step.y
      return step
    })
    return { y, lowered }
  }

  /**
   * Writes all steps to a region of their own, and zeroes the regions from `start` on.
   * @throws Error if the steps need a wasm module that is not loaded.
   */
  write(from: number): number {
    const { arena } = this.site
    arena.machine.need(modulesOf(this.steps))
    arena.top = Math.max(arena.top, this.#top)
    const program = arena.reserve(programBytes(this.steps.length))
    arena.commit()
    arena.f32.fill(0, from / 4, arena.top / 4)
    encode(arena, program, this.steps)
    return program
  }
}
