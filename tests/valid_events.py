"""Whether the events of a project say what their published schemas say."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from sqlalchemy import Engine, select

from millpond.capture.tables import outbox
from millpond.database.connection import reading
from millpond.events.schemas import schema_of


def assert_valid_events(engine: Engine) -> set[str]:
    """Every event in the outbox is as its schema says, and says no more; the types there are."""
    with reading(engine) as connection:
        rows = connection.execute(select(outbox.c.type, outbox.c.data, outbox.c.key)).all()
    for kind, data, key in rows:
        schema = schema_of(kind)
        problems = list(
            Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(data)
        )
        assert not problems, (kind, data, problems)
        assert undeclared(schema, data) == [], (kind, data)
        assert key, (kind, data)
    return {row.type for row in rows}


def undeclared(schema: dict[str, Any], value: Any) -> list[str]:
    """The fields of a value that its schema does not name."""
    if isinstance(value, list):
        return [name for item in value for name in undeclared(schema["items"], item)]
    if not isinstance(value, dict):
        return []
    fields = schema.get("properties", {})
    found = [name for name in value if name not in fields]
    for name in value.keys() & fields.keys():
        found += undeclared(fields[name], value[name])
    return found
