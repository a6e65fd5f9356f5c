/**
 * RealMLP-TD-S in float64, as its authors write it (Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491, section 3 and
 * appendix A): NTK parametrization, x W / √inputs + b, trained by Adam with a rate for each kind of parameter. Gradients by hand.
 */
export interface Step {
  readonly x: ArrayLike<number>
  readonly y: ArrayLike<number>
}

/** As the authors have them: factors, then W and b of each layer, W not divided by √inputs. */
export interface RealMlp {
  readonly factors: Float64Array
  readonly kernels: readonly Float64Array[]
  readonly biases: readonly Float64Array[]
}

const SELU_SCALE = 1.0507009873554805
const SELU_ALPHA = 1.6732632423543772
const selu = (z: number): [number, number] =>
  z > 0
    ? [SELU_SCALE * z, SELU_SCALE]
    : [SELU_SCALE * SELU_ALPHA * (Math.exp(z) - 1), SELU_SCALE * SELU_ALPHA * Math.exp(z)]
const mish = (z: number): [number, number] => {
  const t = Math.tanh(Math.log1p(Math.exp(z)))
  return [z * t, t + (z * (1 - t * t)) / (1 + Math.exp(-z))]
}

/** Losses of the steps, each before its update; the network changes. */
export function trainRealMlp(
  { factors, kernels, biases }: RealMlp,
  steps: readonly Step[],
  total: number,
  task: 'classification' | 'regression',
): number[] {
  const parameters = [factors, ...kernels.flatMap((kernel, i) => [kernel, biases[i]])]
  const rates = [6, ...kernels.flatMap(() => [1, 0.1])]
  const m = parameters.map(({ length }) => new Float64Array(length))
  const v = parameters.map(({ length }) => new Float64Array(length))
  const f = task === 'classification' ? selu : mish
  return steps.map((batch, step) => {
    const g = parameters.map(({ length }) => new Float64Array(length))
    const loss = gradients({ factors, kernels, biases }, batch, f, task, g)
    const turns = Math.log2(1 + (15 * step) / total)
    const rate = (task === 'classification' ? 0.04 : 0.07) * (0.5 - 0.5 * Math.cos(2 * Math.PI * turns))
    for (const [p, values] of parameters.entries()) {
      for (const i of values.keys()) {
        m[p][i] = 0.9 * m[p][i] + 0.1 * g[p][i]
        v[p][i] = 0.95 * v[p][i] + 0.05 * g[p][i] ** 2
        const mean = m[p][i] / (1 - 0.9 ** (step + 1))
        values[i] -= (rate * rates[p] * mean) / (Math.sqrt(v[p][i] / (1 - 0.95 ** (step + 1))) + 1e-8)
      }
    }
    return loss
  })
}

function gradients(
  { factors, kernels, biases }: RealMlp,
  { x, y }: Step,
  f: (z: number) => [number, number],
  task: 'classification' | 'regression',
  g: readonly Float64Array[],
): number {
  const width = factors.length
  const rows = y.length
  let loss = 0
  for (let row = 0; row < rows; row++) {
    const input = Float64Array.from(factors, (_, i) => x[row * width + i])
    let a = input.map((value, i) => value * factors[i])
    const inputs: Float64Array[] = []
    const slopes: Float64Array[] = []
    for (const [l, kernel] of kernels.entries()) {
      inputs.push(a)
      const units = biases[l].length
      const sums = new Float64Array(units)
      for (const [i, value] of a.entries()) for (let j = 0; j < units; j++) sums[j] += value * kernel[i * units + j]
      const { length } = a
      const z = sums.map((sum, j) => sum / Math.sqrt(length) + biases[l][j])
      const isLast = l === kernels.length - 1
      slopes.push(z.map((value) => (isLast ? 1 : f(value)[1])))
      a = isLast ? z : z.map((value) => f(value)[0])
    }
    let d: Float64Array
    if (task === 'classification') {
      const highest = Math.max(...a)
      const sum = a.reduce((total, value) => total + Math.exp(value - highest), 0)
      const target = a.map((_, c) => (c === y[row] ? 0.9 : 0) + 0.1 / a.length)
      a.forEach((value, c) => {
        loss -= (target[c] * (value - highest - Math.log(sum))) / rows
      })
      d = a.map((value, c) => (Math.exp(value - highest) / sum - target[c]) / rows)
    } else {
      loss += (a[0] - y[row]) ** 2 / rows
      d = Float64Array.of((2 * (a[0] - y[row])) / rows)
    }
    for (let l = kernels.length - 1; l >= 0; l--) {
      const units = biases[l].length
      const from = inputs[l]
      const dz = d.map((value, j) => value * slopes[l][j])
      const below = new Float64Array(from.length)
      const [dw, db] = [g[2 * l + 1], g[2 * l + 2]]
      const root = Math.sqrt(from.length)
      for (const [j, value] of dz.entries()) db[j] += value
      for (const [i, value] of from.entries()) {
        let sum = 0
        for (let j = 0; j < units; j++) {
          dw[i * units + j] += (dz[j] * value) / root
          sum += dz[j] * kernels[l][i * units + j]
        }
        below[i] = sum / root
      }
      d = below
    }
    for (const i of input.keys()) g[0][i] += d[i] * input[i]
  }
  return loss
}
