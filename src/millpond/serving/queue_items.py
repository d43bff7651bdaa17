"""The items of the queue: rows of the index of images, each with its reason and its lease."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from millpond.analytics.images.index import ImageIndex
from millpond.analytics.images.tables import IS_REQUESTED
from millpond.capture.leases import Lease
from millpond.database.clock import machine_now
from millpond.errors import Invalid, NotFound
from millpond.serving.queue_answers import BestAnswer, QueueItem
from millpond.serving.reasons import RULES, STRATEGIES, Row, Strategy, reviewed, sentence
from millpond.settings import Settings
from millpond.values import is_id, iso, to_micros

_CHOSEN = "object_id in (select unnest($ids::uuid[]))"
_COUNTS = ", ".join(f"count(*) filter (where {rule.where}) as {n}" for n, rule in RULES.items())
_COLUMNS = ", ".join(
    [
        "object_id, inference_id, media_type, width, height, recorded_at, model_version",
        "predictions, best_label, best_score, near_label, near_score, newer_version, newer_found",
        "older_version, older_found, agreed, disputed, disputed_by, requested_at, requested_by",
        "completed_at",
        *(f"{rule.where} as is_{name}" for name, rule in RULES.items()),
        *(f"{rule.degree} as degree_{name}" for name, rule in RULES.items()),
    ]
)


class QueueItems:
    """Reads the queues of all applications.

    Args:
        index: knows of each image what a strategy asks.
    """

    def __init__(self, settings: Settings, index: ImageIndex) -> None:
        self._settings = settings
        self._index = index

    def counts(self, app: str) -> dict[Strategy, int]:
        """How many images each strategy gives."""
        [row] = self._index.select(app, columns=_COUNTS, order="1")
        return {name: row[name] for name in STRATEGIES}

    def first(
        self,
        app: str,
        strategy: Strategy,
        limit: int,
        offset: int = 0,
        without: Collection[str] = (),
    ) -> list[dict[str, Any]]:
        """Rows of a queue, the most useful first.

        Args:
            without: objects that are passed over.
        """
        rule = RULES[strategy]
        passed = f" and not {_CHOSEN}" if without else ""
        return self._index.select(
            app,
            where=f"{rule.where}{passed}",
            order=f"{rule.order}, object_id",
            limit=limit,
            offset=offset,
            columns=_COLUMNS,
            parameters={"ids": list(without)} if without else None,
        )

    def these(self, app: str, object_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """The rows of some objects, whether they are in a queue or not."""
        ids = {"ids": list(object_ids)}
        rows = self._index.select(app, where=_CHOSEN, columns=_COLUMNS, parameters=ids)
        return {row["object_id"]: row for row in rows}

    def check_known(self, app: str, object_ids: Sequence[str]) -> dict[str, bool]:
        """Some objects in their order, each with whether it waits for a review asked for.

        Raises:
            Invalid: one is no id.
            NotFound: the application has no object of an id.
        """
        ids = check_ids(object_ids)
        columns = f"object_id, {IS_REQUESTED} as waits"
        rows = self._index.select(app, where=_CHOSEN, columns=columns, parameters={"ids": ids})
        waits = {row["object_id"]: bool(row["waits"]) for row in rows}
        for object_id in ids:
            if object_id not in waits:
                raise NotFound(f"no object {object_id!r} in app {app}")
        return {object_id: waits[object_id] for object_id in ids}

    def item(self, app: str, strategy: Strategy, row: Row, lease: Lease | None) -> QueueItem:
        """A row as an item; the strategy is its reason where it is one, else another."""
        now = machine_now()
        fits = [name for name in (strategy, *STRATEGIES) if row[f"is_{name}"]]
        reason = fits[0] if fits else strategy
        declared = self._settings.app(app)
        return {
            "object_id": row["object_id"],
            "inference_id": row["inference_id"],
            "media_type": row["media_type"],
            "width": row["width"],
            "height": row["height"],
            "recorded_at": iso(to_micros(row["recorded_at"])),
            "model_version": row["model_version"],
            "predictions": row["predictions"],
            "best": _best(row),
            "reason": reason,
            "degree": row[f"degree_{reason}"],
            "detail": sentence(reason, row, declared, now) if fits else reviewed(row, now),
            "leased_by": lease.annotator if lease else None,
            "leased_until": iso(lease.until) if lease else None,
        }


def check_ids(sent: Sequence[str]) -> list[str]:
    """Ids, each once.

    Raises:
        Invalid: one is no id.
    """
    for object_id in sent:
        if not is_id(object_id):
            raise Invalid(f"{object_id!r} is no id of an object: a UUID in lower case")
    return list(dict.fromkeys(sent))


def _best(row: Row) -> BestAnswer | None:
    if row["best_label"] is None:
        return None
    return {"label": row["best_label"], "score": row["best_score"]}
