"""The window of a DICOM picture: which of its many values are shown, and how."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.pixels.processing import apply_voi

from millpond.raw.grey import stretch, to_eight_bits
from millpond.raw.picture import Pixels


def windowed(dataset: Dataset, values: npt.NDArray[Any]) -> Pixels:
    """Rescaled grey values as uint8, the way that the file asks for.

    A VOI LUT comes first, then the first window (DICOM PS3.3, C.11.2); without
    either the values are stretched over what the picture uses (`to_eight_bits`).

    Args:
        dataset: the VOI LUT module of the file is read from it.
        values: shape (height, width), after the modality LUT or rescale.
    """
    if dataset.get("VOILUTSequence"):
        bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
        whole = values.round().astype(np.int64) if values.dtype.kind == "f" else values
        return stretch(apply_voi(whole, dataset), 0.0, float(2**bits - 1))
    centre, width = _first(dataset, "WindowCenter"), _first(dataset, "WindowWidth")
    if centre is None or width is None or width <= 0:
        return to_eight_bits(values)
    function = str(dataset.get("VOILUTFunction") or "LINEAR").upper()
    if function == "SIGMOID":
        return stretch(_sigmoid(values, centre, width), 0.0, 1.0)
    if function == "LINEAR_EXACT":
        return stretch(values, centre - width / 2, centre + width / 2)
    # C.11.2.1.2.1: a linear window spans whole values, both ends within. One of a
    # single value is a threshold.
    middle, half = centre - 0.5, max((width - 1) / 2, 1e-6)
    return stretch(values, middle - half, middle + half)


def _sigmoid(values: npt.NDArray[Any], centre: float, width: float) -> npt.NDArray[np.float64]:
    """C.11.2.1.3.1, with the exponent bounded so that nothing overflows."""
    exponent = np.clip(-4.0 * (values.astype(np.float64) - centre) / width, -60.0, 60.0)
    return 1.0 / (1.0 + np.exp(exponent))


def _first(dataset: Dataset, keyword: str) -> float | None:
    value = dataset.get(keyword)
    if isinstance(value, MultiValue):
        value = value[0] if value else None
    return None if value is None else float(value)
