"""``millpond verify`` and ``millpond doctor``: is everything there, and can it be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from millpond.cli.line import opened
from millpond.cli.output import answer, print_rows
from millpond.cli.progress import stages

if TYPE_CHECKING:
    from rich.console import Console

    from millpond.pipelines.verify import Verified


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("verify")(verify)
    app.command("doctor")(doctor)


def verify(
    context: typer.Context,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the last verification broke off.")
    ] = False,
) -> None:
    """Reconcile every layer with every other, and every object with its hash.

    Exit 1 and a list if anything is amiss.
    """
    with opened(context) as project, stages() as on_progress:
        found = project.verify(resume=resume, on_progress=on_progress)
    answer(context, found.as_dict(), lambda out: show_verified(out, found))
    if found.findings:
        raise typer.Exit(1)


def show_verified(out: Console, found: Verified) -> None:
    """Print what a verification found."""
    print_rows(out, ["checked", "number"], found.checked.items())
    if not found.findings:
        out.print(f"Everything is as it should be ({found.seconds:.1f} s).")
        return
    rows = [(one.check, one.subject, one.problem, one.what_to_do) for one in found.findings]
    print_rows(out, ["check", "what", "problem", "what to do"], rows)
    if found.skipped:
        names = ", ".join(found.skipped)
        out.print(f"Not checked before this is put right: {names}.")


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
