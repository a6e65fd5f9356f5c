#!/usr/bin/env python3
"""Models that Keras has saved, with inputs and outputs: every layer that is read, in every way that models are put together.

Usage: KERAS_BACKEND=jax python gen_keras.py OUTDIR      (keras 3.15, jax, h5py, numpy)
"""
import json, os, sys
import keras
import numpy as np

out = sys.argv[1]
K = keras.layers
keras.utils.set_random_seed(3)
rng = np.random.default_rng(3)
cases = []
lst = lambda a: np.asarray(a, dtype=np.float64).round(9).tolist()

def settle(model):
    """Parameters and statistics that are not their defaults."""
    for v in model.variables:
        if "seed" in v.path or v.path.startswith("normalization"): continue
        a = rng.uniform(0.5, 1.5, v.shape) if "variance" in v.name or v.name in ("gamma", "scale") else rng.uniform(-0.7, 0.7, v.shape)
        if np.issubdtype(np.asarray(v).dtype, np.floating): v.assign(a.astype(np.float32))

def record(name, model, shape, kinds=("keras",), error=None):
    settle(model)
    x = rng.standard_normal((5, *shape)).astype(np.float32)
    y = np.asarray(model(x, training=False))
    files = {}
    for kind in kinds:
        files[kind] = f"{name}.{kind}"
        model.save_weights(f"{out}/{files[kind]}") if kind == "weights.h5" else model.save(f"{out}/{files[kind]}")
    cases.append({"id": name, "inputs": int(np.prod(shape)), "files": files, "x": lst(x.reshape(5, -1)), "y": lst(y), **({"error_must_name": error} if error else {})})

def residual(x, width, act):
    return K.Add()([x, K.Dense(width)(K.Dense(3, activation=act)(x))])

# layers by class, each with parameters that are not their defaults
record("layers", keras.Sequential([
    keras.Input((6,)), K.Dense(8, use_bias=False, name="stem"), K.BatchNormalization(epsilon=1e-2, momentum=0.9), K.ReLU(), K.Dense(6),
    K.PReLU(), K.LayerNormalization(epsilon=1e-4), K.Dense(8), K.LeakyReLU(negative_slope=0.3), K.GaussianNoise(0.1), K.Dense(6),
    K.ELU(alpha=0.5), K.GroupNormalization(groups=2), K.Dropout(0.5), K.Dense(4), K.RMSNormalization(), K.ReLU(max_value=6.0), K.Dense(3), K.Softmax()]), (6,), ("keras", "h5", "weights.h5"))
record("partial", keras.Sequential([
    keras.Input((4,)), K.BatchNormalization(center=False), K.Dense(5), K.BatchNormalization(scale=False), K.Dense(4), K.BatchNormalization(center=False, scale=False),
    K.LayerNormalization(center=False), K.Dense(4), K.LayerNormalization(scale=False), K.LayerNormalization(center=False, scale=False), K.Dense(2)]), (4,))
record("activations", keras.Sequential([keras.Input((5,))] + [K.Dense(5, activation=a) for a in (
    "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "sigmoid", "hard_sigmoid", "tanh", "silu", "hard_silu", "softplus", "softsign", "mish", "linear", "log_softmax", "softmax")]), (5,))
record("flat", keras.Sequential([keras.Input((2, 3)), K.ReLU(), K.Dropout(0.1), K.Flatten(), K.Dense(4), K.Reshape((4,)), K.Activation("tanh")]), (2, 3))
record("scaled", keras.Sequential([keras.Input((3,)), K.Rescaling(0.5, offset=0.25), K.Normalization(mean=[1.0, 0.0, -1.0], variance=[4.0, 1.0, 0.0]), K.Dense(2, trainable=False)]), (3,), ("keras", "h5"))
adapted = K.Normalization(); adapted.adapt(rng.standard_normal((50, 3)) * 3 + 1)
m = keras.Sequential([keras.Input((3,)), adapted, K.Dense(2)])
record("adapted", m, (3,), ("keras",))
# ways of putting them together
i = keras.Input((4,)); x = K.Dense(6, name="enter")(i); x = residual(x, 6, "relu"); x = residual(x, 6, "tanh"); x = x + K.Dense(6)(K.LayerNormalization()(x))
record("residual", keras.Model(i, K.Dense(2, name="leave")(x)), (4,), ("keras", "h5", "weights.h5"))
i = keras.Input((5,)); inner = K.Dense(5)(i); inner = K.Add()([inner, K.Dense(5, activation="gelu")(inner)]); x = K.Add()([inner, i])
record("nested-residual", keras.Model(i, x), (5,))
body = keras.Sequential([keras.Input((4,)), K.Dense(5, activation="relu"), K.BatchNormalization()], name="body")
i = keras.Input((5,)); head = keras.Model(i, residual(i, 5, "silu"), name="head")
record("models-in-models", keras.Sequential([keras.Input((4,)), body, head, K.Dense(2)]), (4,), ("keras", "h5"))
i = keras.Input((4,))
record("swish", keras.Model(i, K.Multiply()([i, K.Activation("sigmoid")(i)])), (4,), ("keras",))
many = [K.Dense(3, activation="tanh") for _ in range(12)]
record("many", keras.Sequential([keras.Input((3,))] + many), (3,), ("keras", "weights.h5"))
# what must be refused
record("refused-conv", keras.Sequential([keras.Input((6,)), K.Reshape((6, 1)), K.Conv1D(2, 2, name="the_convolution"), K.Flatten()]), (6,), ("keras",), ["reshape"])
record("refused-embedding", keras.Sequential([keras.Input((2,)), K.Embedding(9, 3, name="table"), K.Flatten()]), (2,), ("keras",), ["table", "Embedding"])
i = keras.Input((4,))
record("refused-product", keras.Model(i, K.Multiply(name="gate")([K.Dense(4)(i), i])), (4,), ("keras",), ["gate", "Multiply"])
i = keras.Input((4,)); a, b = K.Dense(4, name="left")(i), K.Dense(4)(i)
record("refused-fork", keras.Model(i, K.Add(name="sum")([a, b])), (4,), ("h5",), ["left"])
record("refused-activation", keras.Sequential([keras.Input((4,)), K.Dense(4, activation="glu" if False else "celu", name="odd")]), (4,), ("keras",), ["odd", "celu"])
shared = K.Dense(4, name="twice"); i = keras.Input((4,))
record("refused-shared", keras.Model(i, shared(shared(i))), (4,), ("keras",), ["twice"])
json.dump({"cases": cases, "generator": {"keras": keras.__version__, "backend": keras.backend.backend()}}, open(f"{out}/cases.json", "w"), separators=(",", ":"))
print(len(cases), "cases,", sum(os.path.getsize(f"{out}/{f}") for f in os.listdir(out)) // 1024, "KiB")
