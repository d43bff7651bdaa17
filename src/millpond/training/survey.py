"""What the training images look like, from a sample: sizes, colours, brightness.

It decides the preprocessing, and goes into the model package as the profile of
the training data, against which later images can be compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millpond.models.preprocessing import Preprocessing
from millpond.raw.decode import decode
from millpond.snapshots.examples import Example

#: How many images are looked at.
SAMPLE = 64
#: Bins of the histogram of brightness, of equal width from 0 to 255.
BINS = 16
#: Widest spread of proportions that is still stretched to one shape.
_SPREAD = 1.05


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """What was seen in a sample of images.

    Args:
        sizes: width and height of each, ``[n, 2]``.
        grey: every one has three equal channels.
        mean: of each image and channel, from 0 to 1, ``[n, 3]``.
        std: of each image and channel, from 0 to 1, ``[n, 3]``.
        brightness: share of the pixels in each bin, ``[BINS]``.
    """

    sizes: NDArray[np.int64]
    grey: bool
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    brightness: NDArray[np.float64]

    def preprocessing(self, area: int, multiple: int) -> Preprocessing:
        """A tensor of about `area` pixels in the proportions that most images have.

        Args:
            area: pixels of the tensor at most; small images are not enlarged.
            multiple: of which both sides are one.
        """
        shapes = self.sizes[:, 0] / self.sizes[:, 1]
        shape = float(np.median(shapes))
        area = min(area, int(np.median(self.sizes.prod(1))))
        spread = float(max(shapes.max() / shape, shape / shapes.min()))
        kept = slice(0, 1) if self.grey else slice(0, 3)
        return Preprocessing(
            width=max(1, round((area * shape) ** 0.5 / multiple)) * multiple,
            height=max(1, round((area / shape) ** 0.5 / multiple)) * multiple,
            channels="L" if self.grey else "RGB",
            fit="stretch" if spread <= _SPREAD else "letterbox",
            mean=tuple(np.round(self.mean.mean(0)[kept], 4).tolist()),
            std=tuple(np.round(np.maximum(self.std.mean(0)[kept], 0.02), 4).tolist()),
        )


def survey(examples: Sequence[Example]) -> Survey:
    """Look at up to 64 images, spread evenly over the examples."""
    chosen = np.unique(np.linspace(0, len(examples) - 1, min(SAMPLE, len(examples))).astype(int))
    sizes, means, stds = [], [], []
    histogram = np.zeros(BINS, np.float64)
    grey = True
    for index in chosen:
        picture = decode(examples[index].read())
        sizes.append((picture.width, picture.height))
        # Every fourth pixel is enough for statistics.
        pixels = picture.pixels[::4, ::4].reshape(-1, 3)
        grey = grey and bool((pixels == pixels[:, :1]).all())
        means.append(pixels.mean(0) / 255)
        stds.append(pixels.std(0) / 255)
        counts, _ = np.histogram(pixels.mean(1), bins=BINS, range=(0, 256))
        histogram += counts / len(pixels)
    return Survey(
        np.array(sizes, np.int64),
        grey,
        np.array(means),
        np.array(stds),
        histogram / len(chosen),
    )


def profile(examples: Sequence[Example], seen: Survey) -> dict[str, Any]:
    """The profile of training data: label mix, sizes, colours and brightness.

    No path, name or subject is in it, and no number of a single image.
    """
    labels = Counter(label.label for example in examples for label in example.labels)
    return {
        "images": len(examples),
        "negatives": sum(not example.labels for example in examples),
        "labels": dict(sorted(labels.items())),
        "boxes": _box_sides(examples),
        "sampled": len(seen.sizes),
        "width": _quartiles(seen.sizes[:, 0]),
        "height": _quartiles(seen.sizes[:, 1]),
        "grey": seen.grey,
        "mean": np.round(seen.mean.mean(0), 4).tolist(),
        "mean_spread": np.round(seen.mean.std(0), 4).tolist(),
        "std": np.round(seen.std.mean(0), 4).tolist(),
        "brightness": np.round(seen.brightness, 4).tolist(),
    }


def _box_sides(examples: Sequence[Example]) -> dict[str, list[float]]:
    """Quartiles of the side (root of the area, in pixels) of each label's boxes."""
    sides: dict[str, list[float]] = {}
    for example in examples:
        for label in example.labels:
            if label.box is not None:
                sides.setdefault(label.label, []).append(label.box.area**0.5)
    return {label: _quartiles(np.array(found)) for label, found in sorted(sides.items())}


def _quartiles(numbers: NDArray[Any]) -> list[float]:
    return [round(float(number), 1) for number in np.quantile(numbers, (0.25, 0.5, 0.75))]
