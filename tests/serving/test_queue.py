"""The queue: which images each strategy gives and why, and that no two reviewers get the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from millpond.capture import leases
from millpond.capture.inferences import NewInference, record_inference
from millpond.capture.objects import NewObject, record_object
from millpond.values import Box, Prediction, new_id
from serving.helpers import Served

QUEUE = "/api/v1/apps/blood-cells/queue"
ONE, TWO = Box(0, 0, 10, 10), Box(20, 20, 30, 30)


class Work:
    """Images with answers of our own making, and people who review them."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.rita = served.client("reviewer", name="rita")
        self.otto = served.client("reviewer", name="otto")
        self.ana = served.client("scientist", name="ana")

    def images(self, count: int, app: str = "blood-cells") -> list[str]:
        """Images that no model has seen."""
        new = [
            NewObject(new_id(), app, new_id(), "image/png", 64, 48, 9, "upload")
            for _ in range(count)
        ]
        return self.served.services.commit.run(lambda t: [record_object(t, each) for each in new])

    def image(self, *scores: float, model: str = "v1", app: str = "blood-cells") -> str:
        """An image with answers of these scores."""
        [object_id] = self.images(1, app)
        if scores:
            found = [Prediction("RBC", score, ONE) for score in scores]
            self.infer(object_id, found, model, app)
        return object_id

    def infer(
        self, object_id: str, found: Sequence[Prediction], model: str, app: str = "blood-cells"
    ) -> str:
        new = NewInference(new_id(), object_id, app, model, 0.5, 0.45, 9.0, "user:ann", found, b"")
        self.served.services.commit.run(lambda t: record_inference(t, new))
        return new.inference_id

    def annotate(self, client: httpx.Client, object_id: str, *sent: dict[str, Any]) -> Any:
        answer = client.post(f"/api/v1/objects/{object_id}/annotations", json=list(sent))
        assert answer.status_code == 201, answer.text
        return answer.json()

    def complete(self, client: httpx.Client, object_id: str) -> None:
        self.annotate(client, object_id, {"action": "complete"})

    def queue(self, strategy: str = "uncertain", **parameters: Any) -> Any:
        answer = self.rita.get(QUEUE, params={"strategy": strategy, **parameters})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ids(self, strategy: str, **parameters: Any) -> list[str]:
        return [item["object_id"] for item in self.queue(strategy, **parameters)["items"]]

    def details(self, strategy: str) -> list[str]:
        return [item["detail"] for item in self.queue(strategy)["items"]]

    def take(self, client: httpx.Client, expect: int = 200, **body: Any) -> Any:
        answer = client.post(f"{QUEUE}/take", json=body)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def taken(self, client: httpx.Client, **body: Any) -> list[str]:
        return [item["object_id"] for item in self.take(client, **body)["items"]]

    def request(self, expect: int = 200, **body: Any) -> Any:
        answer = self.ana.post(f"{QUEUE}/requests", json=body)
        assert answer.status_code == expect, answer.text
        return answer.json()


@pytest.fixture
def work(served: Served) -> Work:
    return Work(served)


def test_the_most_uncertain_comes_first(work: Work) -> None:
    sure, unsure, between = work.image(0.95), work.image(0.9, 0.51), work.image(0.7)
    nothing = work.image()
    page = work.queue()
    assert [item["object_id"] for item in page["items"]] == [unsure, between, sure]
    assert page["items"][0] == {
        "object_id": unsure,
        "inference_id": page["items"][0]["inference_id"],
        "media_type": "image/png",
        "width": 64,
        "height": 48,
        "recorded_at": page["items"][0]["recorded_at"],
        "model_version": "v1",
        "predictions": 2,
        "best": {"label": "RBC", "score": 0.9},
        "reason": "uncertain",
        "degree": pytest.approx(0.98),
        "detail": "RBC at 51 %, near the threshold of 50 %",
        "leased_by": None,
        "leased_until": None,
    }
    assert page["items"][1]["detail"] == "RBC at 70 %, nearest to the threshold of 50 %"
    assert (page["total"], page["counts"]["uncertain"], page["counts"]["oldest"]) == (3, 3, 4)
    assert work.ids("uncertain", limit=1, offset=1) == [between]
    assert work.ids("oldest") == [sure, unsure, between, nothing]
    assert work.details("oldest")[0] == "waiting since today"
    work.complete(work.rita, unsure)
    assert work.ids("uncertain") == [between, sure]
    assert work.queue("oldest")["items"][-1]["inference_id"] is None


