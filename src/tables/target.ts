/** The prediction target of a table model: named classes, or a number. */
import { numberOf } from '../data/table/values.ts'
import { show } from '../lib/check.ts'

export interface ClassTarget {
  readonly task: 'classification'
  readonly name: string
  /** Sorted, numbers by value; the model's class i is classes[i]. */
  readonly classes: readonly string[]
  /** Whether they are numbers: then 1 and "1.0" are equal. */
  readonly numeric: boolean
}

export interface NumberTarget {
  readonly task: 'regression'
  readonly name: string
  /** Over the training rows: targets are (value - mean) / standardDeviation. */
  readonly mean: number
  readonly standardDeviation: number
  /** Predictions are clamped to [minimum, maximum]. */
  readonly minimum: number
  readonly maximum: number
}

export type Target = ClassTarget | NumberTarget

export const standardize = (value: number, { mean, standardDeviation }: NumberTarget): number =>
  (value - mean) / standardDeviation

/** The class name for a cell's text. */
export function classNameOf(text: string, numeric: boolean): string {
  const value = numeric ? numberOf(text) : Number.NaN
  return Number.isNaN(value) ? text : String(value)
}

/** Class names, or destandardized outputs, clamped to the range of the training rows. */
export function decodeTarget(where: string, target: Target, y: ArrayLike<number>): string[] | Float64Array {
  if (target.task === 'classification') {
    const { classes } = target
    return Array.from(y, (index, row) => {
      if (Number.isInteger(index) && index >= 0 && index < classes.length) return classes[index]
      throw new RangeError(`${where}: "y" row ${row} is ${show(index)}, not a class from 0 to ${classes.length - 1}`)
    })
  }
  // checked before allocating: an object that is not an array may claim any length
  for (let row = 0; row < y.length; row++) {
    if (typeof y[row] !== 'number') throw new TypeError(`${where}: "y" row ${row} is ${show(y[row])}, not a number`)
  }
  const { mean, standardDeviation, minimum, maximum } = target
  return Float64Array.from(y, (value) => Math.min(Math.max(value * standardDeviation + mean, minimum), maximum))
}
