"""What scikit-learn finds on two small tables with L-BFGS, for lbfgs.ts: `python examples/lbfgs.py` writes data/lbfgs.json.

The network's first weights are those that scikit-learn draws, so that both programs start from the same point.
"""
import json
import pathlib

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

DATA = pathlib.Path(__file__).parent / "data"
ALPHA = 0.01


def table(name):
    values = np.loadtxt(DATA / name, delimiter=",", skiprows=1)
    return StandardScaler().fit_transform(values[:, :-1]), values[:, -1].astype(int)


class Followed(MLPClassifier):
    """Keeps the weights it starts from and counts how often loss and gradient are computed."""

    def _initialize(self, *args):
        super()._initialize(*args)
        self.start_ = [w.copy() for layer in zip(self.coefs_, self.intercepts_) for w in layer]
        self.evaluations_ = 0

    def _loss_grad_lbfgs(self, *args):
        self.evaluations_ += 1
        return super()._loss_grad_lbfgs(*args)


def logistic():
    x, y = table("breast_cancer.csv")
    model = LogisticRegression(C=1.0, tol=1e-8, max_iter=10_000).fit(x, y)
    margin = (2 * y - 1) * model.decision_function(x)
    # what it minimizes, over C n
    loss = np.logaddexp(0, -margin).mean() + (model.coef_**2).sum() / (2 * len(y))
    return {
        "loss": loss,
        "iterations": int(model.n_iter_[0]),
        "accuracy": model.score(x, y),
        "coefficients": model.coef_[0].round(9).tolist(),
        "intercept": model.intercept_[0],
    }


def mlp():
    x, y = table("wine.csv")
    model = Followed((10,), activation="tanh", solver="lbfgs", alpha=ALPHA, tol=1e-6, max_iter=10_000, max_fun=50_000, random_state=3)
    model.fit(x, y)
    return {
        "alpha": ALPHA,
        "loss": model.loss_,
        "iterations": model.n_iter_,
        "evaluations": model.evaluations_,
        "accuracy": model.score(x, y),
        "start": [np.float32(w).ravel().tolist() for w in model.start_],
    }


numbers = {"scikit-learn": sklearn.__version__, "logistic": logistic(), "mlp": mlp()}
(DATA / "lbfgs.json").write_text(json.dumps(numbers) + "\n")
print({name: {key: value for key, value in part.items() if not isinstance(value, list)} for name, part in numbers.items() if name != "scikit-learn"})
