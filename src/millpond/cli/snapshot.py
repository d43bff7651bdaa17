"""``millpond snapshot``: frozen training sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qs, quote

import typer

from millpond.cli.line import local_user
from millpond.cli.output import answer, print_facts, print_rows
from millpond.cli.remote import either
from millpond.errors import UsageError

if TYPE_CHECKING:
    from millpond.client.connection import Connection
    from millpond.snapshots.snapshot import Snapshot

group = typer.Typer(no_args_is_help=True, help="Frozen training sets.")

_COLUMNS = ("name", "app", "as_of", "images", "parts")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(group, name="snapshot")


@group.command("create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Its name, unique in the project.")],
    app: Annotated[str | None, typer.Option(metavar="NAME", help="Application.")] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="T", help="Moment whose truth is frozen; default: now.")
    ] = None,
    filter: Annotated[
        str | None,
        typer.Option(
            metavar="QUERY",
            help="Only images that it holds now, as the address of the page Images says it, "
            "such as 'label=WBC&reviewed=yes'.",
        ),
    ] = None,
    similar: Annotated[
        float | None,
        typer.Option(
            metavar="DIAMETER",
            help="Keep near-duplicates in one part: clusters of features at most that wide, such "
            "as 0.05 (one minus the cosine).",
        ),
    ] = None,
) -> None:
    """Freeze the reviewed images of an application, their labels and their parts."""
    chosen = None if filter is None else _parsed(filter)

    def there(server: Connection) -> dict[str, Any]:
        body: dict[str, Any] = {"name": name, "app": server.app_name(app), "as_of": as_of}
        body["filter"] = chosen
        if similar is not None:
            body["similar"] = similar
        return dict(server.post("/api/v1/snapshots", body))

    made = either(
        context,
        lambda project: project.snapshot(
            name, app=app, as_of=as_of, filter=chosen, similar=similar, by=local_user()
        ).as_dict(),
        there,
    )
    answer(context, made, lambda out: print_facts(out, made))


@group.command("list")
def list_(context: typer.Context) -> None:
    """List the snapshots, oldest first."""
    rows = either(
        context,
        lambda project: [snapshot.as_dict() for snapshot in project.snapshots.list()],
        lambda server: list(server.get("/api/v1/snapshots")["snapshots"]),
    )
    answer(
        context,
        rows,
        lambda out: print_rows(out, _COLUMNS, ([row[name] for name in _COLUMNS] for row in rows)),
    )


@group.command("show")
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the snapshot.")],
) -> None:
    """Show one snapshot, and what the split did."""
    found = either(
        context,
        lambda project: _with_split(project.snapshots.get(name)),
        lambda server: dict(server.get(f"/api/v1/snapshots/{quote(name, safe='')}")),
    )
    answer(context, found, lambda out: print_facts(out, found))


def _parsed(query: str) -> dict[str, list[str]]:
    """The fields of a query string."""
    try:
        return parse_qs(query.removeprefix("?"), strict_parsing=True)
    except ValueError:
        raise UsageError(f"filter {query!r} is no query such as 'label=WBC&reviewed=yes'") from None


def _with_split(snapshot: Snapshot) -> dict[str, Any]:
    return {**snapshot.as_dict(), "split": snapshot.manifest()["split"]}
