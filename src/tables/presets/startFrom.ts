/** Data-dependent initialization: RealMLP's "std" and "he+5" (Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491, 3.2). */
import { withoutActivation } from '../../layers/layers.ts'
import { portableLog, Random } from '../../lib/random.ts'
import { findLayer } from '../../model/layerNames.ts'
import { Model } from '../../model/model.ts'
import { endow, inherited } from '../../model/relatives.ts'

/** Maximum rows used to scale a layer; of larger tables, evenly spaced rows. */
const MOST_ROWS = 2 ** 16
/** Rows per forward pass. */
const CHUNK = 256
/** Rows combined into a bias. */
const CORNERS = 5

/**
 * Scales the kernels of dense layers, one after another, so that every unit's pre-activation has standard deviation 1 over the rows,
 * and sets its bias such that its zero lies at a random convex combination of 5 rows. Forward passes are in training mode, with dropout.
 * @param layers names of dense layers, in order, whose biases are 0
 * @param x [rows, inputs], row-major
 */
export function startFrom(model: Model, layers: readonly string[], x: Float32Array): void {
  const rows = thinned(x, model.engine.inputs)
  const random = new Random(model.seed)
  for (const name of layers) {
    const [kernel, bias] = ['kernel', 'bias'].map((kind) => {
      const found = model.parameters.find((parameter) => parameter.name === `${name}.${kind}`)
      if (!found) throw new Error(`startFrom: no parameter ${name}.${kind}`)
      return found
    })
    const sums = sumsOf(model, name, rows)
    const units = bias.shape[0]
    const spreads = spreadsOf(sums, units)
    const weights = kernel.get()
    for (let i = 0; i < weights.length; i++) weights[i] /= spreads[i % units]
    kernel.set(weights)
    bias.set(biasesOf(sums, spreads, random))
  }
}

function thinned(x: Float32Array, width: number): Float32Array {
  const count = x.length / width
  if (count <= MOST_ROWS) return x
  const out = new Float32Array(MOST_ROWS * width)
  for (let i = 0; i < MOST_ROWS; i++) {
    const row = Math.floor((i * count) / MOST_ROWS)
    out.set(x.subarray(row * width, (row + 1) * width), i * width)
  }
  return out
}

/** The layers up to and including that one, without its activation. */
function upTo(model: Model, layer: string): Model {
  const last = findLayer('startFrom', 'layers', model, layer)
  const { layers, parameters, engine, seed } = model
  const part = [...layers.slice(0, last), withoutActivation(layers[last])]
  const values = parameters.filter((_, i) => engine.places[i].layer <= last).map((parameter) => parameter.get())
  return endow(Model.make(part, { ...inherited(model), seed }, true), model, values)
}

/** A layer's pre-activations, [rows, units]. */
function sumsOf(model: Model, layer: string, x: Float32Array): Float32Array {
  const part = upTo(model, layer)
  const { inputs, outputs } = part.engine
  const rows = x.length / inputs
  const out = new Float32Array(rows * outputs)
  for (let first = 0; first < rows; first += CHUNK) {
    const end = Math.min(first + CHUNK, rows)
    part.predict(x.subarray(first * inputs, end * inputs), {
      training: true,
      out: out.subarray(first * outputs, end * outputs),
    })
  }
  part.close()
  return out
}

/** Standard deviations of the columns; 1 for constant ones. */
function spreadsOf(values: Float32Array, cols: number): Float64Array {
  const rows = values.length / cols
  const means = new Float64Array(cols)
  for (let i = 0; i < values.length; i++) means[i % cols] += values[i] / rows
  const squares = new Float64Array(cols)
  for (let i = 0; i < values.length; i++) squares[i % cols] += (values[i] - means[i % cols]) ** 2 / rows
  return squares.map((square) => Math.sqrt(square) || 1)
}

/** -Σ w z over 5 random rows per unit, with weights uniform on the simplex. */
function biasesOf(sums: Float32Array, spreads: Float64Array, random: Random): Float32Array {
  const units = spreads.length
  const rows = sums.length / units
  return Float32Array.from(spreads, (spread, unit) => {
    let [combined, total] = [0, 0]
    for (let corner = 0; corner < CORNERS; corner++) {
      const weight = -portableLog(1 - random.uniform())
      combined += weight * sums[random.integer(rows) * units + unit]
      total += weight
    }
    return -combined / (total * spread)
  })
}
