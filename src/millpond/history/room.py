"""A full disk, in our own words also where the writer of the Delta log hides the number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from millpond.durable import is_full
from millpond.errors import DiskFull


@contextmanager
def room() -> Iterator[None]:
    """Say in our own words that the disk is full.

    Raises:
        DiskFull: something of the block could not be written for lack of room.
    """
    try:
        yield
    except OSError as error:
        # The writer of the Delta log hands on the number in its words only.
        said = re.search(r"os error (\d+)", str(error))
        if is_full(int(said[1]) if said else error.errno):
            raise DiskFull(
                "the disk of the history is full; nothing of this load counts, and all of it is "
                "still in the operational database: free some space and load again"
            ) from error
        raise
