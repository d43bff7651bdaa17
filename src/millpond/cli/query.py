"""``millpond query``: SQL over the views, as of any moment."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from millpond.cli.line import line_of
from millpond.cli.output import console, print_json, print_rows
from millpond.cli.remote import RemoteAnswer, either
from millpond.cli.rows import Form, Rows, write_rows
from millpond.errors import UsageError

if TYPE_CHECKING:
    from millpond.project import Project

#: The most rows that a table shows; the other forms have them all.
_SHOWN = 200


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("query")(query)


def query(
    context: typer.Context,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT over the views.")],
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="T", help="ISO 8601, a date, an age such as '2h ago', or a snapshot's name."
        ),
    ] = None,
    valid_at: Annotated[
        str | None,
        typer.Option(metavar="T", help="What was true then, of feeds; default: no bound."),
    ] = None,
    definitions: Annotated[
        Literal["now", "then"],
        typer.Option(metavar="D", help="Views as they are defined now, or were then."),
    ] = "now",
    format: Annotated[
        Form | None, typer.Option(help="How the rows are written.", show_default="table")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write there and not to stdout.")
    ] = None,
) -> None:
    """Answer a question about everything seen, predicted and corrected."""
    as_json = line_of(context).json
    form = _form(format, as_json=as_json, out=out)
    found = either(
        context,
        lambda project: _ask_here(project, sql, as_of, valid_at, definitions),
        lambda server: RemoteAnswer(
            server.post(
                "/api/v1/query",
                {"sql": sql, "as_of": as_of, "valid_at": valid_at, "definitions": definitions},
            )
        ),
    )
    if out is not None:
        with open(out, "wb") as file:
            write_rows(found, form, file)
        if as_json:
            print_json({"rows": found.table.num_rows, "path": str(out)})
        else:
            print(f"{found.table.num_rows:,} rows in {out}", file=sys.stderr)
    elif form is Form.table:
        _show(found)
    else:
        write_rows(found, form, sys.stdout.buffer)


def _ask_here(
    project: Project,
    sql: str,
    as_of: str | None,
    valid_at: str | None,
    definitions: Literal["now", "then"],
) -> Rows:
    return project.answer(sql, as_of, valid_at=valid_at, definitions=definitions)


def _form(asked: Form | None, *, as_json: bool, out: Path | None) -> Form:
    """The form to write.

    Raises:
        UsageError: what was asked for does not go together.
    """
    if out is not None:
        form = asked or (Form.json if as_json else _by_ending(out))
        if form is Form.table:
            raise UsageError("--out takes --format csv, json, jsonl or parquet")
        return form
    if as_json and asked not in (None, Form.json):
        raise UsageError(f"--json prints JSON, but --format is {asked}; give one of them")
    form = Form.json if as_json else asked or Form.table
    if form is Form.parquet and sys.stdout.isatty():
        raise UsageError("Parquet is no text for a terminal; give --out FILE")
    return form


def _by_ending(out: Path) -> Form:
    ending = out.suffix.removeprefix(".")
    return Form(ending) if ending in ("json", "jsonl", "parquet") else Form.csv


def _show(found: Rows) -> None:
    """A table of the first rows."""
    out = console()
    print_rows(out, found.table.column_names, itertools.islice(found.rows(), _SHOWN))
    hidden = found.table.num_rows - _SHOWN
    if hidden > 0:
        out.print(f"... and {hidden:,} more rows; all of them: --format csv", markup=False)
