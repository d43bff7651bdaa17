"""The linear head: multinomial logistic regression, as strong as cross-validation finds best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from onnx import helper
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from millpond.training.joined import ABSENT, Part

#: Strengths that are tried: the inverse of the weight of the penalty.
_STRENGTHS = (1.0, 10.0, 100.0, 1000.0)
#: The one that is taken where a label has too few images to try.
_USUAL = 10.0
_FOLDS = 3
_MOST_STEPS = 2000


@dataclass(frozen=True)
class LinearHead:
    """Logits that are a linear function of the vector.

    Args:
        weights: ``[k, labels]``.
        bias: ``[labels]``.
        strength: the inverse of the weight of the penalty.
    """

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    strength: float

    @classmethod
    def fit(
        cls, vectors: NDArray[np.float32], kinds: NDArray[np.int64], labels: int, seed: int
    ) -> Self:
        """Learn from vectors ``[n, k]`` and the places of their labels ``[n]``."""
        exact = vectors.astype(np.float64)
        # Vectors of length one on average: the strengths mean the same for any backbone.
        size = float(np.sqrt(np.square(exact).sum(axis=1).mean())) or 1.0
        strength, model = _chosen(exact / size, kinds, seed)
        present = model.classes_ if len(model.classes_) > 2 else model.classes_[1:]
        weights, bias = np.zeros((vectors.shape[1], labels)), np.full(labels, ABSENT)
        bias[model.classes_] = 0
        weights[:, present] = model.coef_.T / size
        bias[present] = model.intercept_
        return cls(weights, bias, strength)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """How it was learned, for the package."""
        return {"strength": self.strength}

    def logits(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """The logits ``[n, labels]`` of reduced vectors ``[n, k]``."""
        found: NDArray[np.float64] = vectors @ self.weights + self.bias
        return found

    def part(self, source: str, result: str) -> Part:
        """The same as a node; see `joined.Head`."""
        constants = {"millpond.weights": self.weights, "millpond.bias": self.bias}
        return Part(
            [helper.make_node("Gemm", [source, *constants], [result], "millpond.head")],
            {name: numbers.astype(np.float32) for name, numbers in constants.items()},
        )


def _chosen(
    vectors: NDArray[np.float64], kinds: NDArray[np.int64], seed: int
) -> tuple[float, LogisticRegression]:
    """The strength under which images that were left aside are the least surprise."""
    folds = min(_FOLDS, int(np.unique(kinds, return_counts=True)[1].min()))
    if folds < 2:
        model = LogisticRegression(C=_USUAL, max_iter=_MOST_STEPS)
        return _USUAL, model.fit(vectors, kinds)
    search = GridSearchCV(
        LogisticRegression(max_iter=_MOST_STEPS),
        {"C": list(_STRENGTHS)},
        cv=StratifiedKFold(folds, shuffle=True, random_state=seed),
        scoring="neg_log_loss",
    ).fit(vectors, kinds)
    return search.best_params_["C"], search.best_estimator_
