"""Landing: files of feeds are brought in one at a time, and what they say anew recorded once.

A file may come late, again, or corrected. What it says is compared with what was said
before of the same record from the same moment on; what differs is recorded, nothing is
ever overwritten. Rows count from the moment that the landing itself is recorded, which
comes last: a landing that was broken off is of no account, and is simply run again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from millpond.analytics.analytics import Analytics
from millpond.capture.feeds import record_landing
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.durable import is_full, make_folder
from millpond.errors import DiskFull
from millpond.history.lock import exclusive
from millpond.pipelines.land_steps import Arrived as Arrived
from millpond.pipelines.land_steps import Land as Land
from millpond.pipelines.land_steps import LandedFile as LandedFile
from millpond.pipelines.land_steps import Shore
from millpond.raw.store import ObjectStore
from millpond.settings import FeedSection


class Landings:
    """Lands files, one at a time in a project, whoever asks.

    Args:
        lake: the folder for the lock, and for what lies there while a file is read.
    """

    def __init__(
        self,
        engine: Engine,
        commit: GroupCommit,
        store: ObjectStore,
        analytics: Analytics,
        lake: Path,
    ) -> None:
        self._shore = Shore(engine, commit, store, analytics)
        self._lake = lake

    def land(
        self,
        feed: str,
        section: FeedSection,
        file: Arrived,
        *,
        again: bool = False,
        on_progress: Callable[[int], None] = lambda rows: None,
    ) -> LandedFile:
        """Land a file; the same file again adds nothing.

        Args:
            again: land it also when the same bytes have landed before. What it says
                holds then against what was said since.
            on_progress: called with the number of rows that were read.

        Raises:
            NotFound: there is no such file.
            Invalid: the file is not of its format, or lacks a column that may not be blank.
            DiskFull: there is no room; nothing of the file counts.
        """
        with self.alone() as scratch, _room_for(file):
            step = Land(self._shore, feed, section, file, scratch)
            step.copy()
            if not again and (known := step.repeated()) is not None:
                return known
            _bring_in(step, on_progress)
            return step.complete()

    def prepared(
        self, feed: str, section: FeedSection, file: Arrived, scratch: Path
    ) -> Callable[[Transaction], None]:
        """Bring the rows of a file in; they count once what comes back has recorded them.

        Args:
            scratch: what `alone` gave, which is held until that is committed.

        Raises:
            Invalid, DiskFull: as in `land`.
        """
        with _room_for(file), _scratch(scratch / "rows") as aside:
            step = Land(self._shore, feed, section, file, aside)
            step.copy()
            _bring_in(step, lambda rows: None)
            new = step.landing()
        return lambda transaction: record_landing(transaction, new)

    @contextmanager
    def alone(self) -> Iterator[Path]:
        """Hold the lock of landings; an empty folder for what lies there meanwhile."""
        with exclusive(self._lake / "landing.lock"), _scratch(self._lake / ".landing") as scratch:
            yield scratch


def _bring_in(step: Land, on_progress: Callable[[int], None]) -> None:
    """Take all steps of a landing between the first and the last."""
    step.stage(on_progress)
    step.keep()
    step.keys()
    step.twice()
    step.versions()
    step.sightings()
    step.quarantine()


@contextmanager
def _room_for(file: Arrived) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_full(error.errno):
            raise DiskFull(
                f"no room to land {file.name}; nothing of it counts, "
                "free some space and land it again"
            ) from error
        raise


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """An empty folder that goes at the end; what a landing that was killed left goes first."""
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
