"""How good a model is, by the libraries that the field uses, not by formulas of our own.

Detection is measured by pycocotools, classification by scikit-learn.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from millpond.errors import Invalid
from millpond.models.predictor import Predictor
from millpond.models.suppression import suppress
from millpond.raw.decode import decode
from millpond.snapshots.examples import Example
from millpond.values import CANDIDATE_FLOOR, CANDIDATE_LIMIT, Box, Prediction

#: The metric by which a challenger is compared with the champion, by task.
DECIDING = {"detection": "map50", "classification": "accuracy"}
#: Overlap above which the weaker box is left out before the boxes are measured.
NMS = 0.45


def evaluate(
    predictor: Predictor, examples: Sequence[Example], *, nms: float = NMS
) -> dict[str, Any]:
    """The metrics of a model on examples, all of which are used.

    Detection gives ``map50`` (average precision at an overlap of 0.5, averaged over
    the labels that occur) and ``map`` (over 0.50 to 0.95), over the candidates that
    are left after suppression, 300 an image at most, since cells lie dense; and
    ``labels`` with both of each label. Classification gives ``accuracy``, ``labels``
    with precision, recall and F1 of each, and the ``confusion`` matrix, a row for
    each true label. Both give ``scores``: the share of the answers
    in each tenth of the scale from 0 to 1, with which later answers can be compared.

    Raises:
        Invalid: there are no examples.
    """
    if not examples:
        raise Invalid("there is no image to evaluate on; review some images of this part first")
    if predictor.task == "detection":
        return _detection(predictor, examples, nms)
    return _classification(predictor, examples)


def _answers(predictor: Predictor, example: Example) -> list[Prediction]:
    return predictor.candidates(decode(example.read()).image)


def _detection(predictor: Predictor, examples: Sequence[Example], nms: float) -> dict[str, Any]:
    places = {label: place for place, label in enumerate(predictor.labels)}
    truth: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for image, example in enumerate(examples, 1):
        for label in example.labels:
            if label.box is not None:
                row = _row(image, places[label.label], label.box)
                truth.append({**row, "id": len(truth) + 1, "iscrowd": 0})
        for answer in suppress(_answers(predictor, example), CANDIDATE_FLOOR, nms):
            if answer.box is not None:
                row = _row(image, places[answer.label], answer.box)
                found.append({**row, "score": answer.score})
    precision = _precision(len(examples), list(places.values()), truth, found)
    return {
        "images": len(examples),
        "map50": _mean(precision[0]),
        "map": _mean(precision),
        "scores": _tenths([row["score"] for row in found]),
        "labels": {
            label: {
                "boxes": sum(row["category_id"] == place for row in truth),
                "map50": _mean(precision[0, :, place]),
                "map": _mean(precision[:, :, place]),
            }
            for label, place in places.items()
        },
    }


def _row(image: int, place: int, box: Box) -> dict[str, Any]:
    sides = [box.x_min, box.y_min, box.x_max - box.x_min, box.y_max - box.y_min]
    return {"image_id": image, "category_id": place, "bbox": sides, "area": box.area}


def _precision(
    images: int, places: list[int], truth: list[dict[str, Any]], found: list[dict[str, Any]]
) -> Any:
    """Precision ``[overlaps, recalls, labels]`` by pycocotools; -1 for a label without truth."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": image} for image in range(1, images + 1)],
            "categories": [{"id": place} for place in places],
            "annotations": truth,
        }
        coco.createIndex()
        answers = COCO()
        answers.dataset = {
            **coco.dataset,
            "annotations": [
                {**row, "id": number, "iscrowd": 0} for number, row in enumerate(found, 1)
            ],
        }
        answers.createIndex()
        evaluation = COCOeval(coco, answers, "bbox")
        evaluation.params.maxDets = [CANDIDATE_LIMIT]
        evaluation.params.areaRng = evaluation.params.areaRng[:1]
        evaluation.params.areaRngLbl = evaluation.params.areaRngLbl[:1]
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"][:, :, :, 0, 0]


def _mean(precision: Any) -> float | None:
    """The mean of what is measured; None where nothing is."""
    measured = precision[precision > -1]
    return round(float(measured.mean()), 6) if measured.size else None


def _tenths(scores: Sequence[float]) -> list[float]:
    counts, _ = np.histogram(scores, bins=10, range=(0, 1))
    return [round(float(share), 4) for share in counts / max(1, len(scores))]


def _classification(predictor: Predictor, examples: Sequence[Example]) -> dict[str, Any]:
    from sklearn import metrics

    labelled = [example for example in examples if example.labels]
    if not labelled:
        raise Invalid("none of the images to evaluate on has a label; review some first")
    names = list(predictor.labels)
    truth = [example.labels[0].label for example in labelled]
    best = [_answers(predictor, example)[0] for example in labelled]
    found = [answer.label for answer in best]
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, found, labels=names, zero_division=0
    )
    table = np.stack([precision, recall, f1], 1).round(6).tolist()
    return {
        "images": len(labelled),
        "accuracy": round(float(metrics.accuracy_score(truth, found)), 6),
        "scores": _tenths([answer.score for answer in best]),
        "labels": {
            name: dict(zip(("precision", "recall", "f1"), row, strict=True))
            | {"images": int(count)}
            for name, row, count in zip(names, table, support, strict=True)
        },
        "confusion": metrics.confusion_matrix(truth, found, labels=names).tolist(),
    }
