"""Whatever comes from outside is refused with its status, in words, and leaves nothing behind."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator

import httpx
import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread, dcmwrite
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.uid import HEVCMP51

from millpond.settings import AppSection, LimitsSection, Settings
from serving.helpers import Served, files_no_longer_than, picture, serving

PREDICT = "/api/v1/apps/blood-cells/predict"


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Iterator[Served]:
    """One server for the whole file: nothing of what it refuses may stay."""
    with serving(tmp_path_factory.mktemp("project"), settings) as served:
        served.promote()
        yield served


def chunk(kind: bytes, body: bytes) -> bytes:
    whole = kind + body
    return struct.pack(">I", len(body)) + whole + struct.pack(">I", zlib.crc32(whole))


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 60,000 x 60,000."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(bytes(100_000)))
    return b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b"")


def tiff_of_ten_thousand_pages() -> bytes:
    pages = b"".join(
        struct.pack("<HI", 0, 8 + 6 * (page + 1) if page < 9_999 else 0) for page in range(10_000)
    )
    return b"II*\x00" + struct.pack("<I", 8) + pages


def animated_gif() -> bytes:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def dicom_without_pixels() -> bytes:
    found = get_testdata_file("rtplan.dcm", download=False)
    assert isinstance(found, str)
    with open(found, "rb") as file:
        return file.read()


def dicom_of_a_video() -> bytes:
    dataset = dcmread(get_testdata_file("CT_small.dcm", download=False))
    dataset.PixelData = encapsulate([bytes(dataset.PixelData)])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = HEVCMP51
    out = io.BytesIO()
    dcmwrite(out, dataset, implicit_vr=False, little_endian=True)
    return out.getvalue()


def assert_refused(served: Served, answer: httpx.Response, status: int, *said: str) -> None:
    """The answer is a problem of that status, and its message is kept with the refusals."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "request_id"}
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    for words in said:
        assert words in problem["detail"]
    kept = served.rows("select status, reason from refusals order by recorded_at desc limit 1")
    assert kept == [(status, problem["detail"])]


@pytest.mark.parametrize(
    ("make", "status", "said"),
    [
        (lambda: b"", 400, "nothing"),
        (lambda: b"I am a photograph, says my name.", 400, "text"),
        (lambda: b"%PDF-1.7 and so on", 400, "PDF"),
        (lambda: picture(form="JPEG")[:700], 400, "truncated"),
        (dicom_without_pixels, 400, "DICOM"),
        (bomb, 413, "pixels"),
        (tiff_of_ten_thousand_pages, 413, "pages"),
        (animated_gif, 415, "GIF"),
        (dicom_of_a_video, 415, "transfer syntax"),
    ],
    ids=["empty", "text", "pdf", "cut-jpeg", "no-pixels", "bomb", "pages", "gif", "syntax"],
)
def test_bytes_that_are_no_picture(
    cells: Served, make: Callable[[], bytes], status: int, said: str
) -> None:
    client, before = cells.client("user"), cells.kept()
    for answer in (
        client.post(PREDICT, content=make()),
        client.post(PREDICT, files={"file": ("cell.jpg", make(), "image/jpeg")}),
    ):
        assert_refused(cells, answer, status, said)
    assert cells.kept() == before
    latest = "select app from refusals order by recorded_at desc limit 1"
    assert cells.rows(latest) == [("blood-cells",)]


def test_a_cmyk_jpeg_is_taken(cells: Served) -> None:
    out = io.BytesIO()
    Image.new("CMYK", (64, 48), (10, 200, 30, 40)).save(out, "JPEG")
    answer = cells.client("user").post(PREDICT, content=out.getvalue())
    assert answer.status_code == 200
    shown = cells.client("reviewer").get(f"/api/v1/objects/{answer.json()['object_id']}/thumbnail")
    assert Image.open(io.BytesIO(shown.content)).mode == "RGB"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"threshold": "0.04"}, "0.05"),
        ({"threshold": "1.5"}, "1.5"),
        ({"threshold": "nan"}, "nan"),
        ({"threshold": "high"}, "threshold"),
        ({"nms": "-1"}, "nms"),
        ({"subject": "x" * 256}, "256"),
        ({"candidates": "perhaps"}, "candidates"),
    ],
)
def test_thresholds_that_do_not_fit(cells: Served, params: dict[str, str], said: str) -> None:
    before = cells.kept()
    answer = cells.client("user").post(PREDICT, content=picture(), params=params)
    assert_refused(cells, answer, 422, said)
    assert cells.kept() == before


