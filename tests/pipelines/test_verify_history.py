"""Verify, of a history: nothing is found in a whole one, and each damage is found as what it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import update

from filled import filled
from millpond.analytics.catalogue import Catalogue
from millpond.analytics.refresh import refresh
from millpond.analytics.relations import stored_folder
from millpond.capture.annotations import NewAnnotation
from millpond.capture.feeds import batch_key
from millpond.capture.objects import object_key
from millpond.database.connection import reading, writing
from millpond.errors import Corrupted
from millpond.history.archive import archive
from millpond.history.hash_diff import hash_diffs
from millpond.history.horizon import archived_until
from millpond.history.maintain import maintain
from millpond.history.tables import loaded_tables, loaded_totals, loads
from millpond.history.vault import VaultTable
from millpond.pipelines import verify as verify_module
from millpond.pipelines.arrivals import arrived
from millpond.pipelines.checks.check import Check, Ground
from millpond.pipelines.checks.journal import JOURNAL, Journal
from millpond.pipelines.checks.landings import LANDED
from millpond.pipelines.checks.views import VIEWS
from millpond.pipelines.findings import Findings, Verified
from millpond.pipelines.land import LandedFile, Landings
from millpond.settings import FeedSection
from millpond.values import Box, Prediction, from_micros, new_id
from pond import Pond, cells


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("template") / "pond"


@pytest.fixture
def pond(tmp_path: Path, template: Path) -> Iterator[Pond]:
    """Images, annotations and a landed file, loaded twice, merged, archived, and one refresh."""
    filled(tmp_path / "pond", template, _fill)
    pond = _opened(tmp_path / "pond")
    yield pond
    pond.close()


def _opened(folder: Path) -> Pond:
    pond = Pond(folder)
    pond.analytics.catalogue = Catalogue(folder=folder / "views")
    return pond


def _fill(folder: Path) -> None:
    folder.mkdir()
    pond = _opened(folder)
    pond.ingest(cells(folder / "a", 3))
    _land(pond, "id,plan\n1,basic\n2,fibre\nx,none\n")
    pond.load()
    for row in pond.rows("FROM images"):
        _predict(pond, row["object_id"])
    pond.load()
    refresh(pond.engine, pond.history, pond.analytics)
    maintain(pond.engine, pond.commit, pond.history, grace_seconds=0)
    archive(pond.engine, pond.commit, pond.history, 0)
    pond.close()


def _land(pond: Pond, text: str) -> LandedFile:
    path = pond.folder / "customers.csv"
    path.write_text(text)
    lake = pond.folder / "lake"
    landings = Landings(pond.engine, pond.commit, pond.store, pond.analytics, lake)
    section = FeedSection(key=("id",), columns={"id": "integer", "plan": "string"})
    return landings.land("customers", section, arrived(path, "2026-03-02"))


def _predict(pond: Pond, object_id: str) -> None:
    inference = pond.infer(object_id, Prediction("RBC", 0.9, Box(0, 0, 9, 9)))
    [row] = pond.rows(f"SELECT prediction_id FROM predictions WHERE inference_id = '{inference}'")
    pond.annotate(
        object_id,
        NewAnnotation("confirm", row["prediction_id"]),
        NewAnnotation("complete"),
        inference=inference,
    )


def _found(done: Verified) -> list[tuple[str, str, str]]:
    return [(finding.check, finding.subject, finding.problem) for finding in done.findings]


def _files(pond: Pond, table: str) -> list[Path]:
    return [Path(path) for path in pond.history.tables[table].active().files]


def test_a_history_that_was_merged_and_archived_is_whole(pond: Pond) -> None:
    with reading(pond.engine) as connection:
        assert not connection.exec_driver_sql("SELECT * FROM inferences").all()
    done = pond.verify()
    assert (_found(done), done.skipped) == ([], ())
    [row, *_] = pond.rows("FROM images")
    _predict(pond, row["object_id"])
    done = pond.verify()
    assert (_found(done), done.checked["inferences"]) == ([], 1)
    assert len(_files(pond, "sat_object")) == 1


def test_a_changed_page(pond: Pond) -> None:
    [path] = _files(pond, "sat_prediction")
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)
    done = pond.verify()
    [(check, subject, problem)] = _found(done)
    assert (check, subject) == ("history", "sat_prediction")
    assert "cannot be read" in problem or "checksum" in problem
    assert done.findings[0].what_to_do == "millpond restore BACKUP --to NEW"
    # What would be asked of it is not: its answers are worth nothing.
    assert {"facts", "links", "marts"} <= set(done.skipped)


def test_a_lost_file(pond: Pond) -> None:
    [path] = _files(pond, "hub_inference")
    path.unlink()
    assert [(check, subject) for check, subject, _ in _found(pond.verify())] == [
        ("history", "hub_inference")
    ]


def test_a_lost_entry_of_a_log(pond: Pond) -> None:
    log = pond.folder / "lake" / "history" / "link_annotation" / "_delta_log"
    for path in log.iterdir():
        if path.name != f"{0:020d}.json":
            path.unlink()
    (log / f"{0:020d}.json").touch()
    done = pond.verify()
    [(check, _, problem)] = _found(done)
    assert check == "history"
    assert problem.startswith("the log of link_annotation cannot be read")
    assert "links" in done.skipped


def test_a_row_that_capture_has_lost(pond: Pond) -> None:
    [row, *_] = pond.rows("FROM images ORDER BY object_id")
    pond.execute(f"DELETE FROM object_origins WHERE object_id = '{row['object_id']}'")
    [(check, subject, problem)] = _found(pond.verify())
    assert (check, subject) == ("history", "sat_object_origin")
    assert "is not as capture has it" in problem


def test_a_link_to_nothing(pond: Pond) -> None:
    """It lies in a load of its own, which is in order but for what it says."""
    nowhere = new_id()
    rows = _forge(pond, "link_inference_object", object_id=nowhere)
    problem = "the object_id that link_inference_object has of it is in no hub_object"
    found = _found(pond.verify())
    assert ("links", rows[0]["inference_id"], problem) in found
    assert {check for check, _, _ in found} == {"links", "facts"}


def test_a_satellite_of_nothing(pond: Pond) -> None:
    lost = new_id()
    _forge(pond, "sat_refusal", like="sat_annotation", refusal_id=lost, reason="none", status=400)
    [(check, subject, problem)] = _found(pond.verify())
    assert (check, subject) == ("links", lost)
    assert problem == "the refusal_id that sat_refusal has of it is in no hub_refusal"


@pytest.mark.parametrize("table", ["hub_annotation", "sat_prediction"])
def test_a_fact_that_is_there_twice(pond: Pond, table: str) -> None:
    rows = _forge(pond, table)
    found = [(check, subject) for check, subject, _ in _found(pond.verify()) if check == "facts"]
    assert found == [("facts", next(iter(rows[0].values())))]


def _batch(table: VaultTable, row: dict[str, Any]) -> pa.RecordBatch:
    """One row, with the hash difference that it should have."""
    names = [column.name for column in table.columns[1:]]
    batch = pa.RecordBatch.from_pylist([row], table.schema)
    if table.kind == "satellite":
        row["hash_diff"] = hash_diffs(names, [batch[name] for name in names])[0].as_py()
    return pa.RecordBatch.from_pylist([row], table.schema)


def _forge(pond: Pond, table: str, like: str | None = None, **changed: Any) -> list[dict[str, Any]]:
    """Bring a row into a table in a load that is in order, like its first row or another's."""
    files = pond.history.tables[table]
    source = pond.history.tables[like or table]
    row = next(source.rows(source.active().parts)).slice(0, 1).to_pylist()[0]
    load_id = new_id()
    with reading(pond.engine) as connection:
        recorded_at = from_micros(archived_until(connection))
    row = {name: row.get(name) for name in files.table.schema.names} | changed
    row |= {"load_id": load_id, "recorded_at": recorded_at}
    new = files.new_file(load_id)
    new.write(_batch(files.table, row))
    with pond.history.locked():
        done = new.finish()
        assert done is not None
        version = files.append(done)
        with writing(pond.engine) as connection:
            connection.execute(
                loads.insert().values(load_id=load_id, claimed_at=1, completed_at=2, rows=1)
            )
            connection.execute(
                loaded_tables.insert().values(
                    load_id=load_id,
                    table_name=table,
                    version=version,
                    rows=1,
                    checksum=done.checksum,
                )
            )
            known = connection.execute(
                update(loaded_totals)
                .where(loaded_totals.c.table_name == table)
                .values(rows=loaded_totals.c.rows + 1)
            )
            if not known.rowcount:
                connection.execute(loaded_totals.insert().values(table_name=table, rows=1))
    return [row]


