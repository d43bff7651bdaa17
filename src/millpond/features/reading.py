"""The bytes of many images, in order, those of S3 fetched ahead."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote_to_bytes

from millpond.errors import MillpondError, NotAllowed, NotFound
from millpond.features.s3 import SCHEME, Patience, read_object
from millpond.raw.limits import Limits

_FILE = "file://"

#: Requests to S3 that go on at the same time.
_AT_ONCE = 32
#: Bytes that are asked for ahead of those taken, so that one answer that is late holds up
#: no other; and the least that an image counts for.
_AHEAD, _LEAST = 32 * 1024 * 1024, 64 * 1024
_UNKNOWN = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads images by their ``uri`` in a listing; can be pickled.

    Args:
        limits: files that are longer are refused, unread.
        patience: with S3.
    """

    limits: Limits = field(default_factory=Limits)
    patience: Patience = field(default_factory=Patience)

    def read(
        self, uris: Sequence[str], sizes: Sequence[int] | None = None
    ) -> Iterator[bytes | MillpondError]:
        """The bytes of each image, or why there are none, in the order of `uris`.

        An error is an answer, so that one image never ends a run: `NotFound`,
        `NotAllowed`, `TooLarge`, and `Busy` for one that S3 did not give in all
        attempts: it says nothing of the image, which may be read another time.

        Args:
            sizes: the ``bytes`` of the listing, which bound what is held; without, each
                image counts for a megabyte.
        """
        if any(uri.startswith(SCHEME) for uri in uris):
            yield from self._ahead(uris, sizes or [_UNKNOWN] * len(uris))
        else:
            yield from map(self._answer, uris)

    def _ahead(self, uris: Sequence[str], sizes: Sequence[int]) -> Iterator[bytes | MillpondError]:
        pool = ThreadPoolExecutor(_AT_ONCE, "s3")
        waiting: deque[tuple[Future[bytes | MillpondError], int]] = deque()
        held = 0
        try:
            for uri, size in zip(uris, sizes, strict=True):
                counted = max(min(size, self.limits.bytes), _LEAST)
                while waiting and held + counted > _AHEAD:
                    answer, done = waiting.popleft()
                    yield answer.result()
                    held -= done
                waiting.append((pool.submit(self._answer, uri), counted))
                held += counted
            while waiting:
                yield waiting.popleft()[0].result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _answer(self, uri: str) -> bytes | MillpondError:
        try:
            if uri.startswith(SCHEME):
                return read_object(uri, self.limits, self.patience)
            return _read_file(uri, self.limits)
        except MillpondError as error:
            return error


def _read_file(uri: str, limits: Limits) -> bytes:
    path = os.fsdecode(unquote_to_bytes(uri[len(_FILE) :])) if uri.startswith(_FILE) else uri
    try:
        with Path(path).open("rb", buffering=0) as file:
            limits.check_bytes(os.fstat(file.fileno()).st_size)
            return file.readall()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"{uri} is not there") from error
    except PermissionError as error:
        raise NotAllowed(f"{uri} may not be read; ask for the right to it") from error
    except OSError as error:
        raise MillpondError(f"{uri} cannot be read: {error.strerror}") from error
