/**
 * The list of ops that the machine can run. The compiler emits steps from its rows, and tests iterate over them; the
 * machine's half of a row is its case in assembly/modules. It belongs to the machine's floor, since both layers and the
 * compiler emit steps.
 */
export * from './batches.ts'
export * from './curvature.ts'
export * from './features.ts'
export * from './gradients.ts'
export * from './int8.ts'
export * from './layers.ts'
export * from './linear.ts'
export * from './matrix.ts'
export * from './optimizers.ts'
export * from './solve.ts'
