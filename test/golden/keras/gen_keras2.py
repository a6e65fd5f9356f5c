#!/usr/bin/env python3
"""A legacy file in the form of tf.keras 2.15, written key by key, and what its model computes: for readers of files that nobody saves anew.

Usage: python gen_keras2.py OUTDIR      (h5py, numpy)
"""
import json, sys
import h5py
import numpy as np

out = sys.argv[1]
rng = np.random.default_rng(4)
f4 = lambda *shape: rng.uniform(-1, 1, shape).astype(np.float32)
w = {
    "dense_7": {"dense_7/kernel:0": f4(4, 5), "dense_7/bias:0": f4(5)},
    "batch_normalization_2": {f"batch_normalization_2/{n}:0": (np.abs(f4(5)) + np.float32(0.5) if n == "moving_variance" else f4(5)) for n in ("gamma", "beta", "moving_mean", "moving_variance")},
    "dense_8": {"dense_8/kernel:0": f4(5, 5), "dense_8/bias:0": f4(5)},
    "out": {"out/kernel:0": f4(5, 2)},
}
node = lambda *names: [[[n, 0, 0, {}] for n in names]]
layer = lambda cls, name, inbound, **config: {"class_name": cls, "name": name, "inbound_nodes": inbound, "config": {"name": name, "trainable": True, "dtype": "float32", **config}}
config = {"class_name": "Functional", "config": {"name": "model_1", "trainable": True, "layers": [
    {"class_name": "InputLayer", "name": "input_3", "inbound_nodes": [], "config": {"batch_input_shape": [None, 4], "dtype": "float32", "sparse": False, "ragged": False, "name": "input_3"}},
    layer("Dense", "dense_7", node("input_3"), units=5, activation="linear", use_bias=True),
    layer("BatchNormalization", "batch_normalization_2", node("dense_7"), axis=[1], momentum=0.99, epsilon=0.001, center=True, scale=True),
    layer("LeakyReLU", "leaky_re_lu", node("batch_normalization_2"), alpha=0.30000001192092896),
    layer("Dense", "dense_8", node("leaky_re_lu"), units=5, activation="hard_sigmoid", use_bias=True),
    layer("Add", "add", node("leaky_re_lu", "dense_8")),
    layer("Dropout", "dropout", node("add"), rate=0.5, noise_shape=None, seed=None),
    layer("Dense", "out", node("dropout"), units=2, activation="swish", use_bias=False)],
    "input_layers": [["input_3", 0, 0]], "output_layers": [["out", 0, 0]]}}
with h5py.File(f"{out}/keras2.h5", "w") as f:
    for holder in (f, f.create_group("model_weights")):
        holder.attrs["backend"], holder.attrs["keras_version"] = b"tensorflow", b"2.15.0"
    f.attrs["model_config"] = json.dumps(config).encode()
    g = f["model_weights"]
    names = [l["name"] for l in config["config"]["layers"]]
    # as Keras does for lists of more than 64 kB
    for i in range(0, len(names), 3): g.attrs[f"layer_names{i // 3}"] = [n.encode() for n in names[i:i + 3]]
    for n in names:
        holder = g.create_group(n)
        holder.attrs["weight_names"] = [v.encode() for v in w.get(n, {})]
        for v, data in w.get(n, {}).items(): holder.create_dataset(v, data=data)

x = rng.standard_normal((5, 4))
d, b, e, o = (list(w[n].values()) for n in ("dense_7", "batch_normalization_2", "dense_8", "out"))
h = ((x @ d[0] + d[1]) - b[2]) / np.sqrt(b[3] + 0.001) * b[0] + b[1]
h = np.where(h > 0, h, 0.3 * h)
z = (h + np.clip(0.2 * (h @ e[0] + e[1]) + 0.5, 0, 1)) @ o[0]
json.dump({"x": x.tolist(), "y": (z / (1 + np.exp(-z))).tolist()}, open(f"{out}/keras2.json", "w"))
