"""Pictures for the eye and DICOM tags, over real HTTP."""

from __future__ import annotations

import email
import email.policy
import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from millpond.raw.thumbnail import View
from millpond.serving.thumbnails import Thumbnails
from millpond.settings import Settings
from serving.helpers import Served, picture, serving

PREDICT = "/api/v1/apps/blood-cells/predict"


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Served:
    with serving(tmp_path_factory.mktemp("project"), settings) as served:
        yield served


@pytest.fixture(scope="module")
def admin(cells: Served) -> httpx.Client:
    return cells.client("admin")


@pytest.fixture(scope="module")
def ct(admin: httpx.Client) -> str:
    """The id of a CT slice."""
    path = str(get_testdata_file("CT_small.dcm", download=False))
    return keep(admin, Path(path).read_bytes())


def keep(admin: httpx.Client, data: bytes) -> str:
    answer = admin.post(PREDICT, content=data)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["object_id"])


def grey(seed: int = 0) -> bytes:
    """A PNG of 16 bits: a ramp from 0 to 4095."""
    values = np.linspace(0, 4095, 4096 + seed)[: 64 * 64].reshape(64, 64).astype(np.uint16)
    out = io.BytesIO()
    Image.fromarray(values).save(out, "PNG")
    return out.getvalue()


def shown(client: httpx.Client, object_id: str, **asked: object) -> npt.NDArray[np.uint8]:
    answer = client.get(f"/api/v1/objects/{object_id}/thumbnail", params={"size": 128, **asked})
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("L"))


def test_a_window_shows_what_lies_in_it(admin: httpx.Client) -> None:
    object_id = keep(admin, grey())
    low = shown(admin, object_id, center=512, width=1024)
    assert low[0].mean() < 12
    assert low[20:].min() > 245
    assert shown(admin, object_id, center=512, width=1024, invert=True)[20:].max() < 10
    assert admin.get(f"/api/v1/objects/{object_id}/tags").json() == {
        "tags": [],
        "withheld": 0,
        "window": {"center": 2048.0, "width": 4088.0, "min": 0.0, "max": 4095.0},
    }


def test_eight_bits_have_a_window_from_0_to_255(admin: httpx.Client) -> None:
    out = io.BytesIO()
    Image.fromarray(np.tile(np.arange(64, dtype=np.uint8) * 4, (64, 1))).save(out, "PNG")
    object_id = keep(admin, out.getvalue())
    whole = shown(admin, object_id, center=128, width=256)
    assert np.abs(whole.astype(int) - shown(admin, object_id)).max() <= 2
    assert shown(admin, object_id, center=32, width=64)[:, 20:].min() > 245
    assert admin.get(f"/api/v1/objects/{object_id}/tags").json()["window"]["max"] == 255.0
    colour = keep(admin, picture(1))
    assert admin.get(f"/api/v1/objects/{colour}/tags").json()["window"] is None
    assert shown(admin, colour, invert=True).shape == (48, 64)


@pytest.mark.parametrize(
    "asked",
    [{"center": 1}, {"width": 5}, {"center": 1, "width": 0}, {"center": "nan", "width": 1}],
)
def test_a_window_that_does_not_fit_is_refused(
    admin: httpx.Client, ct: str, asked: dict[str, object]
) -> None:
    path = f"/api/v1/objects/{ct}/thumbnail"
    assert admin.get(path, params=asked).status_code == 422


def test_each_view_of_a_picture_is_known_again(admin: httpx.Client, ct: str) -> None:
    path = f"/api/v1/objects/{ct}/thumbnail"
    tags = {}
    for asked in ("size=64", "size=96", "size=64&center=40&width=400", "size=64&invert=true"):
        answer = admin.get(f"{path}?{asked}")
        tags[asked] = answer.headers["etag"]
        known = {"If-None-Match": tags[asked]}
        assert admin.get(f"{path}?{asked}", headers=known).status_code == 304
        assert admin.get(f"{path}?{asked}").content == answer.content
    assert len(set(tags.values())) == 4


