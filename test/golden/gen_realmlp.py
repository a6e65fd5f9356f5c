"""Losses of RealMLP in PyTorch: python gen_realmlp.py penguins.csv > realmlp.json (PyTorch 2.13, pandas 2.3).

TD-S and TD of Holzmüller, Grinsztajn and Steinwart (2024), arXiv:2407.04491, as their program pytabkit has them, written anew: NTK
parametrization, Adam over groups of parameters, decay before the update. Rows are prepared here too. First weights and batches come
from a hash that is two lines in any language. Without dropout, whose masks are nobody else's.
"""
import json, sys
import numpy as np, pandas as pd, torch

STEPS, TOTAL, BATCH = 50, 64, 64
torch.set_num_threads(1)

def hashed(n, seed):
    """Uniform in [0, 1)."""
    z = (np.arange(n, dtype=np.uint64) * 2654435761 + seed * 40503 + 7) % 2**32
    z = ((z ^ (z >> 15)) * 2246822519) % 2**32
    z = ((z ^ (z >> 13)) * 3266489917) % 2**32
    return (z ^ (z >> 16)).astype(np.float64) / 2**32

def scaled(column):
    low, median, high = np.quantile(column, [0.25, 0.5, 0.75])
    width = high - low if high > low else (column.max() - column.min()) / 2
    z = (column - median) / width if width > 0 else column * 0
    return z / np.sqrt(1 + (z / 3) ** 2)

def prepare(path, target, one_hot_limit):
    """Columns [kind, values] in the order of the table, and the target."""
    table = pd.read_csv(path)
    table = table[table[target].notna()]
    columns = []
    for name in table.columns.drop(target):
        cells = table[name]
        if pd.api.types.is_numeric_dtype(cells):
            values, missing = cells.to_numpy(float), cells.isna().to_numpy()
            known = scaled(values[~missing])
            column = np.zeros(len(values)); column[~missing] = known
            columns.append(['number', column])
            if missing.any(): columns.append(['other', scaled(missing.astype(float))])
            continue
        names = sorted(cells.dropna().unique())
        if len(names) == 2: columns.append(['other', scaled(np.where(cells == names[0], 1.0, np.where(cells == names[1], -1.0, 0.0)))])
        elif len(names) > one_hot_limit: columns.append(['index', cells.map({n: i for i, n in enumerate(names)}).to_numpy()])
        else: columns += [['other', scaled((cells == n).to_numpy(float))] for n in names]
    y = table[target]
    if pd.api.types.is_numeric_dtype(y):
        y = y.to_numpy(float)
        return columns, torch.tensor((y - y.mean()) / y.std(), dtype=torch.float32), 0
    names = sorted(y.unique())
    return columns, torch.tensor(y.map({n: i for i, n in enumerate(names)}).to_numpy()), len(names)

class Parameters:
    """In the order in which they are asked for, each with its own hash, deviation and factors."""
    def __init__(self): self.all = []
    def add(self, shape, deviation, rate=1.0, decay=1.0):
        values = (hashed(int(np.prod(shape)), len(self.all)) - 0.5) * np.sqrt(12) * deviation
        p = torch.tensor(values.reshape(shape), dtype=torch.float32, requires_grad=True)
        self.all.append((p, rate, decay))
        return p

def run(path, target, small):
    columns, y, classes = prepare(path, target, 8 if small else 2)
    x = {kind: torch.tensor(np.array([v for k, v in columns if k == kind]).T, dtype=torch.int64 if kind == 'index' else torch.float32)
         for kind in {k for k, _ in columns}}
    x.setdefault('other', torch.zeros([len(y), 0]))
    f = torch.nn.functional.selu if classes else torch.nn.functional.mish
    made = Parameters()
    units = max(classes, 1)
    if small:
        flat = torch.tensor(np.array([v for _, v in columns]).T, dtype=torch.float32)
        width = flat.shape[1]
    else:
        numbers = x['number'].shape[1]
        frequencies, phases = made.add([numbers, 16], 0.1, 0.1), made.add([numbers, 16], 2.0, 0.1)
        kernel, bias = made.add([numbers, 3, 16], 0.15, 0.1), made.add([numbers, 3], 0.15, 0.1)
        tables = [made.add([int(v.max()) + 1, 8], 1.0) for k, v in columns if k == 'index']
        width = numbers * 4 + x['other'].shape[1] + 8 * len(tables)
    with torch.no_grad():
        factors = made.add([width], 0.0, 6.0); factors += 1
    layers = []
    for inputs, outputs in zip([width, 256, 256, 256], [256, 256, 256, units]):
        last = len(layers) == 3
        w, b = made.add([inputs, outputs], 0.0 if small and last else 1.0), made.add([outputs], 0.0 if small and last else 1.0, 0.1, 0.0)
        alpha = None
        if not small and not last:
            with torch.no_grad():
                alpha = made.add([outputs], 0.0, 0.1); alpha += 1
        layers.append((w, b, alpha))
    def forward(rows):
        if small: a = flat[rows]
        else:
            n = x['number'][rows]
            cosines = torch.cos(2 * torch.pi * n[:, :, None] * frequencies + phases)
            sums = torch.einsum('rnf,nuf->rnu', cosines, kernel) + bias
            a = torch.cat([torch.cat([n[:, :, None], sums], 2).flatten(1), x['other'][rows],
                           *[t[x['index'][rows, i]] for i, t in enumerate(tables)]], 1)
        a = a * factors
        for i, (w, b, alpha) in enumerate(layers):
            a = a @ w / np.sqrt(w.shape[0]) + b
            if i == 3: return a
            a = f(a) if alpha is None else a + (f(a) - a) * alpha
    rate, decay = ((0.04 if classes else 0.07), 0.0) if small else ((0.04 if classes else 0.2), 0.02)
    optimizer = torch.optim.Adam([{'params': [p]} for p, _, _ in made.all], betas=(0.9, 0.95), eps=1e-8)
    losses = []
    for step in range(STEPS):
        rows = torch.tensor((hashed(BATCH, 1000 + step) * len(y)).astype(int))
        output = forward(rows)
        loss = (torch.nn.functional.cross_entropy(output, y[rows], label_smoothing=0.1) if classes
                else torch.nn.functional.mse_loss(output[:, 0], y[rows]))
        optimizer.zero_grad(); loss.backward()
        t = step / TOTAL
        lr = rate * 0.5 * (1 - np.cos(2 * np.pi * np.log2(1 + 15 * t)))
        wd = decay * (1 if t <= 0.5 else 0.5 * (1 + np.cos(np.pi * (2 * t - 1))))
        for group, (p, factor, decayed) in zip(optimizer.param_groups, made.all):
            group['lr'] = lr * factor
            # their factor counts twice in the decay: in the rate, and beside it
            with torch.no_grad(): p.mul_(1 - wd * decayed * lr * factor * factor)
        optimizer.step()
        losses.append(loss.item())
    return {'preset': 'realmlp-small' if small else 'realmlp', 'target': target, 'losses': losses}

cases = [run(sys.argv[1], target, small) for small in (True, False) for target in ('species', 'sex', 'body_mass_g')]
print(json.dumps({'steps': STEPS, 'total': TOTAL, 'batch': BATCH, 'cases': cases}, indent=1))
