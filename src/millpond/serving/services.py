"""What the routes work with: every backend of a project, handed in by whoever opened them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Engine

from millpond.access.access import Access
from millpond.analytics.analytics import Definitions
from millpond.analytics.answer import Answer
from millpond.analytics.images.index import ImageIndex
from millpond.analytics.lookup import Lookup
from millpond.analytics.reports import ViewReport
from millpond.capture.uncaptured import UncapturedCounts
from millpond.database.group_commit import GroupCommit
from millpond.marts.marts import Marts
from millpond.models.registry import Registry
from millpond.pipelines.land import LandedFile
from millpond.pipelines.runs import Run, RunReport
from millpond.raw.store import ObjectStore
from millpond.serving.annotating import AnnotateService
from millpond.serving.leasing import LeaseService
from millpond.serving.predict import PredictService
from millpond.serving.queue import ReviewQueue
from millpond.serving.recording import RecordService
from millpond.settings import Settings
from millpond.snapshots.snapshot import Snapshot
from millpond.snapshots.snapshots import Snapshots
from millpond.streaming.live import LiveMetrics


class Work(Protocol):
    """What a project does that goes across its layers."""

    @property
    def snapshots(self) -> Snapshots:
        """The frozen training sets."""
        ...

    @property
    def marts(self) -> Marts:
        """Images and labels in forms that others read."""
        ...

    def land(
        self,
        path: Path,
        *,
        feed: str | None = None,
        date: str | None = None,
        name: str | None = None,
        again: bool = False,
        by: str,
    ) -> LandedFile:
        """Bring the rows of a feed's file in.

        Raises:
            Invalid: the file is not of its format, or lacks a column.
        """
        ...

    def run(self, pipeline: str, *, by: str, **parameters: str | None) -> Run:
        """Run a pipeline and wait for it.

        Raises:
            Invalid: there is none of that name, or a parameter does not fit.
        """
        ...

    def runs(self, limit: int) -> list[Run]:
        """The newest runs, newest first."""
        ...

    def run_report(self, run_id: str) -> RunReport:
        """A run with its steps and its log.

        Raises:
            NotFound: there is no such run.
        """
        ...

    def answer(
        self,
        sql: str,
        as_of: str | int | None = None,
        *,
        valid_at: str | int | None = None,
        definitions: Definitions = "now",
    ) -> Answer:
        """What a user's SQL answers.

        Raises:
            Invalid: the SQL or a moment is not allowed or does not fit.
        """
        ...

    def diff(self, view: str, before: str | int, after: str | int | None = None) -> Answer:
        """What is different in a view as of two moments.

        Raises:
            Invalid: there is no such view, or a moment does not fit.
        """
        ...

    def changes(
        self,
        view: str,
        *,
        key: str | None = None,
        since: str | int | None = None,
        until: str | int | None = None,
        limit: int = 100,
    ) -> Answer:
        """What changed in a view and when, the newest first.

        Raises:
            Invalid: there is no such view, it has no key, or a moment does not fit.
        """
        ...

    def views(self) -> list[ViewReport]:
        """Every view, how it is kept, and what is wrong with it, if something is."""
        ...

    def snapshot(
        self,
        name: str,
        *,
        app: str | None = None,
        as_of: str | int | None = None,
        object_ids: Sequence[str] | None = None,
        filter: Mapping[str, Any] | None = None,
        similar: float | None = None,
        by: str,
    ) -> Snapshot:
        """Freeze the reviewed images of an application, of all or of those chosen.

        Raises:
            Conflict: the name is taken.
            Invalid: there is nothing to freeze, or the moment is still to come.
        """
        ...

    def similar(
        self, object_id: str, k: int, *, model: str | None = None, by: str
    ) -> list[dict[str, Any]]:
        """The images most like one.

        Raises:
            NotFound: the image has no vector.
        """
        ...

    def promote(
        self,
        version: str,
        *,
        app: str | None = None,
        force: bool = False,
        reason: str | None = None,
        by: str,
    ) -> dict[str, Any]:
        """Let a version serve, if it is better than the champion.

        Raises:
            Conflict: it is not better, or cannot be compared.
        """
        ...


@dataclass(frozen=True)
class Services:
    """The backends of one project.

    Args:
        folder: of the project.
        engine: of the operational database, for reading.
        commit: for writing to it.
        lookup: finds inferences and annotations by id, also those that were archived.
        images: answers filters over all images.
        uncaptured: counts what was answered but not kept.
        live: what is measured while it runs.
        work: what goes across the layers.
    """

    settings: Settings
    folder: Path
    engine: Engine
    commit: GroupCommit
    store: ObjectStore
    registry: Registry
    access: Access
    lookup: Lookup
    images: ImageIndex
    predict: PredictService
    uncaptured: UncapturedCounts
    live: LiveMetrics
    record: RecordService
    annotate: AnnotateService
    queue: ReviewQueue
    leasing: LeaseService
    work: Work
