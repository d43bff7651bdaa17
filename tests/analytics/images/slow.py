"""The index of images in plain Python: every figure by a loop over all facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from lake import Lake
from millpond.analytics.images.filter import BOX_FIELDS, ImageFilter
from millpond.capture.queue_tables import review_requests
from millpond.database.connection import reading
from millpond.settings import AppSection
from millpond.values import Box, from_micros

Row = dict[str, Any]


def table(lake: Lake, name: str) -> list[Row]:
    """The rows of a view, as they were recorded."""
    found: list[Row] = lake.analytics.table(f"select * from {name}").to_pylist()
    return sorted(found, key=lambda row: row["recorded_at"])


def box_of(row: Row) -> Box | None:
    if row["x_min"] is None:
        return None
    return Box(row["x_min"], row["y_min"], row["x_max"], row["y_max"])


def same(one: Row, other: Row) -> float:
    """How much two findings overlap; 0 where their labels differ."""
    if one["label"] != other["label"]:
        return 0.0
    left, right = box_of(one), box_of(other)
    return 1.0 if left is None or right is None else left.iou(right)


def pairs(found: Sequence[Row], others: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Each of `found`, the best first, takes the free one that it overlaps most, by half."""
    free, taken = list(others), []
    for row in found:
        best = max(free, key=lambda other: same(row, other), default=None)
        if best is not None and same(row, best) >= 0.5:
            free.remove(best)
            taken.append((row, best))
    return taken


