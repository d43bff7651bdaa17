"""The images and the network of the comparison, made once and used again.

The images are photographs of cells out of `MILLPOND_TEST_DATA`, each kept many times with
another crop and another quality so that no two files are the same; without the data they are
drawings. The network has the shape of google/efficientnet-b0. Its weights are random, and its
batch normalisation has seen images: that is as fast as trained weights, and good for nothing
but speed.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from millpond.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    import torch

#: Where environments, images and networks stay, to be used again.
KEPT = Path.home() / ".cache" / "millpond-benchmarks"

#: The side of the network's picture; a bare ONNX file is fed numbers from 0 to 1.
SIDE = 224
FED = Preprocessing(SIDE, SIDE, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))

#: The numbers in a vector.
DIMENSION = 1_280
#: How many images the batch normalisation sees.
_SEEN = 96
_SIZE = (640, 480)


def images(folder: Path, count: int) -> Path:
    """A folder of so many JPEG files, ``0000000.jpg`` and on."""
    kept = folder / f"images-{count}"
    if not kept.exists():
        shutil.rmtree(making := folder / f"images-{count}.part", ignore_errors=True)
        making.mkdir(parents=True)
        sources = list(_sources())
        for number in range(count):
            (making / f"{number:07}.jpg").write_bytes(_variant(sources, number))
        making.rename(kept)
    return kept


def small_images(folder: Path, first: int, count: int, side: int = 96) -> None:
    """Put so many small drawings into a folder, with numbers from the first on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        (folder / f"{number:07}.jpg").write_bytes(_jpeg(_drawing(number, (side, side)), 88))


def network(folder: Path, photographs: Path) -> tuple[Path, Path]:
    """The ONNX file of the network, and the checkpoint that it was made from."""
    kept = folder / "efficientnet-b0"
    if not kept.exists():
        shutil.rmtree(making := folder / "efficientnet-b0.part", ignore_errors=True)
        _make_network(making, _tensors(photographs))
        making.rename(kept)
    return kept / "model.onnx", kept / "checkpoint"


def sha256(path: Path) -> str:
    """What a file is, in twelve digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _sources() -> Iterator[bytes]:
    data = os.environ.get("MILLPOND_TEST_DATA")
    if data:
        for path in sorted(Path(data, "bccd", "images").glob("*.jpg")):
            yield path.read_bytes()
    else:
        for seed in range(48):
            yield _jpeg(_drawing(seed, _SIZE), 92)


def _variant(sources: list[bytes], number: int) -> bytes:
    """A source as it is, then with some pixels less at the edges and at another quality."""
    turn, which = divmod(number, len(sources))
    if not turn:
        return sources[which]
    with Image.open(io.BytesIO(sources[which])) as image:
        width, height = image.size
        cut = image.crop((turn, turn, width - turn, height - turn))
    return _jpeg(cut, 80 + turn % 15)


def _drawing(seed: int, size: tuple[int, int]) -> Image.Image:
    chance = random.Random(seed)
    width, height = size
    noise = Image.frombytes("L", size, chance.randbytes(width * height))
    ground = noise.point(lambda value: 200 + value // 8).convert("RGB")
    draw = ImageDraw.Draw(ground)
    for _ in range(24):
        across = chance.uniform(0.05, 0.15) * width
        left, top = chance.uniform(0, width - across), chance.uniform(0, height - across)
        colour = tuple(chance.randrange(256) for _ in range(3))
        draw.ellipse((left, top, left + across, top + across), fill=colour)
    return ground


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _tensors(photographs: Path) -> NDArray[np.float32]:
    """Some images ``[n, 3, SIDE, SIDE]`` as the network is fed them."""
    paths = sorted(photographs.iterdir())[:_SEEN]
    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
    return np.stack([FED.tensor(picture) for picture in pictures])


def _make_network(folder: Path, seen: NDArray[np.float32]) -> None:
    import torch
    from transformers import EfficientNetConfig, EfficientNetModel

    torch.manual_seed(5)
    shape: dict[str, Any] = {"image_size": SIDE, "hidden_dim": DIMENSION, "dropout_rate": 0.2}
    config = EfficientNetConfig(width_coefficient=1.0, depth_coefficient=1.0, **shape)
    model = EfficientNetModel(config).eval()
    # As `transformers` draws them, the numbers shrink layer by layer, and the vectors are zero.
    for part in model.modules():
        if isinstance(part, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(part.weight)
        if isinstance(part, torch.nn.BatchNorm2d):
            torch.nn.init.ones_(part.weight)
    settle(model, torch.from_numpy(seen))
    model.save_pretrained(folder / "checkpoint")
    (folder / "checkpoint" / "preprocessor_config.json").write_text(json.dumps(PROCESSOR))
    export(model, folder / "model.onnx", SIDE)


def settle(model: torch.nn.Module, seen: torch.Tensor, batch: int = 16) -> None:
    """Give batch normalisation the mean statistics of some images; untrained, it has none."""
    import torch

    layers = [layer for layer in model.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    for layer in layers:
        layer.train().momentum = None
        layer.reset_running_stats()
    with torch.inference_mode():
        for part in seen.split(batch):
            model(part)
    model.eval()


def export(model: torch.nn.Module, path: Path, side: int) -> None:
    """Write a network to ONNX whose answer is its last hidden state, averaged over space."""
    import torch

    class Averaged(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, picture: torch.Tensor) -> torch.Tensor:
            hidden: torch.Tensor = self.model(picture).last_hidden_state
            return hidden.mean(dim=(2, 3))

    given = (torch.zeros(1, 3, side, side),)
    torch.onnx.export(
        Averaged().eval(),
        given,
        path,
        input_names=["picture"],
        output_names=["vector"],
        dynamo=True,
        external_data=False,
        verbose=False,
    )


#: What a bare ONNX file is fed, in the words of a checkpoint.
PROCESSOR: dict[str, Any] = {
    "image_processor_type": "EfficientNetImageProcessor",
    "do_resize": True,
    "size": {"height": SIDE, "width": SIDE},
    "resample": int(Image.Resampling.BILINEAR),
    "do_center_crop": False,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "rescale_offset": False,
    "do_normalize": False,
    "include_top": False,
}
