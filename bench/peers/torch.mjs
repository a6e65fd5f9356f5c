// PyTorch, eager, of the Python that FOURLANE_PYTHON names: one thread and two.
import { fileURLToPath } from 'node:url'
import { partner } from './partner.mjs'

export async function peers() {
  const python = process.env.FOURLANE_PYTHON
  if (!python) throw new Error('FOURLANE_PYTHON names no Python that has torch')
  const script = fileURLToPath(new URL('torch_peer.py', import.meta.url))
  return [await partner('PyTorch', python, [script, '1']), await partner('PyTorch, 2 threads', python, [script, '2'])]
}
