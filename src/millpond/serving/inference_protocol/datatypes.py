"""The datatypes of the Open Inference Protocol v2, and what NumPy calls them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from millpond.errors import Invalid

#: Elements of any length: four bytes of length and so many bytes each.
BYTES: Final = "BYTES"

#: Datatype → type of an element, in the byte order of the wire.
ELEMENTS: Final[Mapping[str, np.dtype[Any]]] = {
    "BOOL": np.dtype("?"),
    **{f"UINT{8 * size}": np.dtype(f"<u{size}") for size in (1, 2, 4, 8)},
    **{f"INT{8 * size}": np.dtype(f"<i{size}") for size in (1, 2, 4, 8)},
    **{f"FP{8 * size}": np.dtype(f"<f{size}") for size in (2, 4, 8)},
    BYTES: np.dtype(object),
}


def element_of(datatype: str) -> np.dtype[Any]:
    """The type of an element; of ``BYTES`` it is an object, which then is `bytes`.

    Raises:
        Invalid: the protocol has no such datatype.
    """
    if datatype not in ELEMENTS:
        raise Invalid(f"datatype {datatype!r} is not one of {', '.join(ELEMENTS)}")
    return ELEMENTS[datatype]


def datatype_of(element: np.dtype[Any]) -> str:
    """The datatype of elements of a NumPy type; text and objects are ``BYTES``.

    Raises:
        Invalid: the protocol has none for it, such as for complex numbers.

    >>> datatype_of(np.dtype("float32")), datatype_of(np.dtype("str"))
    ('FP32', 'BYTES')
    """
    if element.kind in "OUS":
        return BYTES
    for datatype, known in ELEMENTS.items():
        if element == known:
            return datatype
    raise Invalid(f"tensors of {element} are not of the protocol: {', '.join(ELEMENTS)} are")
