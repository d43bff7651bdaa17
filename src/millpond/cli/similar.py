"""``millpond similar``: the images most like one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from millpond.cli.line import local_user
from millpond.cli.output import answer, print_rows
from millpond.cli.remote import either

_COLUMNS = ("object_id", "label", "similarity")


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("similar")(similar)


def similar(
    context: typer.Context,
    object_id: Annotated[
        str,
        typer.Argument(metavar="OBJECT", help="Id of an object, or path or s3:// address."),
    ],
    k: Annotated[int, typer.Option("--k", metavar="K", min=1, max=1000, help="Most images.")] = 10,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Whose vectors; default: the newest of the image."),
    ] = None,
) -> None:
    """List the images most like one by their features, the most alike first."""
    # A path is what the table has it as: whole.
    asked = str(Path(object_id).resolve()) if Path(object_id).exists() else object_id

    def there(server: Any) -> list[dict[str, Any]]:
        path = f"/api/v1/objects/{quote(object_id, safe='')}/similar"
        return list(server.get(path, k=k, model=model)["similar"])

    found = either(
        context, lambda project: project.similar(asked, k, model=model, by=local_user()), there
    )
    rows = ([one[name] for name in _COLUMNS] for one in found)
    answer(context, found, lambda out: print_rows(out, _COLUMNS, rows))
