"""A mart as a ZIP, streamed: no more than one image is held at a time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator

from millpond.marts.mart import File

#: The earliest moment that a ZIP can name; one for all files, so that bytes repeat.
_MOMENT = (1980, 1, 1, 0, 0, 0)


def zip_mart(files: Iterable[File]) -> Iterator[bytes]:
    """The ZIP, piece by piece; the same files give the same bytes."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name, pieces in files:
            info = zipfile.ZipInfo(name, _MOMENT)
            info.external_attr = 0o644 << 16
            # How long a file becomes is not known before it is written.
            with archive.open(info, "w", force_zip64=True) as member:
                for piece in pieces:
                    member.write(piece)
                    yield sink.take()
            yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """Takes what the archive writes, and cannot go back."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._pieces.append(piece)
        return len(piece)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken
