"""An archive beside a server: predictions go on, and each that was answered is found."""

from __future__ import annotations

import threading
from typing import Any

import httpx

from pond import picture
from running import Server, millpond


def test_predictions_go_on(server: Server) -> None:
    headers = {"Authorization": f"Bearer {server.token}"}
    answers: list[Any] = []
    done = threading.Event()

    def predict(number: int) -> None:
        with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
            seed = 1000 * number
            while not done.is_set():
                seed += 1
                answer = client.post("/api/v1/apps/cells/predict", content=picture(seed))
                assert answer.status_code == 200, answer.text
                answers.append(answer.json())

    threads = [threading.Thread(target=predict, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    runs = [
        millpond("run", "archive", "--older-than", "0s", project=server.project) for _ in range(2)
    ]
    done.set()
    for thread in threads:
        thread.join()
    assert [run["status"] for run in runs] == ["done", "done"]
    assert all(run["rows"] > 0 for run in runs)
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
        for answer in answers[::5]:
            found = client.get(f"/api/v1/inferences/{answer['inference_id']}").json()
            assert {name: found[name] for name in answer} == answer
        listed, cursor = [], None
        while cursor is not None or not listed:
            asked = {"limit": 200, **({"cursor": cursor} if cursor else {})}
            page = client.get("/api/v1/apps/cells/inferences", params=asked).json()
            listed += [line["inference_id"] for line in page["inferences"]]
            cursor = page["next"]
    assert sorted(listed) == sorted(answer["inference_id"] for answer in answers)
    assert listed == sorted(listed, reverse=True)
    assert millpond("verify", project=server.project)["verify"] == "ok"
