"""An example: one image of a training set, with the labels that stand for the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from millpond.values import Box


@dataclass(frozen=True, slots=True)
class Label:
    """What is in an image, and where (detection only)."""

    label: str
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One image of a training set.

    Args:
        object_id: the object that the image is.
        part: ``train``, ``val`` or ``test``.
        labels: the truth; none at all is a negative, which teaches too.
        read: gives the image's bytes. It is called again and again, so that a
            training set need not fit into memory.
    """

    object_id: str
    part: str
    labels: tuple[Label, ...]
    read: Callable[[], bytes] = field(repr=False, compare=False)
