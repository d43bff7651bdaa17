"""The truth in a few lines: every fact in a list, every view a loop over those up to a moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

Row = dict[str, Any]

_EPOCH = datetime(1970, 1, 1)
#: The columns of a box.
BOX_COLUMNS = ("x_min", "y_min", "x_max", "y_max")


@dataclass
class Truth:
    """What was recorded, each fact with its moment (microseconds since 1970)."""

    images: list[Row] = field(default_factory=list)
    inferences: list[Row] = field(default_factory=list)
    predictions: list[Row] = field(default_factory=list)
    annotations: list[Row] = field(default_factory=list)
    refusals: list[Row] = field(default_factory=list)
    #: What files of a feed said: of each key its number, valid from a day.
    counts: list[Row] = field(default_factory=list)
    #: The files that have landed, by day and content: the same again is nothing new.
    landed: list[Row] = field(default_factory=list)

    def add(self, facts: Mapping[str, list[Row]]) -> None:
        """Keep some facts, by the names of the lists."""
        for name, rows in facts.items():
            getattr(self, name).extend(rows)

    def annotate(self, sent: Mapping[str, Any], object_id: str, inference_id: str | None) -> Row:
        """An annotation as it must be kept, after the words of the design."""
        target = self.target(sent.get("target"))
        said = {name: sent.get(name) for name in ("annotation_id", "action", "label")}
        box = dict(zip(BOX_COLUMNS, sent.get("box") or [None] * 4, strict=True))
        if target is not None and sent["action"] in ("confirm", "correct"):
            said["label"] = said["label"] or target["label"]
            box = box if sent.get("box") else {name: target[name] for name in BOX_COLUMNS}
        if target is not None and "action" in target:
            inference_id = target["inference_id"]
        root = target["root_id"] if target else said["annotation_id"]
        return {
            **said,
            **box,
            "object_id": object_id,
            "inference_id": inference_id,
            "target_id": sent.get("target"),
            "root_id": None if sent["action"] == "complete" else root,
        }

    def land(self, date: str, rows: Mapping[str, int], moment: int) -> None:
        """A file of a feed, unless the same one has landed."""
        file = {"date": date, "rows": dict(rows)}
        if all(file != {name: each[name] for name in file} for each in self.landed):
            self.landed.append({**file, "recorded_at": moment})
            day = datetime.fromisoformat(date)
            self.counts += [
                {"id": key, "n": number, "valid_from": day, "recorded_at": moment}
                for key, number in rows.items()
            ]

    def target(self, key: str | None) -> Row | None:
        """The annotation or prediction of an id."""
        for row in self.annotations:
            if row["annotation_id"] == key:
                return row
        for row in self.predictions:
            if row["prediction_id"] == key:
                return {**row, "root_id": key}
        return None

    def moments(self) -> list[int]:
        """Those of every fact."""
        facts = (self.images, self.inferences, self.annotations, self.refusals, self.landed)
        return sorted({row["recorded_at"] for rows in facts for row in rows})

    def view(self, name: str, moment: int) -> list[Row]:
        """The rows of a view as of a moment, in any order."""
        past = Truth(*(_until(rows, moment) for rows in vars(self).values()))
        rows = getattr(past, f"_{name}", None)
        return getattr(past, name) if rows is None else rows()

    def _reviews(self) -> list[Row]:
        latest: dict[tuple[str, str | None], Row] = {}
        for row in self.annotations:
            if row["action"] == "complete":
                latest[row["object_id"], row["inference_id"]] = row
        return [
            {
                "object_id": row["object_id"],
                "inference_id": row["inference_id"],
                "completed_at": row["recorded_at"],
                "annotator": row["annotator"],
            }
            for row in latest.values()
        ]

    def _ground_truth(self) -> list[Row]:
        standing: dict[Any, dict[str, Row]] = defaultdict(dict)
        latest: dict[str, Any] = {}
        for row in self.annotations:
            review = row["object_id"], row["inference_id"]
            if row["action"] == "complete":
                latest[row["object_id"]] = review
            elif row["action"] in ("reject", "reopen"):
                standing[review].pop(row["root_id"], None)
            else:
                standing[review][row["root_id"]] = row
        return [row for review in latest.values() for row in standing[review].values()]

    def _counts(self) -> list[Row]:
        # Of each key and day what was said last; what stays as it was holds since it was so.
        ordered = sorted(self.counts, key=lambda row: (row["valid_from"], row["recorded_at"]))
        standing = {(row["id"], row["valid_from"]): row for row in ordered}
        holding: dict[str, Row] = {}
        for row in standing.values():
            if row["id"] not in holding or holding[row["id"]]["n"] != row["n"]:
                holding[row["id"]] = row
        return list(holding.values())

    def _documents(self) -> list[Row]:
        return [
            {
                "object_id": image["object_id"],
                "inferences": [
                    (
                        inference["inference_id"],
                        iso(inference["recorded_at"]),
                        [
                            (row["prediction_id"], row["label"], row["score"])
                            for row in self.predictions
                            if row["inference_id"] == inference["inference_id"]
                        ],
                    )
                    for inference in self.inferences
                    if inference["object_id"] == image["object_id"]
                ],
                "annotations": [
                    (row["annotation_id"], row["action"], row["label"], iso(row["recorded_at"]))
                    for row in self.annotations
                    if row["object_id"] == image["object_id"]
                ],
            }
            for image in self.images
        ]

    def _metrics_hourly(self) -> list[Row]:
        groups: dict[Any, list[tuple[float, list[float]]]] = defaultdict(list)
        for inference in self.inferences:
            scores: dict[str | None, list[float]] = defaultdict(list)
            for row in self.predictions:
                if row["inference_id"] == inference["inference_id"]:
                    scores[row["label"]].append(row["score"])
            hour = when(inference["recorded_at"]).replace(minute=0, second=0, microsecond=0)
            for label, found in scores.items() or [(None, [])]:
                groups[hour, label].append((inference["duration_ms"], found))
        return [
            {
                "hour": hour,
                "label": label,
                "inferences": len(answered),
                "predictions": sum(len(scores) for _, scores in answered),
                "mean_score": _mean([score for _, scores in answered for score in scores]),
                "p50_ms": median(duration for duration, _ in answered),
            }
            for (hour, label), answered in groups.items()
        ]


def comparable(row: Mapping[str, Any], names: Iterable[str]) -> str:
    """The named columns of a row of truth, or of the project's, as text that is the same."""
    return repr([_plain(row[name]) for name in names])


def when(moment: int) -> datetime:
    """A moment as a timestamp (UTC) of a view."""
    return _EPOCH + timedelta(microseconds=moment)


def micros(when: datetime) -> int:
    """The moment of a timestamp, microseconds since 1970; one without an offset is UTC."""
    naive = when if when.tzinfo is None else when.astimezone(UTC).replace(tzinfo=None)
    return round((naive - _EPOCH) / timedelta(microseconds=1))


def iso(moment: int) -> str:
    """A moment as documents write it."""
    return when(moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def increases(moments: list[int]) -> bool:
    """Whether each moment is later than the one before."""
    return all(one < other for one, other in pairwise(moments))


def _until(rows: list[Row], moment: int) -> list[Row]:
    return [row for row in rows if row["recorded_at"] <= moment]


def _mean(numbers: list[float]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return micros(value)
    if isinstance(value, float):
        # Sums may be taken in another order.
        return int(value) if value.is_integer() else float(f"{value:.9g}")
    return value
