"""``millpond token``: how programs prove who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from millpond.cli.line import local_user
from millpond.cli.output import answer, moment, print_rows
from millpond.cli.remote import either
from millpond.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from millpond.access.tokens import Token

group = typer.Typer(no_args_is_help=True, help="Tokens for programs.")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(group, name="token")


@group.command("create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is for; need not be unique.")],
    role: Annotated[
        str,
        typer.Option(metavar="R", help="user, reviewer, scientist, engineer, officer or admin."),
    ],
    app: Annotated[
        str | None, typer.Option(metavar="NAME", help="The only application it is good for.")
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(metavar="D", help="Its end: a date, ISO 8601, or an age from now like 90d."),
    ] = None,
) -> None:
    """Make a token; it is shown once and kept only as a hash."""
    end = None if expires is None else _end(expires)
    token = either(
        context,
        lambda project: project.access.create_token(
            name,
            role,
            app=None if app is None else project.app_name(app),
            expires_at=end,
            by=local_user(),
        ),
        lambda server: str(
            server.post(
                "/api/v1/tokens",
                {"name": name, "role": role, "app": app, "expires": moment(end)},
            )["token"]
        ),
    )
    answer(
        context,
        {"token": token, "name": name, "role": role, "app": app, "expires_at": moment(end)},
        lambda out: _show(out, token, name, role),
    )


@group.command("list")
def list_(context: typer.Context) -> None:
    """List the tokens, ended ones included."""
    rows = either(
        context,
        lambda project: [_as_dict(token) for token in project.access.list_tokens()],
        lambda server: list(server.get("/api/v1/tokens")["tokens"]),
    )
    columns = ["id", "name", "role", "app", "by", "created", "expires", "revoked"]
    answer(
        context,
        rows,
        lambda out: print_rows(out, columns, (list(row.values()) for row in rows)),
    )


@group.command("revoke")
def revoke(
    context: typer.Context,
    which: Annotated[
        str, typer.Argument(metavar="ID_OR_NAME", help="One token, or all of a name.")
    ],
) -> None:
    """End a token, or all of a name."""
    ended = either(
        context,
        lambda project: project.access.revoke_token(which, by=local_user()),
        lambda server: int(
            server.post(f"/api/v1/tokens/{quote(which, safe='')}/revoke")["revoked"]
        ),
    )
    answer(context, {"revoked": ended}, lambda out: out.print(f"Revoked: {ended}", markup=False))


def _as_dict(token: Token) -> dict[str, Any]:
    return {
        "token_id": token.token_id,
        "name": token.name,
        "role": token.role,
        "app": token.app,
        "created_by": token.created_by,
        "created_at": moment(token.created_at),
        "expires_at": moment(token.expires_at),
        "revoked_at": moment(token.revoked_at),
    }


def _end(text: str) -> int:
    """The end of a token, in microseconds since 1970."""
    from time import time_ns

    from millpond.errors import Invalid
    from millpond.values import parse_age, parse_moment

    now = time_ns() // 1_000
    found = parse_moment(text, now=now)
    if found is not None:
        return found
    try:
        return now + parse_age(text)
    except Invalid:
        raise UsageError(
            f"--expires {text!r} is no date, ISO 8601 time or age such as 90d"
        ) from None


def _show(out: Console, token: str, name: str, role: str) -> None:
    out.print(f"A token for {name}, role {role} (shown this once):", markup=False)
    out.print(token, markup=False, soft_wrap=True)
    out.print("Send it as the header  Authorization: Bearer TOKEN", markup=False)
