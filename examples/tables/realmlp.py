"""RealMLP-TD-S in PyTorch, one thread, for speed.ts: epochs of training and validation on rows that were prepared there.

realmlp.py X Y VALIDATION_X VALIDATION_Y WIDTH CLASSES: files of float32 rows and of float32 numbers or int32 classes (CLASSES 0 for
numbers). A line on standard input is a number of epochs; the answer is a line with the processor's seconds of each.
"""
import sys, time
import numpy as np, torch
from torch.nn.functional import cross_entropy, mish, mse_loss, selu

torch.set_num_threads(1)
paths, width, classes = sys.argv[1:5], int(sys.argv[5]), int(sys.argv[6])
kind = np.int32 if classes else np.float32
x, y, vx, vy = [torch.from_numpy(np.fromfile(p, np.float32 if i % 2 == 0 else kind)) for i, p in enumerate(paths)]
x, vx = x.reshape(-1, width), vx.reshape(-1, width)
if classes: y, vy = y.long(), vy.long()
sizes = [width, 256, 256, 256, classes or 1]
f = selu if classes else mish

class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.factors = torch.nn.Parameter(torch.ones(width))
        last = len(sizes) - 2
        draw = lambda i, *shape: torch.nn.Parameter(torch.zeros(shape) if i == last else torch.randn(shape))
        self.kernels = torch.nn.ParameterList([draw(i, a, b) for i, (a, b) in enumerate(zip(sizes, sizes[1:]))])
        self.biases = torch.nn.ParameterList([draw(i, b) for i, b in enumerate(sizes[1:])])
        self.shares = [a ** -0.5 for a in sizes]

    def forward(self, a):
        a = a * self.factors
        for i, (w, b) in enumerate(zip(self.kernels, self.biases)):
            a = torch.addmm(b, a, w, alpha=self.shares[i])
            if i < len(self.kernels) - 1: a = f(a)
        return a

def loss_of(outputs, targets, smoothing=0.1):
    return cross_entropy(outputs, targets, label_smoothing=smoothing) if classes else mse_loss(outputs[:, 0], targets)

for line in sys.stdin:
    epochs = int(line)
    torch.manual_seed(0)
    network = Network()
    rate = 0.04 if classes else 0.07
    factors = [6, *[1] * len(network.kernels), *[0.1] * len(network.biases)]
    groups = [{'params': [p]} for p in network.parameters()]
    optimizer = torch.optim.Adam(groups, betas=(0.9, 0.95), eps=1e-8)
    batch = min(256, len(x))
    steps = len(x) // batch
    best, kept, seconds = float('inf'), None, []
    for epoch in range(epochs):
        started = time.process_time()
        order = torch.randperm(len(x))
        for step in range(steps):
            rows = order[step * batch:(step + 1) * batch]
            t = (epoch * steps + step) / (256 * steps)
            now = rate * 0.5 * (1 - np.cos(2 * np.pi * np.log2(1 + 15 * t)))
            for group, factor in zip(optimizer.param_groups, factors): group['lr'] = now * factor
            optimizer.zero_grad()
            loss_of(network(x[rows]), y[rows]).backward()
            optimizer.step()
        with torch.no_grad():
            outputs = network(vx)
            error = (outputs.argmax(1) != vy).float().mean().item() if classes else loss_of(outputs, vy).item()
        if error <= best: best, kept = error, {name: p.clone() for name, p in network.state_dict().items()}
        seconds.append(time.process_time() - started)
    print(*seconds, flush=True)
