"""The tags of a DICOM file as people read them, and which of them may identify a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

import numpy as np
from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_VR, get_entry
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.uid import UID
from pydicom.valuerep import TEXT_VR_DELIMS

from millpond.raw.damaged import damaged
from millpond.raw.dicom import DICOM_ERRORS, TEXT, open_dicom
from millpond.raw.limits import Limits

#: The most tags of one file that are listed, and how deep sequences are gone into.
MOST = 5000
_DEEPEST = 8
#: Characters and numbers of one value that are shown.
_LONGEST = 200
_NUMBERS_SHOWN = 16

#: The value representations of numbers (DICOM PS3.5, 6.2), as numpy calls them.
_NUMBERS = {
    "US": "u2", "SS": "i2", "UL": "u4", "SL": "i4", "UV": "u8", "SV": "i8", "FL": "f4", "FD": "f8",
}  # fmt: skip

# What is open to everybody is listed, and not what identifies: the Basic Profile of DICOM
# PS3.15, E.1 grows with every edition, and a private tag may hold anything. Numbers and
# codes of these groups tell how a picture was taken and is stored; texts, persons, dates,
# times and ids are withheld, apart from the few below.
_OPEN_GROUPS = frozenset([0x0002, 0x0008, 0x0018, 0x0020, 0x0022, 0x0028, 0x0054, 0x2050, 0x5200])
_OPEN_KINDS = frozenset([*_NUMBERS, "AT", "CS", "DS", "IS"])
_OPEN = frozenset(
    [
        "ImplementationVersionName",
        "Manufacturer",
        "ManufacturerModelName",
        "MediaStorageSOPClassUID",
        "RescaleType",
        "SoftwareVersions",
        "SOPClassUID",
        "TransferSyntaxUID",
        "WindowCenterWidthExplanation",
    ]
)

_Element: TypeAlias = DataElement | RawDataElement


@dataclass(frozen=True, slots=True)
class DicomTag:
    """One tag with its value.

    Args:
        tag: such as ``(0028,0010)``; one in a sequence has the path to it before,
            ``(0008,1140)[1](0008,1150)``.
        keyword: of the DICOM dictionary, with the same path; empty for a private tag.
        value: as text; what is long is cut, and what is no text told by its length.
        identifying: it may say who or where somebody is, or when they were there.
    """

    tag: str
    keyword: str
    name: str
    vr: str
    value: str
    identifying: bool


def read_tags(data: bytes, limits: Limits) -> list[DicomTag]:
    """The tags of a DICOM file before its pixels, in their order; at most `MOST`.

    Raises:
        NotAnImage: the file is damaged.
    """
    try:
        dataset = open_dicom(data, limits, None, stop_before_pixels=True)
        return list(islice(_walk(dataset.file_meta, dataset), MOST))
    except DICOM_ERRORS as error:
        raise damaged("DICOM", error) from error


def _walk(*datasets: Dataset) -> Iterator[DicomTag]:
    for dataset in datasets:
        yield from _tags_of(dataset, _Place("", "", "ISO_IR 6"), 0)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a data set lies: the paths to it, and what holds for all in it.

    Args:
        closed: whether it lies in a sequence whose group is not open.
    """

    tags: str
    keywords: str
    charset: str
    closed: bool = False


def _tags_of(dataset: Dataset, place: _Place, depth: int) -> Iterator[DicomTag]:
    charset = dataset.get("SpecificCharacterSet") or place.charset
    signed = dataset.get("PixelRepresentation") == 1
    for number in sorted(dataset.keys()):
        tag = BaseTag(number)
        # The raw bytes: pydicom's own conversion warns with the value in its message,
        # and the value may identify a person.
        element = dataset.get_item(tag)
        keyword, name = _names(tag)
        kind = _kind(element, tag, signed=signed)
        path = f"{place.tags}{tag}".replace(" ", "")
        keywords = place.keywords + keyword
        if kind == "SQ":
            closed = place.closed or tag.group not in _OPEN_GROUPS
            inside = _Place(path, keywords, charset, closed)
            yield from _items(dataset[tag].value, inside, depth)
            continue
        value = _shown(element, kind, charset)
        identifying = value != "" and (place.closed or _is_closed(tag, keyword, kind))
        yield DicomTag(path, keywords if keyword else "", name, kind, value, identifying)


def _is_closed(tag: BaseTag, keyword: str, kind: str) -> bool:
    """Whether a tag may identify a person; the one code of an open group that does is named."""
    is_open = tag.group in _OPEN_GROUPS and kind in _OPEN_KINDS and keyword != "ModifyingDeviceID"
    return not is_open and keyword not in _OPEN


def _items(items: Sequence, place: _Place, depth: int) -> Iterator[DicomTag]:
    if depth == _DEEPEST:
        return
    for number, item in enumerate(items, start=1):
        at = f"[{number}]"
        inside = replace(place, tags=place.tags + at, keywords=f"{place.keywords}{at}.")
        yield from _tags_of(item, inside, depth + 1)


def _names(tag: BaseTag) -> tuple[str, str]:
    """The keyword and the name of a tag."""
    if tag.is_private:
        return "", "Private tag"
    try:
        _, _, name, _, keyword = get_entry(tag)
    except KeyError:
        return "", "Unknown tag"
    return keyword, name


def _kind(element: _Element, tag: BaseTag, *, signed: bool) -> str:
    """The value representation; that of the dictionary where the file does not say."""
    kind = element.VR
    if kind is None:
        try:
            kind = dictionary_VR(tag)
        except KeyError:
            kind = "UN"
    if kind.startswith("US or SS"):
        return "SS" if signed else "US"
    return kind[:2]


def _shown(element: _Element, kind: str, charset: str) -> str:
    """The value as text."""
    value = element.value
    if not isinstance(value, bytes):
        return "" if value is None else _cut(str(value))
    if kind in _NUMBERS:
        return _numbers(value, _NUMBERS[kind], little=bool(getattr(element, "is_little_endian", 1)))
    if kind not in TEXT:
        return f"{len(value):,} bytes" if value else ""
    text = decode_bytes(value, convert_encodings(charset), TEXT_VR_DELIMS).strip("\0 ")
    if kind == "UI" and (name := UID(text).name) != text:
        return f"{text} ({name})"
    return _cut(text)


def _numbers(value: bytes, kind: str, *, little: bool) -> str:
    size = int(kind[1])
    all_of_them = np.frombuffer(value[: len(value) // size * size], ("<" if little else ">") + kind)
    shown = "\\".join(
        f"{number:.7g}" if kind[0] == "f" else str(number)
        for number in all_of_them[:_NUMBERS_SHOWN].tolist()
    )
    more = len(all_of_them) - _NUMBERS_SHOWN
    return f"{shown} … {more:,} more" if more > 0 else shown


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({len(text):,} characters)"