def test_a_landed_file(pond: Pond) -> None:
    done = _land(pond, "id,plan\n1,fibre\n")
    assert _look(pond, LANDED) == []
    key = batch_key(done.landing_id)
    pond.store.put(key, b"something else\n")
    problem = "there are 15 bytes, but 16 were kept"
    assert _found(pond.verify()) == [("landings", done.landing_id, problem)]
    pond.store.put(key, b"id,plan\n1,fibre\n")
    pond.execute(f"DELETE FROM record_sightings WHERE landing_id = '{done.landing_id}'")
    [(check, subject, problem)] = _look(pond, LANDED)
    assert (check, subject) == ("landings", done.landing_id)
    assert problem == "it added 1 and quarantined 0 rows, but 0 and 0 are there"


def test_a_landing_that_was_broken_off_is_of_no_account(pond: Pond) -> None:
    pond.execute(
        "INSERT INTO quarantined_rows (recorded_at, landing_id, line, reason, content)"
        f" VALUES ({pond.now}, '{new_id()}', 1, 'none', '')"
    )
    assert _found(pond.verify()) == []


def _look(pond: Pond, check: Check, part: str = "all") -> list[tuple[str, str, str]]:
    """What one part of a check finds."""
    findings = Findings()
    check.run(replace(pond.ground, moment=pond.now), part, findings)
    return _found(findings.result(0.0))


