"""A published checkpoint of `transformers`, made into one ONNX file that gives vectors.

What the vector is:

- of a convolutional network, the mean of its last hidden state over space;
- of a transformer, its class token after the last layer; where it has none, or was trained
  on their mean, the mean of the tokens of the picture;
- of a network of pictures and texts, what its picture part pools to by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers.utils import logging

from millpond.errors import Invalid
from millpond.models.export import to_onnx

#: What transformers raises on a folder that it cannot make sense of.
READER_ERRORS = (
    AttributeError,
    ImportError,
    KeyError,
    OSError,
    RuntimeError,
    SafetensorError,
    TypeError,
    ValueError,
)
_CLASS_TOKENS = ("cls_token", "class_token", "class_embedding")


@dataclass(frozen=True, slots=True, eq=False)
class Converted:
    """A checkpoint after its conversion.

    Args:
        model: the ONNX file: pictures ``[1, 3, h, w]`` in, vectors ``[1, d]`` out.
        processor: the settings of its image processor, all defaults filled in.
        tensor: float32 of shape (1, 3, h, w): what that processor makes of the picture that
            was given, so that one's own preprocessing can be compared.
    """

    model: bytes
    processor: dict[str, Any]
    tensor: NDArray[np.float32]


def convert(folder: Path, picture: Image.Image) -> Converted:
    """Convert the checkpoint in a folder, and compare the file with the network on a picture.

    Raises:
        Invalid: the checkpoint has no image network, lacks weights, or needs code of its own.
        MillpondError: the file computes something else than the network.
    """
    try:
        processor = transformers.AutoImageProcessor.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, backend="pil"
        )
        tensor = processor(picture, return_tensors="pt")["pixel_values"].float()
        network, missing = _load(folder)
    except READER_ERRORS as error:
        raise Invalid(
            f"transformers cannot read the checkpoint in {folder}: {one_line(error)}"
        ) from error
    vectors = Vectors(network).eval()
    _check_weights(vectors, network, tensor, missing, folder)
    model = to_onnx(vectors, tensor, ("vectors",), any_batch=False)
    return Converted(model, processor.to_dict(), tensor.numpy())


def _load(folder: Path) -> tuple[nn.Module, list[str]]:
    """The network, and the names of weights that the checkpoint does not have."""
    quiet()
    network, told = transformers.AutoModel.from_pretrained(
        folder,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        dtype=torch.float32,
        attn_implementation="eager",
        output_loading_info=True,
    )
    return network, sorted(told["missing_keys"])


def quiet() -> None:
    """Have transformers say nothing; what matters is raised."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def one_line(error: Exception) -> str:
    """The beginning of what an error of transformers says."""
    return " ".join(str(error).split())[:300]


class Vectors(nn.Module):
    """A network of `transformers` that gives one vector for each picture.

    Args:
        network: as `AutoModel` loads it.

    Raises:
        Invalid: it takes something else than pictures.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self._pooled = hasattr(network, "vision_model") and hasattr(network, "text_model")
        self.network = network.vision_model if self._pooled else network
        if not self._pooled and network.main_input_name != "pixel_values":
            raise Invalid(
                f"{type(network).__name__} takes {network.main_input_name}, not pictures; "
                "name an image network, such as google/efficientnet-b0"
            )
        names = [name.rpartition(".")[2] for name, _ in network.named_parameters()]
        self._class_token = any(name in _CLASS_TOKENS for name in names)
        self._mean = bool(getattr(network.config, "use_mean_pooling", False))

    def forward(self, pictures: Tensor) -> Tensor:
        """Vectors ``[n, d]`` of pictures ``[n, 3, h, w]``."""
        answer = self.network(pixel_values=pictures, return_dict=True)
        if self._pooled:
            pooled: Tensor = answer.pooler_output
            return pooled
        hidden: Tensor = answer.last_hidden_state
        if hidden.ndim == 4:
            return hidden.mean((2, 3))
        if not self._class_token:
            return hidden.mean(1)
        return hidden[:, 1:].mean(1) if self._mean else hidden[:, 0]


def _check_weights(
    vectors: Vectors, network: nn.Module, tensor: Tensor, missing: list[str], folder: Path
) -> None:
    """Refuse a checkpoint without weights that the vector comes from.

    Others may be missing: a head that is cut off here was often never published.
    """
    # How many batches a network has seen counts in training only.
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    parameters = dict(network.named_parameters())
    if missing and all(name in parameters for name in missing):
        asked = [parameters[name].requires_grad_() for name in missing]
        total = vectors(tensor).sum()
        slopes = torch.autograd.grad(total, asked, allow_unused=True)
        missing = [n for n, slope in zip(missing, slopes, strict=True) if slope is not None]
    if missing:
        raise Invalid(
            f"the checkpoint in {folder} lacks {len(missing)} weights of its network, such as "
            f"{missing[0]}; fetch it again, whole"
        )
