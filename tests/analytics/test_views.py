"""The views: their columns as the contract has them, and their numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lake import BOX, Lake
from millpond.analytics.catalogue import closure
from millpond.analytics.catalogue import standard_views as views
from millpond.capture.annotations import NewAnnotation
from millpond.history.vault import VAULT
from millpond.values import Prediction

CONTRACT = {
    "images": "object_id, app, media_type, width, height, bytes, subject_id, source, recorded_at",
    "inferences": "inference_id, app, object_id, model_version, recorded_at, threshold, "
    "nms_threshold, duration_ms, requested_by",
    "predictions": "prediction_id, inference_id, object_id, app, label, score, "
    "x_min, y_min, x_max, y_max",
    "annotations": "annotation_id, object_id, app, inference_id, target_id, action, label, "
    "x_min, y_min, x_max, y_max, annotator, recorded_at",
    "reviews": "object_id, app, completed_at, annotator",
    "ground_truth": "object_id, app, label, x_min, y_min, x_max, y_max, annotation_id",
    "documents": "object_id, app, document",
    "metrics_hourly": "app, model_version, hour, label, inferences, predictions, mean_score, "
    "p50_ms, p99_ms",
    "refusals": "recorded_at, app, status, reason",
}


def records(lake: Lake, sql: str) -> list[dict[str, Any]]:
    return lake.analytics.table(sql).to_pylist()


@pytest.mark.parametrize("name", CONTRACT)
def test_columns_are_those_of_the_contract_with_others_after(lake: Lake, name: str) -> None:
    promised = CONTRACT[name].split(", ")
    table = lake.analytics.table(f"select * from {name}")
    assert table.column_names[: len(promised)] == promised
    assert table.num_rows == 0
    assert list(views()[name].columns) == table.column_names, "each column is described"
    assert views()[name].about
    assert lake.analytics.views()[name] == table.column_names


def test_all_of_the_contract_are_there() -> None:
    assert set(CONTRACT) <= set(views())
    assert set(closure(views(), views())) <= {*views(), *VAULT}


def test_types_are_those_of_loaded_rows_too(lake: Lake) -> None:
    empty = {name: lake.analytics.table(f"select * from {name}").schema for name in CONTRACT}
    lake.some_of_everything()
    lake.load()
    for name, schema in empty.items():
        assert lake.analytics.table(f"select * from {name}").schema == schema


def test_images_and_inferences(lake: Lake) -> None:
    plain, about = lake.object(), lake.object(subject="patient 7", path="p/7.png")
    inference_id, _ = lake.inference(plain, model=None)
    found = {row["object_id"]: row for row in records(lake, "select * from images")}
    assert found[plain]["subject_id"] is None
    assert found[about]["subject_id"] not in (None, "patient 7")
    assert [found[each]["source"] for each in (plain, about)] == ["upload", "ingest"]
    [inference] = records(lake, "select * from inferences")
    assert inference["inference_id"] == inference_id
    assert (inference["model_version"], inference["requested_by"]) == (None, "user:alice")


def test_predictions_keep_their_order(lake: Lake) -> None:
    sent = [Prediction("RBC", 0.9, BOX), Prediction("WBC", 0.8, BOX), Prediction("RBC", 0.7)]
    _, ids = lake.inference(lake.object(), sent)
    found = records(lake, "select * from predictions order by ordinal")
    assert [row["prediction_id"] for row in found] == ids
    assert [row["score"] for row in found] == [0.9, 0.8, 0.7]
    assert [row["x_min"] for row in found] == [BOX.x_min, BOX.x_min, None]


def test_metrics_add_up(lake: Lake) -> None:
    object_id = lake.object()
    two = [Prediction("RBC", 0.9, BOX), Prediction("RBC", 0.7, BOX), Prediction("WBC", 0.6, BOX)]
    lake.inference(object_id, two, duration_ms=10)
    lake.inference(object_id, [Prediction("RBC", 0.5, BOX)], duration_ms=20)
    lake.inference(object_id, [], duration_ms=40)
    lake.inference(object_id, [Prediction("RBC", 0.5, BOX)], model="cells-2", duration_ms=5)
    found = {
        (row["model_version"], row["label"]): row
        for row in records(lake, "select * from metrics_hourly")
    }
    assert set(found) == {
        ("cells-1", "RBC"),
        ("cells-1", "WBC"),
        ("cells-1", None),
        ("cells-2", "RBC"),
    }
    red = found["cells-1", "RBC"]
    assert (red["inferences"], red["predictions"]) == (2, 3)
    assert red["mean_score"] == pytest.approx((0.9 + 0.7 + 0.5) / 3, abs=1e-9)
    assert (red["p50_ms"], red["p99_ms"]) == (15, pytest.approx(19.9))
    none = found["cells-1", None]
    assert (none["inferences"], none["predictions"], none["mean_score"]) == (1, 0, None)
    total = sum(row["predictions"] for row in found.values())
    assert total == lake.rows("select count(*) from predictions")[0][0]


def test_documents_nest_everything(lake: Lake) -> None:
    object_id = lake.object()
    lake.object()
    inference_id, [prediction] = lake.inference(object_id)
    lake.annotate(
        object_id,
        NewAnnotation("confirm", prediction),
        NewAnnotation("complete"),
        inference_id=inference_id,
    )
    found = {
        row["object_id"]: json.loads(row["document"])
        for row in records(lake, "select * from documents")
    }
    assert len(found) == 2
    document = found.pop(object_id)
    [inference] = document["inferences"]
    assert inference["predictions"][0]["prediction_id"] == prediction
    assert inference["predictions"][0]["box"] == BOX.as_list()
    assert [each["action"] for each in document["annotations"]] == ["confirm", "complete"]
    assert document["annotations"][1]["box"] is None
    assert document["recorded_at"].endswith("Z")
    [empty] = found.values()
    assert (empty["inferences"], empty["annotations"]) == ([], [])


def test_refusals(lake: Lake) -> None:
    lake.refuse(415)
    lake.refuse(404, app=None)
    found = records(lake, "select app, status, reason from refusals order by status")
    assert [(row["app"], row["status"]) for row in found] == [(None, 404), ("cells", 415)]


def test_parameters_and_batches(lake: Lake) -> None:
    for _ in range(3):
        lake.object()
    sql = "select object_id, '?' as mark from images where app = ? order by object_id"
    table = lake.analytics.table(sql, parameters=("cells",))
    assert table.num_rows == 3
    rows = [
        row for batch in lake.analytics.batches(sql, None, ["cells"]) for row in batch.to_pylist()
    ]
    assert rows == table.to_pylist()


def test_the_vault_is_open_to_sql_of_our_own(lake: Lake) -> None:
    lake.object(path="ward/7.png")
    assert lake.rows("select path, part from sat_object_origin") == [("ward/7.png", "train")]
