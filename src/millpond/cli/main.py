"""The program ``millpond``: reads the line, calls a command, and turns errors into exit codes.

Exit 0 is done, 1 failed with one line that says what, why and what to do next,
2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from millpond.cli import (
    alerts,
    backup,
    config,
    demo,
    diff,
    export,
    features,
    history,
    ingest,
    init,
    migrate,
    models,
    query,
    queue,
    restore,
    run,
    similar,
    snapshot,
    token,
    train,
    up,
    user,
    verify,
    views,
)
from millpond.cli.line import Line, globals_first
from millpond.errors import MillpondError, UsageError

app = typer.Typer(
    name="millpond",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="--project, --json, --url and --token may stand anywhere on the line.",
)
for group in (
    init,
    up,
    demo,
    ingest,
    run,
    query,
    history,
    diff,
    views,
    queue,
    export,
    snapshot,
    features,
    similar,
    train,
    models,
    alerts,
    verify,
    backup,
    restore,
    migrate,
    config,
    user,
    token,
):
    group.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"millpond {version('millpond')}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    project: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Project folder; default: the nearest parent with a millpond.toml.",
            show_default=False,
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON value.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Work through a server instead.", show_default=False),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(metavar="TOKEN", help="Token for that server.", show_default=False),
    ] = None,
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Keep everything that an AI application sees, predicts and is corrected on."""
    context.obj = Line(project, json, url, token)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command line and exit with its code."""
    try:
        code = _run(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read us has seen enough; nothing is left to say, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def _run(arguments: Sequence[str]) -> int:
    try:
        code = app(args=globals_first(arguments), prog_name="millpond", standalone_mode=False)
    except UsageError as error:
        return _fail(str(error), 2)
    except MillpondError as error:
        return _fail(str(error), 1)
    except TyperException as error:
        return _fail(error.format_message(), error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        raise
    except OSError as error:
        return _fail(str(error), 1)
    return code if isinstance(code, int) else 0


def _fail(message: str, code: int) -> int:
    line = " ".join(message.split())
    print(f"error: {line}", file=sys.stderr)
    return code
