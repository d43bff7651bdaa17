"""The elements of the arrays in a large JSON file, one at a time."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_CHUNK = 1 << 20
#: The most characters of one element.
_MOST = 64 << 20


def array_elements(file: Path) -> Iterator[tuple[str, Any]]:
    """Name and element of every array directly in the file's one object.

    Other members are skipped. No more than an element and a chunk is held.

    Raises:
        ValueError: the file is not such an object, or not JSON in UTF-8.
    """
    with open(file, "rb") as source:
        cursor = _Cursor(source)
        cursor.expect("{")
        if cursor.accept("}"):
            return
        while True:
            name = cursor.value()
            cursor.expect(":")
            if cursor.accept("["):
                for element in _elements(cursor):
                    yield str(name), element
            else:
                cursor.value()
            if cursor.accept("}"):
                return
            cursor.expect(",")


def _elements(cursor: _Cursor) -> Iterator[Any]:
    if cursor.accept("]"):
        return
    while True:
        yield cursor.value()
        if cursor.accept("]"):
            return
        cursor.expect(",")


class _Cursor:
    """A place in JSON text that is read as it is needed."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._text = ""
        self._at = 0
        self._ended = False
        self._parse = json.JSONDecoder().raw_decode

    def accept(self, mark: str) -> bool:
        """Step over a mark, if it comes next."""
        self._skip_space()
        if self._text[self._at : self._at + 1] != mark:
            return False
        self._at += 1
        return True

    def expect(self, mark: str) -> None:
        """Step over a mark that must come next."""
        if not self.accept(mark):
            found = self._text[self._at : self._at + 1] or "the end"
            raise ValueError(f"found {found!r} where {mark!r} should be")

    def value(self) -> Any:
        """The next value, whatever it is."""
        self._skip_space()
        while True:
            try:
                value, end = self._parse(self._text, self._at)
                # A number at the very end may go on in the next chunk.
                if end < len(self._text) or self._ended:
                    self._at = end
                    return value
            except (json.JSONDecodeError, RecursionError):
                if self._ended or len(self._text) - self._at > _MOST:
                    raise
            self._more()

    def _skip_space(self) -> None:
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text) or self._ended:
                return
            self._more()

    def _more(self) -> None:
        """Double what is held, so that a long element is tried only a few times."""
        rest = self._text[self._at :]
        chunk = self._source.read(max(_CHUNK, len(rest)))
        self._ended = not chunk
        self._text = rest + self._decode(chunk, self._ended)
        self._at = 0
