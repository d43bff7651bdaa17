"""``millpond user``: the people who may sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from millpond.cli.line import local_user
from millpond.cli.output import answer, moment, print_rows
from millpond.cli.remote import either

if TYPE_CHECKING:
    from millpond.access.users import User
    from millpond.project import Project

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
    added = either(
        context,
        lambda project: {
            "user": name,
            "role": role,
            "password": project.access.add_user(name, role, by=local_user()),
        },
        lambda server: dict(server.post("/api/v1/users", {"user": name, "role": role})),
    )
    answer(
        context,
        added,
        lambda out: out.print(
            f"Added {name} as {role}.\n  password  {added['password']}  (shown this once)",
            markup=False,
        ),
    )


@group.command("list")
def list_(context: typer.Context) -> None:
    """List the users."""
    rows = either(
        context,
        lambda project: [_as_dict(user) for user in project.access.list_users()],
        lambda server: list(server.get("/api/v1/users")["users"]),
    )
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
    disabled = either(
        context,
        lambda project: _disable(project, name),
        lambda server: dict(server.post(f"/api/v1/users/{quote(name, safe='')}/disable")),
    )
    answer(
        context,
        disabled,
        lambda out: out.print(f"{name} may sign in no more.", markup=False),
    )


def _disable(project: Project, name: str) -> dict[str, Any]:
    project.access.disable_user(name, by=local_user())
    return next(_as_dict(user) for user in project.access.list_users() if user.name == name)


def _as_dict(user: User) -> dict[str, Any]:
    return {
        "user": user.name,
        "role": user.role,
        "created_at": moment(user.created_at),
        "disabled_at": moment(user.disabled_at),
    }
