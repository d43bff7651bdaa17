"""A network of PyTorch as an ONNX file, checked against the network itself."""

from __future__ import annotations

import copy
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from millpond.errors import Invalid, MillpondError
from millpond.models.runtime import open_runtime
from millpond.models.single import in_single

#: Version of the operators; every ONNX Runtime of the last years knows it.
OPSET = 17
#: The share of its size by which an output may differ.
TOLERANCE = 1e-4
#: How many times the rounding of PyTorch an output may differ where that is more.
_ROUNDING = 4.0


#: Whether what the file and the network give is the same, where it is not so digit by digit.
Same = Callable[[Sequence[NDArray[np.float64]], Sequence[NDArray[np.float64]]], bool]


def to_onnx(
    network: nn.Module,
    example: Tensor,
    outputs: Sequence[str],
    *,
    any_batch: bool = True,
    same: Same | None = None,
) -> bytes:
    """The network as one ONNX file.

    Args:
        network: takes a batch and gives as many tensors as `outputs` has names.
        example: a batch ``[N, C, H, W]`` on which both are compared.
        outputs: names of the outputs.
        any_batch: whether the file takes any number of pictures in a batch, or one alone.
        same: says what counts as the same where the outputs differ.

    Raises:
        MillpondError: the file computes something else than the network.
        Invalid: the network is larger than one file can hold, which is 2 GiB.
    """
    network = network.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The exporter by tracing is called old, but needs no further library and
        # writes one file; what it traces is compared below.
        warnings.simplefilter("ignore")
        path = Path(folder) / "model.onnx"
        named = ("pictures", *outputs)
        torch.onnx.export(
            network,
            (example[:1],),
            path,
            input_names=["pictures"],
            output_names=list(outputs),
            dynamic_axes={name: {0: "batch"} for name in named} if any_batch else None,
            opset_version=OPSET,
            dynamo=False,
        )
        if len(list(path.parent.iterdir())) > 1:
            raise Invalid("a network of more than 2 GiB does not fit into one ONNX file")
        model = in_single(path.read_bytes())
    _check_equal(model, network, example, same)
    return model


@torch.no_grad()
def _check_equal(model: bytes, network: nn.Module, example: Tensor, same: Same | None) -> None:
    wanted = _answers(network, example)
    found = [array.astype(np.float64) for array in open_runtime(model).run(example.numpy())]
    if _close(found, wanted, 0.0) or (same is not None and same(found, wanted)):
        return
    # A network may multiply the rounding of its first layer by thousands. What it computes in
    # 64 bits tells how far 32 bits are from that in PyTorch itself, so may they be here.
    exact = _answers(copy.deepcopy(network).double(), example.double())
    rounding = max(float(np.abs(a - b).max()) for a, b in zip(wanted, exact, strict=True))
    if not _close(found, exact, _ROUNDING * rounding):
        worst = max(float(np.abs(a - b).max()) for a, b in zip(found, wanted, strict=True))
        raise MillpondError(f"the exported model differs from the network by {worst:g}")


def _answers(network: nn.Module, example: Tensor) -> list[NDArray[np.float64]]:
    answers = network(example)
    answers = answers if isinstance(answers, tuple) else (answers,)
    return [tensor.numpy().astype(np.float64) for tensor in answers]


def _close(
    found: Sequence[NDArray[np.float64]], wanted: Sequence[NDArray[np.float64]], beyond: float
) -> bool:
    """Whether all outputs are equal, relative to the largest value of each.

    That one counts because a box may lie hundreds of pixels from the corner.
    """
    for array, expected in zip(found, wanted, strict=True):
        scale = max(1.0, float(np.abs(expected).max()))
        if not np.allclose(array, expected, rtol=TOLERANCE, atol=TOLERANCE * scale + beyond):
            return False
    return True
