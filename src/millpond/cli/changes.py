"""Changes of a view as commands show them: one line of a table, or one object of JSON, each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from millpond.cli.output import answer, as_text, print_rows
from millpond.cli.rows import Rows, as_records

if TYPE_CHECKING:
    from rich.console import Console

#: The most changes that a table shows; ``--json`` has them all.
_SHOWN = 200
_SIDES = ("before", "after")


def show_changes(context: typer.Context, found: Rows, said: Mapping[str, Any]) -> None:
    """Print changes; with ``--json``, what was asked for and their list.

    Args:
        said: what was asked for.
    """
    rows = list(as_records(found))
    answer(context, {**said, "changes": rows}, lambda out: _show(out, rows))


def _show(out: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        out.print("nothing changed")
        return
    names = [name for name in rows[0] if name not in _SIDES]
    shown = rows[:_SHOWN]
    print_rows(
        out, [*names, "what"], ([*(row[name] for name in names), _what(row)] for row in shown)
    )
    if len(rows) > _SHOWN:
        out.print(f"... and {len(rows) - _SHOWN:,} more; all of them: --json", markup=False)


def _what(row: Mapping[str, Any]) -> str:
    """What a change is, in words: each column that differs, or those of a row that came or went."""
    before, after = ({} if row[side] is None else row[side] for side in _SIDES)
    if not (before and after):
        return as_text(
            {name: value for name, value in (before or after).items() if value is not None}
        )
    return ", ".join(
        f"{name} {as_text(before[name]) or 'null'} → {as_text(after[name]) or 'null'}"
        for name in after
        if before[name] != after[name]
    )
