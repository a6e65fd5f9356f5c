"""PyTorch in eager mode on the workloads, by the protocol of partner.mjs. Its argument is the number of threads."""

import json
import sys

import numpy as np
import torch

torch.set_num_threads(int(sys.argv[1]))
ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}


def read(folder, name, dtype=np.float32):
    return torch.from_numpy(np.fromfile(f"{folder}/{name}", dtype))


def network(load, folder):
    """Layers with the given weights; the last one's activation is not among them."""
    widths = load["widths"]
    layers = []
    for i, (inputs, units) in enumerate(zip(widths, widths[1:])):
        dense = torch.nn.Linear(inputs, units)
        with torch.no_grad():
            dense.weight.copy_(read(folder, f"w{2 * i}").reshape(inputs, units).T)
            dense.bias.copy_(read(folder, f"w{2 * i + 1}"))
        layers += [dense, ACTIVATIONS[load["hidden"]]()]
    return torch.nn.Sequential(*layers[:-1])


def optimizer_of(spec, parameters):
    rate = spec["learningRate"]
    if spec["kind"] == "sgd":
        return torch.optim.SGD(parameters, rate, momentum=spec.get("momentum", 0))
    if spec["kind"] == "adadelta":
        return torch.optim.Adadelta(parameters, rate)
    if spec["kind"] == "adamw":
        return torch.optim.AdamW(parameters, rate, weight_decay=spec["weightDecay"])
    return torch.optim.Adam(parameters, rate)


class Training:
    def __init__(self, load, folder):
        self.model = network(load, folder)
        self.optimizer = optimizer_of(load["optimizer"], self.model.parameters())
        batch = load["batch"]
        self.x = read(folder, "x").reshape(-1, batch, load["widths"][0])
        self.y = read(folder, "y", np.int32).long().reshape(-1, batch)
        self.cost = torch.nn.CrossEntropyLoss()
        self.at = 0

    def run(self, calls):
        for _ in range(calls):
            i = self.at % len(self.x)
            self.at += 1
            self.optimizer.zero_grad()
            self.cost(self.model(self.x[i]), self.y[i]).backward()
            self.optimizer.step()

    def loss(self):
        with torch.inference_mode():
            return self.cost(self.model(self.x.flatten(0, 1)), self.y.flatten()).item()


class Inference:
    def __init__(self, load, folder):
        last = torch.nn.Softmax(-1) if load["last"] == "softmax" else torch.nn.Sigmoid()
        self.model = torch.nn.Sequential(network(load, folder), last).eval()
        self.x = np.fromfile(f"{folder}/x", np.float32).reshape(load["rows"], -1)
        self.folder = folder

    def predict(self):
        return self.model(torch.from_numpy(self.x)).numpy()

    def run(self, calls):
        with torch.inference_mode():
            for _ in range(calls):
                self.predict()

    def outputs(self):
        with torch.inference_mode():
            self.predict().tofile(f"{self.folder}/outputs")


current = None
for line in sys.stdin:
    question = json.loads(line)
    answer = {}
    try:
        what = question["do"]
        if what == "version":
            answer["version"] = torch.__version__
        elif what == "train":
            current = Training(question["load"], question["folder"])
        elif what == "infer":
            current = Inference(question["load"], question["folder"])
        elif what == "run":
            current.run(question["calls"])
        elif what == "loss":
            answer["loss"] = current.loss()
        elif what == "outputs":
            current.outputs()
    except Exception as error:  # whatever it is, the bench says so in its row
        answer["error"] = str(error)
    print(json.dumps(answer), flush=True)
