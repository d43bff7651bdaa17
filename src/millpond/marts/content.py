"""What a mart holds: images and their labels, streamed in a fixed order.

The ids of a mart are numbers below 2^53, which any JSON reader keeps exact. They are
made from the UUIDs alone, so that they are the same in every export; where two
meet, the later UUID moves up by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from millpond.analytics.analytics import Analytics
from millpond.analytics.source import quoted
from millpond.capture.objects import object_key
from millpond.errors import Invalid
from millpond.raw.decode import decode
from millpond.raw.limits import Limits
from millpond.raw.orientation import is_turned
from millpond.raw.picture import to_png
from millpond.raw.store import ObjectStore
from millpond.snapshots.files import LABELS, MEMBERS
from millpond.snapshots.snapshot import Snapshot
from millpond.values import Box

Labels = Literal["truth", "predictions"]

#: What browsers show as it is, with the ending of its name.
_SHOWN = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/bmp": "bmp"}

_NO_LIMITS = Limits(bytes=1 << 40, pixels=1 << 40, frames=1 << 40, seconds=600)

_NUMBER = """(
    md5_number_lower({key}) // 2048
    + row_number() OVER (PARTITION BY md5_number_lower({key}) // 2048 ORDER BY {key})
)::BIGINT"""

_LATEST = """
SELECT object_id, arg_max(inference_id, (recorded_at, inference_id)) AS inference_id
FROM inferences WHERE app = $app GROUP BY object_id
"""


@dataclass(frozen=True)
class Definition:
    """What a mart is made from; with the moment, it decides every byte of it.

    Args:
        labels: ``truth``, of reviewed images; or ``predictions``, those of each image's
            latest inference, of images that have one.
        as_of: microseconds since 1970.
        snapshot: only its images; of the truth, also its labels.
        include_unreviewed: of the truth, the images too that nobody reviewed.
    """

    app: str
    categories: tuple[str, ...]
    labels: Labels
    as_of: int
    snapshot: Snapshot | None = None
    include_unreviewed: bool = False

    def __post_init__(self) -> None:
        if self.labels not in get_args(Labels):
            choice = ", ".join(get_args(Labels))
            raise Invalid(f"labels {self.labels!r} is not one of {choice}")


@dataclass(frozen=True, slots=True)
class Image:
    """One image of a mart; `width` and `height` are those of the upright picture."""

    number: int
    object_id: str
    media_type: str
    width: int
    height: int
    part: str | None


@dataclass(frozen=True, slots=True)
class MartLabel:
    """One label of a mart.

    Args:
        key: the id of the annotation or the prediction.
        image: the image's number; `width` and `height` are the image's.
        box: None in classification.
        score: of a prediction.
    """

    number: int
    key: str
    image: int
    width: int
    height: int
    label: str
    box: Box | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows there are, and how many numbers they have; the two are the same."""

    rows: int
    numbers: int


class Content:
    """The images and labels of a definition."""

    def __init__(self, analytics: Analytics, store: ObjectStore, definition: Definition) -> None:
        self.definition = definition
        self._analytics = analytics
        self._store = store

    def categories(self) -> list[str]:
        """The declared labels in their order, then others that are in use, sorted."""
        declared = self.definition.categories
        sql = f"SELECT DISTINCT label FROM ({self._labels_sql()}) ORDER BY label"
        used = [str(row["label"]) for row in self._rows(sql)]
        return [*declared, *(label for label in used if label not in declared)]

    def images(self) -> Iterator[Image]:
        """The images, by object id."""
        for row in self._rows(f"{self._images_sql()} ORDER BY object_id"):
            yield Image(**row)

    def labels(self) -> Iterator[MartLabel]:
        """The labels, by object id and their own."""
        sql = (
            f"SELECT {_NUMBER.format(key='l.key')} AS number, l.key, i.number AS image,"
            " i.width, i.height, l.label, l.x_min, l.y_min, l.x_max, l.y_max, l.score"
            f" FROM ({self._labels_sql()}) AS l JOIN ({self._images_sql()}) AS i"
            " ON i.object_id = l.object_id ORDER BY l.object_id, l.key"
        )
        for row in self._rows(sql):
            corners = [row.pop(name) for name in ("x_min", "y_min", "x_max", "y_max")]
            box = None if corners[0] is None else Box(*corners)
            yield MartLabel(**row, box=box)

    def counts(self) -> tuple[Counts, Counts]:
        """How many images and how many labels there are."""
        return self._counts(self._images_sql()), self._counts(
            f"SELECT {_NUMBER.format(key='key')} AS number FROM ({self._labels_sql()})"
        )

    def documents(self) -> Iterator[tuple[str, int]]:
        """The document of each image, reviewed or not, with the number of its annotations.

        They are in the order of the ids of their images. A snapshot has its own images.
        """
        snapshot, chosen = self.definition.snapshot, "app = $app"
        if snapshot is not None:
            members = f"read_parquet({quoted(str(snapshot.folder / MEMBERS))})"
            chosen = f"object_id IN (SELECT object_id FROM {members})"
        sql = (
            "SELECT document::VARCHAR AS document,"
            " json_array_length(document, 'annotations')::BIGINT AS annotations"
            f" FROM documents WHERE {chosen} ORDER BY object_id"
        )
        for row in self._rows(sql):
            yield row["document"], row["annotations"]

    def file(self, image: Image) -> tuple[str, bytes]:
        """The name and the bytes of an image: the original's, or a PNG's.

        It is a PNG where EXIF data turns the picture or browsers cannot show it, so
        that everyone who reads the mart sees what the boxes were drawn on.
        """
        data = self._store.get(object_key(image.object_id))
        ending = _SHOWN.get(image.media_type)
        if ending is None or is_turned(data, image.media_type):
            # It was taken under the limits of its time; those of today do not matter.
            data = to_png(decode(data, _NO_LIMITS))
            ending = "png"
        return f"{image.object_id}.{ending}", data

    def usual_name(self, image: Image) -> str:
        """The name of an image that no EXIF data turns."""
        return f"{image.object_id}.{_SHOWN.get(image.media_type, 'png')}"

    def _counts(self, sql: str) -> Counts:
        [row] = self._rows(
            f"SELECT count(*) AS rows, count(DISTINCT number) AS numbers FROM ({sql})"
        )
        return Counts(**row)

    def _images_sql(self) -> str:
        snapshot, numbered = self.definition.snapshot, _NUMBER.format(key="i.object_id")
        if snapshot is not None:
            source = f"read_parquet({quoted(str(snapshot.folder / MEMBERS))}) AS i"
            part, chosen = "i.part", "true"
        else:
            source, part, chosen = "images AS i", "NULL::VARCHAR", "i.app = $app"
        if self.definition.labels == "predictions":
            chosen += f" AND i.object_id IN (SELECT object_id FROM ({_LATEST}))"
        elif snapshot is None and not self.definition.include_unreviewed:
            chosen += " AND i.object_id IN (SELECT object_id FROM reviews WHERE app = $app)"
        return (
            f"SELECT {numbered} AS number, i.object_id, i.media_type, i.width, i.height,"
            f" {part} AS part FROM {source} WHERE {chosen}"
        )

    def _labels_sql(self) -> str:
        if self.definition.labels == "predictions":
            return (
                "SELECT p.object_id, p.prediction_id AS key, p.label, p.x_min, p.y_min, p.x_max,"
                f" p.y_max, p.score FROM predictions AS p JOIN ({_LATEST}) AS n"
                " ON n.inference_id = p.inference_id"
            )
        snapshot = self.definition.snapshot
        source, chosen = "ground_truth", "app = $app"
        if snapshot is not None:
            source, chosen = f"read_parquet({quoted(str(snapshot.folder / LABELS))})", "true"
        return (
            "SELECT object_id, annotation_id AS key, label, x_min, y_min, x_max, y_max,"
            f" NULL::DOUBLE AS score FROM {source} WHERE {chosen}"
        )

    def _rows(self, sql: str) -> Iterator[dict[str, Any]]:
        for batch in self._analytics.batches(
            sql.replace("$app", quoted(self.definition.app)), self.definition.as_of
        ):
            yield from batch.to_pylist()
