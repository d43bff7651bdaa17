"""A mart as its formats make it: files by name, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from millpond.marts.content import Content

#: The name of a file, relative and with forward slashes, and its bytes piece by piece.
File = tuple[str, Iterable[bytes]]


@dataclass
class Tally:
    """What has been written so far."""

    images: int = 0
    annotations: int = 0


#: A format: the files of a mart, each name once. It counts what it wrote.
Format = Callable[[Content, Tally], Iterator[File]]