def test_what_two_versions_answer_differently(work: Work) -> None:
    same, other = work.image(0.9), work.image(0.9)
    work.infer(same, [Prediction("RBC", 0.8, ONE)], "v2")
    work.infer(other, [Prediction("RBC", 0.8, ONE), Prediction("WBC", 0.8, TWO)], "v2")
    [item] = work.queue("disagree")["items"]
    assert (item["object_id"], item["degree"]) == (other, pytest.approx(1 / 3))
    assert item["detail"] == "v1 finds 1, v2 finds 2; they agree on 1"
    fruit = work.images(1, "fruits")[0]
    for model, label in (("v1", "apple"), ("v2", "pear")):
        work.infer(fruit, [Prediction(label, 0.9)], model, "fruits")
    found = work.rita.get("/api/v1/apps/fruits/queue", params={"strategy": "disagree"}).json()
    [item] = found["items"]
    assert (item["detail"], item["degree"]) == ("v1 and v2 see different classes", 1)


def test_what_two_people_see_differently(work: Work) -> None:
    object_id = work.image()
    box = {"label": "RBC", "box": ONE.as_list()}
    [added] = work.annotate(work.rita, object_id, {"action": "add", **box})
    about = {"target": added["annotation_id"]}
    work.annotate(work.otto, object_id, {"action": "correct", "label": "WBC", **about})
    work.complete(work.otto, object_id)
    [item] = work.queue("disputed")["items"]
    assert item["object_id"] == object_id, "though it was completed"
    assert item["detail"] == "otto and rita differ on 1 finding"
    # It ends when one adopts what the other said, or a third person says something.
    work.annotate(work.rita, object_id, {"action": "correct", "label": "WBC", **about})
    assert work.ids("disputed") == []
    work.annotate(work.rita, object_id, {"action": "reject", **about})
    assert work.ids("disputed") == [object_id]
    carl = work.served.client("reviewer", name="carl")
    work.annotate(carl, object_id, {"action": "confirm", **about})
    assert work.ids("disputed") == []


def test_a_share_is_drawn_by_chance_and_stays(work: Work) -> None:
    every = work.images(300)
    drawn = work.ids("random")
    assert 5 < len(drawn) < 80
    assert drawn not in (sorted(drawn), sorted(drawn, reverse=True))
    assert set(drawn) < set(every)
    assert work.details("random")[0] == "drawn by chance, as one of every ten"
    work.complete(work.rita, drawn[0])
    assert work.ids("random") == drawn[1:]


def test_what_was_asked_for_comes_until_it_is_done(work: Work) -> None:
    first, second, third = work.image(0.9), work.image(0.4), work.image()
    elsewhere = work.image(app="fruits")
    work.complete(work.rita, second)
    assert work.request(object_ids=[second, third]) == {"requested": 2}
    assert work.request(object_ids=[third]) == {"requested": 0}, "it waits already"
    assert work.ids("requested") == [second, third]
    assert work.details("requested")[0] == "asked for by ana, just now"
    assert work.ids("oldest") == [first, third], "it was reviewed, and is not open but for this"
    work.complete(work.rita, second)
    assert work.ids("requested") == [third]
    assert work.request(filter={"reviewed": "yes"}) == {"requested": 1}
    assert work.request(filter={"requested": "yes"}) == {"requested": 0}
    assert work.ids("requested") == [third, second]
    assert work.request(filter={}) == {"requested": 1}
    work.request(object_ids=[first], filter={}, expect=422)
    work.request(expect=422)
    work.request(object_ids=["x"], expect=422)
    work.request(filter={"colour": "red"}, expect=422)
    work.request(object_ids=[elsewhere], expect=404)
    assert work.queue()["counts"] == {
        "requested": 3,
        "uncertain": 1,
        "disagree": 0,
        "disputed": 0,
        "random": work.queue("random")["total"],
        "oldest": 2,
    }


