"""As-of: what was true then, through every load; each fact once at every instant."""

from __future__ import annotations

import datetime as dt
import threading
from functools import partial

import pytest

from lake import BOX, Lake
from millpond.capture.annotations import NewAnnotation
from millpond.database.clock import machine_now
from millpond.errors import Invalid
from millpond.history.load import Load
from millpond.values import iso, to_micros


def test_each_step_as_of_before_and_after_it(lake: Lake) -> None:
    moments: list[int] = []
    states = []

    def note() -> None:
        moments.append(lake.now)
        states.append(lake.state())

    note()
    object_id = lake.object(subject="x")
    note()
    inference_id, [prediction] = lake.inference(object_id)
    note()
    lake.load()
    note()
    lake.annotate(object_id, NewAnnotation("confirm", prediction), inference_id=inference_id)
    note()
    lake.annotate(object_id, NewAnnotation("complete"), inference_id=inference_id)
    note()
    lake.load()
    lake.refuse()
    note()
    lake.load()
    for moment, state in zip(moments, states, strict=True):
        assert lake.state(moment) == state
    assert [len(lake.rows("select * from ground_truth", moment)) for moment in moments] == [
        0, 0, 0, 0, 0, 1, 1,
    ]  # fmt: skip


def test_a_microsecond_matters(lake: Lake) -> None:
    lake.object()
    [(recorded_at,)] = lake.rows("select recorded_at from images")
    moment = to_micros(recorded_at)
    for _ in range(2):
        assert len(lake.rows("select * from images", moment)) == 1
        assert len(lake.rows("select * from images", moment - 1)) == 0
        lake.load()


def test_each_fact_once_in_the_middle_of_a_load(lake: Lake) -> None:
    lake.some_of_everything()
    before, then = lake.state(), lake.now
    load = Load(lake.engine, lake.commit, lake.history)
    with lake.history.locked():
        claim = partial(load.claim, then)
        for step in (claim, load.write, load.append, load.verify, load.complete):
            step()
            assert lake.state() == before
            lake.object()
            assert lake.state(then) == before
            before, then = lake.state(), lake.now


def test_each_fact_once_while_loads_run(lake: Lake) -> None:
    """Readers, a writer and a loader at the same time; counts never go back."""
    stop = threading.Event()
    problems: list[str] = []

    def read() -> None:
        seen = 0
        while not stop.is_set():
            [(rows, distinct)] = lake.rows("select count(*), count(distinct object_id) from images")
            if rows != distinct or rows < seen:
                problems.append(f"{rows} rows, {distinct} objects, after {seen}")
            seen = rows

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(4):
        for _ in range(5):
            lake.object()
        lake.load()
    stop.set()
    for reader in readers:
        reader.join()
    assert problems == []
    assert lake.rows("select count(*) from images") == [(20,)]


def test_what_a_user_may_call_a_moment(lake: Lake) -> None:
    lake.object()
    resolve = lake.analytics.resolve
    now = machine_now()
    assert resolve(None) is None
    assert resolve("2020-01-31") == to_micros(dt.datetime(2020, 1, 31, 23, 59, 59, 999_999))
    assert resolve("2020-01-31T12:00Z") == to_micros(dt.datetime(2020, 1, 31, 12))
    assert resolve("2020-01-31T12:00+02:00") == to_micros(dt.datetime(2020, 1, 31, 10))
    assert abs((resolve("2h ago") or 0) - (now - 7_200_000_000)) < 60_000_000
    lake.names["first"] = 123
    assert resolve("first") == 123
    with pytest.raises(Invalid, match="'yesterday-ish' is no moment"):
        resolve("yesterday-ish")


def test_a_moment_to_come_is_refused_today_included(lake: Lake) -> None:
    for text in ("2999-01-01", dt.datetime.now(dt.UTC).date().isoformat()):
        with pytest.raises(Invalid, match="is still to come"):
            lake.analytics.resolve(text)


def test_what_is_recorded_after_a_question_is_later_than_its_moment(lake: Lake) -> None:
    moment = lake.analytics.resolve(iso(machine_now()))
    assert moment is not None
    assert lake.rows("select * from images", moment) == []
    lake.object()
    assert lake.now > moment
    assert lake.rows("select * from images", moment) == []


def test_the_moment_of_an_answer_answers_the_same(lake: Lake) -> None:
    lake.some_of_everything()
    answer = lake.analytics.query("select count(*) as n from annotations")
    lake.some_of_everything()
    lake.load()
    again = lake.analytics.query("select count(*) as n from annotations", answer.as_of)
    assert again.as_json() == answer.as_json()
    by_text = lake.analytics.query("select count(*) as n from annotations", iso(answer.as_of))
    assert by_text.as_json() == answer.as_json()


def test_two_reviews_of_the_same_moment_have_one_answer(lake: Lake) -> None:
    object_id = lake.object()
    lake.annotate(
        object_id,
        NewAnnotation("add", label="RBC", box=BOX),
        NewAnnotation("complete"),
        NewAnnotation("complete"),
    )
    assert len(lake.rows("select * from reviews")) == 1
