/** An encoder as nodes of an ONNX graph: one input per column, float64 or text, [rows, 1]. */
import { type Attributes, BOOL, DOUBLE, FLOAT, type GraphWriter, TEXT } from '../formats/onnx/graphWriter.ts'
import type { CategoryFeature, Feature, Scale } from '../tables/features.ts'
import type { NumberTarget } from '../tables/target.ts'

/** Beyond it, the clipped value equals 3. */
const FAR = 1e9
const DAY = 86_400_000

const scalesOf = (feature: Feature): readonly Scale[] => {
  if (feature.type === 'category') return feature.encoding === 'index' ? [[0, 1]] : feature.scales
  const own = feature.type === 'number' ? [feature.scale] : feature.scales
  return feature.missing ? [...own, feature.missing] : own
}

/** Concatenates float64 columns before they are scaled. */
function writeFeature(graph: GraphWriter, feature: Feature, value: string): string[] {
  const { type } = feature
  if (type === 'category') return feature.categories.length > 0 ? writeCategory(graph, feature, value) : []
  const isMissing = graph.node('IsNaN', [cast(graph, value, FLOAT)])
  const own = type === 'number' ? [value] : writeDate(graph, value)
  return feature.missing ? [...own, cast(graph, isMissing, DOUBLE)] : own
}

const cast = (graph: GraphWriter, x: string, to: number): string => graph.node('Cast', [x], { to: { int: to } })

function writeCategory(graph: GraphWriter, { categories, encoding }: CategoryFeature, text: string): string[] {
  const encode = (attributes: Attributes) =>
    graph.node('LabelEncoder', [text], { keys_strings: categories, ...attributes }, 'ai.onnx.ml')
  if (encoding === 'oneHot') {
    const indices = categories.map((_, i) => i)
    const index = encode({ values_int64s: { ints: indices }, default_int64: { int: -1 } })
    return [cast(graph, graph.node('Equal', [index, graph.integers(indices)]), DOUBLE)]
  }
  const isSign = encoding === 'sign'
  const values = categories.map((_, i) => (isSign ? 1 - 2 * i : i))
  return [cast(graph, encode({ values_floats: { floats: values }, default_float: isSign ? 0 : -1 }), DOUBLE)]
}

/** Year, month, day of week and seconds of milliseconds since 1970, in UTC: Howard Hinnant's `civil_from_days`. */
function writeDate(graph: GraphWriter, milliseconds: string): string[] {
  const by = (op: string) => (x: string, value: number) => graph.node(op, [x, graph.double(value)])
  const [plus, times, over] = ['Add', 'Mul', 'Div'].map(by)
  const whole = (x: string, value: number) => graph.node('Floor', [over(x, value)])
  const less = (x: string, ...others: string[]) => others.reduce((rest, y) => graph.node('Sub', [rest, y]), x)
  const sum = (x: string, ...others: string[]) => others.reduce((total, y) => graph.node('Add', [total, y]), x)

  const days = whole(milliseconds, DAY)
  // years start in March, so that leap days are their last
  const since = plus(days, 719_468)
  const era = whole(since, 146_097)
  const day = less(since, times(era, 146_097))
  const leaps = less(sum(day, whole(day, 36_524)), whole(day, 1_460), whole(day, 146_096))
  const year = whole(leaps, 365)
  const ofYear = less(sum(day, whole(year, 100)), times(year, 365), whole(year, 4))
  const month = whole(plus(times(ofYear, 5), 2), 153)
  const isNext = whole(month, 10)
  const thursday = plus(days, 3)
  return [
    sum(year, times(era, 400), isNext),
    less(plus(month, 3), times(isNext, 12)),
    plus(less(thursday, times(whole(thursday, 7), 7)), 1),
    over(milliseconds, 1000),
  ]
}

/** The model's input rows, computed from a table's columns. @returns their name. */
export function writeEncoder(graph: GraphWriter, features: readonly Feature[]): string {
  // inputs first, so that they keep their names
  const inputs = features.map(({ name, type }) => graph.input(name, type === 'category' ? TEXT : DOUBLE))
  const raw = graph.within('rows.', () => {
    const columns = features.flatMap((feature, i) => writeFeature(graph, feature, inputs[i]))
    return columns.length === 1 ? columns[0] : graph.node('Concat', columns, { axis: { int: 1 } })
  })
  return graph.within('scaler.', () => {
    const scales = features.flatMap(scalesOf)
    const doubles = (values: readonly number[]) => graph.tensor('columns', [values.length], Float64Array.from(values))
    const centered = graph.node('Sub', [raw, doubles(scales.map(([median]) => median))])
    const z = cast(graph, graph.node('Mul', [centered, doubles(scales.map(([, factor]) => factor))]), FLOAT)
    const near = graph.node('Max', [graph.node('Min', [z, graph.scalar(FAR)]), graph.scalar(-FAR)])
    const third = graph.node('Div', [near, graph.scalar(3)])
    const square = graph.node('Mul', [third, third])
    const x = graph.node('Div', [near, graph.node('Sqrt', [graph.node('Add', [square, graph.scalar(1)])])])
    // missing: the median
    const present = graph.node('Where', [graph.node('IsNaN', [z]), graph.scalar(0), x])
    const isIndex = features.flatMap((feature) =>
      scalesOf(feature).map(() => (feature.type === 'category' && feature.encoding === 'index' ? 1 : 0)),
    )
    if (!isIndex.includes(1)) return present
    const indices = cast(graph, graph.integers(isIndex), BOOL)
    return graph.node('Where', [indices, z, present])
  })
}

/** A regression's outputs in the table's units, clamped to the range of the training rows. */
export function writeTarget(graph: GraphWriter, y: string, target: NumberTarget): string {
  const { mean, standardDeviation, minimum, maximum } = target
  return graph.within('target.', () => {
    const value = graph.node('Add', [graph.node('Mul', [y, graph.scalar(standardDeviation)]), graph.scalar(mean)])
    return graph.node('Min', [graph.node('Max', [value, graph.scalar(minimum)]), graph.scalar(maximum)])
  })
}
