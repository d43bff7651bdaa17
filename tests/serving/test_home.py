"""What Home asks for: the layers of a project over real HTTP, and its first steps."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from millpond.serving import layers
from serving.helpers import Served, picture

PREDICT = "/api/v1/apps/blood-cells/predict"


def home(client: httpx.Client) -> tuple[dict[str, Any], dict[str, bool]]:
    """The layers by their names, and the steps."""
    answer = client.get("/api/v1/layers")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return (
        {layer["name"]: layer for layer in found["layers"]},
        {step["name"]: step["done"] for step in found["steps"]},
    )


def test_the_layers_fill_and_the_steps_are_done(
    cells: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = cells.client("admin")
    at_first, steps = home(cells.client("user"))
    assert list(at_first) == ["raw", "capture", "history", "analytics", "training", "models"]
    assert [at_first[name]["state"] for name in ("raw", "capture", "history")] == ["empty"] * 3
    assert "millpond ingest" in at_first["raw"]["note"]
    # The one model is of blood-cells; fruits has none.
    assert at_first["models"]["state"] == "behind"
    assert "fruits" in at_first["models"]["note"]
    assert not any(steps.values())

    sent = [admin.post(PREDICT, content=picture(seed)).json() for seed in (1, 2)]
    monkeypatch.setattr(layers, "LATE", 0.0)
    waiting, steps = home(admin)
    assert waiting["raw"]["counts"] == {"objects": 2}
    assert waiting["capture"]["counts"] == {"inferences": 2, "annotations": 0, "waiting": 4}
    assert waiting["capture"]["state"] == "behind"
    assert "millpond run history" in waiting["capture"]["note"]
    assert [name for name, done in steps.items() if done] == ["upload"]

    review = f"/api/v1/inferences/{sent[0]['inference_id']}/annotations"
    assert admin.post(review, json=[{"action": "complete"}]).status_code == 201
    cells.layers.run("history")
    assert admin.post("/api/v1/query", json={"sql": "select 1 as one"}).status_code == 200
    loaded, steps = home(admin)
    assert loaded["capture"]["state"] == loaded["history"]["state"] == "ok"
    assert loaded["capture"]["counts"]["waiting"] == 0
    assert loaded["history"]["counts"]["rows"] > 4
    assert loaded["history"]["newest"].endswith("Z")
    assert [name for name, done in steps.items() if not done] == ["retrain"]


def test_a_view_that_is_wrong_is_named_until_it_is_put_right(served: Served) -> None:
    admin = served.client("admin")
    folder = served.services.folder / "views"
    folder.mkdir()
    (folder / "mine.sql").write_text("select nothing from nowhere")
    wrong = home(admin)[0]["analytics"]
    assert wrong["state"] == "broken"
    assert "mine" in wrong["note"]
    (folder / "mine.sql").write_text("select object_id from images")
    assert home(admin)[0]["analytics"]["state"] == "ok"


def test_the_layers_are_a_table_too(served: Served) -> None:
    lines = served.client("officer").get("/api/v1/layers?format=csv").text.splitlines()
    assert lines[0] == "layer,what,count,newest,state,note"
    assert lines[1].startswith("raw,objects,0,,empty,")


def test_a_token_of_one_application_is_not_told_of_all(served: Served) -> None:
    restricted = served.client("scientist", app="fruits")
    assert restricted.get("/api/v1/layers").status_code == 403
