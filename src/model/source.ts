/** Sources of model files. */
import { openFile } from '#runtime'
import { asBytes, type Body, type ByteSource, type Bytes, bytesOf, inMemory, isBody } from '../lib/bytes.ts'
import { isA, show } from '../lib/check.ts'

/** Longer than any host's limit. */
const LONGEST_PATH = 2 ** 15

/** A path or URL, a file's bytes, or a `Response`, `Blob` or `File`. */
export type ModelSource = string | URL | Bytes | Body

/** @throws RangeError for a string that cannot be a path, which the host would repeat in its message. */
function checkPath(where: string, path: string): void {
  if (path.length > LONGEST_PATH) throw new RangeError(`${where}: a path of ${path.length} letters is none`)
  if (path.includes('\0')) throw new RangeError(`${where}: ${show(path)} is no path: it holds the letter 0`)
}

/**
 * Opens a source and returns the result of `read`.
 * @throws TypeError for anything but a source; the host's error if the file does not exist.
 */
export async function withSource<T>(where: string, source: ModelSource, read: (bytes: ByteSource) => T): Promise<T> {
  if (typeof source === 'string' || isA(source, 'URL')) {
    checkPath(where, `${source}`)
    const file = await openFile(source)
    try {
      return read(file)
    } finally {
      file.close()
    }
  }
  if (isBody(source)) return read(inMemory(await bytesOf(where, source)))
  if (typeof source !== 'object' || source === null) {
    throw new TypeError(`${where}: expected a path, a URL, bytes or a Response, got ${show(source)}`)
  }
  return read(inMemory(asBytes(where, 'source', source)))
}
