/** Tables encoded the slow way: from text, a column of plain numbers at a time. */

export interface SlowColumn {
  readonly name: string
  readonly values: number[]
}

const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const place = q * (sorted.length - 1)
  const below = sorted[Math.floor(place)]
  return below + (sorted[Math.ceil(place)] - below) * (place % 1)
}

/** z = (value - median) f, then z / sqrt(1 + (z/3)^2), learned from the values that `learn` holds. */
function scaleAndClip(values: readonly number[], learn: readonly number[]): number[] {
  const median = quantile(learn, 0.5)
  const spread = quantile(learn, 0.75) - quantile(learn, 0.25) || (Math.max(...learn) - Math.min(...learn)) / 2
  return values.map((value) => {
    const z = spread === 0 ? 0 : (value - median) / spread
    return z / Math.hypot(1, z / 3)
  })
}

/**
 * All columns of a table but the target, encoded; of `index` columns the indices.
 * @param rows cells as text, '' where they are missing
 * @param isTraining whether a row is learned from
 */
export function encodeSlowly(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  target: string,
  isTraining: (row: number) => boolean,
  oneHotLimit: number,
): SlowColumn[] {
  const training = <T>(values: readonly T[]): T[] => values.filter((_, row) => isTraining(row))
  return names.flatMap((name, c): SlowColumn[] => {
    if (name === target) return []
    const cells = rows.map((row) => row[c].trim())
    const present = training(cells).filter((cell) => cell !== '')
    const isNumber = cells.every((cell) => Number.isFinite(Number(cell)))
    if (isNumber) {
      const learn = present.map(Number)
      const filled = cells.map((cell) => (cell === '' ? quantile(learn, 0.5) : Number(cell)))
      const gaps = cells.map((cell) => (cell === '' ? 1 : 0))
      const columns = [{ name, values: scaleAndClip(filled, learn) }]
      if (training(gaps).includes(1))
        columns.push({ name: `${name} missing`, values: scaleAndClip(gaps, training(gaps)) })
      return columns
    }
    const categories = [...new Set(present)].sort()
    if (categories.length === 2) {
      const signs = cells.map((cell) => [0, 1, -1][categories.indexOf(cell) + 1])
      return [{ name, values: scaleAndClip(signs, training(signs)) }]
    }
    if (categories.length > oneHotLimit) return [{ name, values: cells.map((cell) => categories.indexOf(cell)) }]
    return categories.map((category) => {
      const ones = cells.map((cell) => Number(cell === category))
      return { name: `${name}=${category}`, values: scaleAndClip(ones, training(ones)) }
    })
  })
}
