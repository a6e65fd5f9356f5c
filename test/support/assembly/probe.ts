// Not part of the machine: the elementary functions over arrays, so that tests can measure their accuracy.
import { F4 } from '../../../assembly/math/simd'

export { fillConstants } from '../../../assembly/math/simd'

export function exp(from: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, F4.exp(v128.load(from + i)))
}

export function expm1(from: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, F4.expm1(v128.load(from + i)))
}

export function log(from: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, F4.log(v128.load(from + i)))
}

export function log1p(from: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, F4.log1p(v128.load(from + i)))
}

export function log1pUnit(from: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, F4.log1pUnit(v128.load(from + i)))
}

export function sigmoid(from: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, F4.sigmoid(v128.load(from + i)))
}

export function softplus(from: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, F4.softplus(v128.load(from + i)))
}

export function tanh(from: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, F4.tanh(v128.load(from + i)))
}

export function flush(from: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, F4.flush(v128.load(from + i)))
}

export function sum(from: usize): f32 {
  return F4.sum(v128.load(from))
}

export function max(from: usize): f32 {
  return F4.max(v128.load(from))
}
