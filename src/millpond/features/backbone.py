"""A backbone: a network that turns a picture into a vector, as one ONNX file.

It is found by a name, a folder or a file. A published checkpoint is converted once and
kept in a folder of its own, so that afterwards neither the network nor `transformers` is
needed::

    <cache>/efficientnet-b0-1f0c2a9b7d3e/
        model.onnx       the network
        backbone.json    what it was asked for as, its preprocessing, its vectors' length
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Literal, TypeAlias

from millpond.errors import Corrupted
from millpond.features.extractor import Extractor
from millpond.features.image_preprocessing import ImagePreprocessing

#: The arithmetic of the network: 32 bits, or products of 16 bits (bfloat16) summed in 32.
Precision: TypeAlias = Literal["fp32", "bf16"]

_RUNTIMES = {"fp32": "onnx", "bf16": "openvino"}
_OPENING = Lock()


@dataclass(frozen=True, slots=True)
class Backbone:
    """A network that turns pictures into vectors. It can be sent to other processes.

    Args:
        name: as it was asked for, such as ``google/efficientnet-b0``.
        model: the name that is kept with its vectors, as `identity` makes it.
        path: the ONNX file, which every worker can read.
        dimension: how many numbers a vector has.
        preprocessing: what a picture becomes before.
        precision: of the arithmetic.
    """

    name: str
    model: str
    path: Path
    dimension: int
    preprocessing: ImagePreprocessing
    precision: Precision = "fp32"

    def open(self) -> Extractor:
        """The network in this process, which all its threads share.

        Raises:
            Corrupted: the file is not the one that was found.
        """
        with _OPENING:
            return _opened(self)


def identity(name: str, model: bytes, preprocessing: ImagePreprocessing) -> str:
    """A short name, a hyphen, and 12 hexadecimal digits of what the vectors come from.

    Args:
        name: as it was asked for; its last part is used.
        model: the bytes of the ONNX file.
    """
    digest = hashlib.sha256(model)
    digest.update(json.dumps(preprocessing.as_json(), sort_keys=True).encode())
    return f"{short(name)}-{digest.hexdigest()[:12]}"


def short(name: str) -> str:
    """The last part of a name or a path, in letters that file names have.

    >>> short("google/efficientnet-b0")
    'efficientnet-b0'
    """
    last = Path(name).name.removesuffix(".onnx")
    return re.sub(r"[^a-z0-9._-]+", "-", last.lower()).strip("-._") or "backbone"


# A process works with one network at a time; a second one is room for a comparison.
@lru_cache(maxsize=2)
def _opened(backbone: Backbone) -> Extractor:
    model = backbone.path.read_bytes()
    name = backbone.model.rpartition("-")[0]
    if identity(name, model, backbone.preprocessing) != backbone.model:
        raise Corrupted(f"{backbone.path} is not the file of {backbone.model}; it was changed")
    return Extractor(model, backbone.preprocessing, _RUNTIMES[backbone.precision])
