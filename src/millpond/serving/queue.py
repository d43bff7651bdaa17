"""The queue of review: what to look at next, the most useful first, and what is sent there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine

from millpond.access.audit import write_audit
from millpond.analytics.images.filter import ImageFilter
from millpond.analytics.images.index import ImageIndex
from millpond.capture.leases import leases_in_force
from millpond.capture.review_requests import record_requests
from millpond.database.clock import machine_now
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.errors import Invalid
from millpond.serving.progress import read_progress
from millpond.serving.queue_answers import QueueItem, QueuePage
from millpond.serving.queue_items import QueueItems
from millpond.serving.reasons import Strategy

#: Items that are read at once when all are listed.
_PAGE = 5_000


class ReviewQueue:
    """The queue of each application.

    Args:
        engine: of the operational database, for reading; `commit` is for writing to it.
        index: answers filters over all images.
        items: reads the queues.
    """

    def __init__(
        self, engine: Engine, commit: GroupCommit, index: ImageIndex, items: QueueItems
    ) -> None:
        self._engine = engine
        self._commit = commit
        self._index = index
        self._items = items

    def page(
        self, app: str, strategy: Strategy, by: str, *, limit: int = 50, offset: int = 0
    ) -> QueuePage:
        """A part of the queue, with what is left to do.

        Args:
            by: whose own progress is told.
        """
        counts = self._items.counts(app)
        return {
            "strategy": strategy,
            "total": counts[strategy],
            "items": self._part(app, strategy, limit, offset),
            "counts": counts,
            "progress": read_progress(self._index, app, by),
        }

    def every(self, app: str, strategy: Strategy) -> Iterator[QueueItem]:
        """The whole queue, some at a time."""
        offset = 0
        while items := self._part(app, strategy, _PAGE, offset):
            yield from items
            offset += _PAGE

    def request(
        self, app: str, object_ids: Sequence[str] | None, filter: Mapping[str, Any] | None, by: str
    ) -> int:
        """Send images, or all of a filter, to review; the number that did not wait for one yet.

        Raises:
            Invalid: both or neither is given, or a field of the filter does not fit.
            NotFound: the application has no object of an id.
        """
        if object_ids is not None and filter is None:
            waits = self._items.check_known(app, object_ids)
            ids = [object_id for object_id in waits if not waits[object_id]]
        elif filter is not None and object_ids is None:
            ids = self._not_waiting(app, ImageFilter.of(filter, now=machine_now()))
        else:
            raise Invalid("send either object_ids or a filter; an empty filter is every image")

        def work(transaction: Transaction) -> int:
            requested = record_requests(transaction, ids, by)
            if requested:
                what = f"send {requested} images of {app} to review"
                write_audit(transaction, by, "queue.request", what)
            return requested

        return self._commit.run(work)

    def _not_waiting(self, app: str, chosen: ImageFilter) -> list[str]:
        """The images of a filter, without those that wait for a review asked for."""
        if chosen.requested == "yes":
            return []
        return self._index.ids(app, replace(chosen, requested="no"))

    def _part(self, app: str, strategy: Strategy, limit: int, offset: int) -> list[QueueItem]:
        rows = self._items.first(app, strategy, limit, offset)
        with reading(self._engine) as connection:
            leases = leases_in_force(connection, app)
        return [self._items.item(app, strategy, row, leases.get(row["object_id"])) for row in rows]
