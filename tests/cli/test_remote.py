"""The same commands through a server, with ``--url`` and ``--token``."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from running import Server

Ask = Callable[..., Any]


@pytest.fixture
def there(new_project: Callable[..., Path], tmp_path: Path, ask: Ask) -> Iterator[list[str]]:
    """The options that name a server whose project has one labelled image."""
    folder = new_project("--task", "detection", "--labels", "a,b")
    noise = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "p.png")
    labels = tmp_path / "labels.csv"
    labels.write_text("path,label,x_min,y_min,x_max,y_max\np.png,a,1,2,10,12\n")
    ask("ingest", labels, project=folder)
    server = Server(folder).start()
    yield ["--url", server.url, "--token", server.token]
    assert server.stop() == 0


def test_what_works_here_works_there(there: list[str], tmp_path: Path, run: Ask, ask: Ask) -> None:
    answer = ask("query", "select app, label, x_max from ground_truth", *there)
    assert answer["rows"] == [["cells", "a", 10]]
    assert [column["name"] for column in answer["columns"]] == ["app", "label", "x_max"]
    parquet = run("query", "select label from ground_truth", "--format", "parquet", *there).out
    assert pq.read_table(io.BytesIO(parquet)).to_pylist() == [{"label": "a"}]

    assert ask("run", "history", *there)["status"] == "done"
    assert len(ask("runs", *there)) == 1

    made = ask("snapshot", "create", "first", *there)
    assert ask("snapshot", "show", "first", *there)["sha256"] == made["sha256"]
    assert [one["name"] for one in ask("snapshot", "list", *there)] == ["first"]

    queued = ask("queue", "--strategy", "oldest", *there)
    assert (queued["items"], queued["progress"]["reviewed"]) == ([], 1)

    done = ask("export", "coco", "--out", tmp_path / "coco", *there)
    assert (done["images"], done["annotations"]) == (1, 1)
    assert len(list((tmp_path / "coco" / "images").iterdir())) == 1
    again = run("export", "coco", "--out", tmp_path / "coco", *there)
    assert again.code == 1

    assert ask("models", "list", *there) == []
    assert ask("user", "add", "ada", "--role", "reviewer", *there)["password"]
    assert ask("user", "disable", "ada", *there)["disabled_at"]
    assert ask("token", "create", "ci", "--role", "user", *there)["token"].startswith("mp_")
    assert ask("token", "revoke", "ci", *there) == {"revoked": 1}


def test_refusals_there_are_failures_here(there: list[str], run: Ask) -> None:
    url = there[:2]
    done = run("runs", "--json", *url)
    assert (done.code, done.out) == (1, b"")
    assert done.err.startswith("error: ")
    wrong = run("query", "select * from nonsense", *there)
    assert wrong.code == 1
    assert "nonsense" in wrong.err
    wrong = run("queue", "--strategy", "best", *there)
    assert wrong.code == 1
    assert "requested" in wrong.err
    unreachable = run("runs", "--url", "http://127.0.0.1:9")
    assert unreachable.code == 1
    assert "cannot be reached" in unreachable.err


@pytest.mark.parametrize("command", [["verify"], ["doctor"], ["train", "--snapshot", "s"]])
def test_what_has_to_be_where_the_project_is_says_so(command: list[str], run: Ask) -> None:
    done = run(*command, "--url", "http://127.0.0.1:9")
    assert done.code == 2
    assert "leave out --url" in done.err
