"""Keras takes what exportWeights gives: `python read_keras.py FOLDER`, files by keras.mjs. Prints the largest difference of each model."""
import importlib.util, json, os, re, sys
if "KERAS_BACKEND" not in os.environ:
    os.environ["KERAS_BACKEND"] = next(name for name, module in [("torch", "torch"), ("jax", "jax"), ("tensorflow", "tensorflow")] if importlib.util.find_spec(module))
import numpy as np
import keras
from keras import layers as L
from safetensors.numpy import load_file

MODELS = {
    "layers": lambda: [
        keras.Input((5,)), L.Dense(6, activation="relu"), L.BatchNormalization(epsilon=1e-3), L.Dropout(0.3), L.Dense(8, use_bias=False),
        L.LayerNormalization(epsilon=1e-3), L.PReLU(), L.Dense(4), L.GroupNormalization(2, epsilon=1e-3), L.RMSNormalization(epsilon=1e-6), L.Dense(1)],
    "activations": lambda: [
        keras.Input((3,)), *(L.Dense(7, activation=name) for name in ["selu", "gelu", "silu", "softplus", "softsign", "mish", "tanh", "hard_silu"]),
        L.BatchNormalization(center=False, scale=False, epsilon=1e-3), L.Activation("elu"), L.Dense(2, activation="softmax")],
}
failed = False
for name, build in MODELS.items():
    keras.utils.clear_session()  # layers are counted from the start again
    model = keras.Sequential(build())
    tensors = load_file(f"{sys.argv[1]}/{name}.safetensors")
    for layer in model.layers:
        for weight in layer.weights:
            path = f"{layer.name}/{weight.name}"
            if "seed" not in path: weight.assign(tensors.pop(path).reshape(weight.shape))
    if tensors: print(f"{name}: left over are {', '.join(tensors)}")
    case = json.load(open(f"{sys.argv[1]}/{name}.json"))
    y = np.asarray(model.predict(np.array(case["x"], np.float32), verbose=0), np.float64).ravel()
    expected = np.array(case["y"])
    worst = float((np.abs(y - expected) / (1e-5 + 1e-5 * np.abs(expected))).max())
    wrong = bool(tensors) or not worst <= 1
    failed = failed or wrong
    print(f"{'FAILED' if wrong else 'passed'}  keras {keras.__version__} on {keras.backend.backend()}: {name}: {worst:.3f} of the tolerance")
sys.exit(failed)
