// Writes digits.safetensors, which the worker serves, from the state dict that train.py has written.
import { readFileSync } from 'node:fs'
import { dense, input, sequential } from 'fourlane'
import { loadWeights } from 'fourlane/formats'

const here = (name) => new URL(name, import.meta.url)
// PyTorch's loss takes logits, so its model ends without the softmax that gives probabilities
const model = sequential([input(64), dense(100, { activation: 'tanh' }), dense(10, { activation: 'softmax' })])
loadWeights(model, readFileSync(here('digits.torch.safetensors')), { layout: 'torch' })
await model.save(here('digits.safetensors'))
console.log(`${model.countParameters()} parameters, from PyTorch`)
