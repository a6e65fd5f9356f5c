#!/usr/bin/env python3
"""Models as scikit-learn's converter writes them, with inputs and what scikit-learn predicts.

Usage: python gen_sklearn.py OUTDIR      (scikit-learn, skl2onnx, onnx, numpy)
"""
import json, os, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np
import onnx, onnx.helper
if not hasattr(onnx.helper, "np_dtype_to_tensor_dtype"):  # skl2onnx knows these names, onnx before 1.13 does not
    from onnx import mapping
    onnx.helper.np_dtype_to_tensor_dtype = lambda d: mapping.NP_TYPE_TO_TENSOR_TYPE[np.dtype(d)]
    onnx.helper.tensor_dtype_to_np_dtype = lambda t: mapping.TENSOR_TYPE_TO_NP_TYPE[t]
    onnx.helper.tensor_dtype_to_string = str
import sklearn, skl2onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.ensemble import RandomForestClassifier

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
rng = np.random.default_rng(3)
lst = lambda a: np.asarray(a, dtype=np.float64).round(9).tolist()
cases = []
WIDTH = 4
X = (rng.standard_normal((120, WIDTH)) * [1, 5, 0.2, 30] + [0, 10, -3, 500]).astype(np.float32)
three = np.argmax(np.tanh((X - X.mean(0)) / X.std(0)) @ rng.standard_normal((WIDTH, 3)), axis=1)
two = (three > 0).astype(int)
number = ((X - X.mean(0)) / X.std(0)) @ rng.standard_normal(WIDTH)


def record(name, model, target, predict, opset=17, options=None, input_type=FloatTensorType, names=None, error=None):
    model.fit(X, target)
    file = f"{name}.onnx"
    converted = skl2onnx.to_onnx(model, initial_types=[("X", input_type([None, WIDTH]))], target_opset=opset,
                                 options={id(model.steps[-1][1] if hasattr(model, "steps") else model): options} if options else None)
    with open(f"{out}/{file}", "wb") as f: f.write(converted.SerializeToString())
    case = {"id": name, "inputs": WIDTH, "files": {"onnx": file}}
    if error: cases.append({**case, "error_must_name": error}); return
    x = X[:6]
    y = predict(model)(x).reshape(len(x), -1)
    cases.append({**case, "x": lst(x), "y": lst(y), **({"classNames": names} if names else {}), "note": str(model).replace("\n", " ")})


probabilities = lambda model: model.predict_proba
values = lambda model: model.predict
mlp = dict(hidden_layer_sizes=(6, 5), max_iter=60, random_state=1)
texts = np.array(["setosa", "versicolor", "virginica"])
record("mlp-three", make_pipeline(StandardScaler(), MLPClassifier(**mlp)), three, probabilities, names=["0", "1", "2"])
record("mlp-texts", make_pipeline(StandardScaler(), MLPClassifier(activation="tanh", **mlp)), texts[three], probabilities, names=list(texts))
record("mlp-two", make_pipeline(StandardScaler(), MLPClassifier(activation="logistic", **mlp)), two, probabilities, names=["0", "1"])
record("mlp-two-plain", make_pipeline(MinMaxScaler(), MLPClassifier(**mlp)), texts[two], probabilities, opset=12, options={"zipmap": False}, names=["setosa", "versicolor"])
record("mlp-regressor", make_pipeline(RobustScaler(), MLPRegressor(**mlp)), number, values)
record("mlp-double", make_pipeline(StandardScaler(), MLPRegressor(activation="identity", **mlp)), number, values, input_type=DoubleTensorType)
record("logistic-two", make_pipeline(StandardScaler(), LogisticRegression()), two, probabilities, options={"zipmap": False}, names=["0", "1"])
record("logistic-three", make_pipeline(StandardScaler(with_std=False), MaxAbsScaler(), LogisticRegression()), texts[three], probabilities, names=list(texts))
record("linear", make_pipeline(MinMaxScaler(feature_range=(-1, 1)), LinearRegression()), number, values, opset=9)
record("ridge-two-targets", Ridge(), np.stack([number, -2 * number + 1], axis=1), values)
record("logistic-one-vs-rest", LogisticRegression(multi_class="ovr", max_iter=1000), three, probabilities, error=["Normalizer"])
record("forest", RandomForestClassifier(2, max_depth=2, random_state=0), three, probabilities, error=["TreeEnsembleClassifier"])
versions = {"scikit-learn": sklearn.__version__, "skl2onnx": skl2onnx.__version__, "onnx": onnx.__version__, "numpy": np.__version__}
json.dump({"schema": "interop/1", "cases": cases, "generator": versions}, open(f"{out}/sklearn.json", "w"), indent=1)
print(len(cases), "cases")
