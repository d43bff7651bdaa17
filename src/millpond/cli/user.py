"""``millpond user``: the people who may sign in."""

from __future__ import annotations

from typing import Annotated

import typer

from millpond.cli.line import local_user, opened
from millpond.cli.output import answer, moment, print_rows

group = typer.Typer(no_args_is_help=True, help="People who may sign in, and their roles.")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(group, name="user")


@group.command("add")
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name to sign in with.")],
    role: Annotated[
        str,
        typer.Option(metavar="R", help="user, reviewer, scientist, engineer, officer or admin."),
    ] = "user",
) -> None:
    """Add a user, with a random password that is shown once."""
    with opened(context) as project:
        password = project.access.add_user(name, role, by=local_user())
    answer(
        context,
        {"user": name, "role": role, "password": password},
        lambda out: out.print(
            f"Added {name} as {role}.\n  password  {password}  (shown this once)", markup=False
        ),
    )


@group.command("list")
def list_(context: typer.Context) -> None:
    """List the users."""
    with opened(context) as project:
        rows = [
            {
                "user": user.name,
                "role": user.role,
                "created_at": moment(user.created_at),
                "disabled_at": moment(user.disabled_at),
            }
            for user in project.access.list_users()
        ]
    answer(
        context,
        rows,
        lambda out: print_rows(
            out, ["user", "role", "created", "disabled"], (list(row.values()) for row in rows)
        ),
    )


@group.command("disable")
def disable(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the user.")],
) -> None:
    """Let a user in no more, and end their sessions."""
    with opened(context) as project:
        project.access.disable_user(name, by=local_user())
    answer(
        context,
        {"user": name, "disabled": True},
        lambda out: out.print(f"{name} may sign in no more.", markup=False),
    )
