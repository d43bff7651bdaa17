"""A backbone, a reduction and a head as one ONNX file, from the picture to the logits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from millpond.errors import MillpondError
from millpond.features.reduction import Reduction
from millpond.models.runtime import open_runtime

#: The logit of a label that no training image had: the softmax makes nothing of it.
ABSENT = -50.0
#: By how much the graph of a head may differ from the head.
TOLERANCE = 1e-4
#: How the names begin that are added to the backbone's.
_OURS = "millpond."
#: The name of the output.
LOGITS = f"{_OURS}logits"
#: The sets of operators that are added to, where the backbone does not use them.
_DOMAINS = {"ai.onnx.ml": 3}


@dataclass(frozen=True)
class Part:
    """Nodes that go into a graph, and the constants that they take."""

    nodes: Sequence[onnx.NodeProto]
    constants: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


class Head(Protocol):
    """What was learned on reduced vectors."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """How it was learned, for the package."""
        ...

    def logits(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """The logits ``[n, labels]`` of reduced vectors ``[n, k]``."""
        ...

    def part(self, source: str, result: str) -> Part:
        """The same as nodes.

        Args:
            source: the name of the reduced vectors.
            result: the name of the logits.
        """
        ...


def joined(backbone: bytes, reduction: Reduction, head: Head) -> bytes:
    """One ONNX file that takes what the backbone takes and gives logits ``[1, labels]``.

    Raises:
        MillpondError: the graph of the head computes something else than the head.
    """
    _check_equal(head, len(reduction))
    model = onnx.load_model_from_string(backbone)
    graph = model.graph
    vector = graph.output[0].name
    parts = []
    if _averages(backbone):
        pooled, vector = vector, f"{_OURS}vector"
        parts.append(_averaged(pooled, vector))
    parts.append(_reduced(reduction, vector, f"{_OURS}reduced"))
    parts.append(head.part(f"{_OURS}reduced", LOGITS))
    for part in parts:
        _add(graph, part)
    del graph.output[:]
    graph.output.append(_output(head, len(reduction)))
    _declare(model)
    data: bytes = model.SerializeToString()
    return data


def _add(graph: onnx.GraphProto, part: Part) -> None:
    graph.node.extend(part.nodes)
    for name, numbers in part.constants.items():
        graph.initializer.append(numpy_helper.from_array(numbers, name))


def _declare(model: onnx.ModelProto) -> None:
    """Name the sets of operators that the nodes come from."""
    known = {used.domain for used in model.opset_import}
    for domain in {node.domain for node in model.graph.node} - known - {"ai.onnx"}:
        if domain:
            model.opset_import.append(helper.make_opsetid(domain, _DOMAINS[domain]))


def _averages(backbone: bytes) -> bool:
    """Whether the vector is the mean over space of what the backbone gives."""
    runtime = open_runtime(backbone)
    [taken] = onnx.load_model_from_string(backbone).graph.input[:1]
    sides = [side.dim_value for side in taken.type.tensor_type.shape.dim[2:]]
    return runtime.run(np.zeros((1, 3, *sides), np.float32))[0].ndim == 4


def _averaged(source: str, result: str) -> Part:
    middle = f"{_OURS}pooled"
    return Part(
        [
            helper.make_node("GlobalAveragePool", [source], [middle], middle),
            helper.make_node("Flatten", [middle], [result], result, axis=1),
        ]
    )


def _reduced(reduction: Reduction, source: str, result: str) -> Part:
    """What `Reduction.apply` does."""
    mean, turn, centred = (f"{_OURS}{name}" for name in ("mean", "components", "centred"))
    return Part(
        [
            helper.make_node("Sub", [source, mean], [centred], centred),
            helper.make_node("MatMul", [centred, turn], [result], result),
        ],
        {
            mean: reduction.mean.astype(np.float32),
            turn: (reduction.components / reduction.scale).T.astype(np.float32),
        },
    )


def _output(head: Head, components: int) -> onnx.ValueInfoProto:
    labels = head.logits(np.zeros((1, components), np.float32)).shape[1]
    return helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, [1, labels])


def _check_equal(head: Head, components: int) -> None:
    """Compare the head with its graph, on vectors of all sizes."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(64, components)).astype(np.float32)
    vectors *= np.geomspace(0.01, 100, 64, dtype=np.float32)[:, None]
    part = head.part("vectors", LOGITS)
    shape: list[str | int | None] = ["n", components]
    graph = helper.make_graph(
        list(part.nodes),
        "head",
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["n", None])],
        [numpy_helper.from_array(numbers, name) for name, numbers in part.constants.items()],
    )
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    _declare(model)
    [found] = open_runtime(model.SerializeToString()).run(vectors)
    wanted = head.logits(vectors)
    scale = max(1.0, float(np.abs(wanted).max()))
    if not np.allclose(found, wanted, rtol=TOLERANCE, atol=TOLERANCE * scale):
        worst = float(np.abs(found - wanted).max())
        raise MillpondError(f"the exported head differs from the learned one by {worst:g}")
