"""What a model is fed by the names of its inputs: the picture, and what some ask for beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from millpond.errors import Invalid
from millpond.models.preprocessing import Preprocessing, Seen
from millpond.models.runtime import TensorInfo

#: ``picture`` is the tensor of the picture. ``width_height`` and ``height_width`` are the sides
#: of that tensor, so that boxes come in pixels of it. ``mask`` has a 1 for each of its pixels.
Fed = Literal["picture", "width_height", "height_width", "mask"]


def feeds(
    given: Mapping[str, str],
    takes: Sequence[TensorInfo],
    preprocessing: Preprocessing,
    seen: Seen,
) -> dict[str, NDArray[Any]]:
    """What a model takes for a picture.

    Args:
        given: what each input is; empty where the picture is the only one.
        takes: the model's inputs.

    Raises:
        Invalid: not every input is given.
    """
    picture = preprocessing.batch(seen)
    if not given and len(takes) == 1:
        return {takes[0].name: picture}
    check_inputs(given, takes)
    return {
        taken.name: picture
        if given[taken.name] == "picture"
        else _beside(given[taken.name], taken, preprocessing)
        for taken in takes
    }


def check_inputs(given: Mapping[str, str], takes: Sequence[TensorInfo]) -> None:
    """Refuse what does not name each input of a model and what it is.

    Raises:
        Invalid: the message says what the model takes.
    """
    taken = "; ".join(map(str, takes)) or "nothing"
    if set(given) != {tensor.name for tensor in takes}:
        named = ", ".join(given) or "none"
        names = ", ".join(f'{tensor.name} = "..."' for tensor in takes)
        raise Invalid(
            f"the model takes {taken}, and inputs are given for {named}; "
            f"write [inputs] {names} with each of {', '.join(get_args(Fed))}"
        )
    unknown = sorted(set(given.values()) - set(get_args(Fed)))
    if unknown:
        raise Invalid(f"input {unknown[0]!r} is not one of {', '.join(get_args(Fed))}")
    if list(given.values()).count("picture") != 1:
        raise Invalid(f"the model takes {taken}: exactly one of these inputs is the picture")


def _beside(kind: str, taken: TensorInfo, preprocessing: Preprocessing) -> NDArray[Any]:
    """What is fed beside the picture, in the datatype and with the axes that an input has."""
    width, height = preprocessing.width, preprocessing.height
    if kind == "mask":
        values = np.ones((1, height, width), taken.datatype)
    else:
        sides = [width, height] if kind == "width_height" else [height, width]
        values = np.array([sides], taken.datatype)
    return values if len(taken.shape) == values.ndim else values[0]
