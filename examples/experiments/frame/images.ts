/** Images and labels: the digits of the project, and MNIST and CIFAR-10 from the folder that FOURLANE_DATA names. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { readIdx, shuffle, standardScaler, trainTestSplit } from 'fourlane'
import { dataFile } from '../../data.ts'

/** Rows to train on and rows to test with; x is [rows, columns]. */
export interface Images {
  readonly columns: number
  readonly xTrain: Float32Array
  readonly yTrain: Int32Array
  readonly xTest: Float32Array
  readonly yTest: Int32Array
}

const read = (path: string) => readIdx(gunzipSync(readFileSync(path)))

export function digitImages(): { x: Float32Array; y: Int32Array } {
  return {
    x: Float32Array.from(read(dataFile('digits-images-idx3-ubyte.gz')).values),
    y: Int32Array.from(read(dataFile('digits-labels-idx1-ubyte.gz')).values),
  }
}

/** 1,527 and 270 of the digits, standardized by the rows to train on. */
export function digitsSplit(): Images {
  const { x, y } = digitImages()
  const split = trainTestSplit(x, y, { testSize: 0.15, seed: 37, columns: 64 })
  const scaler = standardScaler()
  return {
    columns: 64,
    xTrain: scaler.fitTransform(split.xTrain, 64),
    xTest: scaler.transform(split.xTest),
    yTrain: Int32Array.from(split.yTrain),
    yTest: Int32Array.from(split.yTest),
  }
}

/** The folder of a data set, or undefined where FOURLANE_DATA does not lead to it. */
export function dataFolder(name: string): string | undefined {
  const folder = process.env.FOURLANE_DATA
  return folder !== undefined && existsSync(join(folder, name)) ? join(folder, name) : undefined
}

function needFolder(name: string): string {
  const folder = dataFolder(name)
  if (folder === undefined) throw new Error(`FOURLANE_DATA does not name a folder that has "${name}"`)
  return folder
}

/** MNIST, pixels from 0 to 1: the four original files. */
export function mnist(): Images {
  const folder = needFolder('mnist')
  const pixels = (name: string) => Float32Array.from(read(join(folder, name)).values, (pixel) => pixel / 255)
  const labels = (name: string) => Int32Array.from(read(join(folder, name)).values)
  return {
    columns: 784,
    xTrain: pixels('train-images-idx3-ubyte.gz'),
    yTrain: labels('train-labels-idx1-ubyte.gz'),
    xTest: pixels('t10k-images-idx3-ubyte.gz'),
    yTest: labels('t10k-labels-idx1-ubyte.gz'),
  }
}

const [SIDE, CROP, CHANNELS] = [32, 28, 3]

/** Centre crops of planar 32 x 32 images, pixels from 0 to 1: [images, 28 * 28 * 3]. */
function crops(path: string): Float32Array {
  const { values } = read(path)
  const plane = SIDE * SIDE
  const count = values.length / (CHANNELS * plane)
  const margin = (SIDE - CROP) / 2
  const cropped = new Float32Array(count * CROP * CROP * CHANNELS)
  let to = 0
  for (let image = 0; image < count; image++) {
    for (let row = margin; row < SIDE - margin; row++) {
      for (let column = margin; column < SIDE - margin; column++) {
        for (let channel = 0; channel < CHANNELS; channel++)
          cropped[to++] = values[(image * CHANNELS + channel) * plane + row * SIDE + column] / 255
      }
    }
  }
  return cropped
}

/**
 * The first 20,000 training images of CIFAR-10 (or fewer) and 1,000 of its test images, as 28 x 28 x 3 centre crops, each image with
 * mean 0 and deviation 1, as Zhang et al. 2017 have them.
 */
export function cifar(rows = 20_000): Images {
  const folder = needFolder('cifar10')
  const parts = ['00000', '05000', '10000', '15000'].slice(0, Math.ceil(rows / 5000))
  const columns = CROP * CROP * CHANNELS
  const xTrain = new Float32Array(parts.length * 5000 * columns)
  parts.forEach((part, i) => {
    xTrain.set(crops(join(folder, `train-${part}-images-idx4-ubyte.gz`)), i * 5000 * columns)
  })
  const labels = (name: string) => Int32Array.from(read(join(folder, name)).values)
  return {
    columns,
    xTrain: whiten(xTrain.slice(0, rows * columns), columns),
    yTrain: labels('train-labels-idx1-ubyte.gz').slice(0, rows),
    xTest: whiten(crops(join(folder, 'test1k-images-idx4-ubyte.gz')), columns),
    yTest: labels('test1k-labels-idx1-ubyte.gz'),
  }
}

/** Each row minus its mean, divided by its deviation, which counts as 1 / √columns at least. In place. */
function whiten(x: Float32Array, columns: number): Float32Array {
  for (let start = 0; start < x.length; start += columns) {
    const row = x.subarray(start, start + columns)
    const middle = row.reduce((sum, value) => sum + value, 0) / columns
    const variance = row.reduce((sum, value) => sum + (value - middle) ** 2, 0) / columns
    const scale = 1 / Math.max(Math.sqrt(variance), 1 / Math.sqrt(columns))
    for (let i = 0; i < columns; i++) row[i] = (row[i] - middle) * scale
  }
  return x
}

/** The first rows after a shuffle. */
export function someRows(images: Images, rows: number, seed: number): Images {
  const { columns, xTrain, yTrain } = images
  const { x, y } = shuffle(xTrain, yTrain, { seed, columns })
  return { ...images, xTrain: x.slice(0, rows * columns), yTrain: y.slice(0, rows) }
}
