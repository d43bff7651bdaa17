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


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads images by their ``uri`` in a listing; can be pickled.

    Args:
        limits: files that are longer are refused, unread.
        patience: with S3.
        ahead: requests to S3 that go on at the same time, and answers that wait to be taken.
    """

    limits: Limits = field(default_factory=Limits)
    patience: Patience = field(default_factory=Patience)
    ahead: int = 32

    def read(self, uris: Sequence[str]) -> Iterator[bytes | MillpondError]:
        """The bytes of each image, or why there are none, in the order of `uris`.

        An error is an answer, so that one image never ends a run: `NotFound`,
        `NotAllowed`, `TooLarge`, and `Busy` for one that S3 did not give in all
        attempts: it says nothing of the image, which may be read another time.
        """
        if not any(uri.startswith(SCHEME) for uri in uris):
            yield from map(self._answer, uris)
            return
        pool = ThreadPoolExecutor(min(self.ahead, len(uris)), "s3")
        waiting: deque[Future[bytes | MillpondError]] = deque()
        try:
            for uri in uris:
                if len(waiting) == self.ahead:
                    yield waiting.popleft().result()
                waiting.append(pool.submit(self._answer, uri))
            while waiting:
                yield waiting.popleft().result()
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
