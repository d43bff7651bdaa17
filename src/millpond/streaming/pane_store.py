"""Panes at rest: rows of the operational database, read and written in the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select, update

from millpond.streaming.pane_tables import pane_marks, panes
from millpond.streaming.panes import PANE, PaneKey, Series
from millpond.streaming.sums import Measure, Sums

#: The pane of everything there ever was, which is never forgotten.
EVER = -1
#: Panes in one statement.
_AT_ONCE = 500

Row = dict[str, object]


@dataclass(frozen=True)
class Mark:
    """How far the events have come.

    Args:
        newest: the greatest ``recorded_at`` that was counted; 0 before the first.
        dropped: events that came when their pane was forgotten already.
        batches: that were counted; whatever changes a window, changes this.
    """

    newest: int = 0
    dropped: int = 0
    batches: int = 0


def read_mark(connection: Connection) -> Mark:
    """How far the events have come."""
    row = connection.execute(select(*(pane_marks.c[field.name] for field in fields(Mark)))).first()
    return Mark() if row is None else Mark(*row)


def keep_mark(connection: Connection, mark: Mark) -> None:
    """Say how far the events have come."""
    values = asdict(mark)
    if connection.execute(update(pane_marks).values(values)).rowcount == 0:
        connection.execute(pane_marks.insert().values(id=1, **values))


def add(connection: Connection, found: Mapping[PaneKey, Sums]) -> None:
    """Add sums to those that there are. Whoever writes has the write lock, so none are lost."""
    known = _known(connection, {key.pane for key in found})
    new = [_row(key, sums) for key, sums in found.items() if key not in known]
    more = [
        _row(key, Sums.merged((known[key], sums))) for key, sums in found.items() if key in known
    ]
    if new:
        connection.execute(panes.insert(), new)
    if more:
        connection.execute(_UPDATE, [{f"at_{name}": row[name] for name in row} for row in more])


def forget(connection: Connection, before: int) -> None:
    """Delete the panes that begin before a moment."""
    connection.execute(delete(panes).where(panes.c.pane < before, panes.c.pane != EVER))


def window(
    connection: Connection, since: int, until: int, app: str | None = None
) -> dict[Series, Sums]:
    """The sums of each series in the panes from a moment up to another.

    Args:
        since: the beginning of the first pane; `until` is that of the first one left out.
        app: of this application alone.
    """
    where = (panes.c.pane >= since) & (panes.c.pane < until)
    return _summed(connection, where if app is None else where & (panes.c.app == app))


def ever(connection: Connection) -> dict[Series, Sums]:
    """The sums of everything there ever was."""
    return _summed(connection, panes.c.pane == EVER)


def since_images(connection: Connection, app: str, model_version: str, images: int) -> int | None:
    """The beginning of the newest panes in which a model answered so many images.

    Returns:
        None where it has not answered as many in the panes that are kept.
    """
    query = (
        select(panes.c.pane, panes.c.inferences)
        .where(
            panes.c.pane != EVER,
            panes.c.app == app,
            panes.c.model_version == model_version,
            panes.c.whole == 1,
        )
        .order_by(panes.c.pane.desc())
    )
    found = 0
    for pane, inferences in connection.execute(query):
        found += inferences
        if found >= images:
            return int(pane)
    return None


def pane_of(moment: int) -> int:
    """The beginning of the pane of a moment."""
    return moment // PANE * PANE


_KEY = (panes.c.pane, panes.c.app, panes.c.model_version, panes.c.whole, panes.c.label)
_UPDATE = (
    update(panes)
    .where(*(column == bindparam(f"at_{column.name}") for column in _KEY))
    .values(inferences=bindparam("at_inferences"), sums=bindparam("at_sums"))
)


def _known(connection: Connection, wanted: set[int]) -> dict[PaneKey, Sums]:
    found, every = {}, sorted(wanted)
    for at in range(0, len(every), _AT_ONCE):
        query = select(*_KEY, panes.c.sums).where(panes.c.pane.in_(every[at : at + _AT_ONCE]))
        for pane, app, model, whole, label, sums in connection.execute(query):
            found[PaneKey(pane, _series(app, model, whole, label))] = Sums.from_bytes(sums)
    return found


def _summed(connection: Connection, where: ColumnElement[bool]) -> dict[Series, Sums]:
    parts: dict[Series, list[Sums]] = defaultdict(list)
    for app, model, whole, label, sums in connection.execute(
        select(*_KEY[1:], panes.c.sums).where(where)
    ):
        parts[_series(app, model, whole, label)].append(Sums.from_bytes(sums))
    return {series: Sums.merged(sums) for series, sums in parts.items()}


def _series(app: str, model: str, whole: int, label: str) -> Series:
    return Series(app, model or None, None if whole else label)


def _row(key: PaneKey, sums: Sums) -> Row:
    app, model, label = key.series
    return {
        "pane": key.pane,
        "app": app,
        "model_version": model or "",
        "whole": int(label is None),
        "label": label or "",
        "inferences": sums.total(Measure.INFERENCES),
        "sums": sums.to_bytes(),
    }