def test_identifying_tags_are_for_the_officer(cells: Served, ct: str) -> None:
    path = f"/api/v1/objects/{ct}/tags"
    reviewer = cells.client("reviewer").get(path).json()
    keywords = {tag["keyword"] for tag in reviewer["tags"]}
    assert {"Modality", "KVP", "Rows"} <= keywords
    assert not {"PatientName", "PatientID", "StudyDate", "StudyInstanceUID"} & keywords
    assert reviewer["withheld"] > 20
    assert not any(tag["identifying"] for tag in reviewer["tags"])
    assert "CompressedSamples" not in str(reviewer)
    officer = cells.client("officer", name="omar").get(path).json()
    assert officer["withheld"] == 0
    assert {"keyword": "PatientName", "value": "CompressedSamples^CT1"}.items() <= next(
        tag.items() for tag in officer["tags"] if tag["keyword"] == "PatientName"
    )
    assert ("token:omar", f"all tags of object {ct}") in cells.rows("select who, what from audit")
    assert reviewer["window"]["min"] < 0 < reviewer["window"]["max"]


def test_a_user_sees_no_tags_of_what_others_sent(cells: Served, ct: str) -> None:
    assert cells.client("user", name="uma").get(f"/api/v1/objects/{ct}/tags").status_code == 404


def test_many_at_once_are_all_answered(admin: httpx.Client) -> None:
    ids = [keep(admin, picture(seed)) for seed in range(100, 106)]
    paths = [f"/api/v1/objects/{object_id}/thumbnail" for object_id in ids * 5]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(admin.get, paths))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 6


def test_many_come_in_one_answer(cells: Served, admin: httpx.Client) -> None:
    ids = [keep(admin, picture(seed)) for seed in range(200, 204)]
    alone = {
        object_id: admin.get(f"/api/v1/objects/{object_id}/thumbnail?size=64").content
        for object_id in ids
    }
    before = looks(cells)
    asked = [*ids, ids[0], "nothing"]
    answer = admin.get("/api/v1/thumbnails", params={"object_id": asked, "size": 64})
    assert files_of(answer) == alone
    assert list(files_of(answer)) == ids
    assert looks(cells) - before == {f"object {object_id}": 1 for object_id in ids}


def test_none_comes_to_one_who_may_not_see_it(cells: Served, admin: httpx.Client) -> None:
    theirs = keep(admin, picture(210))
    user = cells.client("user", name="ursula")
    path = "/api/v1/thumbnails"
    assert user.get(path, params={"object_id": theirs}).status_code == 404
    mine = keep(user, picture(211))
    assert list(files_of(user.get(path, params={"object_id": [theirs, mine]}))) == [mine]
    elsewhere = cells.client("reviewer", name="elsewhere", app="other")
    assert elsewhere.get(path, params={"object_id": [theirs, mine]}).status_code == 404
    many = {"object_id": [mine] * 65}
    assert admin.get(path, params=many).status_code == 422
    assert admin.get(path).status_code == 422


def looks(cells: Served) -> Counter[str]:
    """How often each object was looked at, as the audit log has it."""
    return Counter(str(what) for (what,) in cells.rows("select what from audit"))


def files_of(answer: httpx.Response) -> dict[str, bytes]:
    """The parts of an answer by their names, read by the standard library."""
    assert answer.status_code == 200, answer.text
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + answer.content, policy=email.policy.HTTP)
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
        for part in message.iter_parts()
    }


def test_thumbnails_are_kept_up_to_a_bound() -> None:
    made: list[str] = []

    def make(object_id: str, view: View) -> bytes:
        made.append(object_id)
        return bytes(100)

    thumbnails = Thumbnails(make, most=250)
    for object_id in ("a", "b", "a", "c", "a", "b"):
        thumbnails.get(object_id, View(64))
    assert made == ["a", "b", "c", "b"], "b was looked at longest ago when c came"
    assert thumbnails.kept("a", View(64)) is not None
    assert thumbnails.kept("a", View(32)) is None
    assert thumbnails.kept("c", View(64)) is None
