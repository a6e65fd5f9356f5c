"""onnx checks what exportOnnx gives, and onnxruntime runs it: `python read_onnx.py FOLDER`, files by onnx.mjs."""
import glob, json, sys
import numpy as np
import onnx, onnxruntime

onnxruntime.set_default_logger_severity(3)
worst, failed, count = 0, False, 0
for path in sorted(glob.glob(f"{sys.argv[1]}/*.onnx")):
    case = json.load(open(path.replace(".onnx", ".json")))
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        inputs = session.get_inputs()[0]
        y = session.run(["y"], {"x": np.array(case["x"], np.float32).reshape(-1, inputs.shape[1])})[0].ravel()
        expected = np.array(case["y"])
        difference = float((np.abs(y - expected) / (1e-5 + 1e-5 * np.abs(expected))).max())
        worst, count = max(worst, difference), count + 1
        if difference <= 1: continue
    except Exception as error: difference = str(error).split("\n")[0]
    failed = True
    print(f"FAILED  {path}: {difference}")
print(f"{'FAILED' if failed else 'passed'}  onnx {onnx.__version__} and onnxruntime {onnxruntime.__version__} in Python: {count} models, at most {worst:.3f} of the tolerance")
sys.exit(failed)
