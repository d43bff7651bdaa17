"""The same work through a server: what ``--url`` and ``--token`` do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from millpond.cli.line import line_of, opened

if TYPE_CHECKING:
    import pyarrow as pa

    from millpond.client.connection import Connection
    from millpond.project import Project

Result = TypeVar("Result")


def either(
    context: typer.Context,
    here: Callable[[Project], Result],
    there: Callable[[Connection], Result],
) -> Result:
    """Do a command's work on the project here, or with ``--url`` on the one behind a server."""
    line = line_of(context)
    if line.url is None:
        with opened(context) as project:
            return here(project)
    from millpond.client.connection import Connection

    with Connection(line.url, line.token) as server:
        return there(server)


@dataclass(frozen=True)
class RemoteAnswer:
    """What a query was answered by a server.

    Args:
        document: ``{columns, rows, as_of}``.
    """

    document: dict[str, Any]

    @property
    def table(self) -> pa.Table:
        """The rows, with moments as the text that they came as."""
        from millpond.client.client import as_table

        return as_table(self.document)

    def rows(self) -> Iterator[list[Any]]:
        """The rows."""
        return iter(self.document["rows"])

    def as_columns(self) -> list[tuple[str, str]]:
        """The name and the SQL type of each column."""
        return [(column["name"], column["type"]) for column in self.document["columns"]]

    def as_json(self) -> dict[str, Any]:
        """The document as it came."""
        return self.document
