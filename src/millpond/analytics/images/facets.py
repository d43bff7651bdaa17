"""How many images there are by each value of each field, under the filter without that field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from millpond.analytics.images.filter import ImageFilter, Where
from millpond.analytics.images.tables import IS_REQUESTED

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: A value, and how many images have it.
Count: TypeAlias = tuple[str, int]

#: The most values of a facet, those of most images.
_MOST = 50
_BINS = 20

#: SQL of the value of each facet of an image; a list counts for each of its items.
_OF_IMAGES: Mapping[str, str] = {
    "reviewed": "case when reviewed then 'yes' else 'no' end",
    "annotator": "unnest(annotators)",
    "subject": "subject_id::varchar",
    "model": "model_version",
    "source": "source",
    "requested": f"case when {IS_REQUESTED} then 'yes' else 'no' end",
}


@dataclass(frozen=True)
class Facets:
    """Counts of images.

    Args:
        total: under the whole filter.
        facets: for each field, value and count, the largest first.
        scores: of boxes, in twenty equal bins from 0 to 1.
        days: ``YYYY-MM-DD`` and count, in their order.
    """

    total: int
    facets: Mapping[str, list[Count]]
    scores: list[int]
    days: list[Count]


def facets(cursor: DuckDBPyConnection, app: str, chosen: ImageFilter) -> Facets:
    """The facets of a filter, over the tables of the index."""
    counting = _Counting(cursor, app, chosen)
    found = {
        "label": counting.labels(),
        "outcome": counting.outcomes(),
        "snapshot": counting.snapshots(),
        **{name: counting.by(name, value) for name, value in _OF_IMAGES.items()},
    }
    return Facets(counting.total(), found, counting.scores(), counting.days())


class _Counting:
    """The questions of one answer."""

    def __init__(self, cursor: DuckDBPyConnection, app: str, chosen: ImageFilter) -> None:
        self._cursor = cursor
        self._app = app
        self._chosen = chosen
        #: The condition on images by the fields that speak of no box.
        self._bare = chosen.images_apart_from_boxes(app)

    def total(self) -> int:
        return self._count(self._chosen.images(self._app))

    def by(self, field: str, value: str) -> list[Count]:
        where, values = self._chosen.images(self._app, {field})
        return self._most(f"select {value} as value from images where {where}", values)

    def days(self) -> list[Count]:
        where, values = self._chosen.images(self._app, {"since", "until"})
        return self._pairs(
            "select strftime(day, '%Y-%m-%d'), count(*)"
            f" from (select recorded_at::date as day from images where {where})"
            " group by day order by day",
            values,
        )

    def snapshots(self) -> list[Count]:
        where, values = self._chosen.images(self._app, {"snapshot"})
        return self._most(
            "select name as value from members join snapshots using (snapshot_id)"
            f" where app = $app and object_id in (select object_id from images where {where})",
            values,
        )

    def labels(self) -> list[Count]:
        """Images with a box of each label, and those where it is rightly not found."""
        counts = Counter(dict(self._of_boxes("label")))
        if self._chosen.with_absence:
            compared = self._compared()
            for label, present in self._present():
                counts[label] += compared - present
        return _sorted(counts)

    def outcomes(self) -> list[Count]:
        counts = Counter(dict(self._of_boxes("outcome")))
        absent = replace(self._chosen, outcome=("tn",))
        if absent.with_absence:
            counts["tn"] = self._count(absent.images(self._app))
        return _sorted(counts)

    def scores(self) -> list[int]:
        boxes, values = self._boxes({"min_score", "max_score"})
        found = dict(
            self._pairs(
                f"select least(floor(score * {_BINS}), {_BINS - 1})::integer, count(*)"
                f" from boxes where {boxes} and score is not null group by all",
                values,
            )
        )
        return [found.get(place, 0) for place in range(_BINS)]

    def _of_boxes(self, field: str) -> list[Count]:
        """Images by a column of their boxes."""
        boxes, values = self._boxes({field})
        return self._pairs(
            f"select {field}, count(distinct object_id) from boxes"
            f" where {boxes} and {field} is not null group by {field}",
            values,
        )

    def _boxes(self, without: Collection[str]) -> Where:
        """The condition on boxes, and on the images that they are in."""
        boxes, values = self._chosen.boxes(without)
        images, more = self._bare
        return f"{boxes} and object_id in (select object_id from images where {images})", {
            **values,
            **more,
        }

    def _compared(self) -> int:
        where, values = self._bare
        return self._count((f"{where} and tp is not null", values))

    def _present(self) -> list[Count]:
        """Images that are held against a truth, by each label of their boxes; 0 for others."""
        where, values = self._bare
        return self._pairs(
            "select label, count(distinct image.object_id) from boxes"
            f" left join (from images where {where} and tp is not null) as image"
            " using (object_id) where object_id in (select object_id from images where app = $app)"
            " group by label",
            values,
        )

    def _count(self, where: Where) -> int:
        condition, values = where
        [(count,)] = self._pairs(f"select count(*) from images where {condition}", values)
        return int(count)

    def _most(self, sql: str, values: dict[str, Any]) -> list[Count]:
        return self._pairs(
            f"select value, count(*) from ({sql}) where value is not null"
            f" group by value order by 2 desc, 1 limit {_MOST}",
            values,
        )

    def _pairs(self, sql: str, values: dict[str, Any]) -> list[Any]:
        """The rows that SQL answers."""
        return self._cursor.execute(sql, values).fetchall()


def _sorted(counts: Counter[str]) -> list[Count]:
    return sorted((+counts).items(), key=lambda pair: (-pair[1], pair[0]))
