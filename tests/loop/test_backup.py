"""A backup beside a server that goes on answering, and the project that comes of it."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx

from backends import database_url
from pond import picture
from running import Server, millpond


def _send(server: Server, number: int) -> str:
    """Upload a picture; the id of the inference that was answered."""
    response = httpx.post(
        f"{server.url}/api/v1/apps/cells/predict",
        content=picture(number),
        headers={"Authorization": f"Bearer {server.token}"},
        timeout=60,
    )
    assert response.status_code == 200, response.text
    return str(response.json()["inference_id"])


def test_what_was_answered_before_a_backup_is_in_it(server: Server, tmp_path: Path) -> None:
    before = [_send(server, number) for number in range(10)]
    millpond("run", "history", project=server.project)
    meanwhile: list[str] = []
    over = threading.Event()

    def send() -> None:
        while not over.is_set():
            meanwhile.append(_send(server, 10 + len(meanwhile)))

    thread = threading.Thread(target=send)
    thread.start()
    try:
        done = millpond("backup", tmp_path / "copy", project=server.project)
    finally:
        over.set()
        thread.join()
    assert (done["path"], done["amiss"]) == (str(tmp_path / "copy"), [])
    assert meanwhile

    new = tmp_path / "new"
    again = millpond("restore", tmp_path / "copy", "--to", new, "--database", database_url(new))
    assert (again["project"], again["moment"], again["verify"]) == (str(new), done["moment"], "ok")
    ask = ("query", "SELECT * FROM inferences ORDER BY ALL", "--as-of", done["moment"])
    theirs, ours = millpond(*ask, project=new), millpond(*ask, project=server.project)
    assert theirs["rows"] == ours["rows"]
    found = {row[0] for row in theirs["rows"]}
    assert set(before) <= found <= {*before, *meanwhile}
    later = Server(new).start()
    try:
        _send(later, 0)
    finally:
        assert later.stop() == 0
