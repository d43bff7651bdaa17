"""Clusters of pictures that look alike, as somebody else found them, for a split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from millpond.errors import Invalid


@dataclass(frozen=True)
class Alike:
    """What tells which pictures look alike.

    Args:
        definition: all that decides it, as JSON values; it is part of the snapshot's.
        clusters: the cluster of each of some objects, by their ids; two objects of one
            cluster are near twins. The same objects give the same clusters.
    """

    definition: Mapping[str, Any]
    clusters: Callable[[Sequence[str]], Mapping[str, str]]

    def of(self, object_ids: Sequence[str]) -> list[str]:
        """The cluster of each object.

        Raises:
            Invalid: one of them has none.
        """
        found = self.clusters(object_ids)
        if missing := [object_id for object_id in object_ids if object_id not in found]:
            raise Invalid(f"object {missing[0]} and {len(missing) - 1:,} more are in no cluster")
        return [found[object_id] for object_id in object_ids]