class Slow:
    """All images with their figures, made of all facts at once."""

    def __init__(
        self, lake: Lake, apps: dict[str, AppSection], snapshots: dict[str, list[str]]
    ) -> None:
        self.apps = apps
        self.snapshots = snapshots
        self.inferences = table(lake, "inferences")
        self.predictions = table(lake, "predictions")
        self.annotations = table(lake, "annotations")
        with reading(lake.engine) as connection:
            query = select(review_requests).order_by(review_requests.c.recorded_at)
            self.requests = [dict(row) for row in connection.execute(query).mappings()]
        self.images = {row["object_id"]: self.image(row) for row in table(lake, "images")}

    def image(self, about: Row) -> Row:
        declared = self.apps[about["app"]]
        mine = [row for row in self.inferences if row["object_id"] == about["object_id"]]
        latest = mine[-1] if mine else None
        said = [row for row in self.annotations if row["object_id"] == about["object_id"]]
        completed = [row for row in said if row["action"] == "complete"]
        review = [
            row
            for row in said
            if completed and row["inference_id"] == completed[-1]["inference_id"]
        ]
        truth = self.truth(review, declared)
        answers = self.answers(latest, declared)
        compared = bool(completed) and latest is not None and latest["model_version"] is not None
        hits = pairs(answers, truth)
        asked = [row for row in self.requests if row["object_id"] == about["object_id"]]
        image = {
            **{name: about[name] for name in ("object_id", "app", "subject_id", "source")},
            "recorded_at": about["recorded_at"],
            "inference_id": latest and latest["inference_id"],
            "model_version": latest and latest["model_version"],
            "predictions": len(self.of(latest)),
            "best_label": answers[0]["label"] if answers else None,
            "best_score": answers[0]["score"] if answers else None,
            "uncertainty": None,
            "reviewed": bool(completed),
            "completed_at": completed[-1]["recorded_at"] if completed else None,
            "completed_by": completed[-1]["annotator"] if completed else None,
            "annotators": sorted({row["annotator"] for row in review}),
            "labels": sorted({row["label"] for row in (truth if completed else answers)}),
            "tp": len(hits) if compared else None,
            "fp": len(answers) - len(hits) if compared else None,
            "fn": len(truth) - len(hits) if compared else None,
            "requested": bool(asked)
            and (
                not completed
                or from_micros(asked[-1]["recorded_at"]).replace(tzinfo=None)
                > completed[-1]["recorded_at"]
            ),
            **self.versions(mine, declared),
            **self.disputes(said, declared),
            "boxes": self.boxes(answers, truth, hits, compared),
        }
        if answers:
            distance = min(abs(row["score"] - declared.threshold) for row in answers)
            image["uncertainty"] = max(0.0, 1 - 2 * distance)
        return image

    def of(self, inference: Row | None) -> list[Row]:
        """The predictions of an inference, best first."""
        if inference is None:
            return []
        key = inference["inference_id"]
        found = [row for row in self.predictions if row["inference_id"] == key]
        return sorted(found, key=lambda row: (-row["score"], row["ordinal"]))

    def answers(self, inference: Row | None, declared: AppSection) -> list[Row]:
        found = self.of(inference)
        return found[:1] if declared.task == "classification" else found

    def truth(self, review: list[Row], declared: AppSection) -> list[Row]:
        standing: dict[str, Row] = {}
        for row in review:
            if row["root_id"] is not None:
                standing.pop(row["root_id"], None)
                standing[row["root_id"]] = row
        found = [row for row in standing.values() if row["action"] not in ("reject", "reopen")]
        found = found[-1:] if declared.task == "classification" else found
        return sorted(found, key=lambda row: str(row["annotation_id"]))

    def versions(self, mine: list[Row], declared: AppSection) -> Row:
        latest = {row["model_version"]: row for row in mine if row["model_version"] is not None}
        last = sorted(latest.values(), key=lambda row: row["recorded_at"])[-2:]
        names = ("newer_version", "newer_found", "older_version", "older_found")
        if len(last) < 2:
            return dict.fromkeys((*names, "agreed", "disagreement"))
        older, newer = (self.answers(row, declared) for row in last)
        agreed = len(pairs(newer, older))
        both = len(newer) + len(older)
        return {
            "newer_version": last[1]["model_version"],
            "newer_found": len(newer),
            "older_version": last[0]["model_version"],
            "older_found": len(older),
            "agreed": agreed,
            "disagreement": 1 - 2 * agreed / both if both else 0.0,
        }

    def disputes(self, said: list[Row], declared: AppSection) -> Row:
        words: dict[str, dict[str, Row]] = {}
        for row in said:
            if row["root_id"] is not None and row["annotator"] != "import":
                root = "image" if declared.task == "classification" else row["root_id"]
                words.setdefault(root, {})[row["annotator"]] = row
        disputed, people = set(), set()
        for root, by_person in words.items():
            spoken = [row for row in by_person.values() if row["action"] != "reopen"]
            # The word of a third person settles it.
            if len(spoken) == 2 and same(*spoken) < 0.5:
                disputed.add(root)
                people |= {row["annotator"] for row in spoken}
        return {"disputed": len(disputed), "disputed_by": sorted(people)}

    def boxes(
        self, answers: list[Row], truth: list[Row], hits: list[tuple[Row, Row]], compared: bool
    ) -> list[Row]:
        right = [answer["prediction_id"] for answer, _ in hits]
        found = [
            {**row, "outcome": "tp" if row["prediction_id"] in right else "fp"} for row in answers
        ]
        hit = [true["annotation_id"] for _, true in hits]
        missed = [
            {**row, "score": None, "outcome": "fn"}
            for row in truth
            if row["annotation_id"] not in hit and (compared or not answers)
        ]
        names = ("label", "score", "x_min", "y_min", "x_max", "y_max", "outcome")
        return [
            {name: row[name] if name != "outcome" or compared else None for name in names}
            for row in [*found, *missed]
        ]

    # Filters.

    def holds(self, app: str, chosen: ImageFilter) -> list[str]:
        """The objects that a filter holds, sorted by id."""
        found = (row for row in self.images.values() if row["app"] == app)
        return sorted(row["object_id"] for row in found if self.fits(row, chosen))

    def fits(self, image: Row, chosen: ImageFilter) -> bool:
        since, until = (
            None if one is None else from_micros(one).replace(tzinfo=None)
            for one in (chosen.since, chosen.until)
        )
        of_snapshot = self.snapshots.get(chosen.snapshot or "", [])
        asked = {"yes": True, "no": False, None: None}
        return (
            (not chosen.annotator or bool(set(chosen.annotator) & set(image["annotators"])))
            and (since is None or image["recorded_at"] >= since)
            and (until is None or image["recorded_at"] <= until)
            and chosen.subject in (None, image["subject_id"])
            and (not chosen.model or image["model_version"] in chosen.model)
            and (not chosen.source or image["source"] in chosen.source)
            and (chosen.snapshot is None or image["object_id"] in of_snapshot)
            and asked[chosen.reviewed] in (None, image["reviewed"])
            and asked[chosen.requested] in (None, image["requested"])
            and self.fits_a_box(image, chosen)
        )

    def fits_a_box(self, image: Row, chosen: ImageFilter) -> bool:
        if not any(getattr(chosen, name) not in (None, ()) for name in BOX_FIELDS):
            return True
        if any(self.box_fits(box, chosen) for box in image["boxes"]):
            return True
        if "tn" not in chosen.outcome or image["tp"] is None:
            return False
        if chosen.min_score is not None or chosen.max_score is not None:
            return False
        there = {box["label"] for box in image["boxes"]}
        return bool(set(chosen.label) - there) if chosen.label else not there

    def box_fits(self, box: Row, chosen: ImageFilter) -> bool:
        score = box["score"]
        return (
            (not chosen.label or box["label"] in chosen.label)
            and (not chosen.outcome or box["outcome"] in chosen.outcome)
            and (chosen.min_score is None or (score is not None and score >= chosen.min_score))
            and (chosen.max_score is None or (score is not None and score <= chosen.max_score))
        )

    def facet(self, app: str, chosen: ImageFilter, field: str, values: Sequence[str]) -> Row:
        """Of each value how many images the filter with it holds."""
        scalar = getattr(ImageFilter(), field) is None
        counts = {
            value: len(self.holds(app, replace(chosen, **{field: value if scalar else (value,)})))
            for value in values
        }
        return {value: count for value, count in counts.items() if count}

    def labels(self, app: str) -> list[str]:
        """The labels that boxes of an application bear."""
        images = [row for row in self.images.values() if row["app"] == app]
        return sorted({box["label"] for image in images for box in image["boxes"]})

    def scores(self, app: str, chosen: ImageFilter) -> list[int]:
        """The scores of the boxes, in bins, whatever scores are asked for."""
        bare = replace(chosen, **dict.fromkeys(BOX_FIELDS - {"label", "outcome"}))
        none: dict[str, Any] = {"label": (), "outcome": ()}
        images = [self.images[key] for key in self.holds(app, replace(bare, **none))]
        bins = Counter(
            min(int(box["score"] * 20), 19)
            for image in images
            for box in image["boxes"]
            if box["score"] is not None and self.box_fits(box, bare)
        )
        return [bins[place] for place in range(20)]
