"""``millpond config show``: the effective settings and where each came from."""

from __future__ import annotations

import typer

from millpond.cli.line import project_folder
from millpond.cli.output import answer, as_text, print_rows

group = typer.Typer(no_args_is_help=True, help="The settings of a project.")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(group, name="config")


@group.command("show")
def show(context: typer.Context) -> None:
    """Show every setting, its value, and where that came from."""
    from millpond.settings import effective

    settings = list(effective(project_folder(context)))
    answer(
        context,
        [
            {"name": one.name, "value": one.value, "source": one.source, "help": one.help}
            for one in settings
        ],
        lambda out: print_rows(
            out,
            ["setting", "value", "from", "what it is"],
            [(one.name, as_text(one.value), one.source, one.help) for one in settings],
        ),
    )
