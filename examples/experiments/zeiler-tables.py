"""PyTorch's side of zeiler-tables.ts: test errors after each of 6 epochs, by cell and seed, with ReLU.

    python zeiler-tables.py MNIST_FOLDER RESULTS.json

MNIST_FOLDER holds the four files of MNIST, gzipped or not. Cells that RESULTS.json has already are left out; an hour on one core.
"""
import gzip
import json
import os
import sys

import numpy
import torch
from torch import nn

EPOCHS, BATCH, SEEDS = 6, 100, (1, 2, 3)
RATES = (1, 0.1, 0.01, 0.001, 0.0001)
CELLS = {
    **{f"SGD, rate {r}": lambda p, r=r: torch.optim.SGD(p, lr=r) for r in RATES},
    **{f"momentum 0.9, rate {r}": lambda p, r=r: torch.optim.SGD(p, lr=r, momentum=0.9) for r in RATES},
    **{f"Adagrad, rate {r}": lambda p, r=r: torch.optim.Adagrad(p, lr=r) for r in RATES},
    **{
        f"Adadelta, ε 1e-{e}, ρ {rho}": lambda p, e=e, rho=rho: torch.optim.Adadelta(p, lr=1.0, rho=rho, eps=10.0**-e)
        for e in (2, 4, 6, 8)
        for rho in (0.9, 0.95, 0.99)
    },
}


def read(folder, name, header):
    path = os.path.join(folder, name)
    opened = gzip.open(path + ".gz") if os.path.exists(path + ".gz") else open(path, "rb")
    with opened as file:
        return numpy.frombuffer(file.read(), numpy.uint8, offset=header)


def images(folder, part):
    x = read(folder, f"{part}-images-idx3-ubyte", 16).reshape(-1, 784).astype(numpy.float32) / 255
    return torch.from_numpy(x), torch.from_numpy(read(folder, f"{part}-labels-idx1-ubyte", 8).astype(numpy.int64))


def errors(make, seed, train, test):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(784, 500), nn.ReLU(), nn.Linear(500, 300), nn.ReLU(), nn.Linear(300, 10))
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    optimizer, loss = make(model.parameters()), nn.CrossEntropyLoss()
    after = []
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(train[1])).split(BATCH):
            optimizer.zero_grad()
            loss(model(train[0][rows]), train[1][rows]).backward()
            optimizer.step()
        with torch.no_grad():
            wrong = (model(test[0]).argmax(1) != test[1]).double().mean().item()
        after.append(round(100 * wrong, 2))
    return after


def main(folder, path):
    torch.set_num_threads(1)
    train, test = images(folder, "train"), images(folder, "t10k")
    results = {"torch": torch.__version__.split("+")[0], "errors": {}}
    if os.path.exists(path):
        with open(path, encoding="utf8") as file:
            results = json.load(file)
    for seed in SEEDS:
        for name, make in CELLS.items():
            runs = results["errors"].setdefault(name, {})
            if str(seed) in runs:
                continue
            runs[str(seed)] = errors(make, seed, train, test)
            print(name, seed, runs[str(seed)], flush=True)
            with open(path, "w", encoding="utf8") as file:
                json.dump(results, file, ensure_ascii=False, indent=1)


main(*sys.argv[1:])
