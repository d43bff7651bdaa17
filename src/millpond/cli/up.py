"""``millpond up``: everything in one process, until it is told to end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from millpond.cli.line import line_of, local_user, opened
from millpond.cli.output import console, print_json

if TYPE_CHECKING:
    from millpond.project import Project


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("up")(up)


def up(
    context: typer.Context,
    host: Annotated[str, typer.Option(metavar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="Port; 0 takes a free one.")
    ] = 8420,
) -> None:
    """Serve the pages and the API until Ctrl-C or SIGTERM.

    The first time it makes the user admin and prints a one-time password. With
    --json it prints one line, {url, token}, when ready; that token has the role
    admin and is good for as long as the server runs.
    """
    with opened(context) as project:
        ready = _Ready(project, as_json=line_of(context).json)
        try:
            project.serve(host=host, port=port, on_ready=ready)
        finally:
            ready.end()


class _Ready:
    """Says that the server answers: to people with how to sign in, to scripts with a token."""

    def __init__(self, project: Project, *, as_json: bool) -> None:
        self._project = project
        self._json = as_json
        self._token_id: str | None = None

    def __call__(self, url: str) -> None:
        access = self._project.access
        password = access.first_admin(by=local_user())
        if self._json:
            print_json({"url": url, "token": self._new_token(), "password": password})
            return
        out = console()
        out.print(f"Millpond serves {self._project.settings.project.name} at {url}", markup=False)
        if password is not None:
            out.print(
                f"  sign in as admin with the one-time password  {password}\n"
                "  (shown this once; add people with: millpond user add NAME --role R)",
                markup=False,
            )
        out.print("  end it with Ctrl-C", markup=False)

    def end(self) -> None:
        """Revoke the token that was printed."""
        if self._token_id is not None:
            self._project.access.revoke_token(self._token_id, by=local_user())

    def _new_token(self) -> str:
        access, name = self._project.access, f"up-{os.getpid()}"
        token = access.create_token(name, "admin", by=local_user())
        # The newest of that name: an earlier process may have had the same number.
        self._token_id = [one for one in access.list_tokens() if one.name == name][-1].token_id
        return token
