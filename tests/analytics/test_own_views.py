"""A project's own views: what they may say, what they are made from, what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lake import Lake
from millpond.analytics.refresh import refresh
from millpond.errors import Invalid


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake for questions that change nothing in it but its own views."""
    lake = Lake(tmp_path_factory.mktemp("own"))
    yield lake
    lake.close()


def own(lake: Lake, name: str, sql: str, *head: str) -> None:
    """Write a view of the project."""
    folder = lake.folder / "views"
    folder.mkdir(exist_ok=True)
    lines = ["-- Made for a test.", *(f"-- {line}" for line in head), sql]
    (folder / f"{name}.sql").write_text("\n".join(lines), encoding="utf-8")


def ask(lake: Lake, sql: str, as_of: int | None = None, **options: object) -> list[list[object]]:
    return list(lake.analytics.query(sql, as_of, **options).rows())  # type: ignore[arg-type]


def test_they_are_asked_like_others(lake: Lake) -> None:
    lake.some_of_everything()
    lake.load()
    lake.some_of_everything()
    own(lake, "red", "select object_id, score from predictions where label = 'RBC';")
    own(lake, "reds", "select count(*) as n, max(score) as best from red -- all of them")
    assert ask(lake, "select * from reds") == [[2, 0.9]]
    assert ask(lake, "select n from reds join images on true limit 1") == [[2]]
    assert "reds" in lake.analytics.views()
    assert "reds" not in lake.analytics.catalogue.trusted()


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("select * from read_text('/etc/passwd')", "table function 'read_text' is not allowed"),
        ("select getenv('HOME') as home from images", "function 'getenv' is not allowed"),
        ("select * from sat_object_origin", "view 'sat_object_origin' is not found"),
        ("select 1; select 2", "one SELECT statement, not 2"),
        ("drop view images", "the SQL is one SELECT statement"),
        ("select now() as t from images", "function 'now' is not allowed in a view"),
        ("select current_date as t from images", "function 'current_date' is not allowed in a"),
        ("select random() as t from images", "function 'random' is not allowed in a view"),
        ("select * from images using sample 3", "a sample is not allowed in a view"),
        ("with images as (select 1) select * from images", "name 'images' is taken"),
        ("select object_id\nfro images", "line 3: the SQL cannot be read"),
        (
            "select object_id,\n  widht\nfrom images",
            r"x\.sql, line 3: .*\"widht\".*images\(object_id",
        ),
        ("select a from y", "view 'y' is not found; existing views: annotations, "),
        ("select * from x", "the view is made from itself: x from x"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(asked: Lake, sql: str, problem: str) -> None:
    own(asked, "x", sql)
    own(asked, "fine", "select count(*) as n from images")
    with pytest.raises(Invalid, match=problem) as refused:
        ask(asked, "select * from x")
    assert str(refused.value).startswith("views/x.sql")
    assert str(asked.folder) not in str(refused.value)
    assert ask(asked, "select * from fine") == [[0]]


@pytest.mark.parametrize(
    ("name", "head", "problem"),
    [
        ("images", [], "the name 'images' is taken"),
        ("sat_object", [], "the name 'sat_object' is taken"),
        ("Big-One", [], "'Big-One' is no name of a view"),
        ("x", ["kind: real"], "kind 'real' is not one of virtual, materialized"),
        ("x", ["kind: materialized"], "a materialized view says its refresh"),
        ("x", ["kind: materialized", "refresh: soon"], "refresh 'soon' is no age"),
        ("x", ["refresh: 1h"], "a virtual view has no refresh"),
        ("x", ["kind: materialized", "refresh: incremental"], "says its key"),
    ],
)
def test_a_file_that_cannot_be_a_view(lake: Lake, name: str, head: list[str], problem: str) -> None:
    own(lake, name, "select object_id from images", *head)
    [view] = lake.analytics.catalogue.own()
    assert problem in (view.problem or "")
    assert ask(lake, "select count(*) from images") == [[0]]


def test_two_made_from_each_other(lake: Lake) -> None:
    own(lake, "a", "select * from b")
    own(lake, "b", "select * from c")
    own(lake, "c", "select * from a")
    with pytest.raises(
        Invalid, match=r"views/b\.sql: the view is made from itself: b from c from a from b"
    ):
        ask(lake, "select * from b")


def test_an_error_while_it_runs_names_the_query(lake: Lake) -> None:
    lake.object()
    own(lake, "odd", "select error('boom') as x from images")
    with pytest.raises(Invalid, match="boom"):
        ask(lake, "select * from odd")


def test_definitions_as_of_then(lake: Lake) -> None:
    lake.object()
    own(lake, "tally", "select count(*) as n from images")
    assert ask(lake, "select * from tally") == [[1]]
    then = lake.now
    own(lake, "tally", "select -count(*) as n from images")
    assert ask(lake, "select * from tally", then, definitions="then") == [[1]]
    assert ask(lake, "select * from tally", then) == [[-1]]
    refresh(lake.engine, lake.history, lake.analytics)
    (lake.folder / "views" / "tally.sql").unlink()
    assert ask(lake, "select * from tally", then, definitions="then") == [[1]]
    with pytest.raises(Invalid, match="view 'tally' is not found"):
        ask(lake, "select * from tally")
    with pytest.raises(Invalid, match="definitions 'once' is not one of now, then"):
        ask(lake, "select 1", definitions="once")


INCREMENTAL = ("kind: materialized", "refresh: incremental", "key: object_id")


SEPARABLE = [
    "select object_id, count(*) as n from predictions group by object_id",
    "select object_id, count(*) as n from predictions group by all",
    "select * from images",
    "select I.*, n.score from images i left join predictions n using (object_id)",
    "select i.object_id, p.label from images i join predictions p "
    "on p.object_id = i.object_id and p.score > 0.5",
    "with best as (select object_id, max(score) as s from predictions group by object_id) "
    "select object_id, s from best",
    "select object_id, row_number() over (partition by object_id order by score) as r "
    "from predictions",
    "select object_id, label from predictions union select object_id, label from ground_truth",
    "select * from images semi join reviews using (object_id)",
    "select p.object_id, n from (select object_id, count(*) as n from predictions "
    "group by all) as p where n > 1",
]

INSEPARABLE = [
        ("select count(*) as n from images", "its SELECT does not name object_id"),
        ("select app as object_id from images", "its SELECT does not name object_id"),
        ("select object_id, app as object_id from images", "something else is called object_id"),
        ("select object_id, (select count(*) from images) as n from images", "within an exp"),
        ("select object_id from images where app in (select app from refusals)", "within an"),
        ("select object_id, rank() over (order by bytes) as r from images", "not partitioned by"),
        ("select object_id from images limit 3", "LIMIT and DISTINCT ON look at all rows"),
        ("select a.object_id from images a join images b using (app)", "join by USING"),
        ("select a.object_id from images a, images b", "join by USING"),
        ("select a.object_id from images a join images b on a.object_id = a.object_id", "join by"),
        ("select b.object_id from images a left join reviews b using (object_id)", "does not name"),
        ("select any_value(object_id) as o, app from images group by app", "does not name"),
        ("select object_id, n from images join metrics_hourly on true", "join by USING"),
        ("select app as object_id, 1 as x from metrics_hourly", "view metrics_hourly is not made"),
        ("select object_id, app from images union select app, object_id from images", "UNION"),
        ("select object_id from images natural join reviews", "join by USING"),
        ("select * exclude (object_id), app as object_id from images", "does not name object_id"),
        ("with recursive t as (select object_id from images union select object_id from t) "
         "select object_id from t", "WITH RECURSIVE"),
        ("select object_id from images group by rollup (object_id, app)", "several grouping sets"),
        ("with t(object_id, x) as (select app, object_id from images) select object_id from t",
         "WITH gives columns other names"),
        ("select object_id from images as t(x, object_id)", "gives columns other names in FROM"),
        ("select s.object_id from (select object_id, {'object_id': app} as s from images) as t",
         "its SELECT does not name object_id"),
        ("select object_id from (select app as object_id from images)", "does not name object_id"),
]  # fmt: skip


def test_what_can_be_incremental(lake: Lake) -> None:
    for number, sql in enumerate(SEPARABLE):
        own(lake, f"x{number}", sql, *INCREMENTAL)
    found = lake.analytics.understood()
    problems = {sql: found[f"x{number}"].problem for number, sql in enumerate(SEPARABLE)}
    assert problems == dict.fromkeys(SEPARABLE)


def test_what_cannot_be_incremental(lake: Lake) -> None:
    for number, (sql, _) in enumerate(INSEPARABLE):
        own(lake, f"x{number}", sql, *INCREMENTAL)
    found = lake.analytics.understood()
    for number, (_, problem) in enumerate(INSEPARABLE):
        assert problem in (found[f"x{number}"].problem or "")


def test_a_view_on_a_refreshed_one_cannot_be_incremental(lake: Lake) -> None:
    own(lake, "y", "select object_id from images", "kind: materialized", "refresh: 1h")
    own(lake, "x", "select object_id from y", *INCREMENTAL)
    assert "view y is as of its last refresh" in (lake.analytics.understood()["x"].problem or "")


def test_the_name_of_the_folder_is_all_that_it_takes(lake: Lake, tmp_path: Path) -> None:
    assert lake.analytics.catalogue.own() == []
    (tmp_path / "views").mkdir()
    (tmp_path / "views" / "notes.txt").write_text("no view")
    assert lake.analytics.catalogue.own() == []
