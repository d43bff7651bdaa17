"""Which changes of a schema those who read its events need not know of.

A field may be added if it is optional, and what is said in words may change. Everything
else would break somebody: a reader of today that meets tomorrow's events, or a reader of
tomorrow that meets those that a topic still holds from today. An event that is to tell
something else gets a type of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: What only speaks to people.
_WORDS = frozenset({"title", "description", "examples", "$comment", "deprecated"})
#: What is looked into.
_PARTS = frozenset({"properties", "required", "items"})

Schema = Mapping[str, Any]


def compatible(old: Schema, new: Schema) -> bool:
    """Whether readers of events of either schema can read those of the other."""
    return not incompatibilities(old, new)


def incompatibilities(old: Schema, new: Schema) -> list[str]:
    """What a change breaks, a sentence each.

    >>> incompatibilities({"type": "number"}, {"type": "integer"})
    ['the event: type was "number" and is "integer"']
    """
    return list(_broken(old, new, "the event"))


def _broken(old: Schema, new: Schema, at: str) -> Iterator[str]:
    for word in sorted((old.keys() | new.keys()) - _WORDS - _PARTS):
        if _plain(old.get(word)) != _plain(new.get(word)):
            yield f"{at}: {word} was {_shown(old.get(word))} and is {_shown(new.get(word))}"
    yield from _broken_fields(old, new, at)
    if "items" in old or "items" in new:
        yield from _broken(old.get("items", {}), new.get("items", {}), f"each of {at}")


def _broken_fields(old: Schema, new: Schema, at: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed, needs = set(old.get("required", ())), set(new.get("required", ()))
    for name in before:
        where = f"{name} of {at}"
        if name not in after:
            yield f"{where}: it was removed"
            continue
        if (name in needed) != (name in needs):
            yield f"{where}: it was {_need(name in needed)} and is {_need(name in needs)}"
        yield from _broken(before[name], after[name], where)
    for name in sorted(needs - before.keys()):
        yield f"{name} of {at}: it is new and required"


def _need(required: bool) -> str:
    return "required" if required else "optional"


def _plain(value: Any) -> Any:
    """A value without an order where order says nothing."""
    return sorted(map(str, value)) if isinstance(value, list) else value


def _shown(value: Any) -> str:
    return (
        "not said" if value is None else str(value) if not isinstance(value, str) else f'"{value}"'
    )
