"""Where the rows of a vault table are: in files of the history, and not loaded yet.

Where all rows of the files are of completed loads, they need no filter by load; and
where all rows of a file were recorded by the moment asked for, none at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from millpond.history.delta import Active
from millpond.history.vault import VAULT

#: The name of the table of completed loads that the statements refer to.
COMPLETED = "completed_loads"


def unloaded_name(name: str) -> str:
    """The name of the Arrow table of a vault table's rows that are not loaded yet."""
    return f"{name}_unloaded"


@dataclass(frozen=True)
class VaultSource:
    """The rows of a vault table, loaded or not."""

    name: str
    active: Active

    def sql(self, as_of: int, after: int | None = None, condition: str | None = None) -> str:
        """The rows recorded up to a moment.

        Args:
            as_of: microseconds since 1970.
            after: and later than this.
            condition: SQL that holds for those wanted.
        """
        names = VAULT[self.name].query_schema.names
        columns = ", ".join(name for name in names if name != "recorded_at")
        chosen = f"select {columns}, recorded_at::timestamp as recorded_at from"
        unloaded = unloaded_name(self.name)
        within = [f"recorded_at <= {_moment(as_of)}"]
        if after is not None:
            within.append(f"recorded_at > {_moment(after)}")
        wanted = [condition] if condition else []
        found: list[str] = []
        last = f"{chosen} {unloaded}{_where([*within, *wanted])}"
        rest: list[str] = []
        plain: list[str] = []
        for file in self.active.parts:
            if file.first > as_of or (after is not None and file.last <= after):
                continue
            bounded = file.last <= as_of and (after is None or file.first > after)
            chosen_files = plain if bounded and self.active.only_completed else rest
            chosen_files.append(file.path)
        if plain:
            found.append(f"{chosen} {self._read(plain)}{_where(wanted)}")
        if rest:
            if not self.active.only_completed:
                within.append(f"load_id in (select load_id from {COMPLETED})")
            found.append(f"{chosen} {self._read(rest)}{_where([*within, *wanted])}")
        # The files first: the engine guesses the size of a union by that of its first part.
        return " union all ".join([*found, last])

    def _read(self, paths: Sequence[str]) -> str:
        listed = ", ".join(quoted(path) for path in paths)
        if not self.active.evolved:
            return f"read_parquet([{listed}])"
        # Columns that none of these files has yet come from the rows not loaded, as null.
        return (
            f"(from read_parquet([{listed}], union_by_name = true) "
            f"union all by name (from {unloaded_name(self.name)} where false))"
        )


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _moment(micros: int) -> str:
    return f"make_timestamp({micros})::timestamptz"


def _where(conditions: Sequence[str]) -> str:
    return " where " + " and ".join(conditions) if conditions else ""
