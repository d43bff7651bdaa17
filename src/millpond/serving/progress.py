"""How far the review of an application has come: what is left, who did what today, and how fast."""

from __future__ import annotations

from itertools import pairwise
from statistics import mean

from millpond.analytics.images.index import ImageIndex
from millpond.database.clock import machine_now
from millpond.serving.queue_answers import Progress
from millpond.values import MICROSECONDS

#: The annotator whose reviews are imported labels, and nobody's work of today.
_IMPORT = "import"
_DAY = 86_400 * MICROSECONDS
#: Of how many of somebody's last images the pace is taken, more than are completed at once, and the
#: longest time at one, in s.
_LAST, _PAUSE = 60, 300

_FIGURES = f"""
    count(*) filter (where not reviewed) as remaining,
    count(*) filter (where reviewed) as reviewed,
    histogram(completed_by) filter (
        where completed_at >= make_timestamp($midnight) and completed_by <> '{_IMPORT}'
    ) as today
"""


def read_progress(index: ImageIndex, app: str, by: str) -> Progress:
    """How far the work has come; an image counts for who completed it last.

    Args:
        by: whose own work is told. Days are those of UTC.
    """
    midnight = machine_now() // _DAY * _DAY
    [figures] = index.select(app, columns=_FIGURES, order="1", parameters={"midnight": midnight})
    today: dict[str, int] = dict(figures["today"] or {})
    ranked = sorted(today.items(), key=lambda each: (-each[1], each[0]))
    return {
        "remaining": figures["remaining"],
        "reviewed": figures["reviewed"],
        "reviewed_today": sum(today.values()),
        "mine_today": today.get(by, 0),
        "seconds_per_image": _pace(index, app, by),
        "reviewers": [{"name": name, "today": count} for name, count in ranked],
    }


def _pace(index: ImageIndex, app: str, by: str) -> float | None:
    """The seconds that somebody takes for an image, pauses left out.

    The mean, not the median: of images that are completed at once all but the first take none.
    """
    rows = index.select(
        app,
        where="completed_by = $by",
        order="completed_at desc",
        limit=_LAST + 1,
        columns="completed_at",
        parameters={"by": by},
    )
    gaps = (
        (later["completed_at"] - earlier["completed_at"]).total_seconds()
        for later, earlier in pairwise(rows)
    )
    worked = [gap for gap in gaps if gap <= _PAUSE]
    return round(mean(worked), 1) if worked else None
