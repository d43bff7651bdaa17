"""Materialized views: what they answer, when they are made anew, and what a kill leaves."""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lake import BOX, Lake
from millpond.analytics import refresh as refreshing
from millpond.analytics.plan import Plan
from millpond.analytics.refresh import Refresh, refresh
from millpond.analytics.relations import stored_folder
from millpond.capture.annotations import NewAnnotation
from millpond.errors import Invalid
from millpond.values import Prediction

EXACT = ("documents", "metrics_hourly")


def make(lake: Lake, *names: str, as_of: int | None = None, grace: float = 3600) -> int:
    return refresh(
        lake.engine, lake.history, lake.analytics, names or None, as_of, grace_seconds=grace
    )


def own(lake: Lake, name: str, sql: str, *head: str) -> None:
    folder = lake.folder / "views"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.sql").write_text("\n".join([*(f"-- {line}" for line in head), sql]))


def ask(lake: Lake, sql: str, as_of: int | None = None) -> list[list[Any]]:
    return list(lake.analytics.query(sql, as_of).rows())


def files(lake: Lake, name: str) -> list[Path]:
    return sorted((stored_folder(lake.history) / name).glob("*"))


def both(lake: Lake, name: str, as_of: int | None) -> tuple[Any, Any]:
    """The rows of a view, from what is stored and without."""
    sql = f"select * from {name} order by all"
    return tuple(
        lake.analytics.table(sql, as_of, stored=stored).to_pylist() for stored in (True, False)
    )  # type: ignore[return-value]


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(
        st.sampled_from(["object", "predict", "annotate", "load", "make"]), min_size=8, max_size=16
    ),
    chance=st.randoms(use_true_random=False),
)
def test_incremental_is_exact_at_every_moment(steps: list[str], chance: random.Random) -> None:
    folder = Path(tempfile.mkdtemp())
    lake = Lake(folder)
    objects = [lake.object()]
    moments = [lake.now]
    make(lake, *EXACT)
    for step in [*steps, "make", "predict", "annotate"]:
        match step:
            case "object":
                objects.append(lake.object())
            case "predict":
                # A score whose sums are exact: others may differ in the last bit.
                sent = [Prediction("RBC", 0.75, BOX)] * chance.randrange(3)
                lake.inference(chance.choice(objects), sent)
            case "annotate":
                added = NewAnnotation("add", label="WBC", box=BOX)
                lake.annotate(chance.choice(objects), added, NewAnnotation("complete"))
            case "load":
                lake.load()
            case "make":
                make(lake, chance.choice(EXACT), as_of=chance.choice([None, *moments]))
        moments.append(lake.now)
    for name in EXACT:
        for moment in [None, *chance.sample(moments, 4)]:
            stored, computed = both(lake, name, moment)
            assert stored == computed
    lake.close()
    shutil.rmtree(folder)


def test_only_what_was_touched_is_computed_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        lake.some_of_everything()
    assert make(lake, "documents") == 3
    touched: list[int] = []
    original = Plan.touched

    def noted(plan: Plan, low: int, high: int) -> str:
        touched.append(high - low)
        return original(plan, low, high)

    monkeypatch.setattr(Plan, "touched", noted)
    lake.object()
    assert lake.analytics.table("select * from documents").num_rows == 4
    assert len(touched) == 1
    lake.analytics.table("select * from documents", stored=False)
    assert len(touched) == 1


def test_a_refreshed_view_answers_as_of_its_refresh_for_ever(lake: Lake) -> None:
    own(lake, "tally", "select count(*) as n from images", "kind: materialized", "refresh: 1h")
    lake.object()
    before = lake.now
    assert ask(lake, "from tally") == [[1]]
    make(lake)
    first = lake.now
    lake.object()
    assert ask(lake, "from tally") == [[1]]
    assert ask(lake, "from tally", before) == [[1]]
    make(lake)
    assert ask(lake, "from tally") == [[1]], "it is not time yet"
    make(lake, "tally")
    lake.object()
    lake.load()
    for path in (None, *files(lake, "tally")):
        if path is not None:
            path.unlink()
        assert ask(lake, "from tally") == [[2]]
        assert ask(lake, "from tally", first) == [[1]]
        assert ask(lake, "from tally", before) == [[1]]


def test_a_new_definition_starts_anew(lake: Lake) -> None:
    own(lake, "below", "select object_id from images")
    own(lake, "tally", "select count(*) as n from below", "kind: materialized", "refresh: 1h")
    lake.object()
    make(lake)
    lake.object()
    assert ask(lake, "from tally") == [[1]]
    own(lake, "below", "select object_id from images where true")
    assert ask(lake, "from tally") == [[2]]


