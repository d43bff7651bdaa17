"""Files that land in a real project's operational database, store and history."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lake import Lake
from millpond.analytics.catalogue import Catalogue
from millpond.analytics.feed_views import feed_views
from millpond.pipelines.arrivals import arrived
from millpond.pipelines.land import LandedFile, Landings
from millpond.raw.folder import FolderStore
from millpond.settings import FeedSection


class Inbox:
    """A lake with feeds.

    Args:
        sections: what ``[feeds.NAME]`` says of each, as a mapping.
    """

    def __init__(self, folder: Path, **sections: Mapping[str, Any]) -> None:
        self.folder = folder
        self.lake = Lake(folder)
        self.feeds: dict[str, FeedSection] = {}
        self.declare(**sections)
        self.store = FolderStore(folder / "lake")
        self.landings = Landings(
            self.lake.engine, self.lake.commit, self.store, self.lake.analytics, folder / "lake"
        )

    def declare(self, **sections: Mapping[str, Any]) -> None:
        """Add feeds to ``millpond.toml``, as it were."""
        self.feeds |= {name: FeedSection(**section) for name, section in sections.items()}
        self.lake.analytics.catalogue = Catalogue(feed_views(self.feeds))

    def close(self) -> None:
        self.lake.close()

    def land(
        self,
        rows: Sequence[Sequence[object]] | str | bytes | Path,
        feed: str = "customers",
        *,
        name: str = "customers.csv",
        date: str | None = None,
        again: bool = False,
    ) -> LandedFile:
        """Land a file of these rows, the first with the names of the columns, or these bytes."""
        path = rows if isinstance(rows, Path) else self.write(rows, name)
        file = arrived(path, date)
        return self.landings.land(feed, self.feeds[feed], file, again=again)

    def write(self, rows: Sequence[Sequence[object]] | str | bytes, name: str) -> Path:
        path = self.folder / name
        if not isinstance(rows, str | bytes):
            text = io.StringIO()
            csv.writer(text).writerows(rows)
            rows = text.getvalue()
        path.write_bytes(rows.encode() if isinstance(rows, str) else rows)
        return path

    def rows(
        self, sql: str, as_of: int | None = None, valid_at: int | None = None
    ) -> list[tuple[Any, ...]]:
        found = self.lake.analytics.table(sql, as_of, valid_at=valid_at)
        return [tuple(row.values()) for row in found.to_pylist()]
