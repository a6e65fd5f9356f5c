/** What the loss looks like around and between the parameters of networks. */
import { dense, lossSurface } from 'fourlane'
import { experiment } from './frame/experiment.ts'
import { cifar, digitsSplit, type Images, mnist, someRows } from './frame/images.ts'
import { directions } from './landscape/directions.ts'
import { type Line, line } from './landscape/line.ts'
import { compiled } from './landscape/network.ts'
import { page, type Results } from './landscape/page.ts'
import { DEPTHS, nameOf, SEEDS, type Surface, surfaceOf } from './landscape/surfaces.ts'
import { WAYS, type Way, way } from './landscape/ways.ts'

/** Processor time, the best of three: what else the machine does counts less than by the clock. */
async function timed({ columns, xTrain, yTrain }: Images, points: number): Promise<number> {
  const model = compiled(columns, [dense(100, { activation: 'tanh' })], 1)
  await model.fit(xTrain, yTrain, { epochs: 1, batchSize: 512 })
  const times = [0, 1, 2].map(() => {
    const start = process.cpuUsage()
    lossSurface(model, xTrain, yTrain, { points })
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1e6
  })
  return Number(Math.min(...times).toFixed(2))
}

export const landscape = experiment<Results>({
  name: 'landscape',
  title: 'Landscapes of the loss',
  data: ['mnist', 'cifar10'],
  async run({ smoke, once }) {
    const small = digitsSplit()
    const lines: { [data: string]: Line } = {}
    if (smoke) lines.digits = await line(small, [32], 1, 11)
    else {
      lines.MNIST = await once('line, MNIST', () => line(someRows(mnist(), 10_000, 1), [256, 128], 10, 141))
      lines['CIFAR-10'] = await once('line, CIFAR-10', () => line(cifar(5000), [256], 30, 141))
    }
    const surfaces: { [network: string]: Surface[] } = {}
    for (const depth of smoke ? [6] : DEPTHS)
      for (const isResidual of [false, true]) {
        const name = nameOf(depth, isResidual)
        surfaces[name] = []
        for (const seed of smoke ? [1] : SEEDS) {
          const work = () => surfaceOf(small, depth, isResidual, seed, smoke ? 1 : 30, smoke ? 11 : 31)
          surfaces[name].push(await once(`${name}, seed ${seed}`, work))
        }
      }
    const ways: { [method: string]: Way } = {}
    for (const [name, optimizer] of Object.entries(WAYS))
      ways[name] = await once(`way of ${name}`, () => way(small, optimizer, smoke ? 3 : 30, smoke ? 7 : 41))
    return {
      lines,
      directions: await once('directions', () => directions(small, smoke ? 2 : 20)),
      surfaces,
      ways,
      seconds: await once('time', () => timed(small, smoke ? 3 : 51)),
    }
  },
  page,
})
