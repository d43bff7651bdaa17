"""The window of a DICOM picture: which of its many values are shown, and how."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.pixels.processing import apply_voi

from millpond.raw.grey import finite, stretch, to_eight_bits
from millpond.raw.picture import Levels, Pixels, Window


def windowed(
    dataset: Dataset, values: npt.NDArray[Any], window: Window | None = None
) -> tuple[Pixels, Levels]:
    """Rescaled grey values as uint8, the way that the file asks for.

    A VOI LUT comes first, then the first window (DICOM PS3.3, C.11.2); without
    either the values are stretched over what the picture uses (`to_eight_bits`).

    Args:
        dataset: the VOI LUT module of the file is read from it.
        values: shape (height, width), after the modality LUT or rescale.
        window: takes the place of the file's; its function stays.
    """
    values = finite(values)
    if window is None and dataset.get("VOILUTSequence"):
        bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
        whole = values.round().astype(np.int64) if values.dtype.kind == "f" else values
        lowest, highest = float(values.min()), float(values.max())
        levels = Levels(Window.between(lowest, highest), lowest, highest)
        return stretch(apply_voi(whole, dataset), 0.0, float(2**bits - 1)), levels
    window = window or _declared(dataset)
    function = str(dataset.get("VOILUTFunction") or "LINEAR").upper()
    if window is None or function not in ("SIGMOID", "LINEAR_EXACT"):
        return to_eight_bits(values, window)
    levels = Levels(window, float(values.min()), float(values.max()))
    if function == "SIGMOID":
        return stretch(_sigmoid(values, window), 0.0, 1.0), levels
    half = window.width / 2
    return stretch(values, window.center - half, window.center + half), levels


def _sigmoid(values: npt.NDArray[Any], window: Window) -> npt.NDArray[np.float64]:
    """C.11.2.1.3.1, with the exponent bounded so that nothing overflows."""
    distance = values.astype(np.float64) - window.center
    return 1.0 / (1.0 + np.exp(np.clip(-4.0 * distance / window.width, -60.0, 60.0)))


def _declared(dataset: Dataset) -> Window | None:
    """The first window of the file; None where there is none that can be used."""
    center, width = _first(dataset, "WindowCenter"), _first(dataset, "WindowWidth")
    if center is None or width is None or width <= 0:
        return None
    return Window(center, width)


def _first(dataset: Dataset, keyword: str) -> float | None:
    value = dataset.get(keyword)
    if isinstance(value, MultiValue):
        value = value[0] if value else None
    return None if value is None else float(value)