def test_after_history_waits_for_a_load(lake: Lake) -> None:
    own(
        lake,
        "n",
        "select count(*) as n from images",
        "kind: materialized",
        "refresh: after history",
    )
    lake.object()
    make(lake)
    lake.object()
    make(lake)
    assert ask(lake, "from n") == [[1]]
    lake.load()
    make(lake)
    assert ask(lake, "from n") == [[2]]


def test_those_below_are_made_first(lake: Lake) -> None:
    own(lake, "a", "select sum(n) as n from b", "kind: materialized", "refresh: 1h")
    own(lake, "b", "select count(*) as n from images", "kind: materialized", "refresh: 1h")
    make(lake)
    lake.object()
    make(lake, "a", "b")
    assert ask(lake, "select a.n, b.n from a, b") == [[1, 1]]


def test_an_incremental_view_of_the_project(lake: Lake) -> None:
    sql = "select object_id, count(*) as n, max(score) as best from predictions group by all"
    own(lake, "tallies", sql, "kind: materialized", "refresh: incremental", "key: object_id")
    one, other = lake.object(), lake.object()
    lake.inference(one)
    make(lake)
    lake.inference(one)
    lake.inference(other)
    assert sorted(ask(lake, "from tallies")) == sorted([[one, 2, 0.9], [other, 1, 0.9]])


def test_types_stay(lake: Lake) -> None:
    sql = (
        "select 1::hugeint as a, [1, 2]::tinyint[] as b, {'x': 'y'} as c, '[1]'::json as d, "
        "1.5::decimal(9, 2) as e, 2::utinyint as f, date '2020-01-31' as g, 'x'::blob as h"
    )
    own(lake, "plain", sql)
    own(lake, "kept", sql, "kind: materialized", "refresh: 1h")
    make(lake)
    assert files(lake, "kept")
    plain, kept = (lake.analytics.query(f"from {name}") for name in ("plain", "kept"))
    assert kept.types == plain.types
    assert list(kept.rows()) == list(plain.rows())


def test_a_view_that_is_wrong_does_not_stop_the_others(lake: Lake) -> None:
    own(lake, "bad", "select widht from images", "kind: materialized", "refresh: 1h")
    own(lake, "odd", "select interval 1 day as x", "kind: materialized", "refresh: 1h")
    own(lake, "good", "select count(*) as n from images", "kind: materialized", "refresh: 1h")
    with pytest.raises(
        Invalid, match=r"views/bad\.sql, line 3: .*; .*column 'x' of view 'odd' cannot"
    ):
        make(lake)
    assert len(files(lake, "good")) == len(files(lake, "documents")) == 1
    assert not files(lake, "bad") + files(lake, "odd")
    for name, problem in (("nope", "is not found"), ("images", "'images' is virtual")):
        with pytest.raises(Invalid, match=problem):
            make(lake, name)


def test_what_was_superseded_goes_after_a_while(lake: Lake) -> None:
    lake.some_of_everything()
    make(lake, "documents")
    first = files(lake, "documents")
    make(lake, "documents")
    assert len(files(lake, "documents")) == 2
    (stored_folder(lake.history) / "documents" / ".part-x.parquet").write_bytes(b"torn")
    make(lake, "documents", grace=0)
    assert len(files(lake, "documents")) == 1
    assert files(lake, "documents") != first


@pytest.mark.parametrize("step", ["sync_file", "sync_folder", "writing"])
def test_broken_off_anywhere_it_is_run_again(
    lake: Lake, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Exception):
        pass

    def broken(*_: object) -> None:
        raise Broken

    lake.some_of_everything()
    with monkeypatch.context() as patch:
        patch.setattr(refreshing, step, broken)
        with pytest.raises(Broken):
            make(lake, "documents")
    stored, computed = both(lake, "documents", None)
    assert stored == computed
    assert make(lake, "documents", grace=0) == 1
    assert len(files(lake, "documents")) == 1


def test_an_incremental_view_is_made_anew_when_enough_was_touched(lake: Lake) -> None:
    for _ in range(2 * refreshing._SHARE):
        lake.object()
    make(lake)
    work = Refresh(lake.engine, lake.history, lake.analytics)
    for _ in range(2):
        lake.object()
    assert "documents" not in work.chosen(None)
    lake.object()
    assert "documents" in work.chosen(None)


def test_a_refreshed_view_beside_those_that_it_is_made_from(lake: Lake) -> None:
    """They are of the whole question; what it computes again is of a few objects."""
    for _ in range(3):
        lake.some_of_everything()
    make(lake, "documents")
    lake.some_of_everything()
    sql = "select (select count(*) from documents), (select count(*) from images)"
    assert lake.rows(sql) == [(4, 4)]
    assert ask(lake, sql) == [[4, 4]]
