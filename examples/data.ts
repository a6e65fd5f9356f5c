/** The folder of the examples' data: next to the sources, even if they run from build/. */
import { fileURLToPath } from 'node:url'

const folder = import.meta.url.includes('/build/') ? '../../examples/data/' : './data/'

export const dataFile = (name: string): string => fileURLToPath(new URL(folder + name, import.meta.url))
