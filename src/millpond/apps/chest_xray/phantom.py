"""One chest X-ray: a chest, what is wrong with it, and the film that it is seen on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from millpond.apps.chest_xray import LABELS
from millpond.apps.chest_xray.abnormalities import Corners, Finding, draw_finding
from millpond.apps.chest_xray.anatomy import Anatomy, draw_anatomy
from millpond.apps.chest_xray.shapes import SIZE, Field, clouds

#: The shares of pictures with none to three abnormalities.
_COUNTS = (0.2, 0.35, 0.3, 0.15)
#: The most that two boxes may share, as a part of the smaller one.
_OVERLAP = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """A drawn X-ray.

    Args:
        values: uint16 from 0 to 4095, of shape (SIZE, SIZE), bright where much is absorbed.
        findings: label and box of every abnormality.
    """

    values: npt.NDArray[np.uint16]
    findings: tuple[tuple[str, Corners], ...]


def draw_phantom(seed: int, number: int) -> Phantom:
    """The phantom of a number in the set of a seed, the same every time."""
    rng = np.random.default_rng((seed, number))
    count = int(rng.choice(len(_COUNTS), p=_COUNTS))
    # Every kind equally often, and none twice but the nodule.
    labels = [str(label) for label in rng.choice(LABELS, size=count, replace=False)]
    if "nodule" in labels and rng.random() < 0.5:
        labels.append("nodule")
    chest = draw_anatomy(rng, enlarged="cardiomegaly" in labels)
    findings = _place(rng, labels, chest)
    absorption = sum((finding.added for finding in findings), start=chest.absorption)
    return Phantom(
        _exposed(rng, absorption), tuple((finding.label, finding.box) for finding in findings)
    )


def _place(rng: np.random.Generator, labels: list[str], chest: Anatomy) -> list[Finding]:
    """Abnormalities that do not cover one another; the largest get their place first."""
    placed: list[Finding] = []
    side = int(rng.integers(2))
    for label in sorted(labels, key=_LARGEST_FIRST.index):
        for _ in range(12):
            found = draw_finding(rng, label, chest, side)
            side = 1 - side
            if not any(_covers(found.box, other.box) for other in placed):
                placed.append(found)
                break
    return placed


_LARGEST_FIRST = ["cardiomegaly", "effusion", "pneumothorax", "infiltration", "mass", "nodule"]


def _covers(one: Corners, other: Corners) -> bool:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return wide > 0 and high > 0 and wide * high > _OVERLAP * smaller


def _exposed(rng: np.random.Generator, absorption: Field) -> npt.NDArray[np.uint16]:
    """The picture of an absorption: exposure, contrast, noise, and a letter for the side."""
    seen = absorption * rng.uniform(0.92, 1.08) + rng.uniform(-0.03, 0.03)
    seen = seen + 0.02 * clouds(rng, 3)
    seen = np.clip(seen, 0.0, 1.0) ** np.float32(rng.uniform(0.85, 1.15))
    # Fewer photons get through where more is absorbed, so it is grainier there.
    grain = rng.uniform(0.008, 0.018) * (0.5 + seen)
    seen = seen + grain * rng.standard_normal(seen.shape, dtype=np.float32)
    seen = np.maximum(seen, _letter(rng))
    values: npt.NDArray[np.uint16]
    values = np.rint(np.clip(0.04 + 0.94 * seen, 0.0, 1.0) * 4095).astype(np.uint16)
    return values


def _letter(rng: np.random.Generator) -> Field:
    """The lead letter that marks the patient's left side."""
    picture = Image.new("L", (SIZE, SIZE), 0)
    place = (SIZE - int(rng.integers(22, 34)), int(rng.integers(8, 26)))
    ImageDraw.Draw(picture).text(place, "L", fill=int(rng.integers(190, 245)))
    return np.asarray(picture, dtype=np.float32) / 255
