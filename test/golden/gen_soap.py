"""Golden vectors for SOAP, in float64, by the authors' own program: soap.py of https://github.com/nikhilvyas/SOAP.

  python gen_soap.py PATH_OF_SOAP_PY > soap.json

The basis is that of the first gradient throughout, as later ones are by power iteration there and decompositions here. Weight decay is 0:
there it comes after the step. Matrices are square: of other shapes the first factors have no full rank, and many bases.
"""
import importlib.util
import json
import sys

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
spec = importlib.util.spec_from_file_location("soap", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)

GRID = [
    {"size": 1, "lr": 3e-3, "betas": [0.95, 0.95], "max_precond_dim": 10000},
    {"size": 6, "lr": 3e-3, "betas": [0.95, 0.95], "max_precond_dim": 10000},
    {"size": 11, "lr": 0.02, "betas": [0.9, 0.99], "max_precond_dim": 10000},
    {"size": 5, "lr": 0.01, "betas": [0.8, 0.95], "max_precond_dim": 1},
]
STEPS = 8

cases = []
for k, config in enumerate(GRID):
    rng = np.random.default_rng(7_000 + k)
    shape = (config["size"], config["size"])
    start = np.round(rng.standard_normal(shape) * 1024) / 1024
    gradients = [np.round(rng.standard_normal(shape) * 1024) / 1024 for _ in range(STEPS)]
    p = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
    rule = module.SOAP([p], lr=config["lr"], betas=tuple(config["betas"]), weight_decay=0.0, precondition_frequency=1000, max_precond_dim=config["max_precond_dim"])
    trace = []
    for gradient in gradients:
        p.grad = torch.tensor(gradient, dtype=torch.float64)
        rule.step()
        trace.append(p.detach().numpy().ravel().tolist())
    cases.append({"config": config, "start": start.ravel().tolist(), "gradients": [g.ravel().tolist() for g in gradients], "expect": trace})

json.dump({"schema": "golden/1", "group": "soap", "cases": cases, "generator": {"torch": torch.__version__, "numpy": np.__version__}}, sys.stdout)
print()
