#!/usr/bin/env python3
"""What PyTorch makes of embeddings, of several outputs, of losses that the host computes, and of averaged weights.

Usage: python gen_multitask.py > multitask.json
Everything runs in float64, from inputs that are multiples of 2**-10; lists are row-major, kernels [inputs, units].
"""
import json

import torch
import torch.nn.functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

torch.manual_seed(20)
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def short(*shape, scale=1.0):
    return torch.round(torch.randn(*shape) * scale * 1024) / 1024


def flat(tensor):
    return tensor.detach().reshape(-1).tolist()


def kernel(linear):
    return flat(linear.weight.t().contiguous())


def linear(inputs, units):
    layer = torch.nn.Linear(inputs, units)
    with torch.no_grad():
        layer.weight.copy_(short(units, inputs, scale=0.5))
        layer.bias.copy_(short(units, scale=0.1))
    return layer


def embedding():
    """Two columns of one table, which meet rows several times, and a linear layer."""
    table = torch.nn.Embedding(7, 3)
    with torch.no_grad():
        table.weight.copy_(short(7, 3))
    head = linear(6, 2)
    indices = torch.tensor([[0, 1], [1, 1], [6, 0], [3, 1], [0, 0]])
    targets = short(5, 2)
    start = [flat(table.weight), kernel(head), flat(head.bias)]

    def loss():
        return F.mse_loss(head(table(indices).reshape(5, 6)), targets)

    parameters = [table.weight, head.weight, head.bias]
    first = loss()
    first.backward()
    gradient = [flat(table.weight.grad), flat(head.weight.grad.t().contiguous()), flat(head.bias.grad)]
    ends = {}
    saved = [p.detach().clone() for p in parameters]
    for name, make in [
        ("sgd", lambda: torch.optim.SGD(parameters, lr=0.1)),
        ("momentum", lambda: torch.optim.SGD(parameters, lr=0.1, momentum=0.9)),
        ("adam", lambda: torch.optim.Adam(parameters, lr=0.05)),
    ]:
        with torch.no_grad():
            for p, value in zip(parameters, saved):
                p.copy_(value)
        optimizer = make()
        for _ in range(4):
            optimizer.zero_grad()
            loss().backward()
            optimizer.step()
        ends[name] = [flat(table.weight), kernel(head), flat(head.bias)]
    return {
        "indices": flat(indices), "targets": flat(targets), "start": start,
        "loss": first.item(), "gradient": gradient, "after4": ends,
    }


def heads():
    """A body of tanh with three heads: 0.25 MSE + cross entropy + 2 BCEWithLogits(pos_weight=3), by momentum."""
    body, price, kind, flag = linear(4, 5), linear(5, 2), linear(5, 3), linear(5, 1)
    layers = [body, price, kind, flag]
    x, y = short(6, 4), {"price": short(6, 2), "kind": torch.tensor([0, 2, 1, 1, 0, 2]), "flag": torch.tensor([1.0, 0, 0, 1, 0, 0])}

    def read():
        return [value for layer in layers for value in (kernel(layer), flat(layer.bias))]

    start = read()
    optimizer = torch.optim.SGD([p for layer in layers for p in layer.parameters()], lr=0.1, momentum=0.9)
    losses = []
    for _ in range(6):
        optimizer.zero_grad()
        h = torch.tanh(body(x))
        parts = [
            F.mse_loss(price(h), y["price"]),
            F.cross_entropy(kind(h), y["kind"]),
            F.binary_cross_entropy_with_logits(flag(h)[:, 0], y["flag"], pos_weight=torch.tensor(3.0)),
        ]
        loss = 0.25 * parts[0] + parts[1] + 2 * parts[2]
        loss.backward()
        optimizer.step()
        losses.append([loss.item()] + [part.item() for part in parts])
    return {
        "x": flat(x), "price": flat(y["price"]), "kind": flat(y["kind"]), "flag": flat(y["flag"]),
        "start": start, "losses": losses, "after6": read(),
    }


def case(outputs, targets, loss):
    outputs = outputs.clone().requires_grad_()
    value = loss(outputs, targets)
    value.backward()
    return {"outputs": flat(outputs), "targets": flat(targets), "loss": value.item(), "gradient": flat(outputs.grad)}


def losses():
    labels = torch.tensor([[1.0, 0, 1], [0, 0, 1], [1, 1, 0], [0, 1, 0]])
    classes = torch.tensor([2, 0, 1, 1])
    logits = short(4, 3, scale=2)

    def binary_focal(p, t):
        right = torch.where(t == 1, p, 1 - p)
        alpha = torch.where(t == 1, 0.25, 0.75)
        return (-alpha * (1 - right) ** 2 * torch.log(right)).mean()

    def focal(p, t):
        right = p.gather(1, t[:, None])[:, 0]
        return (-((1 - right) ** 1.5) * torch.log(right)).mean()

    def pinball(y, t):
        q = torch.tensor([0.1, 0.5, 0.9])
        e = t - y
        return torch.maximum(q * e, (q - 1) * e).mean()

    weighted = {
        str(w): case(logits, labels, lambda z, t: F.binary_cross_entropy_with_logits(z, t, pos_weight=torch.tensor(w)))
        for w in (0.25, 1.0, 5.0)
    }
    return {
        "binaryFocal": case(torch.sigmoid(logits), labels, binary_focal),
        "focal": case(torch.softmax(logits, 1), classes, focal),
        "quantile": case(logits, short(4, 1), pinball),
        "multiMargin": case(logits, classes, lambda y, t: F.multi_margin_loss(y, t)),
        "squaredMultiMargin": case(logits, classes, lambda y, t: F.multi_margin_loss(y, t, p=2, margin=0.5)),
        "positiveWeight": weighted,
    }


def ema():
    """Five epochs of one batch; the average begins with the weights after the first update."""
    model = linear(3, 2)
    x, y = short(4, 3), short(4, 2)
    start = [kernel(model), flat(model.bias)]
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.8))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for _ in range(5):
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()
        average.update_parameters(model)
    return {"x": flat(x), "y": flat(y), "start": start, "average": [kernel(average.module), flat(average.module.bias)]}


print(json.dumps({"torch": torch.__version__, "embedding": embedding(), "heads": heads(), "losses": losses(), "ema": ema()}))