def _own_view(pond: Pond) -> str:
    """The name of a view of the project's own, refreshed."""
    (pond.folder / "views").mkdir()
    (pond.folder / "views" / "labels.sql").write_text(
        "-- kind: materialized\n-- refresh: 1d\n"
        "select label, count(*) as boxes, avg(x_max) as x_max from ground_truth group by label"
    )
    refresh(pond.engine, pond.history, pond.analytics, ["labels"])
    return "labels"


def test_a_materialization_that_is_not_what_the_view_says(pond: Pond) -> None:
    [path] = (stored_folder(pond.history) / "documents").glob("*.parquet")
    whole = path.read_bytes()
    rows = pq.read_table(path)
    for wrong in (rows.slice(1), pa.concat_tables([rows, rows.slice(0, 1)])):
        pq.write_table(wrong, path)
        [(check, subject, problem)] = _look(pond, VIEWS, "documents")
        assert (check, subject) == ("views", "documents")
        expected = f"its {wrong.num_rows} rows are not the {rows.num_rows} that are computed anew"
        assert problem == expected
    path.write_bytes(whole[:-9])
    [finding] = pond.verify().findings
    assert (finding.check, finding.subject) == ("views", "documents")
    assert finding.problem.startswith("its rows cannot be read")
    assert finding.what_to_do == f"rm {path} && millpond run views"
    path.unlink()
    assert _look(pond, VIEWS, "documents") == []


