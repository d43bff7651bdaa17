"""A lower precision against a bare loop in 32 bits: ``python -m benchmarks.features.precision``.

The loop is two threads that decode with Pillow and run one session of ONNX Runtime, nothing
else; beside it the same through Millpond's backbone, in fp32 and in bf16. They take turns in
short rounds, so that what else the machine does falls on all alike, and the median of the
ratios counts. Wants the extra ``openvino``, and a processor with bf16.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from benchmarks.features import data
from benchmarks.history.measure import show
from millpond.features.backbone import Backbone
from millpond.features.find_backbone import find_backbone
from millpond.raw.limits import Limits

Vectors = NDArray[np.float32]
#: Makes the vector of the bytes of a file.
Make = Callable[[bytes], Vectors]


def main() -> None:
    """Take turns, and compare."""
    arguments = _arguments()
    kept: Path = arguments.keep / "data"
    photographs = data.images(kept, arguments.images)
    asked = arguments.model or str(data.network(kept, photographs)[1])
    images = [path.read_bytes() for path in sorted(photographs.iterdir())]
    full, lower = (find_backbone(asked, kept / "backbones", p) for p in ("fp32", "bf16"))
    print(f"{full.model}; load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    ways = {"bare": bare(full), "fp32": ours(full), "bf16": ours(lower)}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    vectors: dict[str, Vectors] = {}
    with ThreadPoolExecutor(arguments.workers) as threads:
        for number in range(-1, arguments.rounds):
            for name in list(ways)[:: -1 if number % 2 else 1]:
                started = time.perf_counter()
                vectors[name] = np.stack(list(threads.map(ways[name], images)))
                # The first round is there to warm up.
                if number >= 0:
                    seconds[name].append(time.perf_counter() - started)
    show(f"precision, {len(images):,} images", numbers(seconds, vectors, len(images)))


def bare(backbone: Backbone) -> Make:
    """What anyone would write."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(backbone.path, options)
    name = session.get_inputs()[0].name

    def make(image: bytes) -> Vectors:
        picture = Image.open(io.BytesIO(image)).convert("RGB")
        vector: Vectors = session.run(None, {name: backbone.preprocessing.tensor(picture)})[0][0]
        return vector

    return make


def ours(backbone: Backbone) -> Make:
    """What the workers of Millpond do."""
    extractor, limits = backbone.open(), Limits()
    return lambda image: extractor.vector(image, limits)


def numbers(
    seconds: dict[str, list[float]], vectors: dict[str, Vectors], images: int
) -> dict[str, float]:
    """The table: speeds, ratios round by round, and how far the vectors are apart."""
    table: dict[str, float] = {"images": images, "rounds": len(seconds["bare"])}
    for name, taken in seconds.items():
        table[f"{name}: images a second"] = images / median(taken)
    table["fp32 / bare (aim: 0.95 or more)"] = _ratio(seconds["bare"], seconds["fp32"])
    table["bf16 / bare (aim: 1.5 or more)"] = _ratio(seconds["bare"], seconds["bf16"])
    table["fp32: largest difference"] = float(np.abs(vectors["fp32"] - vectors["bare"]).max())
    table["bf16: least cosine (aim: 0.999 or more)"] = least(vectors["bf16"], vectors["bare"])
    mean = vectors["bare"].mean(0)
    table["the same about the mean vector"] = least(vectors["bf16"] - mean, vectors["bare"] - mean)
    return table


def least(one: Vectors, other: Vectors) -> float:
    """The least cosine between rows of the same number."""
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(1) / lengths).min())


def _ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    return median(one / other for one, other in zip(slow, fast, strict=True))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--model", help="a checkpoint or an ONNX file; by default one by chance")
    parser.add_argument("--keep", type=Path, default=data.KEPT, help="for images and networks")
    return parser.parse_args()


if __name__ == "__main__":
    main()
