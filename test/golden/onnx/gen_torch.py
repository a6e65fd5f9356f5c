#!/usr/bin/env python3
"""20 random architectures as PyTorch's exporters write them, with inputs and outputs.

Usage: python gen_torch.py OUTDIR [--both]    (torch, numpy; for the newer exporter also onnx and onnxscript, with torch 2.5 or later)
--both writes each architecture once by each exporter, and nothing else.
TorchScript's exporter (`dynamo=False`) writes every architecture at several opsets; the newer one (`dynamo=True`) is used where it
is installed, and what it wrote stands in torch.json as `onnx_dynamo`, but for its notes: which line of which file on whose disk every
node comes from.
"""
import io, json, os, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np
import torch
from torch import nn

out = sys.argv[1]
BOTH = "--both" in sys.argv
os.makedirs(out, exist_ok=True)
SEED = 19
rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)
lst = lambda a: np.asarray(a, dtype=np.float64).round(9).tolist()
DYNAMO = hasattr(torch.onnx, "ONNXProgram") and tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 5)


class Residual(nn.Module):
    def __init__(self, inner): super().__init__(); self.inner = inner
    def forward(self, x): return x + self.inner(x)


class RMSNorm(nn.Module):
    """As language models write it; torch has one since 2.4."""
    def __init__(self, width): super().__init__(); self.weight = nn.Parameter(torch.ones(width))
    def forward(self, x): return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight


class Scaled(nn.Module):
    """A scaler in front, as users write it."""
    def __init__(self, width, inner):
        super().__init__(); self.inner = inner
        self.register_buffer("mean", torch.randn(width)); self.register_buffer("std", torch.rand(width) + 0.5)
    def forward(self, x): return self.inner((x - self.mean) / self.std)


class Functional(nn.Module):
    """Functions where others have modules, and shapes taken from the data."""
    def __init__(self, i, h, o): super().__init__(); self.a, self.b = nn.Linear(i, h), nn.Linear(h, o)
    def forward(self, x):
        h = torch.nn.functional.gelu(self.a(x.view(x.size(0), -1)), approximate="tanh")
        return torch.log(torch.softmax(self.b(h), dim=-1))


ACTIVATIONS = [
    nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, lambda: nn.GELU(approximate="tanh"), nn.SiLU, nn.Mish, nn.ELU, lambda: nn.ELU(0.5), nn.SELU,
    nn.Softplus, nn.Softsign, nn.ReLU6, nn.Hardswish, nn.Hardsigmoid, nn.LeakyReLU, lambda: nn.LeakyReLU(0.2), lambda: nn.CELU(1.0),
]
NORMS = [
    nn.BatchNorm1d, lambda w: nn.BatchNorm1d(w, eps=1e-3, momentum=0.05), nn.LayerNorm, lambda w: nn.LayerNorm(w, eps=1e-6), RMSNorm,
    lambda w: nn.LayerNorm(w, elementwise_affine=False), lambda w: nn.GroupNorm(2 if w % 2 == 0 else 1, w), lambda w: nn.BatchNorm1d(w, affine=False),
]
pick = lambda options: options[rng.integers(len(options))]


def layers(width, depth):
    """Random layers from `width`, and the width they end with."""
    made = []
    for _ in range(depth):
        units = int(rng.integers(2, 13))
        made.append(nn.Linear(width, units, bias=bool(rng.random() < 0.8)))
        if rng.random() < 0.5: made.append(pick(NORMS)(units))
        made.append(nn.PReLU(units) if rng.random() < 0.1 else pick(ACTIVATIONS)())
        if rng.random() < 0.3: made.append(nn.Dropout(0.25))
        if rng.random() < 0.4:
            inner = [nn.Linear(units, units), pick(ACTIVATIONS)(), nn.Linear(units, units)]
            if rng.random() < 0.5: inner.insert(0, pick(NORMS)(units))
            made.append(Residual(nn.Sequential(*inner)))
        width = units
    return made, width


