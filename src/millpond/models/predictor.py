"""A model ready to use: picture in, candidates out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from millpond.errors import Invalid
from millpond.models.adapters.registered import find_adapter
from millpond.models.inputs import feeds
from millpond.models.outputs import Answers, Frame, to_candidates
from millpond.models.package import ModelPackage
from millpond.models.preprocessing import Seen, size_of
from millpond.models.runtime import NamedRuntime, open_named
from millpond.values import Prediction, Task


class Predictor:
    """A loaded model package. Many threads may use one at the same time.

    Args:
        package: the model and what is known about it.
        threads: how many threads one prediction may use.

    Raises:
        Invalid: the runtime does not take the model.
    """

    def __init__(self, package: ModelPackage, *, threads: int = 1) -> None:
        self._package = package
        self._runtime = open_named(package.model, threads=threads)

    @property
    def version(self) -> str:
        """The version of the model."""
        return self._package.version

    @property
    def task(self) -> Task:
        """What the model answers."""
        return self._package.task

    @property
    def labels(self) -> Sequence[str]:
        """The labels that the model knows, in the order of its outputs."""
        return self._package.labels

    @property
    def runtime(self) -> NamedRuntime:
        """What computes the model's outputs, as they are before any adapter."""
        return self._runtime

    def candidates(self, seen: Seen) -> list[Prediction]:
        """What the model sees in a picture, best first.

        Boxes are in pixels of the picture; nothing is suppressed yet.

        Raises:
            Invalid: the model's outputs are not what its package says.
        """
        package = self._package
        fed = feeds(package.inputs, self._runtime.inputs, package.preprocessing, seen)
        answers = understood(package, self._runtime.compute(fed, package.outputs.names))
        width, height = size_of(seen)
        return to_candidates(answers, package.labels, package.preprocessing, width, height)


def understood(package: ModelPackage, outputs: Sequence[NDArray[Any]]) -> Answers:
    """What the outputs of a package's model for one picture say.

    Args:
        outputs: those that the package names, as the runtime gave them.

    Raises:
        Invalid: they are not what the package says.
    """
    meaning = package.outputs
    if meaning.batch:
        outputs = [_first(output) for output in outputs]
    classes = meaning.classes or package.labels
    frame = Frame(package.preprocessing.width, package.preprocessing.height, len(classes))
    answers = find_adapter(meaning.adapter)(outputs, frame, **meaning.parameters)
    if answers.scores.ndim != 2 or answers.scores.shape[1] != len(classes):
        raise Invalid(
            f"the model's scores have the shape {answers.scores.shape}, and its package names "
            f"{len(classes)}: {', '.join(classes)}"
        )
    if not meaning.classes:
        return answers
    kept = [place for place, name in enumerate(classes) if name]
    return replace(answers, scores=answers.scores[:, kept])


def _first(output: NDArray[Any]) -> NDArray[Any]:
    """An output for the one picture of its batch."""
    if output.ndim == 0 or len(output) != 1:
        raise Invalid(
            f"an output has the shape {output.shape}, and no axis for a batch of one picture; "
            "write batch = false in [outputs] if that is how it should be"
        )
    one: NDArray[Any] = output[0]
    return one
