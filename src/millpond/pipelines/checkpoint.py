"""A checkpoint of `transformers` with its head, made into a package.

The folder is read and converted in a process of its own under limits; what comes back is
compared with what is done here: the tensor of the picture, to the last digits.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid, NotInstalled
from millpond.features.image_preprocessing import ImagePreprocessing
from millpond.features.weights import check_checkpoint, weight_files
from millpond.models.described import Purpose, answered
from millpond.models.description import Description, PreprocessingSection
from millpond.models.limited import LimitedChild, Message
from millpond.models.package import ModelPackage, Outputs
from millpond.models.preprocessing import Preprocessing

#: Seconds that a conversion may take.
SECONDS: Final = 600.0
#: Megabytes that it may have, beside eight times the size of the weights.
MEMORY_MB: Final = 6144
#: How far one's own tensor may be from the checkpoint's.
_TOLERANCE: Final = 1e-4


def of_checkpoint(
    folder: Path, description: Description, purpose: Purpose, pixels: NDArray[np.uint8]
) -> ModelPackage:
    """The package of a checkpoint.

    Its tensor has the sides to which its own preprocessing brings the picture given, and
    further pictures are stretched to these; or those that the description names.

    Args:
        description: may name labels, and width and height.
        pixels: of the picture that it is tried on, ``[H, W, 3]`` in RGB.

    Raises:
        Invalid: the checkpoint is not whole or not safe, has another task, or prepares its
            pictures in a way that is not known here.
        NotInstalled: what converts it is missing.
    """
    check_checkpoint(folder)
    for library in ("torch", "transformers", "onnx"):
        if find_spec(library) is None:
            raise NotInstalled(
                f"converting a checkpoint needs {library}: pip install 'millpond[train]'"
            )
    sides = _sides(description, folder)
    return packaged(folder, _convert(folder, purpose, pixels, sides), description, purpose, pixels)


def packaged(
    folder: Path,
    converted: Message,
    description: Description,
    purpose: Purpose,
    pixels: NDArray[np.uint8],
) -> ModelPackage:
    """The package of a checkpoint that `published.convert` converted.

    Raises:
        Invalid: its labels are not the application's, or its tensor cannot be made here.
    """
    model, tensor = converted.parts
    head = converted.head
    preprocessing = _preprocessing(head["processor"], _array(tensor), pixels, folder)
    classes = description.labels or _classes(head["labels"], purpose)
    labels = answered(classes, purpose)
    parameters = {"activation": head["activation"]}
    adapter = "detr" if purpose.task == "detection" else "logits"
    return ModelPackage(
        app=purpose.app,
        task=purpose.task,
        labels=labels,
        preprocessing=preprocessing,
        outputs=Outputs(adapter, parameters, classes=tuple(classes) if "" in classes else ()),
        model=model,
        training={"trainer": "import", "checkpoint": folder.name, "architecture": head["name"]},
    )


def _sides(description: Description, folder: Path) -> tuple[int, int] | None:
    """Width and height that the description asks for."""
    section = description.preprocessing
    asked = PreprocessingSection(width=section.width, height=section.height)
    plain = Description(labels=description.labels, preprocessing=asked)
    if description != plain or (section.width is None) != (section.height is None):
        raise Invalid(
            f"the checkpoint in {folder} says itself how it is used; its description may have "
            "labels, and width with height in [preprocessing], nothing else"
        )
    if section.width is None or section.height is None:
        return None
    return section.width, section.height


def _convert(
    folder: Path, purpose: Purpose, pixels: NDArray[np.uint8], sides: tuple[int, int] | None
) -> Message:
    weights = sum(path.stat().st_size for path in weight_files(folder)) >> 20
    job = {"folder": str(folder.resolve()), "task": purpose.task, "sides": sides}
    packed = io.BytesIO()
    np.save(packed, pixels, allow_pickle=False)
    with LimitedChild(
        "millpond.models.published",
        "converting the checkpoint",
        seconds=SECONDS,
        memory_mb=MEMORY_MB + 8 * weights,
    ) as child:
        return child.ask(Message(job, (packed.getvalue(),)))


def _array(part: bytes) -> NDArray[np.float32]:
    array: NDArray[np.float32] = np.load(io.BytesIO(part), allow_pickle=False)
    return array


def _preprocessing(
    processor: Mapping[str, Any],
    tensor: NDArray[np.float32],
    pixels: NDArray[np.uint8],
    folder: Path,
) -> Preprocessing:
    """That of the checkpoint, if it gives the same tensor of the picture."""
    # Not imported above, because it brings what learns heads.
    from millpond.training.head import preprocessing_of

    made = preprocessing_of(ImagePreprocessing.of_processor(_of_one_size(processor, tensor)))
    ours = made.batch(pixels)
    if ours.shape != tensor.shape or not np.allclose(ours, tensor, rtol=0, atol=_TOLERANCE):
        raise Invalid(
            f"the pictures of the checkpoint in {folder} are prepared in a way that is not known "
            f"here ({processor.get('image_processor_type')}); export it to ONNX yourself, and "
            "bring that file with a description"
        )
    return made


def _of_one_size(processor: Mapping[str, Any], tensor: NDArray[np.float32]) -> dict[str, Any]:
    """A processor that scales in proportion, as one that stretches to the sides of a tensor."""
    if processor.get("do_center_crop"):
        return dict(processor)
    size = {"height": tensor.shape[2], "width": tensor.shape[3]}
    plain = {key: value for key, value in processor.items() if key != "crop_pct"}
    return {**plain, "do_resize": True, "size": size, "do_center_crop": False}


def _classes(labels: Sequence[str], purpose: Purpose) -> Sequence[str]:
    """The labels of a checkpoint, with those left empty that the application does not have."""
    if set(labels).isdisjoint(purpose.labels):
        if len(labels) == len(purpose.labels) and labels[0] == "LABEL_0":
            return purpose.labels
        raise Invalid(
            f"the checkpoint answers {', '.join(labels[:20])}, none of which app {purpose.app} "
            f"has ({', '.join(purpose.labels)}); name its {len(labels)} classes in labels of a "
            'description, with "" for one that is not to be answered'
        )
    return [label if label in purpose.labels else "" for label in labels]
