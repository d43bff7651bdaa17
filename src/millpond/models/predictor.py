"""A model ready to use: picture in, candidates out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from millpond.models.outputs import adapter, to_candidates
from millpond.models.package import ModelPackage
from millpond.models.runtime import Runtime, open_runtime
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
        self._adapter = adapter(package.outputs.adapter)
        self._runtime = open_runtime(package.model, threads=threads)

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
    def runtime(self) -> Runtime:
        """What computes the model's outputs, as they are before any adapter."""
        return self._runtime

    def candidates(self, pixels: NDArray[np.uint8]) -> list[Prediction]:
        """What the model sees in a picture ``[H, W, 3]`` in RGB, best first.

        Boxes are in pixels of the picture; nothing is suppressed yet.

        Raises:
            Invalid: the model's outputs are not what its package says.
        """
        package = self._package
        outputs = self._runtime.run(package.preprocessing.tensor(pixels)[np.newaxis])
        answers = self._adapter([output[0] for output in outputs], package.outputs.parameters)
        height, width = pixels.shape[:2]
        return to_candidates(answers, package.labels, package.preprocessing, width, height)
