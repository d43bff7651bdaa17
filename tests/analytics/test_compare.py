"""What changed in a view between two moments, and what changed when."""

from __future__ import annotations

from typing import Any

import pytest

from lake import Lake
from millpond.analytics.compare import diff_view, view_history
from millpond.capture.annotations import NewAnnotation
from millpond.errors import Invalid
from millpond.values import iso


def rows(answer: Any) -> list[dict[str, Any]]:
    names = answer.table.column_names
    return [dict(zip(names, row, strict=True)) for row in answer.rows()]


def own(lake: Lake, name: str, sql: str, *head: str) -> None:
    folder = lake.folder / "views"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.sql").write_text("\n".join([*(f"-- {line}" for line in head), sql]))


def reviewed(lake: Lake) -> tuple[str, str, list[str]]:
    object_id = lake.object()
    inference_id, predictions = lake.inference(object_id)
    lake.annotate(
        object_id,
        NewAnnotation("confirm", predictions[0]),
        NewAnnotation("complete"),
        inference_id=inference_id,
    )
    return object_id, inference_id, predictions


def test_a_correction_is_a_change_of_the_truth(lake: Lake) -> None:
    before = lake.now
    object_id, inference_id, [prediction] = reviewed(lake)
    other, *_ = reviewed(lake)
    lake.load()
    then = lake.now
    lake.annotate(object_id, NewAnnotation("correct", prediction, "WBC"), inference_id=inference_id)
    [change] = rows(diff_view(lake.analytics, "ground_truth", then, None))
    assert (change["change"], change["object_id"]) == ("changed", object_id)
    assert (change["before"]["label"], change["after"]["label"]) == ("RBC", "WBC")
    assert list(change) == ["change", "object_id", "root_id", "before", "after"]
    lake.annotate(object_id, NewAnnotation("reject", prediction), inference_id=inference_id)
    [gone] = rows(diff_view(lake.analytics, "ground_truth", then, None))
    assert (gone["change"], gone["after"]) == ("removed", None)
    added = rows(diff_view(lake.analytics, "ground_truth", before, then))
    assert {row["object_id"] for row in added} == {object_id, other}
    assert {row["change"] for row in added} == {"added"}
    assert rows(diff_view(lake.analytics, "ground_truth", then, then)) == []


@pytest.mark.parametrize("name", ["documents", "metrics_hourly", "reviews", "images", "refusals"])
def test_every_view_can_be_compared(lake: Lake, name: str) -> None:
    lake.some_of_everything()
    then = lake.now
    lake.load()
    lake.some_of_everything()
    answer = diff_view(lake.analytics, name, then, None)
    assert rows(answer)
    assert answer.as_of == lake.now
    back = rows(diff_view(lake.analytics, name, lake.now, then))
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    assert [turned[row["change"]] for row in back] == [row["change"] for row in rows(answer)]


def test_without_a_key_rows_come_and_go(lake: Lake) -> None:
    own(lake, "apps", "select app from images")
    lake.object()
    then = lake.now
    lake.object("fruits")
    lake.object("fruits")
    found = rows(diff_view(lake.analytics, "apps", then, None))
    assert found == [{"change": "added", "before": None, "after": {"app": "fruits"}}] * 2


def test_the_history_of_a_truth(lake: Lake) -> None:
    object_id, inference_id, [prediction] = reviewed(lake)
    first = lake.now
    reviewed(lake)
    lake.load()
    lake.annotate(object_id, NewAnnotation("correct", prediction, "WBC"), inference_id=inference_id)
    corrected = lake.now
    lake.annotate(object_id, NewAnnotation("reject", prediction), inference_id=inference_id)
    found = rows(view_history(lake.analytics, "ground_truth", key=object_id))
    assert [row["change"] for row in found] == ["removed", "changed", "added"]
    assert [row["at"] for row in found] == [iso(lake.now), iso(corrected), iso(first)]
    later = rows(view_history(lake.analytics, "ground_truth", since=first))
    assert len(later) == 3
    assert rows(view_history(lake.analytics, "ground_truth", until=first, limit=1))[0] == found[2]


def test_the_history_of_facts(lake: Lake) -> None:
    one, two = lake.object(), lake.object()
    for _ in range(3):
        lake.inference(one)
    assert [row["object_id"] for row in rows(view_history(lake.analytics, "images"))] == [two, one]
    found = rows(view_history(lake.analytics, "inferences", limit=2))
    assert [row["change"] for row in found] == ["added", "added"]
    assert found[0]["at"] > found[1]["at"]
    assert found[0]["after"]["object_id"] == one


def test_the_history_of_views_of_the_project(lake: Lake) -> None:
    own(lake, "tally", "select app, count(*) as n from images group by app", "key: app")
    own(lake, "bare", "select 1 as x")
    for _ in range(20):
        lake.object()
    found = rows(view_history(lake.analytics, "tally", key="cells"))
    assert [row["after"]["n"] for row in found] == list(range(20, 0, -1))
    assert found[-1]["change"] == "added"
    assert rows(view_history(lake.analytics, "bare")) == []
    with pytest.raises(Invalid, match="'bare' has no key"):
        view_history(lake.analytics, "bare", key="x")


def test_fractions_may_differ_by_a_billionth(lake: Lake) -> None:
    sql = "select app, count(*) as n, 0.1 + 1e-12 * count(*) as x from images group by app"
    own(lake, "close", sql.replace("0.1", "0.1::double"), "key: app")
    own(lake, "far", sql.replace("0.1 +", "0.1::double + count(*) *"), "key: app")
    lake.object()
    then = lake.now
    lake.object()
    [close] = rows(diff_view(lake.analytics, "close", then, None))
    assert close["before"]["n"] == 1
    own(
        lake,
        "close",
        "select app, 0.1::double + 1e-12 * count(*) as x from images group by app",
        "key: app",
    )
    assert rows(diff_view(lake.analytics, "close", then, None)) == []


def test_what_cannot_be_compared(lake: Lake) -> None:
    own(lake, "bad", "select app from images", "key: object_id")
    for name, problem in (
        ("nope", "'nope' is not found"),
        ("bad", r"bad\.sql: its key 'object_id'"),
    ):
        with pytest.raises(Invalid, match=problem):
            diff_view(lake.analytics, name, "2020-01-01", None)
    with pytest.raises(Invalid, match="is still to come"):
        diff_view(lake.analytics, "images", "2020-01-01", "2999-01-01")
