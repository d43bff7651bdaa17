"""XML from outside, read without its dangers: no document type, so no entities."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

#: The most bytes of one XML file.
MOST = 16 * 1024 * 1024


def parse_xml(data: bytes) -> Element:
    """The root element of a document.

    Raises:
        ValueError: it is malformed, longer than 16 MiB, or declares a document type.
    """
    if len(data) > MOST:
        raise ValueError(f"it is longer than {MOST:,} bytes")
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError) as error:
        raise ValueError(f"it is no well-formed XML: {error}") from error
    return builder.close()


def _refuse(*_: Any) -> None:
    raise ValueError("it declares a document type, which is refused because of entities")
