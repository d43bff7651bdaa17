"""The images that are most like one, by the cosine of their vectors.

The vectors are read in a stream, and only the best so far are kept, so that memory does
not grow with the number of images.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from millpond.capture.objects import find_objects
from millpond.database.connection import reading
from millpond.errors import Invalid, NotFound
from millpond.features.tables import FeatureTable
from millpond.features.vectors import HOW, Vectors, key_of, read_vectors
from millpond.values import is_id

#: The most images that are given at once.
MOST = 1000
#: Images whose right to be given is looked up at once.
_CHUNK = 256

#: Those of some object ids that may be given.
Keep = Callable[[Sequence[str]], Collection[str]]


@dataclass(frozen=True, slots=True)
class Similar:
    """An image that is like another.

    Args:
        label: as it was when its vector was made; None where it had none.
        similarity: the cosine of the two vectors, at most 1.
    """

    object_id: str
    label: str | None
    similarity: float

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        return asdict(self)


def similar(
    engine: Engine, table: FeatureTable, object_id: str, k: int, model: str | None = None
) -> list[Similar]:
    """The images most like one, the most alike first.

    An object of an application is compared with those of the same one, any other image
    with all that are of no application.

    Args:
        object_id: of an object, or the address of an image, as the table has it.
        k: how many, at most.
        model: whose vectors; None is the newest that has one of this image.

    Raises:
        NotFound: the image has no vector.
        Invalid: `k` is out of range.
    """
    if not 1 <= k <= MOST:
        raise Invalid(f"k is {k}, not a number from 1 to {MOST}")
    asked = None if model is None else key_of(table, model)
    key, vector = _vector_of(table, object_id, asked)
    return nearest(read_vectors(table, key), object_id, vector, k, _company(engine, object_id))


def nearest(
    vectors: Iterable[Vectors], object_id: str, vector: NDArray[np.float32], k: int, keep: Keep
) -> list[Similar]:
    """The `k` of some vectors most like one ``[d]``; `object_id` itself is not among them.

    Of two that are as like it, the one with the lesser id comes first.
    """
    best: list[tuple[float, str, str | None]] = []
    for some in vectors:
        cosines = _cosines(some.matrix, vector)
        order = np.argsort(-cosines, kind="stable")
        for start in range(0, len(order), _CHUNK):
            places = order[start : start + _CHUNK]
            if len(best) == k:
                places = places[-cosines[places] <= best[-1][0]]
            if not len(places):
                break
            kept = keep([some.object_ids[place] for place in places])
            for place in places:
                if (name := some.object_ids[place]) in kept and name != object_id:
                    one = -float(cosines[place]), name, some.labels[place]
                    insort(best, one, key=itemgetter(0, 1))
            del best[k:]
    return [Similar(name, label, -negative) for negative, name, label in best]


def _cosines(matrix: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(matrix, axis=1) * np.linalg.norm(vector)
    cosines: NDArray[np.float32] = matrix @ vector / np.maximum(lengths, np.finfo(np.float32).tiny)
    return np.minimum(cosines, np.float32(1))


def _vector_of(
    table: FeatureTable, object_id: str, model: str | None
) -> tuple[str, NDArray[np.float32]]:
    """The vector of an image, and its model, the newest unless it is given."""
    for key in reversed(table.keys()) if model is None else [model]:
        for some in read_vectors(table, key, [object_id]):
            return key, some.matrix[0]
    of_model = "" if model is None else f" of {model}"
    raise NotFound(f"{object_id!r} has no vector{of_model}; {HOW}")


def _company(engine: Engine, object_id: str) -> Keep:
    """What tells which images one is compared with."""
    if not is_id(object_id):
        return lambda object_ids: {name for name in object_ids if not is_id(name)}

    def of_same_app(object_ids: Sequence[str]) -> set[str]:
        with reading(engine) as connection:
            rows = find_objects(connection, [object_id, *object_ids])
        apps = {row["object_id"]: row["app"] for row in rows}
        if object_id not in apps:
            raise NotFound(f"no object {object_id!r}")
        return {name for name, app in apps.items() if app == apps[object_id]}

    return of_same_app
