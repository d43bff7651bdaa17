"""``millpond alerts``: what was raised by the rules of the settings, and what holds still."""

from __future__ import annotations

from typing import Annotated

import typer

from millpond.cli.output import answer, print_rows
from millpond.cli.remote import either

_COLUMNS = ("raised_at", "resolved_at", "name", "app", "measure", "value")


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("alerts")(alerts)


def alerts(
    context: typer.Context,
    app: Annotated[str | None, typer.Option(metavar="NAME", help="Application.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most alerts.")] = 100,
) -> None:
    """List the alerts that were raised: those that hold first, then the newest.

    The rules are in millpond.toml, as [alerts.NAME]; a server looks at them.
    """
    found = either(
        context,
        lambda project: {"alerts": project.alerts(app=app, limit=limit)},
        lambda server: server.get("/api/v1/alerts", app=app, limit=limit),
    )
    rows = ([item[name] for name in _COLUMNS] for item in found["alerts"])
    answer(context, dict(found), lambda out: print_rows(out, _COLUMNS, rows))
