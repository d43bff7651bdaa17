"""Makes ``docs/reference/`` from the code itself; with ``--check`` only compares.

Settings come from their classes, commands from the command line's own tree,
routes from the routers, views from the heads of their SQL files, and roles from
the table of actions. So the reference cannot say what the code does not do.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args, get_origin

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"


def main() -> int:
    """Write every page, or name those that are out of date."""
    pages = {
        "settings.md": settings(),
        "commands.md": commands(),
        "routes.md": routes(),
        "views.md": views(),
        "roles.md": roles(),
        "events.md": events(),
    }
    stale = []
    for name, lines in pages.items():
        path, text = REFERENCE / name, "\n".join(lines).rstrip() + "\n"
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv[1:]:
            path.write_text(text)
    if stale and "--check" in sys.argv[1:]:
        print(f"docs/reference is out of date ({', '.join(stale)}): run make format")
        return 1
    return 0


def settings() -> Iterator[str]:
    """Every setting of ``millpond.toml``."""
    from millpond.settings import CaptureSection, PipelinesSection, Settings

    many: dict[str, Any] = {
        section: get_args(info.annotation)[1]
        for section, info in Settings.model_fields.items()
        if get_origin(info.annotation) is dict
    }

    yield "# Settings"
    yield ""
    yield "Each setting of `millpond.toml`. The environment variable `MILLPOND_SECTION__NAME`"
    yield "overrides it; `millpond config show` prints what holds and where it came from."
    sections = {
        f"{section}.NAME" if section in many else section: many.get(section, info.annotation)
        for section, info in Settings.model_fields.items()
        if section != "pipelines"
    }
    for pipeline, info in PipelinesSection.model_fields.items():
        sections[f"pipelines.{pipeline}"] = info.annotation
    sections["apps.NAME.capture"] = CaptureSection
    for section, kind in sections.items():
        yield from ["", f"## `[{section}]`", ""]
        yield "| setting | default | what it is |"
        yield "|---|---|---|"
        for name, field in kind.model_fields.items():
            if field.annotation is CaptureSection:
                continue
            value = field.get_default(call_default_factory=True)
            default = "required" if field.is_required() else f"`{value!r}`"
            yield f"| `{name}` | {default} | {field.description} |"


def commands() -> Iterator[str]:
    """Every command with its arguments and options."""
    import typer.main

    from millpond.cli.main import app

    yield "# Commands"
    yield ""
    yield "`--project DIR`, `--json`, `--url URL` and `--token TOKEN` may stand anywhere on the"
    yield "line. With `--json` standard output is one JSON value. Exit codes: 0 done, 1 failed,"
    yield "2 wrong usage."
    yield from command("millpond", typer.main.get_command(app))


def command(name: str, found: Any) -> Iterator[str]:
    """One command, or each of a group."""
    if hasattr(found, "commands"):
        for part in found.commands.values():
            yield from command(f"{name} {part.name}", part)
        return
    yield from ["", f"## `{name}`", "", found.help or "", ""]
    for parameter in found.params:
        help_text = getattr(parameter, "help", None) or ""
        if parameter.param_type_name == "argument":
            yield f"- `{parameter.metavar or parameter.name.upper()}`: {help_text}"
        elif "--help" not in parameter.opts:
            flags = ", ".join(f"`{flag}`" for flag in [*parameter.opts, *parameter.secondary_opts])
            yield f"- {flags}: {help_text}"


def routes() -> Iterator[str]:
    """Every route with the roles that it is open to."""
    from millpond.access.roles import action_of

    yield "# Routes"
    yield ""
    yield "`/openapi.json` has the whole of it in machine form, and `/docs` for people. Errors are"
    yield "`application/problem+json` (RFC 9457) with a request id."
    yield ""
    yield "| route | open to | what it does |"
    yield "|---|---|---|"
    for route in all_routes():
        summary = (route.description or "").split("\n\n")[0].replace("\n", " ")
        for method in sorted(route.methods):
            yield f"| `{method} {route.path}` | {who(action_of(route.action))} | {summary} |"


def all_routes() -> list[Any]:
    """The routes of a project's server, by path."""
    from millpond.project import Project
    from millpond.serving.app import create_app
    from millpond.serving.routes import GuardedRoute

    with TemporaryDirectory() as folder:
        Path(folder, "millpond.toml").write_text("")
        with Project.open(folder) as project:
            found = create_app(project.services()).routes
    return sorted(
        (route for route in found if isinstance(route, GuardedRoute)), key=lambda route: route.path
    )


def who(action: Any) -> str:
    """The roles of an action in words."""
    if action.anyone:
        return "anyone"
    return ", ".join([*sorted(action.roles - {"admin"}), "admin"])


def roles() -> Iterator[str]:
    """Every action with the roles that may do it."""
    from millpond.access.roles import ACTIONS

    yield from ["# Roles", "", "| action | open to |", "|---|---|"]
    for name, action in ACTIONS.items():
        yield f"| `{name}` | {who(action)} |"


def views() -> Iterator[str]:
    """Every view with its columns."""
    from millpond.analytics.catalogue import standard_views

    yield from [
        "# Views",
        "",
        "Every project has them, and all of them honour `--as-of`. Times are",
    ]
    yield "UTC; pixels are absolute after EXIF rotation, origin top left, `x_max` and `y_max`"
    yield "exclusive. In classification the box columns are null."
    for view in standard_views().values():
        yield from [
            "",
            f"## `{view.name}`",
            "",
            view.about,
            "",
            *key_of(view),
            "| column | what it is |",
            "|---|---|",
        ]
        for column, text in view.columns.items():
            yield f"| `{column}` | {text} |"


def key_of(view: Any) -> list[str]:
    """What tells the rows of a view apart, and how they are kept."""
    kept = f" Its rows are kept, refresh {view.refresh.text}." if view.refresh else ""
    key = ", ".join(f"`{column}`" for column in view.key)
    return [f"Key: {key}.{kept}", ""] if key else []


def events() -> Iterator[str]:
    """Every type of event with the fields of its data."""
    from millpond.events.schemas import EVENT_TYPES, schema_of

    yield from [
        "# Events",
        "",
        "Each fact is told as a CloudEvent 1.0: `id`, `source` (`/apps/NAME`, or `/`), `type`,",
        "`subject` (the id of what it tells of), `time` (when it was recorded), `partitionkey`",
        "(what order is kept for), `dataschema` and `data`, whose JSON schema is given by",
        "`GET /api/v1/events/schemas/TYPE`. Fields may be added: ignore what you do not know.",
    ]
    for kind in EVENT_TYPES:
        schema = schema_of(kind)
        yield from ["", f"## `{kind}`", "", f"{schema['title']}. {schema['description']}", ""]
        fields = list(fields_of(schema))
        if fields:
            yield from ["| field | type | what it is |", "|---|---|---|", *fields]
        else:
            yield "Its data is empty."


def fields_of(schema: dict[str, Any], within: str = "") -> Iterator[str]:
    """A line for each field of a schema, those of objects within among them."""
    for name, field in schema["properties"].items():
        kind = field["type"]
        shown = " or ".join([kind] if isinstance(kind, str) else kind)
        needed = "" if name in schema["required"] else ", may be missing"
        yield f"| `{within}{name}` | {shown}{needed} | {field['description']} |"
        inner = field.get("items", field)
        if "properties" in inner:
            mark = "[]" if "items" in field else ""
            yield from fields_of(inner, f"{within}{name}{mark}.")


if __name__ == "__main__":
    sys.exit(main())
