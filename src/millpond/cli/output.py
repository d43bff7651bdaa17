"""How a command answers: one JSON value with ``--json``, calm tables for people without."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from millpond.cli.line import line_of

if TYPE_CHECKING:
    from rich.console import Console

#: Columns of a table that does not go to a terminal, where nothing need be cut off.
_WIDE = 240


def answer(context: typer.Context, value: Any, show: Callable[[Console], object]) -> None:
    """Print a command's result.

    Args:
        value: the one JSON value of ``--json``.
        show: prints the same for people.
    """
    if line_of(context).json:
        print_json(value)
    else:
        show(console())


def print_json(value: Any) -> None:
    """One JSON value on a line of its own, on stdout."""
    text = json.dumps(value, default=_plain, ensure_ascii=False, allow_nan=False)
    print(text, flush=True)


def console() -> Console:
    """Where results for people go: stdout."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)


def error_console() -> Console:
    """Where everything goes that is not the result: stderr."""
    from rich.console import Console

    return Console(
        stderr=True, width=None if sys.stderr.isatty() else _WIDE, highlight=False, soft_wrap=True
    )


def print_rows(out: Console, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A plain table; numbers stand to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    cells = [list(row) for row in rows]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for position, name in enumerate(columns):
        numeric = all(_is_number(row[position]) for row in cells if row[position] is not None)
        table.add_column(name, justify="right" if numeric and cells else "left")
    for row in cells:
        table.add_row(*(Text(as_text(cell)) for cell in row))
    out.print(table)


def print_facts(out: Console, facts: Mapping[str, object]) -> None:
    """Names and values, a line each."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 3))
    for name, value in facts.items():
        table.add_row(Text(name, "bold"), Text(as_text(value)))
    out.print(table)


def as_text(value: object) -> str:
    """A value as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(as_text(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {as_text(item)}" for key, item in value.items())
    return str(value)


def moment(micros: int | None) -> str | None:
    """A moment as output shows it: ISO 8601 in UTC."""
    from millpond.values import iso

    return None if micros is None else iso(micros)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _plain(value: object) -> object:
    """What JSON has no form for: moments as ISO 8601 in UTC, all else as its text."""
    if isinstance(value, dt.datetime):
        moment = value if value.tzinfo is None else value.astimezone(dt.UTC)
        return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    return str(value)
