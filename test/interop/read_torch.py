"""PyTorch reads what exportWeights gives: `python read_torch.py FOLDER`, files by torch.mjs. Prints the largest difference of each model."""
import json, sys
import torch
from safetensors.torch import load_file
from torch import nn

class Residual(nn.Sequential):
    def forward(self, x): return x + super().forward(x)

MODELS = {
    "layers": lambda: nn.Sequential(
        nn.utils.parametrizations.weight_norm(nn.Linear(5, 6)), nn.ReLU(), nn.BatchNorm1d(6, momentum=None), nn.GroupNorm(2, 6),
        nn.Dropout(0.3), nn.RMSNorm(6), Residual(nn.PReLU(6), nn.Linear(6, 6, bias=False), nn.GELU(), nn.BatchNorm1d(6, affine=False)),
        nn.LayerNorm(6), nn.Linear(6, 1)),
    "blocks": lambda: nn.Sequential(
        nn.Linear(3, 4), Residual(nn.Linear(4, 7), nn.Tanh(), Residual(nn.Linear(7, 7), nn.SiLU()), nn.Linear(7, 4)), nn.Linear(4, 2), nn.Softmax(1)),
}
failed = False
for name, build in MODELS.items():
    model = build().eval()
    model.load_state_dict(load_file(f"{sys.argv[1]}/{name}.safetensors"), strict=True)
    case = json.load(open(f"{sys.argv[1]}/{name}.json"))
    with torch.no_grad(): y = model(torch.tensor(case["x"])).flatten()
    expected = torch.tensor(case["y"])
    worst = ((y - expected).abs() / (1e-5 + 1e-5 * expected.abs())).max().item()
    failed = failed or not worst <= 1
    print(f"{'passed' if worst <= 1 else 'FAILED'}  torch {torch.__version__}: {name}: {worst:.3f} of the tolerance")
sys.exit(failed)
