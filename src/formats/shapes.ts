/** Shapes of tensors: sizes of their axes, the last of which runs fastest. */

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

/** Whether a value is a list of whole numbers; of one with holes, which `every` skips, it is not. */
export const isShape = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.findIndex((size) => !isSize(size)) < 0

/** Number of values; Infinity or so when there would be too many to count. */
export const countOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/** Shapes in messages; one of a hostile file may be as long as the file. */
export const showShape = (shape: readonly number[]): string =>
  shape.length > 8 ? `[${shape.length} sizes]` : `[${shape.join(', ')}]`
