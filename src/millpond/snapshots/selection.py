"""The images that somebody chose for a snapshot; their ids are part of its definition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from millpond.errors import Invalid
from millpond.values import is_id


@dataclass(frozen=True)
class Selection:
    """Some images of an application.

    Args:
        object_ids: sorted, so that the same choice is the same definition.
        filter: what chose them, where a filter did; it is told, and decides nothing later.
    """

    object_ids: tuple[str, ...]
    filter: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, object_ids: Iterable[str], filter: Mapping[str, Any] | None = None) -> Self:
        """The selection of some objects.

        Raises:
            Invalid: there are none, or one is no id.
        """
        ids = sorted(set(object_ids))
        if not ids:
            raise Invalid("no image is chosen; choose some, or leave the choice out to take all")
        for object_id in ids:
            if not is_id(object_id):
                raise Invalid(f"object_id {object_id!r} is not a UUID in lower case")
        return cls(tuple(ids), filter)

    def as_dict(self) -> dict[str, Any]:
        """As JSON values of a definition."""
        found: dict[str, Any] = {"object_ids": list(self.object_ids)}
        return found if self.filter is None else {**found, "filter": dict(self.filter)}


def without_ids(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A definition to be shown: a selection by the number of its images."""
    selection = definition.get("selection")
    if selection is None:
        return dict(definition)
    told = {name: value for name, value in selection.items() if name != "object_ids"}
    return {**definition, "selection": {**told, "images": len(selection["object_ids"])}}
