"""Clusters of pictures that look alike, as somebody else found them, for a split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from millpond.errors import Invalid


@dataclass(frozen=True)
class Alike:
    """Which of some pictures look alike.

    Args:
        definition: all that decides it, as JSON values; it is part of the snapshot's.
        clusters: the cluster of each object; two of one cluster are near twins.
    """

    definition: Mapping[str, Any]
    clusters: Mapping[str, str]

    def of(self, object_ids: Sequence[str]) -> list[str]:
        """The cluster of each object.

        Raises:
            Invalid: one of them has none.
        """
        missing = [object_id for object_id in object_ids if object_id not in self.clusters]
        if missing:
            raise Invalid(f"{len(missing):,} images are in no cluster, object {missing[0]} first")
        return [self.clusters[object_id] for object_id in object_ids]


#: Finds which of some objects look alike; the same objects give the same answer.
FindAlike: TypeAlias = Callable[[Sequence[str]], Alike]
