/** Models of Keras. */
import { readKeras } from '../formats/keras/files.ts'
import { asBytes, type Bytes } from '../lib/bytes.ts'
import { checkOptions } from '../lib/check.ts'
import type { Model } from '../model/model.ts'
import { IMPORT_OPTIONS, type ImportOptions, modelOf } from './models.ts'

export interface ImportKerasOptions extends ImportOptions {
  /** What the files in a `.keras` archive may take when unpacked, in bytes. Default 1 GiB. */
  maximumBytes?: number
}

/**
 * The model in a `.keras` file, or in an `.h5` file of a whole model: sequential ones, functional ones of blocks with shortcuts, and
 * these in one another; not compiled. What only training looks at (initializers, regularizers, constraints, the optimizer) stays
 * behind. Weights alone are for `loadWeights`.
 * @throws TypeError naming an option; RangeError for a file that is damaged or larger than allowed, and for a layer that is not
 * supported, by its name and class.
 */
export function importKeras(bytes: Bytes, options: ImportKerasOptions = {}): Model {
  const where = 'importKeras'
  checkOptions(where, options, [...IMPORT_OPTIONS, 'maximumBytes'])
  const { maximumBytes, ...own } = options
  const network = readKeras(where, asBytes(where, 'bytes', bytes), {
    ...(maximumBytes !== undefined && { maximumBytes }),
  })
  return modelOf(where, network, own)
}
