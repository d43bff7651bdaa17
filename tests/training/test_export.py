from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn

from millpond.errors import MillpondError
from millpond.models.export import to_onnx
from millpond.models.onnx_format import check_onnx
from millpond.models.runtime import open_runtime
from millpond.training.detector import Answers, Detector


def test_the_file_computes_what_the_network_computes() -> None:
    torch.manual_seed(0)
    network = Answers(Detector(3, 2, 20.0)).eval()
    pictures = torch.randn(3, 3, 64, 96)
    model = to_onnx(network, pictures[:2], ("scores", "boxes"))
    check_onnx(model)
    with torch.no_grad():
        wanted = network(pictures)
    found = open_runtime(model).run(pictures.numpy())
    assert [array.shape for array in found] == [(3, 384, 2), (3, 384, 4)]
    for array, tensor in zip(found, wanted, strict=True):
        torch.testing.assert_close(torch.from_numpy(array), tensor, rtol=1e-4, atol=1e-4)


class Fickle(nn.Module):
    """Computes something else on the second picture than tracing the first one saw."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3)) + float(x.shape[0])


def test_a_file_that_computes_something_else_is_refused() -> None:
    with pytest.raises(MillpondError, match="differs from the network"):
        to_onnx(Fickle(), torch.randn(2, 3, 8, 8), ("logits",))


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_package_itself_is_light() -> None:
    code = "import sys, millpond.training; print('torch' in sys.modules, 'onnx' in sys.modules)"
    assert python(code) == "False False"


def test_what_is_missing_is_named_with_the_cure() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from millpond.errors import NotInstalled\n"
        "try:\n    import millpond.training\n"
        "except NotInstalled as error:\n    print(error)"
    )
    assert python(code) == "training needs torch: pip install 'millpond[train]'"
