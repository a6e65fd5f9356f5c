#!/usr/bin/env python3
"""What PyTorch's alpha dropout makes of rows, with the mask that it drew, and its gradient.

Usage: python gen_alpha_dropout.py > alpha_dropout.json
Everything runs in float64; x and dy are multiples of 2**-10.
"""
import json

import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def short(*shape):
    return torch.round(torch.randn(*shape) * 1024) / 1024


def case(rate, rows, cols):
    torch.manual_seed(int(rate * 1000) + cols)
    x = short(rows, cols).requires_grad_()
    dy = short(rows, cols)
    y = torch.nn.AlphaDropout(rate)(x)
    y.backward(dy)
    # what is dropped is no function of x
    mask = (x.grad != 0).double()
    return {
        "rate": rate,
        "shape": [rows, cols],
        **{name: value.detach().flatten().tolist() for name, value in dict(x=x, dy=dy, mask=mask, y=y, dx=x.grad).items()},
    }


print(json.dumps({"torch": torch.__version__, "cases": [case(0.2, 20, 10), case(0.5, 6, 13), case(0.8, 40, 5)]}))
