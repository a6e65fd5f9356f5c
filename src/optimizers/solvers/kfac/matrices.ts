/** K-FAC's matrices as saved in files. */
import { rowStride } from '../../../machine/matrixLayout.ts'
import type { SessionMatrix } from '../batchCurvature.ts'
import type { Blocks } from '../solver.ts'
import type { KfacLayout, Moments } from './layout.ts'

export const matricesOf = (blocks: Blocks, { layers }: KfacLayout): SessionMatrix[] =>
  layers.flatMap(({ kernel, a, g }) => [
    rowsOf(blocks, `inputMoments.${kernel.path}`, a, a.mean),
    rowsOf(blocks, `gradientMoments.${kernel.path}`, g, g.mean),
    rowsOf(blocks, `inputInverse.${kernel.path}`, a, a.inverse),
    panelsOf(blocks, `gradientInverse.${kernel.path}`, g),
  ])

/** A symmetric matrix, row-major; for running means the lower triangle mirrors the upper one. */
function rowsOf({ arena }: Blocks, name: string, { n }: { readonly n: number }, address: number): SessionMatrix {
  const stride = rowStride(n) / 4
  return squareOf(name, n, arena, (i, j) => address / 4 + Math.min(i, j) * stride + Math.max(i, j), [
    (i, j) => address / 4 + i * stride + j,
  ])
}

function panelsOf({ arena }: Blocks, name: string, { n, inverse }: Moments): SessionMatrix {
  const at = (i: number, j: number) => inverse / 4 + (Math.floor(j / 8) * n + i) * 8 + (j % 8)
  return squareOf(name, n, arena, at, [at])
}

function squareOf(
  name: string,
  n: number,
  arena: Blocks['arena'],
  from: (i: number, j: number) => number,
  [to]: readonly ((i: number, j: number) => number)[],
): SessionMatrix {
  return {
    name,
    shape: [n, n],
    read(first, out) {
      for (let k = 0; k < out.length; k++) out[k] = arena.f32[from(Math.floor((first + k) / n), (first + k) % n)]
    },
    write(first, values) {
      for (let k = 0; k < values.length; k++) {
        arena.f32[to(Math.floor((first + k) / n), (first + k) % n)] = values[k]
      }
    },
  }
}
