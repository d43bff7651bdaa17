"""A network that is open in this process, and the vectors that it gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from millpond.errors import Invalid
from millpond.features.image_preprocessing import ImagePreprocessing
from millpond.models.runtime import open_runtime
from millpond.raw.decode import decode_image
from millpond.raw.limits import Limits


class Extractor:
    """One session of the network, which many threads share.

    Args:
        model: the bytes of an ONNX file that takes one picture ``[1, 3, h, w]``. Its first
            output is the vector ``[1, d]``, or ``[1, d, h, w]``, which is averaged over space.
        preprocessing: what the pictures become before.
        runtime: the name of what computes it.

    Raises:
        Invalid: the runtime does not take the model.
    """

    def __init__(
        self, model: bytes, preprocessing: ImagePreprocessing, runtime: str = "onnx"
    ) -> None:
        # One thread to a picture: several pictures at a time beat several threads to one.
        self._runtime = open_runtime(model, threads=1, name=runtime)
        self._preprocessing = preprocessing

    def vector(self, data: bytes, limits: Limits) -> NDArray[np.float32]:
        """The vector ``[d]`` of the picture in a file's bytes.

        Raises:
            NotAnImage, Unsupported, TooLarge: as of `decode`.
        """
        return self.of_picture(decode_image(data, limits))

    def of_picture(self, picture: Image.Image) -> NDArray[np.float32]:
        """The vector ``[d]`` of a picture in RGB.

        Raises:
            Invalid: the model answers something that is no vector.
        """
        found = self._runtime.run(self._preprocessing.tensor(picture))[0]
        if found.ndim == 4:
            found = found.mean(axis=(2, 3))
        if found.ndim != 2 or len(found) != 1:
            raise Invalid(
                f"the first output of this model has the shape {list(found.shape)}; "
                "a backbone gives [1, d] or [1, d, h, w]"
            )
        vector: NDArray[np.float32] = found[0].astype(np.float32, copy=False)
        return vector
