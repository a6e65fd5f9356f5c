/**
 * The list of ops: what the machine can do, a row each. The compiler emits steps by its rows, the tests iterate them; the
 * machine's half of a row is its case in assembly/modules. It lies on the machine's floor, since layers emit steps as the
 * compiler does.
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
