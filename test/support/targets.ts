/** Every suite runs on every wasm target this host can run. */
import { type configureRuntime, describeRuntime } from '../../src/entries/public.ts'

export type Target = NonNullable<NonNullable<Parameters<typeof configureRuntime>[0]>['target']>

const TARGETS: readonly Target[] = ['debug', 'simd', 'relaxed']

export const targets: readonly Target[] = TARGETS.filter(
  (target) => target !== 'relaxed' || describeRuntime().relaxedSimd,
)
