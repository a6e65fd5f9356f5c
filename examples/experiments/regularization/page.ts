/** What the page says of all of it. */
import { heatmap, lineChart } from 'fourlane/charts'
import type { Page } from '../frame/experiment.ts'
import { drawn, mean, percents, short, shorts } from '../frame/numbers.ts'
import { DECAYS, EPOCHS, LEARNING_RATES, ROWS, WRONG, ZERO } from './settings.ts'
import type { Course } from './training.ts'

export interface Results {
  readonly seeds: number
  readonly widths: readonly { readonly width: number; readonly runs: readonly Course[] }[]
  readonly penalties: readonly {
    readonly penalty: number
    readonly l1: readonly (readonly [sparsity: number, testAccuracy: number])[]
    readonly l2: readonly (readonly [sparsity: number, testAccuracy: number])[]
  }[]
  readonly dropouts: readonly { readonly rate: number; readonly runs: readonly Course[] }[]
  readonly stopping: readonly { readonly epochs: number; readonly stopped: Course; readonly on: Course }[]
  /** Mean test accuracies by learning rate (rows) and decay (columns). */
  readonly decays: { readonly coupled: readonly number[]; readonly decoupled: readonly number[] }
}

export function page({ seeds, widths, penalties, dropouts, stopping, decays }: Results): Page {
  const tests = (runs: readonly Course[]) => runs.map(({ testAccuracy }) => testAccuracy)
  const trains = (runs: readonly Course[]) => runs.map(({ trainAccuracy }) => trainAccuracy)
  const last = (values: readonly (number | null)[]) => values.at(-1) ?? Number.NaN
  const lowest = (values: readonly (number | null)[]) => Math.min(...drawn(values))
  const shares = (pairs: readonly (readonly [number, number])[], which: 0 | 1) => pairs.map((pair) => pair[which])
  const best = <Row>(rows: readonly Row[], score: (row: Row) => number) =>
    rows.reduce((top, row) => (score(row) > score(top) ? row : top))
  const bestDropout = best(dropouts, ({ runs }) => mean(tests(runs)))
  const none = dropouts[0]
  const columns = decays.coupled.length < LEARNING_RATES.length * DECAYS.length ? 2 : DECAYS.length
  const rates = LEARNING_RATES.slice(0, decays.coupled.length / columns)
  const list = [...decays.coupled, ...decays.decoupled]
  const limits = [Math.min(...list), Math.max(...list)] as const
  /** The best decay for each learning rate. */
  const bestDecays = (values: readonly number[]) =>
    rates.map((_, row) => {
      const own = values.slice(row * columns, (row + 1) * columns)
      return DECAYS[own.indexOf(Math.max(...own))]
    })
  const plane = (title: string, values: readonly number[]) =>
    heatmap({
      title,
      values: values.map((value) => 100 * value),
      columns,
      rowLabels: rates.map(short),
      columnLabels: DECAYS.slice(0, columns).map(short),
      rowTitle: 'learning rate',
      columnTitle: 'weight decay',
      valueTitle: 'test accuracy, %',
      limits: limits.map((value) => 100 * value) as [number, number],
      height: 360,
    })
  const wide = widths.at(-1) ?? widths[0]
  const curve = (width: number) => widths.find((one) => one.width === width)
  const drawnWidths = [2, 32, 512].flatMap((width) => curve(width) ?? [])
  const middle = (runs: readonly Course[], which: 'train' | 'test') =>
    runs[0][which].map((_, i) => mean(runs.map((run) => run[which][i] ?? Number.NaN)))
  const strongest = penalties.at(-1) ?? penalties[0]
  const lossAt = ({ runs }: { readonly runs: readonly Course[] }, of: (values: readonly (number | null)[]) => number) =>
    mean(runs.map(({ test }) => of(test)))
  const largestBest = best(widths, ({ runs }) => mean(tests(runs))) === wide
  const points = (share: number) => `${(100 * share).toFixed(1)} points`
  const [coupledBest, decoupledBest] = [bestDecays(decays.coupled), bestDecays(decays.decoupled)]
  const moves = (found: readonly number[]) => new Set(found).size > 1
  const decoupling = `From the smallest to the largest learning rate the best L2 under Adam is ${coupledBest.map(short).join(', ')}, the best decoupled decay ${decoupledBest.map(short).join(', ')}; at their best, chosen by the test rows, L2 reaches ${percents([Math.max(...decays.coupled)])} and decoupled decay ${percents([Math.max(...decays.decoupled)])}: here Adam with L2 is no harder to tune, and no worse.`
  const stoppedAt = stopping.map(({ epochs }) => epochs)
  const stoppedAccuracy = tests(stopping.map(({ stopped }) => stopped))
  const onAccuracy = tests(stopping.map(({ on }) => on))
  return {
    source:
      'Goodfellow, Bengio, Courville 2016, Deep learning, chapters 5 and 7; Srivastava et al. 2014, Dropout; Loshchilov and Hutter 2019, Decoupled weight decay regularization, arXiv:1711.05101',
    claim:
      'Networks that are too small fit neither training nor test rows; those that are too large fit the training rows, errors included, and lose on the test rows as they train on. L1 makes weights exactly zero and L2 only small; dropout, early stopping and weight decay cost training accuracy and gain test accuracy. Under Adam, decoupled weight decay can be chosen without the learning rate, and L2 cannot.',
    settings: [
      `${ROWS} of the digits to train on, 8 x 8, standardized, a share of ${WRONG} of their labels drawn anew, so that there is something not to learn; 270 test rows with right labels; seeds 1 to ${seeds} choose rows, labels and weights.`,
      `64-128-10 unless said otherwise, ReLU, He-normal; Adam with rate 0.001, batches of 32, ${EPOCHS} epochs. Early stopping looks at the test rows, with a patience of 10, and so knows more than it should.`,
      `Zero: below ${ZERO} in size.`,
    ],
    parts: [
      '**Size.** With wrong labels, a training accuracy beyond about 82 % is memory.',
      {
        head: ['hidden units', 'training accuracy', 'test accuracy', 'test loss at its lowest', 'test loss at the end'],
        rows: widths.map(({ width, runs }) => [
          String(width),
          percents(trains(runs)),
          percents(tests(runs)),
          shorts(runs.map(({ test }) => lowest(test))),
          shorts(runs.map(({ test }) => last(test))),
        ]),
      },
      {
        pictures: [
          {
            name: 'curves',
            alt: 'Training and test loss by epoch for small and large networks: the test loss of the large one rises',
            svg: lineChart({
              title: `Loss by epoch, means of ${seeds} seeds`,
              series: Object.fromEntries(
                (drawnWidths.length > 0 ? drawnWidths : widths).flatMap(({ width, runs }) => [
                  [`${width} units, training`, { y: middle(runs, 'train') }] as const,
                  [`${width} units, test`, { y: middle(runs, 'test'), like: `${width} units, training` }] as const,
                ]),
              ),
              xLabel: 'epoch',
              yLabel: 'cross-entropy',
              yScale: 'log',
              height: 460,
            }),
          },
        ],
      },
      '**L1 and L2.** The same factor on Σ |w| and on Σ w².',
      {
        head: [
          'penalty',
          'L1: weights that are zero',
          'L1: test accuracy',
          'L2: weights that are zero',
          'L2: test accuracy',
        ],
        rows: penalties.map(({ penalty, l1: first, l2: second }) => [
          short(penalty),
          percents(shares(first, 0)),
          percents(shares(first, 1)),
          percents(shares(second, 0)),
          percents(shares(second, 1)),
        ]),
      },
      '**Dropout and early stopping.**',
      {
        head: ['', 'training accuracy', 'test accuracy', 'epochs'],
        rows: [
          ...dropouts.map(({ rate, runs }) => [
            rate === 0 ? 'nothing' : `dropout ${rate}`,
            percents(trains(runs)),
            percents(tests(runs)),
            String(runs[0].test.length),
          ]),
          [
            'early stopping',
            percents(trains(stopping.map(({ stopped }) => stopped))),
            percents(stoppedAccuracy),
            shorts(stoppedAt),
          ],
        ],
      },
      '**Weight decay under Adam**: inside the gradient, and beside it.',
      {
        pictures: [
          {
            name: 'coupled',
            alt: 'Test accuracy by learning rate and L2 under Adam',
            svg: plane('Adam with L2', decays.coupled),
          },
          {
            name: 'decoupled',
            alt: 'Test accuracy by learning rate and decoupled weight decay',
            svg: plane('AdamW', decays.decoupled),
          },
        ],
      },
      {
        head: ['learning rate', 'best L2', 'test accuracy', 'best decoupled decay', 'test accuracy'],
        rows: rates.map((rate, row) => {
          const top = (values: readonly number[]) => Math.max(...values.slice(row * columns, (row + 1) * columns))
          return [
            short(rate),
            short(bestDecays(decays.coupled)[row]),
            percents([top(decays.coupled)]),
            short(bestDecays(decays.decoupled)[row]),
            percents([top(decays.decoupled)]),
          ]
        }),
      },
    ],
    verdict: `Mostly as claimed. Small networks fit neither rows; with more units the training rows are learned, wrong labels included, and the test loss, having been ${short(lossAt(wide, lowest))} at its lowest, ends at ${short(lossAt(wide, last))}. But test accuracy does not fall with size: ${wide.width} units are ${largestBest ? 'the best of all' : 'not the worst'}, as is often found for networks that are much too large. L1 makes ${percents(shares(strongest.l1, 0), 0)} of the weights zero where L2 makes ${percents(shares(strongest.l2, 0), 0)}. Dropout of ${bestDropout.rate} gains ${points(mean(tests(bestDropout.runs)) - mean(tests(none.runs)))} of test accuracy and costs ${points(mean(trains(none.runs)) - mean(trains(bestDropout.runs)))} of training accuracy; early stopping gains ${points(mean(stoppedAccuracy) - mean(onAccuracy))} in ${shorts(stoppedAt)} epochs. ${decoupling}`,
    outcome: `Mostly: penalties, dropout and early stopping help, size does no harm; the best L2 under Adam ${moves(coupledBest) ? 'moves' : 'does not move'} with the learning rate, the best decoupled decay ${moves(decoupledBest) ? 'moves' : 'does not'}.`,
  }
}
