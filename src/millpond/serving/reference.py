"""The reference of the HTTP interface as one page of HTML, made from its OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from http import HTTPStatus
from typing import Any

from millpond.access.roles import ROLES, action_of
from millpond.errors import MillpondError

STYLE = """
:root { color-scheme: light dark; --line: light-dark(#ddd, #444); --soft: light-dark(#555, #aaa); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
section { margin: 1.5rem 0; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
h3, code { font-family: ui-monospace, monospace; font-size: 0.95em; }
p { margin: 0.3rem 0; } .who { color: var(--soft); font-size: 0.9rem; }
table { border-collapse: collapse; margin: 0.4rem 0; }
td { padding: 0.15rem 0.8rem 0.15rem 0; vertical-align: top; border-top: 1px solid var(--line); }
nav a { margin-right: 1rem; }
"""


def reference(document: Mapping[str, Any]) -> str:
    """The page; it needs ``/docs/style.css`` and nothing else."""
    parts = _by_tag(document)
    title = escape(f"{document['info']['title']} {document['info']['version']}")
    links = "".join(f'<a href="#{_anchor(tag)}">{escape(tag)}</a>' for tag in parts)
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
            '<meta name="viewport" content="width=device-width">',
            '<link rel="stylesheet" href="/docs/style.css"></head><body>',
            f"<h1>{title}</h1><p>{escape(document['info']['description'])}</p>",
            "<p>Send a token as <code>Authorization: Bearer TOKEN</code>, or the cookie of a "
            "session. "
            'The same for machines: <a href="/openapi.json">openapi.json</a>.</p>',
            f'<nav>{links}<a href="#errors">Errors</a></nav>',
            *(line for tag, routes in parts.items() for line in _part(tag, routes)),
            *_errors(),
            "</body></html>",
        ]
    )


def _by_tag(document: Mapping[str, Any]) -> dict[str, list[tuple[str, str, Mapping[str, Any]]]]:
    parts: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    return parts


def _part(tag: str, routes: list[tuple[str, str, Mapping[str, Any]]]) -> Iterator[str]:
    yield f'<h2 id="{_anchor(tag)}">{escape(tag)}</h2>'
    for method, path, operation in routes:
        yield f"<section><h3>{method} {escape(path)}</h3>"
        for paragraph in operation.get("description", "").split("\n\n"):
            yield f"<p>{escape(paragraph)}</p>"
        yield f'<p class="who">For {escape(_who(operation["x-action"]))}</p>'
        yield from _parameters(operation.get("parameters", []))
        yield "</section>"


def _who(action: str) -> str:
    if action_of(action).anyone:
        return "anyone, without credentials"
    roles = action_of(action).roles
    return ", ".join(role for role in ROLES if role in roles or role == "admin")


def _parameters(parameters: list[Mapping[str, Any]]) -> Iterator[str]:
    if not parameters:
        return
    yield "<table>"
    for parameter in parameters:
        name, place = escape(parameter["name"]), escape(parameter["in"])
        about = escape(parameter.get("description", ""))
        yield f"<tr><td><code>{name}</code></td><td>{place}</td><td>{about}</td></tr>"
    yield "</table>"


def _errors() -> Iterator[str]:
    yield '<h2 id="errors">Errors</h2>'
    yield (
        "<p>Every error is <code>application/problem+json</code> (RFC 9457) with "
        "<code>type, title, status, detail, request_id</code>. The detail says what is wrong, "
        "what would be right and what to do next. Under <code>/v2</code> it is the one field "
        "<code>error</code> of the Open Inference Protocol, and 422 is 400.</p><table>"
    )
    for kind in sorted(MillpondError.__subclasses__(), key=lambda kind: kind.status):
        if kind.status < HTTPStatus.INTERNAL_SERVER_ERROR or kind.status in (503, 507):
            about = (kind.__doc__ or "").split("\n")[0]
            yield (
                f'<tr id="status-{kind.status}"><td>{kind.status}</td>'
                f"<td>{escape(kind.title)}</td><td>{escape(about)}</td></tr>"
            )
    yield '<tr id="status-500"><td>500</td><td>Internal error</td><td>Look in the log.</td></tr>'
    yield "</table>"


def _anchor(tag: str) -> str:
    return escape(tag.lower().replace(" ", "-"))
