"""How a picture becomes the tensor of a published network: its own preprocessing, made again.

A published checkpoint says in ``preprocessor_config.json`` what its network was trained
with. Here the same numbers come out, but the picture stays in bytes until one multiplication
and one addition make it the tensor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from millpond.errors import Invalid
from millpond.models.preprocessing import SIDE_LIMIT

#: The side from which on a ConvNeXt picture is stretched, not cropped.
_STRETCHED_FROM = 384


@dataclass(frozen=True, slots=True)
class ImagePreprocessing:
    """Resize, then cut out the middle, then a linear function of each channel.

    Args:
        height: of the tensor, in pixels.
        width: of the tensor, in pixels.
        scale: per channel, what a value from 0 to 255 is multiplied by.
        offset: per channel, what is added then.
        shorter: pixels of the shorter side after resizing in proportion, before the middle
            is cut out; None where the picture is stretched to `stretch`.
        stretch: height and width that the picture is stretched to before the middle is cut out;
            None, without `shorter`: those of the tensor.
        filter: the number of Pillow's filter for resizing, such as 2 for bilinear.
        bgr: the channels of the tensor are blue, green and red.

    Raises:
        Invalid: a number does not fit; the message says which.
    """

    height: int
    width: int
    scale: tuple[float, ...] = (1 / 255,) * 3
    offset: tuple[float, ...] = (0.0,) * 3
    shorter: int | None = None
    stretch: tuple[int, int] | None = None
    filter: int = Image.Resampling.BILINEAR
    bgr: bool = False

    def __post_init__(self) -> None:
        sides = (self.height, self.width, self.shorter or 1, *(self.stretch or ()))
        for side in sides:
            if not 1 <= side <= SIDE_LIMIT:
                raise Invalid(f"a side of {side} pixels is not between 1 and {SIDE_LIMIT}")
        if not len(self.scale) == len(self.offset) == 3:
            raise Invalid("a backbone takes pictures of three channels")
        if self.filter not in list(Image.Resampling):
            raise Invalid(f"resample {self.filter!r} is no filter of Pillow")

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ImagePreprocessing:
        """The preprocessing that `as_json` wrote.

        Raises:
            Invalid: a key is missing or unknown, or a value does not fit.
        """
        try:
            pairs = {key: tuple(document[key]) for key in ("scale", "offset")}
            stretch = document["stretch"]
            return cls(**{**document, **pairs, "stretch": stretch and tuple(stretch)})
        except (KeyError, TypeError, ValueError) as error:
            raise Invalid(f"this preprocessing cannot be read: {error}") from error

    def as_json(self) -> dict[str, Any]:
        """All fields, as JSON can hold them."""
        lists = {"scale": list(self.scale), "offset": list(self.offset)}
        stretch = None if self.stretch is None else list(self.stretch)
        return {**asdict(self), **lists, "stretch": stretch}

    @classmethod
    def of_processor(cls, processor: Mapping[str, Any]) -> ImagePreprocessing:
        """That of an image processor of `transformers`, given with all its defaults filled in.

        Raises:
            Invalid: it gives tensors of several sizes, or lacks what it would need.
        """
        try:
            scale, offset = _linear(processor)
            return cls(
                scale=scale,
                offset=offset,
                filter=int(processor["resample"]),
                bgr=bool(processor.get("do_flip_channel_order")),
                **_sizes(processor),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Invalid(f"this image processor is not understood: {error!r}") from error

    def tensor(self, picture: Image.Image) -> NDArray[np.float32]:
        """The tensor ``[1, 3, height, width]`` of a picture in RGB."""
        size = self._resized(picture.width, picture.height)
        if picture.size != size:
            picture = picture.resize(size, Image.Resampling(self.filter))
        if size != (self.width, self.height):
            # Rounded down, also where the picture is the smaller one and black is added.
            left, top = (size[0] - self.width) // 2, (size[1] - self.height) // 2
            picture = picture.crop((left, top, left + self.width, top + self.height))
        tensor = np.empty((1, 3, self.height, self.width), np.float32)
        planes = np.asarray(picture).transpose(2, 0, 1)
        np.multiply(planes[::-1] if self.bgr else planes, _per_channel(self.scale), out=tensor[0])
        tensor += _per_channel(self.offset)
        return tensor

    def _resized(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the picture when it is resized and not yet cut."""
        if self.shorter is None:
            high, wide = self.stretch or (self.height, self.width)
            return wide, high
        longer = int(self.shorter * max(width, height) / min(width, height))
        return (self.shorter, longer) if width <= height else (longer, self.shorter)


def _per_channel(numbers: tuple[float, ...]) -> NDArray[np.float32]:
    return np.asarray(numbers, np.float32)[:, None, None]


def _linear(processor: Mapping[str, Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Scale and offset that rescaling and normalising come to, one after the other."""
    scale, offset = np.ones(3), np.zeros(3)
    if processor.get("do_rescale"):
        scale = scale * processor["rescale_factor"]
        offset = offset - bool(processor.get("rescale_offset"))
    if processor.get("do_normalize"):
        std = np.asarray(processor["image_std"], np.float64)
        scale, offset = scale / std, (offset - processor["image_mean"]) / std
    if processor.get("include_top"):
        # EfficientNet's pictures are divided by the standard deviation once more.
        std = np.asarray(processor["image_std"], np.float64)
        scale, offset = scale / std, offset / std
    return tuple(scale.tolist()), tuple(offset.tolist())


def _sizes(processor: Mapping[str, Any]) -> dict[str, Any]:
    size, crop = processor["size"], processor.get("crop_size")
    shorter = size.get("shortest_edge")
    if not processor.get("do_resize") or (shorter and size.get("longest_edge")):
        raise Invalid("a backbone takes pictures of one size, and this one takes many")
    if shorter and "crop_pct" in processor:
        if shorter >= _STRETCHED_FROM:
            return {"height": shorter, "width": shorter}
        before = int(shorter / processor["crop_pct"])
        return {"height": shorter, "width": shorter, "shorter": before}
    if not processor.get("do_center_crop"):
        return {"height": size["height"], "width": size["width"]}
    cut = {"height": crop["height"], "width": crop["width"]} if crop else {}
    if shorter:
        return {**cut, "shorter": shorter}
    return {**cut, "stretch": (size["height"], size["width"])}