def test_a_form_that_does_not_fit(cells: Served) -> None:
    client = cells.client("user")
    answer = client.post(PREDICT, files={"image": ("cell.jpg", picture())})
    assert_refused(cells, answer, 422, "'file'")
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    for body in (b"no boundary", b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\nabc"):
        assert_refused(cells, client.post(PREDICT, content=body, headers=form), 400, "multipart")
    bare = {"Content-Type": "multipart/form-data"}
    assert_refused(cells, client.post(PREDICT, content=b"x", headers=bare), 400, "multipart")


def test_an_unknown_application(cells: Served) -> None:
    client = cells.client("user")
    answer = client.post("/api/v1/apps/moons/predict", content=picture())
    assert_refused(cells, answer, 404, "'moons'", "blood-cells, fruits")
    assert_refused(cells, client.get("/api/v1/apps/moons/inferences"), 404)


@pytest.mark.parametrize("path", ["inferences/{}", "objects/{}", "objects/{}/thumbnail"])
@pytest.mark.parametrize("which", ["0190b1a2-0000-7000-8000-000000000000", "x", "..%2f..", "%00"])
def test_an_unknown_id(cells: Served, path: str, which: str) -> None:
    answer = cells.client().get(f"/api/v1/{path.format(which)}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


CELL = {"action": "add", "label": "RBC", "box": [1, 2, 30, 40]}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ([{**CELL, "label": "WBD"}], "label 'WBD' is not one of RBC, WBC, Platelets"),
        ([{**CELL, "box": [1, 2, 65, 40]}], "64 x 48"),
        ([{**CELL, "box": [-1, 2, 30, 40]}], "outside"),
        ([{**CELL, "box": [30, 2, 1, 40]}], "inside out"),
        ([{**CELL, "box": [1, 2, 1, 40]}], "empty"),
        ([{**CELL, "box": [1, 2, 3]}], "x_min"),
        ([{**CELL, "box": "all"}], "box"),
        ([{**CELL, "box": None}], "needs a box"),
        ([{**CELL, "action": "praise"}], "confirm, correct, add, reject, reopen, complete"),
        ([{**CELL, "colour": "red"}], "colour"),
        ([{"label": "RBC"}], "action"),
        ([{"action": "confirm"}], "prediction_id"),
        ([{"action": "confirm", "target": "0190"}], "0190"),
        ([{**CELL, "annotation_id": "mine"}], "mine"),
        ([CELL, {**CELL, "label": "WBD"}], "annotation 2 of 2"),
        ([], "empty"),
        ({"annotation": []}, "list"),
        ("add", "list"),
    ],
)
def test_annotations_that_do_not_fit(cells: Served, sent: object, said: str) -> None:
    client = cells.client("admin")
    answer = client.post(PREDICT, content=picture()).json()
    before = cells.kept()
    for path in (f"inferences/{answer['inference_id']}", f"objects/{answer['object_id']}"):
        refused = client.post(f"/api/v1/{path}/annotations", json=sent)
        assert_refused(cells, refused, 422, said)
    assert cells.kept() == before


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400"])
def test_a_box_that_is_not_finite(cells: Served, number: str) -> None:
    client = cells.client("admin")
    answer = client.post(PREDICT, content=picture()).json()
    body = f'[{{"action": "add", "label": "RBC", "box": [1, 2, {number}, 40]}}]'
    refused = client.post(
        f"/api/v1/inferences/{answer['inference_id']}/annotations",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    assert_refused(cells, refused, 422)


def test_a_body_that_is_not_json(cells: Served) -> None:
    client = cells.client("admin")
    answer = client.post(PREDICT, content=picture()).json()
    path = f"/api/v1/inferences/{answer['inference_id']}/annotations"
    json = {"Content-Type": "application/json"}
    for body in (b"{", b"\xff\xfe", b"", b"[" * 50_000):
        assert_refused(cells, client.post(path, content=body, headers=json), 422)


def test_an_annotation_id_reused_for_something_else(cells: Served) -> None:
    client = cells.client("admin")
    answer = client.post(PREDICT, content=picture()).json()
    path = f"/api/v1/inferences/{answer['inference_id']}/annotations"
    cell = {**CELL, "annotation_id": "0190b1a2-0000-7000-8000-00000000000a"}
    assert client.post(path, json=[cell]).status_code == 201
    before = cells.kept()
    refused = client.post(path, json=[CELL, {**cell, "label": "WBC"}])
    assert_refused(cells, refused, 409, cell["annotation_id"])
    assert cells.kept() == before


@pytest.fixture
def small(make_server: Callable[[Settings], Served]) -> Served:
    """A server that takes one megabyte."""
    apps = {"blood_cells": AppSection(task="detection", labels=("RBC",))}
    return make_server(Settings(apps=apps, limits=LimitsSection(upload_mb=1)))


def test_too_many_bytes(small: Served) -> None:
    client, before = small.client("user"), small.kept()
    large = bytes(1024 * 1024 + 100_000)

    def in_pieces() -> Iterator[bytes]:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    # Said beforehand, not said, and said of the form around it.
    assert_refused(small, client.post(PREDICT, content=large), 413, "MB")
    assert_refused(small, client.post(PREDICT, content=in_pieces()), 413, "MB")
    assert_refused(small, client.post(PREDICT, files={"file": large}), 413, "MB")
    fits = client.post(PREDICT, content=large[: 1024 * 1024])
    assert_refused(small, fits, 400, "unknown bytes")
    assert small.kept() == before


def test_too_many_bytes_of_json(cells: Served) -> None:
    answer = cells.client().post("/api/v1/users", json={"user": "x" * 5_000_000, "role": "user"})
    assert_refused(cells, answer, 413, "MB")


def test_a_disk_that_is_full_for_the_object(served: Served) -> None:
    client, before = served.client("user"), served.kept()
    noise = np.random.default_rng(1).integers(0, 255, (900, 900, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "BMP")
    with files_no_longer_than(2_000_000):
        answer = client.post(PREDICT, content=out.getvalue())
    assert_refused(served, answer, 507, "nothing was kept")
    assert served.kept() == before
    assert client.post(PREDICT, content=out.getvalue()).status_code == 200


def test_a_disk_that_is_full_for_the_rows(served: Served) -> None:
    client, before = served.client("user"), served.kept()
    out = io.BytesIO()
    Image.new("1", (64, 48)).save(out, "PNG")
    with files_no_longer_than(len(out.getvalue())):
        answer = client.post(PREDICT, content=out.getvalue())
        ready = client.get("/v2/health/ready")
    assert answer.status_code == 507, answer.text
    assert ready.status_code in (200, 507)
    # The bytes may stay, named by nothing: a commit that failed may yet turn out to be kept.
    assert served.kept()[1:] == before[1:]
    assert client.post(PREDICT, content=out.getvalue()).status_code == 200
