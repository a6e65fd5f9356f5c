// L-BFGS on two small tables beside scikit-learn, whose numbers lbfgs.py has written: a logistic regression, which has one minimum, and a
// network that starts from scikit-learn's weights.
import { readFileSync } from 'node:fs'
import { dense, input, l2, lbfgs, type Model, readCsv, sequential, standardScaler } from 'fourlane'
import { dataFile } from './data.ts'

interface Found {
  readonly loss: number
  readonly iterations: number
  readonly accuracy: number
}
const theirs = JSON.parse(readFileSync(dataFile('lbfgs.json'), 'utf8')) as {
  readonly 'scikit-learn': string
  readonly logistic: Found & { readonly coefficients: readonly number[]; readonly intercept: number }
  /** Kernel and bias of one layer after the other. */
  readonly mlp: Found & { readonly alpha: number; readonly start: readonly (readonly number[])[] }
}

function table(name: string): { x: Float32Array; y: Int32Array; features: number } {
  const { columns, values, rows } = readCsv(readFileSync(dataFile(name), 'utf8'))
  const features = columns.length - 1
  const x = new Float32Array(rows * features)
  const y = new Int32Array(rows)
  for (let row = 0; row < rows; row++) {
    x.set(values.subarray(row * columns.length, row * columns.length + features), row * features)
    y[row] = values[row * columns.length + features]
  }
  return { x: standardScaler().fitTransform(x, features), y, features }
}

async function train(name: string, model: Model, x: Float32Array, y: Int32Array, expected: Found): Promise<void> {
  const { epoch, metrics } = await model.fit(x, y, { epochs: 1000 })
  const [loss] = metrics.loss.slice(-1)
  const { accuracy } = model.evaluate(x, y)
  const show = (who: string, found: Found) =>
    console.log(
      `${name}, ${who}: loss ${found.loss.toFixed(6)}, accuracy ${found.accuracy.toFixed(4)}, ${found.iterations} iterations`,
    )
  show('here', { loss, accuracy, iterations: epoch.length })
  show(`scikit-learn ${theirs['scikit-learn']}`, expected)
}

// scikit-learn has C = 1 before the sum of the losses, here 1 / n is before it
const tumours = table('breast_cancer.csv')
const regression = sequential([
  input(tumours.features),
  dense(1, { activation: 'sigmoid', kernelInitializer: 'zeros', kernelRegularizer: l2(1 / tumours.y.length) }),
])
regression.compile({ optimizer: lbfgs(), loss: 'binaryCrossentropy', metrics: ['accuracy'] })
await train('logistic regression', regression, tumours.x, tumours.y, theirs.logistic)
const [kernel, bias] = regression.parameters.map((parameter) => parameter.get())
const distances = [...kernel, ...bias].map((value, i) =>
  Math.abs(value - (theirs.logistic.coefficients[i] ?? theirs.logistic.intercept)),
)
console.log(`largest distance of a coefficient: ${Math.max(...distances).toExponential(1)}`)

const wines = table('wine.csv')
const kernelRegularizer = l2(theirs.mlp.alpha / wines.y.length)
const network = sequential([
  input(wines.features),
  dense(10, { activation: 'tanh', kernelRegularizer }),
  dense(3, { activation: 'softmax', kernelRegularizer }),
])
network.parameters.forEach((parameter, i) => {
  parameter.set(Float32Array.from(theirs.mlp.start[i]))
})
network.compile({ optimizer: lbfgs(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
await train('network of 10 units', network, wines.x, wines.y, theirs.mlp)
