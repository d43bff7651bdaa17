"""The queue of review: what to look at next, the most useful first, and who is at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import Any

from sqlalchemy import Engine

from millpond.access.audit import write_audit
from millpond.analytics.images.filter import ImageFilter
from millpond.analytics.images.index import ImageIndex
from millpond.analytics.images.tables import IS_REQUESTED
from millpond.capture.leases import (
    LEASE_SECONDS,
    Lease,
    leases_in_force,
    release_leases,
    take_leases,
)
from millpond.capture.review_requests import record_requests
from millpond.capture.reviews import completed_since
from millpond.database.clock import last, machine_now
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.errors import Invalid, NotFound
from millpond.serving.queue_answers import BestAnswer, Held, Progress, QueueItem, QueuePage, Taken
from millpond.serving.reasons import RULES, STRATEGIES, Row, Strategy, reviewed, sentence
from millpond.settings import Settings
from millpond.values import MICROSECONDS, is_id, iso, to_micros

#: The annotator whose reviews are imported labels, and nobody's work of today.
_IMPORT = "import"
_DAY = 86_400 * MICROSECONDS
#: Of how many of the caller's last images the pace is taken, and the longest time at one, in s.
_PACE, _PAUSE = 20, 300
#: Items that are read at once when all are listed.
_PAGE = 5_000

_CHOSEN = "object_id in (select unnest($ids::uuid[]))"
_COLUMNS = ", ".join(
    [
        "object_id, inference_id, media_type, width, height, recorded_at, model_version",
        "predictions, best_label, best_score, near_label, near_score, agreed, requested_at",
        "newer_version, newer_found, older_version, older_found, disputed, disputed_by",
        "requested_by, completed_at",
        *(f"{rule.where} as is_{name}" for name, rule in RULES.items()),
        *(f"{rule.degree} as degree_{name}" for name, rule in RULES.items()),
    ]
)
_FIGURES = ", ".join(
    [
        *(f"count(*) filter (where {rule.where}) as {name}" for name, rule in RULES.items()),
        "count(*) filter (where reviewed) as reviewed",
        "histogram(completed_by) filter (where completed_at >= make_timestamp($midnight)"
        f" and completed_by <> '{_IMPORT}') as today",
    ]
)


class ReviewQueue:
    """The queue of each application.

    Args:
        engine: of the operational database, for reading; `commit` is for writing to it.
        index: knows of each image what a strategy asks.
    """

    def __init__(
        self, settings: Settings, engine: Engine, commit: GroupCommit, index: ImageIndex
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._commit = commit
        self._index = index

    def page(
        self, app: str, strategy: Strategy, by: str, *, limit: int = 50, offset: int = 0
    ) -> QueuePage:
        """A part of the queue, with what is left to do.

        Args:
            by: whose own progress is told.
        """
        midnight = machine_now() // _DAY * _DAY
        [figures] = self._index.select(
            app, columns=_FIGURES, order="1", parameters={"midnight": midnight}
        )
        return {
            "strategy": strategy,
            "total": figures[strategy],
            "items": self._items(app, strategy, limit=limit, offset=offset),
            "counts": {name: figures[name] for name in STRATEGIES},
            "progress": self._progress(app, figures, by),
        }

    def every(self, app: str, strategy: Strategy) -> Iterator[QueueItem]:
        """The whole queue, some at a time."""
        offset = 0
        while items := self._items(app, strategy, limit=_PAGE, offset=offset):
            yield from items
            offset += _PAGE

    def take(
        self, app: str, strategy: Strategy, count: int, by: str, skip: Sequence[str] = ()
    ) -> Taken:
        """Lease the first images of a queue that nobody else is at.

        Args:
            skip: images that are not wanted.
        """
        unwanted, mine = set(_ids(skip)), dict[str, Lease]()
        while len(mine) < count:
            with reading(self._engine) as connection:
                moment = last(connection)
                leases = leases_in_force(connection, app)
            others = {key for key, lease in leases.items() if lease.annotator != by}
            rows = self._rows(app, strategy, count - len(mine), without=unwanted | others | {*mine})
            if not rows:
                break
            ids = [row["object_id"] for row in rows]
            met = self._lease(app, ids, by, since=moment)
            mine |= {key: lease for key, lease in met.items() if lease.annotator == by}
            # Those that were done or leased in this very moment are not asked for again.
            unwanted |= set(ids) - set(mine)
        return self._taken(app, strategy, mine)

    def take_these(self, app: str, strategy: Strategy, object_ids: Sequence[str], by: str) -> Taken:
        """Lease some images, or lease them longer, whether they are in the queue or not.

        Raises:
            NotFound: the application has no object of an id.
        """
        known = self._known(app, object_ids)
        return self._taken(app, strategy, self._lease(app, list(known), by), by)

    def release(self, app: str, object_ids: Sequence[str], by: str) -> int:
        """Let go of images; the number of those that were held."""

        def work(transaction: Transaction) -> int:
            released = release_leases(transaction.connection, _ids(object_ids), by)
            if released:
                write_audit(transaction, by, "queue.take", f"release {released} images of {app}")
            return released

        return self._commit.run(work)

    def request(
        self, app: str, object_ids: Sequence[str] | None, filter: Mapping[str, Any] | None, by: str
    ) -> int:
        """Send images, or all of a filter, to review; the number that did not wait for one yet.

        Raises:
            Invalid: both or neither is given, or a field of the filter does not fit.
            NotFound: the application has no object of an id.
        """
        if object_ids is not None and filter is None:
            waiting = self._known(app, object_ids)
            ids = [object_id for object_id, waits in waiting.items() if not waits]
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

    def _lease(
        self, app: str, object_ids: Sequence[str], by: str, since: int | None = None
    ) -> dict[str, Lease]:
        """Lease what nobody else is at, and what nobody has completed since a moment."""

        def work(transaction: Transaction) -> dict[str, Lease]:
            connection = transaction.connection
            before = leases_in_force(connection, app)
            done = set[str]()
            if since is not None:
                done = completed_since(connection, object_ids, since)
            left = [object_id for object_id in object_ids if object_id not in done]
            met = take_leases(transaction, left, by, len(left))
            new = sum(lease.annotator == by and key not in before for key, lease in met.items())
            if new:
                write_audit(transaction, by, "queue.take", f"take {new} images of {app}")
            return met

        return self._commit.run(work)

    def _taken(
        self, app: str, strategy: Strategy, met: Mapping[str, Lease], by: str | None = None
    ) -> Taken:
        """The answer to what was met; `by` is None where all of it was taken."""
        mine = {key: lease for key, lease in met.items() if by in (None, lease.annotator)}
        rows = self._index.select(
            app, where=_CHOSEN, columns=_COLUMNS, parameters={"ids": list(mine)}
        )
        found = {row["object_id"]: row for row in rows}
        return {
            "items": [self._item(app, strategy, found[key], lease) for key, lease in mine.items()],
            "held": [_held(lease) for key, lease in met.items() if key not in mine],
            "lease_s": LEASE_SECONDS,
        }

    def _items(self, app: str, strategy: Strategy, *, limit: int, offset: int) -> list[QueueItem]:
        rows = self._rows(app, strategy, limit, offset)
        with reading(self._engine) as connection:
            leases = leases_in_force(connection, app)
        return [self._item(app, strategy, row, leases.get(row["object_id"])) for row in rows]

    def _rows(
        self,
        app: str,
        strategy: Strategy,
        limit: int,
        offset: int = 0,
        without: set[str] | None = None,
    ) -> list[dict[str, Any]]:
        rule = RULES[strategy]
        where, parameters = rule.where, dict[str, Any]()
        if without:
            where, parameters = f"{where} and not {_CHOSEN}", {"ids": list(without)}
        return self._index.select(
            app,
            where=where,
            order=f"{rule.order}, object_id",
            limit=limit,
            offset=offset,
            columns=_COLUMNS,
            parameters=parameters,
        )

    def _item(self, app: str, strategy: Strategy, row: Row, lease: Lease | None) -> QueueItem:
        now, threshold = machine_now(), self._settings.app(app).threshold
        fits = [name for name in (strategy, *STRATEGIES) if row[f"is_{name}"]]
        reason = fits[0] if fits else strategy
        best: BestAnswer | None = None
        if row["best_label"] is not None:
            best = {"label": row["best_label"], "score": row["best_score"]}
        return {
            "object_id": row["object_id"],
            "inference_id": row["inference_id"],
            "media_type": row["media_type"],
            "width": row["width"],
            "height": row["height"],
            "recorded_at": iso(to_micros(row["recorded_at"])),
            "model_version": row["model_version"],
            "predictions": row["predictions"],
            "best": best,
            "reason": reason,
            "degree": row[f"degree_{reason}"],
            "detail": sentence(reason, row, threshold, now) if fits else reviewed(row, now),
            "leased_by": lease.annotator if lease else None,
            "leased_until": iso(lease.until) if lease else None,
        }

    def _progress(self, app: str, figures: Row, by: str) -> Progress:
        today: dict[str, int] = dict(figures["today"] or {})
        return {
            "remaining": figures["oldest"],
            "reviewed": figures["reviewed"],
            "reviewed_today": sum(today.values()),
            "mine_today": today.get(by, 0),
            "seconds_per_image": self._pace(app, by),
            "reviewers": [
                {"name": name, "today": count}
                for name, count in sorted(today.items(), key=lambda each: (-each[1], each[0]))
            ],
        }

    def _pace(self, app: str, by: str) -> float | None:
        """The seconds that somebody takes for an image, pauses left out."""
        rows = self._index.select(
            app,
            where="completed_by = $by",
            order="completed_at desc",
            limit=_PACE + 1,
            columns="completed_at",
            parameters={"by": by},
        )
        gaps = [
            (later["completed_at"] - earlier["completed_at"]).total_seconds()
            for later, earlier in pairwise(rows)
        ]
        worked = [gap for gap in gaps if gap <= _PAUSE]
        return round(median(worked), 1) if worked else None

    def _known(self, app: str, object_ids: Sequence[str]) -> dict[str, bool]:
        """Some objects in their order, each with whether it waits for a review asked for.

        Raises:
            NotFound: the application has no object of an id.
        """
        ids = _ids(object_ids)
        rows = self._index.select(
            app,
            where=_CHOSEN,
            columns=f"object_id, {IS_REQUESTED} as waits",
            parameters={"ids": ids},
        )
        found = {row["object_id"]: bool(row["waits"]) for row in rows}
        for object_id in ids:
            if object_id not in found:
                raise NotFound(f"no object {object_id!r} in app {app}")
        return {object_id: found[object_id] for object_id in ids}


def _ids(sent: Sequence[str]) -> list[str]:
    """Ids, each once.

    Raises:
        Invalid: one is no id.
    """
    for object_id in sent:
        if not is_id(object_id):
            raise Invalid(f"{object_id!r} is no id of an object: a UUID in lower case")
    return list(dict.fromkeys(sent))


def _held(lease: Lease) -> Held:
    return {
        "object_id": lease.object_id,
        "leased_by": lease.annotator,
        "leased_until": iso(lease.until),
    }
