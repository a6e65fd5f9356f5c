// Draws the pictures of docs/charts.md, each from real data: `node build/examples/charts.js [FOLDER]`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import {
  adam,
  confusionMatrix,
  dense,
  input,
  type Model,
  minimize,
  type Optimizer,
  readCsv,
  readIdx,
  sequential,
  sgd,
  standardScaler,
  trainTestSplit,
} from 'fourlane'
import { bars, confusion, contour, heatmap, lineChart, scatter, surface } from 'fourlane/charts'
import { dataFile } from './data.ts'

const built = import.meta.url.includes('/build/')
const folder =
  process.argv[2] ?? fileURLToPath(new URL(built ? '../../docs/images/' : '../docs/images/', import.meta.url))
mkdirSync(folder, { recursive: true })
function save(name: string, svg: string): void {
  writeFileSync(join(folder, `${name}.svg`), svg)
  console.log(`${name}.svg: ${(svg.length / 1000).toFixed(1)} kB`)
}

/** Columns by name, the target last. */
function table(name: string) {
  const { columns, values, rows } = readCsv(readFileSync(dataFile(name), 'utf8'))
  const column = (index: number) =>
    Float32Array.from({ length: rows }, (_, row) => values[row * columns.length + index])
  const features = columns.length - 1
  return {
    names: columns.slice(0, features),
    columns: columns.slice(0, features).map((_, i) => column(i)),
    target: column(features),
  }
}

// lines and a confusion matrix: the digits of `npm start`
const read = (name: string) => readIdx(gunzipSync(readFileSync(dataFile(name)))).values
const digits = trainTestSplit(
  new Float32Array(read('digits-images-idx3-ubyte.gz')),
  new Int32Array(read('digits-labels-idx1-ubyte.gz')),
  { columns: 64, testSize: 0.15, seed: 37 },
)
const scaler = standardScaler()
const xTrain = scaler.fitTransform(digits.xTrain, 64)
const xTest = scaler.transform(digits.xTest)
const model = sequential([input(64), dense(100, { activation: 'tanh' }), dense(10, { activation: 'softmax' })], {
  seed: 37,
  deterministic: true,
})
model.compile({
  optimizer: sgd({ learningRate: 0.1 }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
})
const { metrics } = await model.fit(xTrain, digits.yTrain, {
  epochs: 40,
  batchSize: 32,
  validationData: [xTest, digits.yTest],
})
save(
  'line-chart',
  lineChart({
    title: 'Digits: loss by epoch',
    series: { training: metrics.loss, 'held out': { y: metrics.val_loss, dash: 'dashed' } },
    xLabel: 'epoch',
    yLabel: 'cross-entropy',
    yScale: 'log',
  }),
)
const classOf = (probabilities: Float32Array) => probabilities.indexOf(Math.max(...probabilities))
const probabilities = model.predict(xTest)
const predicted = Int32Array.from(digits.yTest, (_, row) => classOf(probabilities.subarray(row * 10, row * 10 + 10)))
save('confusion', confusion({ title: 'Digits: 270 held out', matrix: confusionMatrix(digits.yTest, predicted) }))

// a surface: the loss of that network around its weights, along two random directions, each unit's part of them as long as its weights
let state = 7
function uniform(): number {
  // Park and Miller 1988
  state = (state * 48271) % 2147483647
  return state / 2147483647
}
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
function direction(of: Model): Float32Array[] {
  return of.parameters.map((parameter) => {
    const weights = parameter.get()
    if (parameter.shape.length < 2) return new Float32Array(weights.length)
    const units = parameter.shape[1]
    const steps = weights.map(() => normal())
    const length = (values: Float32Array, unit: number) =>
      Math.sqrt(values.reduce((sum, value, i) => (i % units === unit ? sum + value * value : sum), 0))
    const ratios = Array.from({ length: units }, (_, unit) => length(weights, unit) / length(steps, unit))
    return steps.map((step, i) => step * ratios[i % units])
  })
}
const centre = model.parameters.map((parameter) => parameter.get())
const [first, second] = [direction(model), direction(model)]
const axis = Array.from({ length: 41 }, (_, i) => (i - 20) / 20)
const losses = axis.map((v) =>
  axis.map((u) => {
    model.parameters.forEach((parameter, p) => {
      parameter.set(centre[p].map((weight, i) => weight + u * first[p][i] + v * second[p][i]))
    })
    return model.evaluate(xTest, digits.yTest).loss
  }),
)
const plane = { x: axis, y: axis, z: losses, xLabel: 'first direction', yLabel: 'second direction', zLabel: 'loss' }
save('surface', surface({ title: 'Digits: loss around the trained weights', ...plane }))

// a contour plot: two rules on the function of Beale 1958, from the same start
const beale = (x: number, y: number) =>
  (1.5 - x + x * y) ** 2 + (2.25 - x + x * y * y) ** 2 + (2.625 - x + x * y ** 3) ** 2
function path(optimizer: Optimizer, maxSteps: number) {
  const steps = { x: [] as number[], y: [] as number[] }
  minimize(
    optimizer,
    [1, 1.5],
    ([x, y], gradient) => {
      const [a, b, c] = [1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y ** 3]
      gradient[0] = 2 * (a * (y - 1) + b * (y * y - 1) + c * (y ** 3 - 1))
      gradient[1] = 2 * x * (a + 2 * b * y + 3 * c * y * y)
      return beale(x, y)
    },
    {
      maxSteps,
      onStep: ({ x }) => {
        steps.x.push(x[0])
        steps.y.push(x[1])
      },
    },
  )
  return steps
}
const [across, up] = [0, 1].map((axis) => Array.from({ length: 161 }, (_, i) => (axis ? -2.5 : -0.5) + 4.5 * (i / 160)))
save(
  'contour',
  contour({
    title: 'Three rules on the function of Beale',
    x: across,
    y: up,
    z: up.map((y) => across.map((x) => beale(x, y) + 1e-3)),
    scale: 'log',
    levels: 12,
    zLabel: 'f(x, y)',
    xLabel: 'x',
    yLabel: 'y',
    paths: {
      'gradient descent': path(sgd({ learningRate: 0.003 }), 3000),
      momentum: path(sgd({ learningRate: 0.003, momentum: 0.9 }), 800),
      Adam: path(adam({ learningRate: 0.05 }), 800),
    },
  }),
)

// a scatter plot: three species of iris
const iris = table('iris.csv')
const species = ['setosa', 'versicolor', 'virginica']
const ofSpecies = (column: number, kind: number) => iris.columns[column].filter((_, row) => iris.target[row] === kind)
save(
  'scatter',
  scatter({
    title: 'Iris: petals of three species',
    series: Object.fromEntries(species.map((name, kind) => [name, { x: ofSpecies(2, kind), y: ofSpecies(3, kind) }])),
    xLabel: 'length in cm',
    yLabel: 'width in cm',
  }),
)

// a heat map: correlations of measurements
const wine = table('wine.csv')
const standard = wine.columns.map((column) => standardScaler().fitTransform(column, 1))
const correlation = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0) / a.length
const readable = wine.names.map((name) =>
  name.replaceAll('_', ' ').replace(' of diluted wines', '').replace(' per ', '/'),
)
save(
  'heatmap',
  heatmap({
    title: 'Wine: correlations',
    values: standard.map((a) => standard.map((b) => correlation(a, b))),
    rowLabels: readable,
    columnLabels: readable,
    valueTitle: 'correlation',
    limits: [-1, 1],
  }),
)

