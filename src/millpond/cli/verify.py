"""``millpond verify`` and ``millpond doctor``: is everything there, and can it be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from millpond.cli.line import opened
from millpond.cli.output import answer, print_rows

if TYPE_CHECKING:
    from rich.console import Console

    from millpond.pipelines.verify import Verified


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("verify")(verify)
    app.command("doctor")(doctor)


def verify(context: typer.Context) -> None:
    """Reconcile every layer with every other, and every object with its hash.

    Exit 1 and a list if anything is amiss.
    """
    with opened(context) as project:
        found = project.verify()
    answer(context, found.as_dict(), lambda out: _show(out, found))
    if found.findings:
        raise typer.Exit(1)


def _show(out: Console, found: Verified) -> None:
    print_rows(out, ["checked", "number"], found.checked.items())
    if not found.findings:
        out.print("Everything is as it should be.")
        return
    rows = [(one.check, one.subject, one.problem, one.what_to_do) for one in found.findings]
    print_rows(out, ["check", "what", "problem", "what to do"], rows)


def doctor(context: typer.Context) -> None:
    """Say which backends can be reached, and what is missing."""
    with opened(context) as project:
        checks = project.doctor()
    answer(
        context,
        {"ok": all(check["ok"] for check in checks), "checks": checks},
        lambda out: print_rows(
            out,
            ["backend", "", "detail"],
            (
                (check["name"], "ok" if check["ok"] else "FAILED", check["detail"])
                for check in checks
            ),
        ),
    )
    if not all(check["ok"] for check in checks):
        raise typer.Exit(1)