def architecture(number):
    width = int(rng.integers(1, 10))
    if number == 0: return Functional(width, 7, 3), width
    made, last = layers(width, int(rng.integers(1, 4)))
    made.append(nn.Linear(last, int(rng.integers(1, 6))))
    made.append(pick([nn.Identity(), nn.Softmax(1), nn.LogSoftmax(1), nn.Sigmoid()]))
    model = nn.Sequential(*made)
    return (Scaled(width, model) if number % 4 == 1 else model), width


def settle(model, width):
    """Statistics and parameters that are not their defaults."""
    with torch.no_grad():
        for m in model.modules():
            if isinstance(m, (nn.BatchNorm1d, nn.LayerNorm, nn.GroupNorm, RMSNorm, nn.PReLU)) and getattr(m, "weight", None) is not None:
                m.weight.uniform_(0.5, 1.5)
                if getattr(m, "bias", None) is not None: m.bias.uniform_(-0.5, 0.5)
    model.train()
    for _ in range(5): model(torch.randn(32, width))
    return model.eval()


def without_notes(path):
    """Leaves what runs."""
    import onnx
    model = onnx.load(path)
    graphs = [model.graph, *model.functions]
    for part in [model, *graphs, *(node for graph in graphs for node in getattr(graph, "node")), *model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer]:
        part.ClearField("doc_string")
        if part is not model and hasattr(part, "metadata_props"): del part.metadata_props[:]
    onnx.save_model(model, path)


cases = []
for number in range(20):
    model, width = architecture(number)
    settle(model, width)
    x = rng.standard_normal((5, width)).astype(np.float32) * 2
    with torch.no_grad(): y = model(torch.tensor(x)).numpy()
    files = {}
    for opset in {0: (9, 17), 1: (11, 13), 2: (12, 16), 3: (14, 15)}[number % 4][1 if BOTH else 0:]:
        name = f"architecture-{number:02}.torch-script-{opset}.onnx"
        more = {"dynamo": False} if DYNAMO else {}
        try:
            torch.onnx.export(model, (torch.tensor(x[:2]),), f"{out}/{name}", opset_version=opset, input_names=["x"], output_names=["y"],
                              dynamic_axes={"x": {0: "n"}, "y": {0: "n"}}, **more)
            files[f"onnx_script_{opset}"] = name
        except Exception as e: print(name, "was not exported:", str(e).split("\n")[0][:120])
    if number % 5 == 2 and not BOTH:  # every module a function of the file, where the exporter still does so
        name = f"architecture-{number:02}.torch-functions-15.onnx"
        try:
            torch.onnx.export(model, (torch.tensor(x[:2]),), f"{out}/{name}", opset_version=15, input_names=["x"], output_names=["y"],
                              dynamic_axes={"x": {0: "n"}, "y": {0: "n"}}, export_modules_as_functions=True)
            files["onnx_functions"] = name
        except (TypeError, ImportError): pass
    if DYNAMO:
        name = f"architecture-{number:02}.torch-dynamo.onnx"
        torch.onnx.export(model, (torch.tensor(x[:2]),), dynamo=True, dynamic_shapes=({0: torch.export.Dim("n")},), verbose=False).save(f"{out}/{name}")
        without_notes(f"{out}/{name}")
        files["onnx_dynamo"] = name
    cases.append({"id": f"architecture-{number:02}", "inputs": width, "files": files, "x": lst(x), "y": lst(y), "note": str(model).replace("\n", " ")})
# onnx itself moves the weights of one of them to another file
try:
    if BOTH: raise ImportError
    import onnx
    name = "architecture-03.external.onnx"
    onnx.save_model(onnx.load(f"{out}/{cases[3]['files']['onnx_script_14']}"), f"{out}/{name}", save_as_external_data=True,
                    all_tensors_to_one_file=True, location="architecture-03.weights", size_threshold=0)
    cases[3]["files"]["onnx_external"] = name
except ImportError: BOTH or print("without onnx, no model with its weights in another file was written")
json.dump({"schema": "interop/1", "cases": cases, "generator": {"torch": torch.__version__, "numpy": np.__version__}}, open(f"{out}/torch.json", "w"), indent=1)
print(len(cases), "architectures,", sum(len(case["files"]) for case in cases), "files,", sum(os.path.getsize(f"{out}/{f}") for case in cases for f in case["files"].values()) // 1024, "KiB")
