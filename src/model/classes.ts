/** Outputs as classes: their names, and the class of a row of outputs. */
import type { ActivationName } from '../catalogue/activations.ts'
import type { Judgement } from '../catalogue/judgement.ts'
import { show } from '../lib/check.ts'

/**
 * A frozen copy of the class names: one per output, or for a single output those of classes 0 and 1.
 * @throws TypeError unless they are an array of strings; RangeError for a wrong number of them.
 */
export function readClassNames(where: string, names: unknown, outputs: number): readonly string[] {
  if (!Array.isArray(names)) throw new TypeError(`${where}: "classNames" must be an array of texts, got ${show(names)}`)
  const wanted = Math.max(outputs, 2)
  if (names.length !== wanted) {
    const what = outputs === 1 ? 'those of classes 0 and 1' : `one for each of the model's ${outputs} outputs`
    throw new RangeError(`${where}: "classNames" must have ${wanted} names, ${what}; got ${names.length}`)
  }
  const odd = names.findIndex((name) => typeof name !== 'string')
  if (odd >= 0) throw new TypeError(`${where}: "classNames" must be texts, got ${show(names[odd])} for class ${odd}`)
  return Object.freeze([...names])
}

/**
 * The threshold above which outputs are positive, if they are independent labels; undefined if the class is the argmax of a row.
 * @param judgement of the loss, if the model is compiled.
 * @throws RangeError for a single output that is not a label.
 */
export function decisionOf(
  where: string,
  last: ActivationName,
  outputs: number,
  judgement: Judgement | undefined,
): number | undefined {
  if (judgement?.independent) return judgement.threshold
  if (last === 'sigmoid' || last === 'hardSigmoid') return 0.5
  if (outputs > 1) return undefined
  throw new RangeError(
    `${where}: a single output with activation "${last}" is a quantity, not a class; use activation "sigmoid", compile with a loss of labels such as binaryCrossentropy({ fromLogits: true }), or compare what predict gives`,
  )
}

/**
 * The argmax of every row, the first on ties; with a threshold 1 for every output above it, else 0.
 * @throws RangeError for a row with a NaN.
 */
export function classesOf(where: string, values: Float32Array, outputs: number, threshold?: number): Int32Array {
  const bad = values.findIndex(Number.isNaN)
  if (bad >= 0) throw new RangeError(`${where}: output ${bad % outputs} of row ${Math.floor(bad / outputs)} is NaN`)
  if (threshold !== undefined) return Int32Array.from(values, (value) => Number(value > threshold))
  return Int32Array.from({ length: values.length / outputs }, (_, row) => {
    const first = row * outputs
    let best = 0
    for (let c = 1; c < outputs; c++) if (values[first + c] > values[first + best]) best = c
    return best
  })
}
