"""How a picture becomes the tensor that a model takes, in training and in serving alike.

There is one implementation, in two steps, so that training can vary the canvas
between them: `Preprocessing.canvas` scales the picture to the model's size, and
`Preprocessing.normalise` turns the canvas to numbers around zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from millpond.errors import Invalid

Channels = Literal["RGB", "L", "BGR"]
Fit = Literal["stretch", "letterbox", "crop"]
#: A filter of Pillow, by its name in small letters.
Resample = Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]
#: The order of a tensor's axes: pictures of a batch (one), channels, height and width.
Layout = Literal["NCHW", "NHWC", "CHW", "HWC"]
Datatype = Literal["float32", "float16", "uint8"]

#: A picture in RGB: pixels ``[H, W, 3]``, or an image of Pillow's mode ``RGB``.
Seen = NDArray[np.uint8] | Image.Image

#: The grey around a letterboxed picture.
MARGIN = 114
#: The most pixels along one side of a tensor.
SIDE_LIMIT = 8192


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """The size, the channels and the scale of numbers that a model was trained with.

    Args:
        width: of the tensor, in pixels.
        height: of the tensor, in pixels.
        channels: ``RGB``, ``L`` for grey (ITU-R 601 luma), or ``BGR``: blue comes first.
        fit: ``stretch`` fills the tensor, ``letterbox`` keeps the proportions
            and centres the picture in a grey margin, ``crop`` cuts the middle out of
            the scaled picture.
        mean: per channel, on the scale from 0 to 1, subtracted first.
        std: per channel, on the scale from 0 to 1, divided by then.
        resample: the filter that scales the picture.
        before: what ``crop`` cuts from: pixels of the shorter side of a picture in its
            proportions, or width and height of one that is stretched.
        layout: the order of the axes of what the model is fed.
        datatype: of its numbers; ``uint8`` is fed the bytes of the picture as they are, and
            takes no mean and no std.

    Raises:
        Invalid: a number does not fit; the message says which.
    """

    width: int
    height: int
    channels: Channels = "RGB"
    fit: Fit = "stretch"
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.25, 0.25, 0.25)
    resample: Resample = "bilinear"
    before: tuple[int, ...] = ()
    layout: Layout = "NCHW"
    datatype: Datatype = "float32"

    def __post_init__(self) -> None:
        for side in (self.width, self.height, *self.before):
            if not 1 <= side <= SIDE_LIMIT:
                raise Invalid(f"a tensor side of {side} pixels is not between 1 and {SIDE_LIMIT}")
        for name, choice in _CHOICES.items():
            if getattr(self, name) not in get_args(choice):
                known = ", ".join(get_args(choice))
                raise Invalid(f"{name} {getattr(self, name)!r} is not one of {known}")
        if len(self.before) not in ((1, 2) if self.fit == "crop" else (0,)):
            raise Invalid(f"fit {self.fit} does not take {list(self.before)} as before")
        numbers = 0 if self.datatype == "uint8" else self.depth
        if not len(self.mean) == len(self.std) == numbers:
            raise Invalid(
                f"{self.channels} in {self.datatype} takes {numbers} numbers as mean and as std"
            )
        if not all(number > 0 for number in self.std):
            raise Invalid(f"std {list(self.std)} has a number that is not above 0")

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Preprocessing:
        """The preprocessing that `as_json` wrote.

        Raises:
            Invalid: a key is missing or unknown, or a value does not fit.
        """
        try:
            numbers = {key: tuple(map(float, document[key])) for key in ("mean", "std")}
            before = tuple(map(int, document.get("before", ())))
            return cls(**{**document, **numbers, "before": before})
        except (KeyError, TypeError, ValueError) as error:
            raise Invalid(f"this preprocessing cannot be read: {error}") from error

    def as_json(self) -> dict[str, Any]:
        """All fields, as JSON can hold them; without those that came later and say nothing."""
        document = {**asdict(self), "mean": list(self.mean), "std": list(self.std)}
        if not self.before:
            del document["before"]
        for name, usual in _USUAL.items():
            if document[name] == usual:
                del document[name]
        return document

    @property
    def depth(self) -> int:
        """How many channels the tensor has."""
        return len(self.channels)

    def batch(self, seen: Seen) -> NDArray[Any]:
        """What a model is fed for a picture, in its layout and datatype."""
        canvas = self.canvas(seen)
        if self.datatype == "uint8":
            tensor: NDArray[Any] = canvas.transpose(2, 0, 1)
        else:
            tensor = self.normalise(canvas).astype(self.datatype, copy=False)
        if self.layout.endswith("HWC"):
            tensor = tensor.transpose(1, 2, 0)
        return np.ascontiguousarray(tensor[np.newaxis] if self.layout[0] == "N" else tensor)

    def tensor(self, seen: Seen) -> NDArray[np.float32]:
        """The tensor ``[channels, height, width]`` of a picture."""
        return self.normalise(self.canvas(seen))

    def canvas(self, seen: Seen) -> NDArray[np.uint8]:
        """A picture scaled to ``[height, width, channels]``, still in bytes."""
        image = seen if isinstance(seen, Image.Image) else Image.fromarray(seen)
        picture_width, picture_height = image.size
        if self.channels == "L":
            image = image.convert("L")
        if self.channels == "BGR":
            image = Image.merge("RGB", image.split()[::-1])
        left, top, width, height = self._window(picture_width, picture_height)
        if image.size != (width, height):
            image = image.resize((width, height), Image.Resampling[self.resample.upper()])
        if self.fit == "crop":
            # Rounded down; where the picture is the smaller one, black is added.
            image = image.crop((-left, -top, self.width - left, self.height - top))
            width, height = image.size
        scaled = np.asarray(image, dtype=np.uint8).reshape(height, width, self.depth)
        if (width, height) == (self.width, self.height):
            return scaled
        canvas = np.full((self.height, self.width, self.depth), MARGIN, np.uint8)
        canvas[top : top + height, left : left + width] = scaled
        return canvas

    def normalise(self, canvas: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The tensor ``[channels, height, width]`` of a canvas."""
        mean = np.asarray(self.mean, np.float32) * np.float32(255)
        std = np.asarray(self.std, np.float32) * np.float32(255)
        # In place and in the order of the tensor: it is half the work.
        tensor = canvas.transpose(2, 0, 1).astype(np.float32, order="C")
        tensor -= mean[:, np.newaxis, np.newaxis]
        tensor /= std[:, np.newaxis, np.newaxis]
        return tensor

    def to_tensor(
        self, boxes: NDArray[np.float32], picture_width: int, picture_height: int
    ) -> NDArray[np.float32]:
        """Boxes ``[n, 4]`` in pixels of a picture, in pixels of its tensor."""
        left, top, width, height = self._window(picture_width, picture_height)
        scale = _four(width / picture_width, height / picture_height)
        return (boxes * scale + _four(left, top)).astype(np.float32)

    def to_picture(
        self, boxes: NDArray[np.float32], picture_width: int, picture_height: int
    ) -> NDArray[np.float32]:
        """Boxes ``[n, 4]`` in pixels of a tensor, in pixels of its picture, not clipped."""
        left, top, width, height = self._window(picture_width, picture_height)
        scale = _four(picture_width / width, picture_height / height)
        return ((boxes - _four(left, top)) * scale).astype(np.float32)

    def _window(self, picture_width: int, picture_height: int) -> tuple[int, int, int, int]:
        """Where the picture lies on the canvas: left, top, width, height."""
        if self.fit == "stretch":
            return 0, 0, self.width, self.height
        if self.fit == "crop":
            width, height = self._before(picture_width, picture_height)
            return -((width - self.width) // 2), -((height - self.height) // 2), width, height
        scale = min(self.width / picture_width, self.height / picture_height)
        width = min(self.width, max(1, round(picture_width * scale)))
        height = min(self.height, max(1, round(picture_height * scale)))
        return (self.width - width) // 2, (self.height - height) // 2, width, height

    def _before(self, picture_width: int, picture_height: int) -> tuple[int, int]:
        """Width and height of the picture from which the middle is cut."""
        if len(self.before) == 2:
            return self.before[0], self.before[1]
        shorter, longer = sorted((picture_width, picture_height))
        longer = int(self.before[0] * longer / shorter)
        return (self.before[0], longer) if picture_width == shorter else (longer, self.before[0])


def size_of(seen: Seen) -> tuple[int, int]:
    """Width and height of a picture."""
    if isinstance(seen, Image.Image):
        return seen.size
    return seen.shape[1], seen.shape[0]


_CHOICES = {
    "channels": Channels,
    "fit": Fit,
    "resample": Resample,
    "layout": Layout,
    "datatype": Datatype,
}
# What a document need not say.
_USUAL = {"resample": "bilinear", "layout": "NCHW", "datatype": "float32"}


def _four(x: float, y: float) -> NDArray[np.float64]:
    return np.array([x, y, x, y], np.float64)
