"""Writes digits.torch.safetensors: the network of train.mjs, trained in PyTorch on the same digits; pixels from 0 to 1."""
import gzip
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

here = Path(__file__).parent
read = lambda name, skip: np.frombuffer(gzip.open(here / "../data" / name).read(), np.uint8, offset=skip)
x = torch.tensor(read("digits-images-idx3-ubyte.gz", 16).reshape(-1, 64) / 16, dtype=torch.float32)
y = torch.tensor(read("digits-labels-idx1-ubyte.gz", 8).astype(np.int64))

torch.manual_seed(37)
model = nn.Sequential(nn.Linear(64, 100), nn.Tanh(), nn.Linear(100, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for epoch in range(15):
    for rows in torch.randperm(len(x)).split(32):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
print(f"accuracy {(model(x).argmax(1) == y).float().mean():.4f}")
save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, here / "digits.torch.safetensors")
