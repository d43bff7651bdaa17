"""A published checkpoint of `transformers` with its head, as one ONNX file: labels, or boxes.

It runs as a process of its own, for the file of a checkpoint decides how much it takes.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from millpond.errors import Invalid
from millpond.models.checkpoint import READER_ERRORS, one_line, quiet
from millpond.models.export import OPSET, to_onnx
from millpond.models.limited import Message, serve
from millpond.models.places import same_places
from millpond.values import Task

_LOADERS: dict[Task, Any] = {
    "detection": transformers.AutoModelForObjectDetection,
    "classification": transformers.AutoModelForImageClassification,
}
_OUTPUTS: dict[Task, tuple[str, ...]] = {
    "detection": ("logits", "pred_boxes"),
    "classification": ("logits",),
}


class Headed(nn.Module):
    """A network of `transformers` that gives its logits, and its boxes where it has them.

    Args:
        network: as its loader gives it.
        outputs: the names of what is wanted.
    """

    def __init__(self, network: Any, outputs: tuple[str, ...]) -> None:
        super().__init__()
        self.network = network
        self._outputs = outputs

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """The outputs for pictures ``[1, 3, h, w]``, each with an axis for the batch."""
        answer = self.network(pixel_values=pictures, return_dict=True)
        return tuple(answer[name] for name in self._outputs)


def convert(
    folder: Path, task: Task, pixels: NDArray[np.uint8], sides: tuple[int, int] | None
) -> Message:
    """The ONNX file of a checkpoint, the tensor of a picture, and how to use both.

    Args:
        pixels: of the picture, ``[H, W, 3]`` in RGB.
        sides: width and height of the tensor, in place of what the checkpoint does.

    Raises:
        Invalid: it is of another task, lacks weights, or needs code of its own.
        MillpondError: the file computes something else than the network.
    """
    quiet()
    try:
        processor, tensor = _prepared(folder, pixels, sides)
        network, missing = _load(folder, task)
    except READER_ERRORS as error:
        raise Invalid(
            f"transformers cannot read the checkpoint in {folder}: {one_line(error)}"
        ) from error
    if missing:
        raise Invalid(
            f"the checkpoint in {folder} lacks {len(missing)} weights of its network, such as "
            f"{missing[0]}; fetch it again, whole, and with the head for {task}"
        )
    register = torch.onnx.register_custom_op_symbolic  # type: ignore[attr-defined]
    register("aten::linspace", _linspace, OPSET)
    headed = Headed(network, _OUTPUTS[task]).eval()
    same = same_places if task == "detection" else None
    model = to_onnx(headed, tensor, _OUTPUTS[task], any_batch=False, same=same)
    labels = network.config.id2label
    head = {
        "name": type(network).__name__,
        "processor": processor,
        "labels": [labels[number] for number in sorted(labels)],
        "activation": _activation(network, headed, tensor, task),
    }
    packed = io.BytesIO()
    np.save(packed, tensor.numpy(), allow_pickle=False)
    return Message(head, (model, packed.getvalue()))


def _prepared(
    folder: Path, pixels: NDArray[np.uint8], sides: tuple[int, int] | None
) -> tuple[dict[str, Any], Tensor]:
    """The settings of the image processor, and the tensor that it makes of the picture."""
    processor = transformers.AutoImageProcessor.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False, backend="pil"
    )
    settings = {name: value for name, value in processor.to_dict().items() if _is_plain(value)}
    picture = Image.fromarray(pixels)
    how: dict[str, Any] = {}
    if sides is not None:
        picture = picture.resize(sides, Image.Resampling(int(settings["resample"])))
        settings["do_center_crop"] = False
        how = {"do_resize": False, "do_center_crop": False}
        if "do_pad" in settings:
            how["do_pad"] = False
    tensor = processor(picture, return_tensors="pt", **how)["pixel_values"].float()
    return settings, tensor


def _is_plain(value: object) -> bool:
    """Whether JSON can hold a setting."""
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (str, int, float, bool))


def _load(folder: Path, task: Task) -> tuple[Any, list[str]]:
    """The network, and the names of weights that the checkpoint does not have."""
    config = transformers.AutoConfig.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    loader = _LOADERS[task]
    if type(config) not in loader._model_mapping:
        raise Invalid(f"{folder} is a {config.model_type}, which is no network for {task}")
    network, told = loader.from_pretrained(
        folder,
        config=config,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        dtype=torch.float32,
        attn_implementation="eager",
        output_loading_info=True,
    )
    # How many batches a network has seen counts in training only.
    missing = [name for name in told["missing_keys"] if not name.endswith("num_batches_tracked")]
    return network, sorted(missing)


def _linspace(graph: Any, start: Any, end: Any, steps: Any, *_: Any) -> Any:
    """`torch.linspace` in ONNX. Of one step, as along an axis of length 1, it is the start
    alone; the exporter's own divides by zero there, and does not keep to 32 bits.
    """

    def real(value: Any) -> Any:
        return graph.op("Cast", value, to_i=1)

    zero, one = (graph.op("Constant", value_t=torch.tensor(number)) for number in (0, 1))
    between = real(graph.op("Max", graph.op("Sub", steps, one), one))
    step = graph.op("Div", graph.op("Sub", real(end), real(start)), between)
    places = real(graph.op("Range", zero, steps, one))
    return graph.op("Add", graph.op("Mul", places, step), real(start))


@torch.no_grad()
def _activation(network: Any, headed: Headed, tensor: Tensor, task: Task) -> str:
    """What makes scores of the logits: in detection, one class more is a softmax's "no object"."""
    if task == "classification":
        kind = getattr(network.config, "problem_type", None)
        return "sigmoid" if kind == "multi_label_classification" else "softmax"
    classes = headed(tensor)[0].shape[-1]
    return "softmax" if classes == network.config.num_labels + 1 else "sigmoid"


def _answer(message: Message) -> Message:
    job = message.head
    pixels = np.load(io.BytesIO(message.parts[0]), allow_pickle=False)
    sides = None if job["sides"] is None else (int(job["sides"][0]), int(job["sides"][1]))
    return convert(Path(job["folder"]), job["task"], pixels, sides)


if __name__ == "__main__":
    serve(_answer)
