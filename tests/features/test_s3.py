"""S3: every key is found and every object read, once, also over a bad line."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

import millpond
from features.network import images, network
from millpond.errors import Busy, Invalid, NotAllowed, NotFound, TooLarge
from millpond.features.listing import LISTING, list_prefix, list_s3, write_listing
from millpond.features.reading import Reader
from millpond.features.s3 import Patience
from millpond.features.shards import cut, read_shard
from millpond.raw.limits import Limits
from s3_server import FAULTS, S3Server, bad_line, s3_server, use

COUNT = 3_500
#: A stall is over sooner here than anyone would wait in earnest; a page of keys takes the
#: server longer than an object.
HASTE, PAGES = Patience(stall=0.6, pause=0.02), Patience(stall=2.0, pause=0.02)


@pytest.fixture(scope="module")
def filled() -> Iterator[S3Server]:
    with s3_server() as server:
        server.put({f"many/{kind(n)}/{n}.jpg": data(n) for n in range(COUNT)})
        yield server


@pytest.fixture
def server(filled: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    use(monkeypatch, filled.address)
    return filled


def kind(number: int) -> str:
    return "apple" if number % 3 else "lemon"


def data(number: int) -> bytes:
    return f"the bytes of picture {number}".encode()


def rows(batches: Iterator[pa.RecordBatch]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pa.Table.from_batches(batches, LISTING).to_pylist()
    return found


def test_every_key_is_found_with_its_label(server: S3Server) -> None:
    found = {row["object_id"]: row for row in rows(list_prefix("s3://pictures/many"))}
    assert set(found) == {f"s3://pictures/many/{kind(n)}/{n}.jpg" for n in range(COUNT)}
    assert found["s3://pictures/many/lemon/3.jpg"] == {
        "object_id": "s3://pictures/many/lemon/3.jpg",
        "label": "lemon",
        "uri": "s3://pictures/many/lemon/3.jpg",
        "bytes": len(data(3)),
    }


def test_over_a_bad_line_all_is_found_and_read_once(
    filled: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with bad_line(filled, every=10) as line:
        use(monkeypatch, line.address)
        count = write_listing(list_s3("s3://pictures/many", PAGES), tmp_path / "listing.parquet")
        made = cut(tmp_path / "listing.parquet", [], tmp_path / "work.parquet", 2)
        assert count == made.objects == COUNT
        reader = pickle.loads(pickle.dumps(Reader(patience=HASTE)))
        shards = [read_shard(tmp_path / "work.parquet", number) for number in range(made.shards)]
        work = pa.concat_tables(shards).to_pydict()
        answers = list(reader.read(work["uri"], work["bytes"]))
    wanted = {f"s3://pictures/many/{kind(n)}/{n}.jpg": data(n) for n in range(COUNT)}
    assert dict(zip(work["uri"], answers, strict=True)) == wanted
    assert all(line.happened[fault] > COUNT / 100 for fault in FAULTS)


def test_a_listing_goes_on_behind_a_page_that_was_lost(
    filled: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bad_line(filled, every=2) as line:
        use(monkeypatch, line.address)
        found = [row["object_id"] for row in rows(list_s3("s3://pictures/many", PAGES))]
    assert len(found) == len(set(found)) == COUNT
    assert all(line.happened[fault] for fault in FAULTS[:3])


def test_what_never_comes_is_an_answer_of_its_own(
    filled: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience = Patience(stall=0.2, attempts=3, pause=0.01)
    with bad_line(filled, every=1) as line:
        use(monkeypatch, line.address)
        [answer] = Reader(patience=patience).read(["s3://pictures/many/lemon/0.jpg"])
        assert isinstance(answer, Busy)
        assert "s3://pictures/many/lemon/0.jpg did not answer 3 times" in str(answer)
        with pytest.raises(Busy, match="did not answer 3 times"):
            rows(list_s3("s3://pictures/many", patience))
    assert line.happened.total() == 6


def test_refusals_do_not_end_the_reading(server: S3Server) -> None:
    server.put({"big.jpg": b"x" * 1000, "small.jpg": b"x"})
    uris = [f"s3://pictures/{name}.jpg" for name in ("big", "none", "small")]
    big, none, small = Reader(Limits(bytes=100)).read(uris)
    assert isinstance(big, TooLarge)
    assert isinstance(none, NotFound)
    assert small == b"x"


def test_keys_of_all_kinds_are_found_and_read(server: S3Server) -> None:
    keys = ["ä ö.jpg", "x%20y.jpg", "#1?.jpg", "p+q&r=.jpg", "~^|{}[]<>'\"`\\.jpg", "a:b,c;d.jpg"]
    server.put({f"odd/a folder/{key}": key.encode() for key in keys})
    server.put({"odd/": b"", "odd/empty": b"", "odd/.hidden/a.jpg": b"no", "odd/a.csv": b"no"})
    server.put({"oddly/a.jpg": b"another folder"})
    found = rows(list_s3("s3://pictures/odd"))
    assert {row["label"] for row in found} == {"a folder"}
    assert {row["label"] for row in rows(list_s3("s3://pictures/odd/a folder/"))} == {None}
    answers = list(Reader().read([row["uri"] for row in found]))
    assert sorted(map(bytes, answers)) == sorted(key.encode() for key in keys)


def test_a_key_that_cannot_be_addressed_is_said(server: S3Server) -> None:
    server.put({"broken/a//b.jpg": b"nobody can ask for it"})
    with pytest.raises(
        Invalid, match=r"s3://pictures/broken cannot be addressed; rename .*a//b\.jpg"
    ):
        rows(list_s3("s3://pictures/broken"))


def test_a_bucket_that_is_not_there_is_said(server: S3Server) -> None:
    with pytest.raises(NotFound, match="bucket that is not there"):
        rows(list_s3("s3://no-such-bucket/pictures"))
    with pytest.raises(Invalid, match="write s3://bucket/prefix"):
        list_s3("s3://")


def test_missing_credentials_are_said_soon(
    server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put({"open/a.jpg": b"x"})
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    # Nobody listens there; so does no machine without a role.
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")
    # Of each stall there is a client, which keeps the credentials that it found.
    patience = Patience(stall=0.7)
    with pytest.raises(NotAllowed, match="needs credentials: set AWS_ACCESS_KEY_ID"):
        rows(list_s3("s3://pictures/open", patience))
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    assert len(rows(list_s3("s3://pictures/open", Patience(stall=0.8)))) == 1


def test_features_over_a_bad_line_are_those_of_the_files(
    filled: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder, model = tmp_path / "images", str(network(tmp_path / "network.onnx"))
    images(folder, range(60))
    pictures = {str(path.relative_to(folder)): path for path in folder.glob("*/*.png")}
    filled.put({f"real/{name}": path.read_bytes() for name, path in pictures.items()})
    filled.put({"real/a/torn.png": pictures["a/00000.png"].read_bytes()[:200]})
    (tmp_path / "millpond.toml").write_text("")
    with bad_line(filled, every=10) as line, millpond.Project.open(tmp_path) as project:
        use(monkeypatch, line.address)
        report = project.features("s3://pictures/real", model=model)
        assert (report.images, report.quarantined) == (60, 1)
        project.features(str(folder), model=model)
        table = pl.read_delta(str(project.lake / "features" / "features")).sort("object_id")
    remote = table.filter(pl.col("object_id").str.starts_with("s3://"))
    local = table.filter(pl.col("object_id").str.starts_with("/"))
    assert len(remote) == len(local) == 60
    assert remote["label"].to_list() == local["label"].to_list()
    assert remote["vector"].to_list() == local["vector"].to_list()
