"""The boosted head: gradient boosting of trees over histograms, as scikit-learn has it.

The trees become one node of ONNX-ML. It compares in single precision, as the vectors
are; so a threshold is rounded down, which no vector can tell from the threshold itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from onnx import helper
from sklearn.ensemble import HistGradientBoostingClassifier

from millpond.training.joined import ABSENT, Part

#: Rounds of boosting, a tree for each label in each, and how much each tree counts.
ROUNDS, RATE = 150, 0.1
_LEAVES = 15
_PENALTY = 1.0
#: Vectors of a leaf, at least, where there are enough of them.
_LEAST_IN_LEAF = 20


@dataclass(frozen=True)
class BoostedHead:
    """Logits that are the sum of what many trees say.

    Args:
        model: that learned.
        labels: how many there are, those that no training image had included.
    """

    model: HistGradientBoostingClassifier
    labels: int

    @classmethod
    def fit(
        cls, vectors: NDArray[np.float32], kinds: NDArray[np.int64], labels: int, seed: int
    ) -> Self:
        """Learn from vectors ``[n, k]`` and the places of their labels ``[n]``."""
        model = HistGradientBoostingClassifier(
            max_iter=ROUNDS,
            learning_rate=RATE,
            max_leaf_nodes=_LEAVES,
            min_samples_leaf=min(_LEAST_IN_LEAF, max(2, len(vectors) // 25)),
            l2_regularization=_PENALTY,
            early_stopping=False,
            random_state=seed,
        )
        return cls(model.fit(vectors, kinds), labels)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """How it was learned, for the package."""
        return {"rounds": ROUNDS, "rate": RATE}

    def logits(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """The logits ``[n, labels]`` of reduced vectors ``[n, k]``."""
        found = np.full((len(vectors), self.labels), ABSENT)
        found[:, self.model.classes_] = 0
        raw = self.model.decision_function(vectors)
        found[:, self._told] = raw if raw.ndim == 2 else raw[:, None]
        return found

    def part(self, source: str, result: str) -> Part:
        """The same as a node; see `joined.Head`."""
        trees = [tree.nodes for rounds in self.model._predictors for tree in rounds]
        base = np.full(self.labels, ABSENT)
        base[self.model.classes_] = 0
        base[self._told] = np.ravel(self.model._baseline_prediction)
        told = self._told
        attributes: dict[str, Any] = {
            **_joined(_branches(number, tree) for number, tree in enumerate(trees)),
            **_joined(_leaves(n, tree, told[n % len(told)]) for n, tree in enumerate(trees)),
        }
        summed = "millpond.trees"
        return Part(
            [
                helper.make_node(
                    "TreeEnsembleRegressor",
                    [source],
                    [summed],
                    summed,
                    domain="ai.onnx.ml",
                    n_targets=self.labels,
                    **attributes,
                ),
                # Base values of the node itself are left out for labels without a tree.
                helper.make_node("Add", [summed, "millpond.base"], [result], "millpond.head"),
            ],
            {"millpond.base": base.astype(np.float32)},
        )

    @property
    def _told(self) -> list[int]:
        """The labels that trees speak of: the second of two, each of more."""
        present: list[int] = self.model.classes_.tolist()
        return present if len(present) > 2 else present[1:]


def _branches(number: int, nodes: NDArray[Any]) -> dict[str, list[Any]]:
    """The nodes of a tree, leaves included, as attributes."""
    leaf = nodes["is_leaf"].astype(bool)
    return {
        "nodes_treeids": [number] * len(nodes),
        "nodes_nodeids": list(range(len(nodes))),
        "nodes_featureids": np.where(leaf, 0, nodes["feature_idx"]).tolist(),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_values": np.where(leaf, 0, _rounded_down(nodes["num_threshold"])).tolist(),
        "nodes_truenodeids": np.where(leaf, 0, nodes["left"]).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, nodes["right"]).tolist(),
    }


def _leaves(number: int, nodes: NDArray[Any], label: int) -> dict[str, list[Any]]:
    """What the leaves of a tree say of a label, as attributes."""
    places = np.flatnonzero(nodes["is_leaf"])
    return {
        "target_treeids": [number] * len(places),
        "target_nodeids": places.tolist(),
        "target_ids": [label] * len(places),
        "target_weights": nodes["value"][places].astype(np.float32).tolist(),
    }


def _joined(parts: Iterator[dict[str, list[Any]]]) -> dict[str, list[Any]]:
    whole: dict[str, list[Any]] = {}
    for part in parts:
        for name, values in part.items():
            whole.setdefault(name, []).extend(values)
    return whole


def _rounded_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The greatest numbers of single precision that are not above the thresholds."""
    near = thresholds.astype(np.float32)
    below = np.nextafter(near, np.float32(-np.inf))
    return np.where(near.astype(np.float64) > thresholds, below, near)