// bars: how much a network needs each of those measurements
const rows = wine.target.length
const x = Float32Array.from(
  { length: rows * standard.length },
  (_, i) => standard[i % standard.length][Math.floor(i / standard.length)],
)
const judge = sequential(
  [input(standard.length), dense(16, { activation: 'tanh' }), dense(3, { activation: 'softmax' })],
  {
    seed: 1,
    deterministic: true,
  },
)
judge.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'sparseCategoricalCrossentropy' })
await judge.fit(x, Int32Array.from(wine.target), { epochs: 60, batchSize: 16 })
const loss = (data: Float32Array) => judge.evaluate(data, Int32Array.from(wine.target)).loss
const plain = loss(x)
const importances = standard.map((_, feature) => {
  const rises = Array.from({ length: 20 }, () => {
    const shuffled = x.slice()
    for (let row = rows - 1; row > 0; row--) {
      const [a, b] = [row, Math.floor(uniform() * (row + 1))].map((index) => index * standard.length + feature)
      ;[shuffled[a], shuffled[b]] = [shuffled[b], shuffled[a]]
    }
    return loss(shuffled) - plain
  })
  const mean = rises.reduce((sum, rise) => sum + rise, 0) / rises.length
  return { mean, deviation: Math.sqrt(rises.reduce((sum, rise) => sum + (rise - mean) ** 2, 0) / rises.length) }
})
save(
  'bars',
  bars({
    title: 'Wine: permutation importance',
    labels: readable,
    values: importances.map(({ mean }) => mean),
    errors: importances.map(({ deviation }) => deviation),
    sort: 'magnitude',
    xLabel: 'rise of the loss when a column is shuffled, 20 times',
  }),
)
