"""Images read at the address where they lie, as far as the settings let them be."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from millpond.errors import Invalid, MillpondError, NotAllowed, NotFound
from millpond.features.reading import Reader
from millpond.features.s3 import SCHEME, Patience, check_installed, read_object
from millpond.raw.limits import Limits

_FILE = "file://"
#: Somebody waits for the answer.
_PATIENCE = Patience(attempts=3)


class Addresses:
    """Reads images by their address.

    Args:
        allowed: prefixes in S3, and folders, relative to `folder`.
        folder: of the project.
        limits: files that are longer are refused, unread.
    """

    def __init__(self, allowed: Sequence[str], folder: Path, limits: Limits) -> None:
        self._allowed = allowed
        self._folder = folder
        self._limits = limits

    def read(self, address: str) -> bytes:
        """The bytes at an address.

        Raises:
            Invalid: it is not within what the settings allow, or these credentials.
            NotFound: nothing is there.
            TooLarge: it is longer than the limit; its bytes are left where they are.
            Busy: the server cannot be reached, or does not answer.
        """
        if not self._allowed:
            raise Invalid(
                f"address {address!r} may not be read: no address may; send the bytes, or set "
                '[capture] addresses = ["s3://bucket/prefix"] in millpond.toml'
            )
        try:
            if address.startswith(SCHEME):
                return self._read_s3(address)
            return self._read_file(address)
        except NotAllowed as error:
            raise Invalid(str(error)) from error

    def _read_s3(self, address: str) -> bytes:
        steps = address.removeprefix(SCHEME).split("/")
        within = any(
            address.startswith(f"{prefix.rstrip('/')}/")
            for prefix in self._allowed
            if prefix.startswith(SCHEME)
        )
        if not within or any(step in ("", ".", "..") for step in steps):
            raise self._not_within(address)
        check_installed()
        return read_object(address, self._limits, _PATIENCE)

    def _read_file(self, address: str) -> bytes:
        """A file, wherever links lead to; it is not told what there is outside."""
        try:
            path = (self._folder / address.removeprefix(_FILE)).resolve()
        except (OSError, ValueError, RuntimeError) as error:
            raise self._not_within(address) from error
        folders = [
            (self._folder / prefix.removeprefix(_FILE)).resolve()
            for prefix in self._allowed
            if not prefix.startswith(SCHEME)
        ]
        if not any(path.is_relative_to(folder) for folder in folders):
            raise self._not_within(address)
        if not path.is_file():
            raise NotFound(f"there is no file at {address}")
        [answer] = Reader(self._limits).read([os.fspath(path)])
        if isinstance(answer, MillpondError):
            raise answer
        return answer

    def _not_within(self, address: str) -> Invalid:
        return Invalid(
            f"address {address!r} may not be read; only what is within "
            f"{', '.join(self._allowed)}, or what [capture] addresses in millpond.toml adds"
        )