def test_two_reviewers_never_get_the_same_image(work: Work) -> None:
    every = [work.image(0.5 + number / 100) for number in range(24)]
    mine = work.taken(work.rita, count=5)
    assert mine == every[:5]
    assert work.taken(work.otto, count=2) == every[5:7]
    assert work.taken(work.rita, count=2) == every[:2], "what one holds is given again"
    assert work.taken(work.rita, count=2, skip=every[:5]) == every[7:9]
    listed = work.queue(limit=6)["items"]
    assert [item["leased_by"] for item in listed] == ["token:rita"] * 5 + ["token:otto"]
    # Many at once, and each done at once.
    reviewers = [work.served.client("reviewer", name=f"r{number}") for number in range(4)]

    def review(client: httpx.Client) -> list[str]:
        done = []
        for _ in range(3):
            for object_id in work.taken(client, count=1):
                done.append(object_id)
                work.complete(client, object_id)
        return done

    with ThreadPoolExecutor(4) as pool:
        done = [object_id for ids in pool.map(review, reviewers) for object_id in ids]
    assert sorted(done) == sorted(set(done)) == sorted(every[9:21])
    for client in reviewers:
        assert set(work.taken(client, count=100)).isdisjoint({*done, *every[:9]})


def test_a_lease_is_of_these_images_and_ends(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = work.image(0.5), work.image(0.6)
    taken = work.take(work.rita, object_ids=[one])
    assert taken["lease_s"] == 600
    until = taken["items"][0]["leased_until"]
    answer = work.take(work.otto, object_ids=[two, one])
    assert [item["object_id"] for item in answer["items"]] == [two]
    assert answer["held"] == [{"object_id": one, "leased_by": "token:rita", "leased_until": until}]
    # What somebody says of an image that another one is at is kept all the same.
    work.complete(work.otto, one)
    assert work.take(work.rita, object_ids=[one])["items"][0]["detail"] == "reviewed today"
    release = work.otto.post(f"{QUEUE}/release", json={"object_ids": [one, two]})
    assert release.json() == {"released": 1}
    assert work.taken(work.rita) == [two]
    assert work.taken(work.otto) == []
    now = leases.machine_now()
    monkeypatch.setattr(leases, "machine_now", lambda: now + 601_000_000)
    assert work.queue()["items"][0]["leased_by"] is None
    assert work.taken(work.otto) == [two]
    work.take(work.rita, object_ids=[new_id()], expect=404)
    for wrong in ({"object_ids": []}, {"count": 0}, {"count": 101}, {"strategy": "best"}):
        work.take(work.rita, **wrong, expect=422)
    work.take(work.rita, skip=["x"], expect=422)


def test_how_far_the_work_has_come(work: Work) -> None:
    ids = [work.image(0.9) for _ in range(5)]
    for object_id in ids[:3]:
        work.complete(work.rita, object_id)
    work.complete(work.otto, ids[3])
    progress = work.queue()["progress"]
    assert 0 <= progress.pop("seconds_per_image") < 300
    assert progress == {
        "remaining": 1,
        "reviewed": 4,
        "reviewed_today": 4,
        "mine_today": 3,
        "reviewers": [{"name": "token:rita", "today": 3}, {"name": "token:otto", "today": 1}],
    }
    work.served.layers.run("archive", older_than="0s")
    again = work.queue()["progress"]
    assert {name: again[name] for name in progress} == progress
    assert work.ana.get(QUEUE).json()["progress"]["seconds_per_image"] is None


def test_the_queue_as_csv(work: Work) -> None:
    work.image(0.9), work.image(0.6)
    answer = work.rita.get(QUEUE, params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["object_id"] for row in rows] == work.ids("uncertain")
    assert rows[0]["detail"] == "RBC at 60 %, near the threshold of 50 %"


def test_who_may_do_what_and_that_it_is_on_record(work: Work) -> None:
    object_id = work.image(0.9)
    user = work.served.client("user")
    other = work.served.client("reviewer", name="other", app="fruits")
    for client, path, body, expect in (
        (user, "", None, 403),
        (other, "", None, 403),
        (work.ana, "/take", {}, 403),
        (work.ana, "/release", {"object_ids": [object_id]}, 403),
        (user, "/requests", {"filter": {}}, 403),
        (work.rita, "/requests", {"filter": {}}, 200),
        (work.rita, "?strategy=best", None, 422),
        (work.rita, "?limit=501", None, 422),
    ):
        answer = (
            client.get(f"{QUEUE}{path}")
            if body is None
            else client.post(f"{QUEUE}{path}", json=body)
        )
        assert answer.status_code == expect, (path, answer.text)
    assert work.rita.get("/api/v1/apps/none/queue").status_code == 404
    work.taken(work.rita)
    said = "select who, action, what from audit order by recorded_at"
    queue = [row for row in work.served.rows(said) if str(row[1]).startswith("queue.")]
    assert queue == [
        ("token:rita", "queue.request", "send 1 images of blood-cells to review"),
        ("token:rita", "queue.take", "take 1 images of blood-cells"),
    ]
