/** The model as a table: layers, output widths, parameters. */

import { type ParameterPlace, valuesOf } from '../compiler/parameterLayout.ts'
import type { ModelStorage } from '../engine/storage.ts'
import { activationOf, type Layer } from '../layers/layers.ts'

export function summarize(
  layers: readonly Layer[],
  widths: readonly number[],
  { places, isTrainable }: Pick<ModelStorage, 'places' | 'isTrainable'>,
): string {
  const grouped = (count: number) => count.toLocaleString('en-US')
  const sum = (of: readonly ParameterPlace[]) => of.reduce((total, place) => total + valuesOf(place), 0)
  const rows = layers.map((layer, index) => {
    const own = places.filter((place) => place.layer === index)
    const name = own[0]?.path.replace(/\..*$/, '') ?? layer.kind
    const frozen = own.length > 0 && !own.some(isTrainable)
    return [
      name,
      activationOf(layer)?.kind ?? '',
      `${widths[index]}`,
      `${grouped(sum(own))}${frozen ? ' (frozen)' : ''}`,
    ]
  })
  const table = [['layer', 'activation', 'outputs', 'parameters'], ...rows]
  const sizes = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(sizes[column]) : cell.padStart(sizes[column])))
      .join('   ')
      .trimEnd()
  const rule = '─'.repeat(sizes.reduce((total, size) => total + size, 0) + 9)
  const trainable = sum(places.filter(isTrainable))
  return [
    line(table[0]),
    rule,
    ...rows.map(line),
    rule,
    `${grouped(sum(places))} parameters, ${grouped(trainable)} trainable`,
  ].join('\n')
}
