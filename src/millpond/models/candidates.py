"""The packed form in which candidates are kept with their inference.

Little-endian: a byte with the version (1), a byte that is 1 where there are
boxes, the number of labels (u16) and each label (u16 length, UTF-8), the number
of candidates (u16), and of each its label's place (u16), its score (f32) and its
box (four f32). A thousand candidates take 22 kB; nothing is rounded that a model
gave, for models give 32-bit numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from millpond.errors import Corrupted, Invalid
from millpond.values import Box, Prediction

VERSION = 1

_HEAD = struct.Struct("<BBH")
_SIZE = struct.Struct("<H")
_BOXED = struct.Struct("<Hfffff")
_PLAIN = struct.Struct("<Hf")


def pack(candidates: Sequence[Prediction]) -> bytes:
    """The packed form of candidates, in their order.

    Raises:
        Invalid: some have a box and others none.
    """
    boxed = any(candidate.box is not None for candidate in candidates)
    labels = list(dict.fromkeys(candidate.label for candidate in candidates))
    places = {label: place for place, label in enumerate(labels)}
    parts = [_HEAD.pack(VERSION, boxed, len(labels))]
    for label in labels:
        text = label.encode()
        parts += [_SIZE.pack(len(text)), text]
    parts.append(_SIZE.pack(len(candidates)))
    for candidate in candidates:
        place = places[candidate.label]
        if candidate.box is not None:
            parts.append(_BOXED.pack(place, candidate.score, *candidate.box.as_list()))
        elif boxed:
            raise Invalid("either all candidates have a box or none has one")
        else:
            parts.append(_PLAIN.pack(place, candidate.score))
    return b"".join(parts)


def unpack(packed: bytes) -> list[Prediction]:
    """The candidates of a packed form, in their order.

    Raises:
        Corrupted: the bytes are no packed candidates, or of a later version.
    """
    try:
        return _unpack(packed)
    except (struct.error, IndexError, UnicodeDecodeError, ValueError) as error:
        raise Corrupted(f"packed candidates cannot be read: {error}") from error


def _unpack(packed: bytes) -> list[Prediction]:
    version, boxed, count = _HEAD.unpack_from(packed)
    if version != VERSION:
        raise ValueError(f"they are of version {version}, and this release reads {VERSION}")
    offset = _HEAD.size
    labels = []
    for _ in range(count):
        (size,) = _SIZE.unpack_from(packed, offset)
        offset += _SIZE.size
        labels.append(packed[offset : offset + size].decode())
        offset += size
    (count,) = _SIZE.unpack_from(packed, offset)
    offset += _SIZE.size
    form = _BOXED if boxed else _PLAIN
    if len(packed) != offset + count * form.size:
        raise ValueError(f"{len(packed)} bytes do not hold {count} candidates")
    return [
        Prediction(labels[place], score, Box.of(box) if boxed else None)
        for place, score, *box in form.iter_unpack(packed[offset:])
    ]
