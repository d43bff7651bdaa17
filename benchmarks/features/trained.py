"""A small backbone that is really trained, on cells and X-rays, in some minutes of a processor.

Its checkpoint is one as transformers writes them: a ResNet that was taught to tell three kinds
of blood cells and three findings of chest X-rays apart. It has never seen a fruit.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    import torch

SIDE = 96
_SHAPE = {"embedding_size": 32, "hidden_sizes": [32, 64, 128, 256], "depths": [1, 1, 1, 1]}
_BATCH = 64
_MEAN, _STD = 0.5, 0.25

#: How a picture becomes the tensor, in the words of a checkpoint.
PROCESSOR: dict[str, Any] = {
    "image_processor_type": "ViTImageProcessor",
    "do_resize": True,
    "size": {"height": SIDE, "width": SIDE},
    "resample": int(Image.Resampling.BILINEAR),
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [_MEAN] * 3,
    "image_std": [_STD] * 3,
}


@dataclass(frozen=True)
class Lesson:
    """Pictures ``[n, SIDE, SIDE, 3]`` and the numbers of their kinds ``[n]``."""

    pictures: NDArray[np.uint8]
    kinds: NDArray[np.int64]


def backbone(folder: Path, data: Path, steps: int) -> Path:
    """The checkpoint, made if it is not there; ``learned.json`` in it says how well it learned."""
    kept = folder / f"cells-resnet-{steps}"
    if not kept.exists():
        shutil.rmtree(making := folder / f"cells-resnet-{steps}.part", ignore_errors=True)
        _train(making, lesson(data, "train"), lesson(data, "val"), steps)
        making.rename(kept)
    return kept


def lesson(data: Path, part: str) -> Lesson:
    """The cells by the set's own split; of the X-rays every fifth is for ``val``."""
    found = [*_cells(data / "bccd", part), *_xrays(data / "xray", part)]
    names = sorted({name for name, _ in found})
    pictures = [np.asarray(picture) for _, picture in found]
    return Lesson(np.stack(pictures), np.array([names.index(name) for name, _ in found]))


def _cells(folder: Path, part: str) -> Iterator[tuple[str, Image.Image]]:
    for name in (folder / f"{part}.txt").read_text().split():
        stem = Path(name).stem
        with Image.open(folder / "images" / f"{stem}.jpg") as file:
            whole = file.convert("RGB")
        for cell in ElementTree.parse(folder / "annotations" / f"{stem}.xml").iter("object"):
            box = [float(cell.findtext(f"bndbox/{end}", "")) for end in _ENDS]
            if box[0] < box[2] and box[1] < box[3]:
                cut = whole.resize((SIDE, SIDE), Image.Resampling.BILINEAR, tuple(box))
                yield cell.findtext("name", ""), cut


def _xrays(folder: Path, part: str) -> Iterator[tuple[str, Image.Image]]:
    for kind in sorted(path for path in folder.iterdir() if path.is_dir()):
        for number, path in enumerate(sorted(kind.iterdir())):
            if (number % 5 == 0) == (part == "val"):
                with Image.open(path) as file:
                    small = file.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
                yield kind.name, small


def _train(folder: Path, taught: Lesson, asked: Lesson, steps: int) -> None:
    import torch
    from transformers import ResNetConfig, ResNetForImageClassification

    torch.manual_seed(5)
    kinds = int(taught.kinds.max()) + 1
    config = ResNetConfig(layer_type="basic", num_labels=kinds, **_SHAPE)
    model = ResNetForImageClassification(config)
    rate = 2e-3
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    model.train()
    for pictures, wanted in _batches(taught, steps):
        loss = torch.nn.functional.cross_entropy(model(pictures).logits, wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    model.eval().resnet.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PROCESSOR))
    learned = {"steps": steps, "balanced_accuracy": _balanced_accuracy(model, asked)}
    (folder / "learned.json").write_text(json.dumps(learned))


def _batches(taught: Lesson, steps: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """As many of each kind, turned, and brighter or darker."""
    import torch

    chance = np.random.default_rng(5)
    by_kind = [np.flatnonzero(taught.kinds == kind) for kind in np.unique(taught.kinds)]
    for _ in range(steps):
        chosen = np.array([chance.choice(by_kind[n % len(by_kind)]) for n in range(_BATCH)])
        pictures = tensor(taught.pictures[chosen])
        pictures = torch.rot90(pictures, int(chance.integers(4)), (2, 3))
        light = torch.from_numpy(chance.normal(0, 0.2, (2, _BATCH, 1, 1, 1)).astype(np.float32))
        yield pictures * light[0].exp() + light[1], torch.from_numpy(taught.kinds[chosen])


def _balanced_accuracy(model: torch.nn.Module, asked: Lesson) -> float:
    """The mean of the kinds' recalls."""
    import torch

    with torch.inference_mode():
        parts = tensor(asked.pictures).split(256)
        said = torch.cat([model(part).logits.argmax(1) for part in parts]).numpy()
    right = [np.mean(said[asked.kinds == kind] == kind) for kind in np.unique(asked.kinds)]
    return float(np.mean(right))


def tensor(pictures: NDArray[np.uint8]) -> torch.Tensor:
    """``[n, 3, SIDE, SIDE]`` as the processor makes them."""
    import torch

    scaled = (pictures.astype(np.float32) / 255 - _MEAN) / _STD
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)))


_ENDS = ("xmin", "ymin", "xmax", "ymax")
