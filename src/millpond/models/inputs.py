"""What a model is fed by the names of its inputs: the picture, and what some ask for beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid
from millpond.models.preprocessing import Preprocessing
from millpond.models.runtime import TensorInfo

#: ``picture`` is the tensor of the picture. ``width_height`` and ``height_width`` are the sides
#: of that tensor, so that boxes come in pixels of it. ``mask`` has a 1 for each of its pixels.
Fed = Literal["picture", "width_height", "height_width", "mask"]


def feeds(
    given: Mapping[str, str],
    takes: Sequence[TensorInfo],
    preprocessing: Preprocessing,
    pixels: NDArray[np.uint8],
) -> dict[str, NDArray[Any]]:
    """What a model takes for a picture ``[H, W, 3]`` in RGB.

    Args:
        given: what each input is; empty where the picture is the only one.
        takes: the model's inputs.

    Raises:
        Invalid: not every input is given.
    """
    given = given or {takes[0].name: "picture"}
    check_inputs(given, takes)
    picture = preprocessing.batch(pixels)
    width, height = preprocessing.width, preprocessing.height
    values: dict[str, NDArray[Any]] = {
        "width_height": np.array([[width, height]]),
        "height_width": np.array([[height, width]]),
        "mask": np.ones((1, height, width)),
    }
    return {
        taken.name: picture
        if given[taken.name] == "picture"
        else _as(values[given[taken.name]], taken)
        for taken in takes
    }


def check_inputs(given: Mapping[str, str], takes: Sequence[TensorInfo]) -> None:
    """Refuse what does not name each input of a model and what it is.

    Raises:
        Invalid: the message says what the model takes.
    """
    taken = "; ".join(map(str, takes)) or "nothing"
    if set(given) != {tensor.name for tensor in takes}:
        names = ", ".join(f'{tensor.name} = "..."' for tensor in takes)
        raise Invalid(
            f"the model takes {taken}, and inputs are given for {', '.join(given)}; "
            f"write [inputs] {names} with each of {', '.join(get_args(Fed))}"
        )
    unknown = sorted(set(given.values()) - set(get_args(Fed)))
    if unknown:
        raise Invalid(f"input {unknown[0]!r} is not one of {', '.join(get_args(Fed))}")
    if list(given.values()).count("picture") != 1:
        raise Invalid(f"the model takes {taken}: exactly one of these inputs is the picture")


def _as(values: NDArray[Any], taken: TensorInfo) -> NDArray[Any]:
    """Values in the datatype and with the number of axes that an input has."""
    if len(taken.shape) < values.ndim:
        values = values[0]
    return values.astype(taken.datatype)
