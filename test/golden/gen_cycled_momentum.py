#!/usr/bin/env python3
"""What PyTorch's optimizers make of a momentum that OneCycleLR cycles along with the learning rate.

Usage: python gen_cycled_momentum.py > cycled_momentum.json
Everything runs in float64. The gradient of update t at w is a * w + b_t; the lists a, b and w are multiples of 2**-10.
"""
import json

import torch

torch.manual_seed(22)
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

COUNT = 5
STEPS = 24


def short(*shape):
    return torch.round(torch.randn(*shape) * 1024) / 1024


A = short(COUNT).abs()
B = short(STEPS, COUNT)
START = short(COUNT)

CYCLES = {
    "cos": dict(max_lr=0.1, total_steps=STEPS, pct_start=0.3, anneal_strategy="cos"),
    "three": dict(max_lr=0.05, total_steps=STEPS, pct_start=0.25, anneal_strategy="linear", three_phase=True,
                  div_factor=10.0, final_div_factor=100.0, base_momentum=0.6, max_momentum=0.9),
}
RULES = {
    "sgd": (torch.optim.SGD, dict(momentum=0.5)),
    "sgd-nesterov": (torch.optim.SGD, dict(momentum=0.5, nesterov=True, weight_decay=0.01)),
    "sgd-dampening": (torch.optim.SGD, dict(momentum=0.5, dampening=0.25)),
    "adam": (torch.optim.Adam, dict(weight_decay=0.01)),
    "adam-amsgrad": (torch.optim.Adam, dict(amsgrad=True, betas=(0.9, 0.9))),
    "adamw": (torch.optim.AdamW, dict(weight_decay=0.1)),
    "nadam": (torch.optim.NAdam, dict(weight_decay=0.01)),
    "nadam-decoupled": (torch.optim.NAdam, dict(weight_decay=0.1, decoupled_weight_decay=True)),
}


def run(rule, options, cycle):
    w = START.clone().requires_grad_()
    optimizer = rule([w], lr=1e-3, **options)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, **cycle)
    values = []
    for t in range(STEPS):
        w.grad = A * w.detach() + B[t]
        optimizer.step()
        values.append(w.detach().tolist())
        if t < STEPS - 1:
            schedule.step()
    return values


cases = [
    {"rule": name, "cycle": cycle, "values": run(rule, options, CYCLES[cycle])}
    for name, (rule, options) in RULES.items()
    for cycle in CYCLES
]
print(json.dumps({"torch": torch.__version__, "a": A.tolist(), "b": B.tolist(), "start": START.tolist(), "cases": cases}))
