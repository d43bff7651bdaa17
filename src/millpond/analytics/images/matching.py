"""Which boxes are the same thing: pairs of one label that overlap by half, the best first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: The overlap (IoU) from which two boxes of one label are one thing.
OVERLAP = 0.5

#: Two boxes of an image, by tables named `left` and `right`, as `values.Box.iou` has it.
IOU = """
    greatest(0, least(l.x_max, r.x_max) - greatest(l.x_min, r.x_min))
    * greatest(0, least(l.y_max, r.y_max) - greatest(l.y_min, r.y_min)) as shared,
    case when l.x_min is null and r.x_min is null then 1 else shared / (
        (l.x_max - l.x_min) * (l.y_max - l.y_min) + (r.x_max - r.x_min) * (r.y_max - r.y_min)
        - shared
    ) end
"""


def match(cursor: DuckDBPyConnection, left: str, right: str, matched: str) -> None:
    """Make a table of the pairs of two tables: ``left_number, right_number``.

    The boxes of `left` choose in the order of their numbers; each takes the one of `right`
    that overlaps it most of those that are still free, as the COCO evaluation does it.
    Labels without boxes match where they are the same.

    Args:
        left: a table ``number, object_id, label, x_min, y_min, x_max, y_max``; numbers from 0.
        right: another.
        matched: the name of the temporary table that is made.
    """
    import numpy as np
    import pyarrow as pa

    found = cursor.execute(
        f"""
        select left_number, right_number from (
            select l.number as left_number, r.number as right_number, {IOU} as overlap
            from {left} as l join {right} as r using (object_id, label)
        )
        where overlap >= {OVERLAP}
        order by left_number, overlap desc, right_number
        """
    ).fetchnumpy()
    lefts, rights = found["left_number"].tolist(), found["right_number"].tolist()
    taken: set[int] = set()
    kept: dict[int, int] = {}
    for one, other in zip(lefts, rights, strict=True):
        if one not in kept and other not in taken:
            kept[one] = other
            taken.add(other)
    pairs = {
        "left_number": pa.array(np.fromiter(kept, np.int64, len(kept))),
        "right_number": pa.array(np.fromiter(kept.values(), np.int64, len(kept))),
    }
    cursor.register("pairs", pa.table(pairs))
    cursor.execute(f"create or replace temp table {matched} as from pairs")
    cursor.unregister("pairs")
