"""How an adapter is found: by its name, among those built in, declared here, and installed.

An adapter is a function of a model's outputs for one picture, in the order that the package
names them, and of the `Frame`; what the package gives as parameters are its keywords::

    @millpond.adapter("heatmap")
    def heatmap(outputs, frame, *, radius=8):
        ...
        return millpond.Answers(scores, boxes)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from millpond.errors import Conflict, Invalid
from millpond.models.adapters.classification import logits
from millpond.models.adapters.detections import detections
from millpond.models.adapters.detr import detr
from millpond.models.adapters.places import scores_and_boxes
from millpond.models.adapters.retinanet import retinanet
from millpond.models.adapters.yolo import yolo
from millpond.models.outputs import Answers
from millpond.seams import backend_names, load_backend

Adapter = Callable[..., Answers]

#: The entry-point group in which those of other packages are found.
ADAPTERS = "millpond.adapters"

_BUILT_IN: Mapping[str, Adapter] = {
    "detections": detections,
    "detr": detr,
    "logits": logits,
    "retinanet": retinanet,
    "scores_and_boxes": scores_and_boxes,
    "yolo": yolo,
}
_declared: dict[str, Adapter] = {}


def adapter(name: str) -> Callable[[Adapter], Adapter]:
    """Declares a function as the adapter of that name, in this process.

    For models that other processes serve, such as ``millpond up``, name the function as an
    entry point of the group ``millpond.adapters`` in a package of one's own.

    Raises:
        Conflict: that name is a built-in adapter's.
    """
    if name in _BUILT_IN:
        raise Conflict(f"adapter {name!r} is built in; choose another name")

    def declare(function: Adapter) -> Adapter:
        _declared[name] = function
        return function

    return declare


def adapter_names() -> list[str]:
    """The names that are known in this process, sorted."""
    return sorted({*_BUILT_IN, *_declared, *backend_names(ADAPTERS)})


def find_adapter(name: str) -> Adapter:
    """The adapter of that name.

    Raises:
        Invalid: there is none; the message lists those that there are.
    """
    if name in _BUILT_IN:
        return _BUILT_IN[name]
    if name in _declared:
        return _declared[name]
    if name in backend_names(ADAPTERS):
        found: Adapter = load_backend(ADAPTERS, name)
        return found
    raise Invalid(
        f"output adapter {name!r} is not one of {', '.join(adapter_names())}; "
        f"one of your own is an entry point of the group {ADAPTERS}"
    )


def check_parameters(name: str, parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that an adapter does not take.

    Raises:
        Invalid: the message lists those that it takes.
    """
    signature = inspect.signature(find_adapter(name))
    try:
        signature.bind((), None, **parameters)
    except TypeError as error:
        keywords = inspect.Parameter.KEYWORD_ONLY
        taken = [key for key, one in signature.parameters.items() if one.kind is keywords]
        raise Invalid(
            f"adapter {name} does not take the parameters {', '.join(parameters) or 'given'}: "
            f"{error}; it takes {', '.join(taken) or 'none'}"
        ) from error