def test_the_last_digits_of_a_float_are_no_matter(pond: Pond) -> None:
    name = _own_view(pond)
    [path] = (stored_folder(pond.history) / name).glob("*.parquet")
    rows = pq.read_table(path)
    for share, amiss in ((1e-12, False), (1e-6, True)):
        other = pa.array([value * (1 + share) for value in rows["x_max"].to_pylist()])
        pq.write_table(rows.set_column(2, "x_max", other), path)
        assert bool(_look(pond, VIEWS, name)) == amiss


# Progress, and going on after a break.


def test_it_tells_how_far_it_is(pond: Pond) -> None:
    told: list[tuple[str, int, int]] = []
    pond.verify(on_progress=lambda check, done, total: told.append((check, done, total)))
    ends = {check: (done, total) for check, done, total in told}
    assert {"objects", "history", "links", "marts"} <= set(ends)
    assert all(done == total for done, total in ends.values())
    assert ends["history"][0] > 20


def test_it_goes_on_where_it_was_broken_off(pond: Pond, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(check: str, done: int, total: int) -> None:
        if (check, done) == ("history", 9):
            raise KeyboardInterrupt

    lost = pond.rows("FROM images")[0]["object_id"]
    pond.store.delete(object_key(lost))
    with pytest.raises(KeyboardInterrupt):
        pond.verify(on_progress=stop)
    journal = pond.folder / "lake" / JOURNAL
    kept = [json.loads(line) for line in journal.read_text().splitlines()]
    with journal.open("a") as file:
        file.write('{"check": "histo')
    then = pond.now
    _predict(pond, pond.rows("FROM images")[0]["object_id"])

    looked: list[tuple[str, str]] = []
    monkeypatch.setattr(verify_module, "CHECKS", [_noting(c, looked) for c in verify_module.CHECKS])
    done = pond.verify(resume=True)
    finished = {(line["check"], line["part"]) for line in kept[1:]}
    assert len(finished) > 9
    assert not finished & set(looked)
    assert kept[0]["moment"] == then
    assert _found(done) == [("objects", lost, "the bytes are missing")]
    assert not journal.exists()
    assert ("history", "hub_object") in {*finished, *looked}


def _noting(check: Check, looked: list[tuple[str, str]]) -> Check:
    def run(ground: Ground, part: str, findings: Findings) -> None:
        assert check.asks or ground.moment
        looked.append((check.name, part))
        check.run(ground, part, findings)

    return Check(check.name, run, check.parts, check.asks)


def test_it_begins_anew_unless_told(pond: Pond) -> None:
    journal = pond.folder / "lake" / JOURNAL
    with Journal(journal, 1) as first:
        first.keep("history", "hub_object", Findings())
        # Another one at the same time keeps none, and harms none.
        assert pond.verify().verify == "ok"
        with Journal(journal, 2, resume=True) as second:
            assert (second.moment, second.done) == (2, {})
    with Journal(journal, 3, resume=True) as third:
        assert (third.moment, list(third.done)) == (1, [("history", "hub_object")])
    with Journal(journal, 4) as fourth:
        assert (fourth.moment, fourth.done) == (4, {})


def test_a_check_that_fails_is_a_finding(pond: Pond, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(ground: Ground, part: str, findings: Findings) -> None:
        raise Corrupted("no answer")

    monkeypatch.setattr(verify_module, "CHECKS", [*verify_module.CHECKS, Check("mine", run)])
    assert _found(pond.verify()) == [("mine", "all", "it cannot be checked: no answer")]


def test_findings_stay_what_they_are_when_kept() -> None:
    findings = Findings()
    for number in range(150):
        findings.add("objects", str(number), "lost", "find it")
    findings.looked_at("objects", 200)
    again = Findings.of(json.loads(json.dumps(findings.as_dict())))
    assert again.result(1.0) == findings.result(1.0)
    again.merge(findings)
    found = again.result(1.0)
    assert (len(found.findings), found.checked) == (101, {"objects": 400})
    assert found.findings[-1].problem == "200 more of the same"
