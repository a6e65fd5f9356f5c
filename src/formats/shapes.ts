/** Shapes of tensors, row-major. */

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

/** Whether a value is a list of non-negative integers; `every` would skip the holes of a sparse one. */
export const isShape = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.findIndex((size) => !isSize(size)) < 0

/** Number of values; possibly Infinity. */
export const countOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/** A shape in a message, shortened: a hostile file's may be as long as the file. */
export const showShape = (shape: readonly number[]): string =>
  shape.length > 8 ? `[${shape.length} sizes]` : `[${shape.join(', ')}]`
