"""Requests of the Open Inference Protocol that do not fit: a clear error, and never a 500."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from millpond.settings import LimitsSection, Settings
from serving.helpers import Served, picture, serving

INFER = "/v2/models/blood-cells/infer"
TENSORS = "/v2/models/blood-cells.tensors/infer"
LENGTH = "Inference-Header-Content-Length"
IMAGE = {"name": "image", "shape": [1], "datatype": "BYTES"}


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Iterator[Served]:
    limits = LimitsSection(upload_mb=1, megapixels=1)
    small = settings.model_copy(update={"limits": limits})
    with serving(tmp_path_factory.mktemp("project"), small) as served:
        served.promote()
        yield served


@pytest.fixture(scope="module")
def user(cells: Served) -> httpx.Client:
    return cells.client("user")


def text(seed: int = 0) -> str:
    return base64.b64encode(picture(seed)).decode()


def post(
    user: httpx.Client, *inputs: dict[str, Any], to: str = INFER, **more: Any
) -> httpx.Response:
    return user.post(to, json={"inputs": inputs, **more})


def assert_refused(answer: httpx.Response, status: int, says: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["error"]
    assert says in answer.json()["error"]


def test_an_image_in_json_is_the_base64_of_its_file(user: httpx.Client) -> None:
    answer = post(user, {**IMAGE, "data": [text()]}).json()
    outputs = {one["name"]: one for one in answer["outputs"]}
    assert outputs["labels"]["data"] == ["RBC"]
    assert outputs["boxes"] == {
        "name": "boxes",
        "datatype": "FP32",
        "shape": [1, 4],
        "data": [0.0, 0.0, 10.0, 10.0],
    }
    assert_refused(post(user, {**IMAGE, "data": ["no base64!"]}), 400, "base64")
    assert_refused(post(user, {**IMAGE, "data": ["ü"]}), 400, "base64")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"shape": [2]}, "brings 1 elements"),
        ({"shape": [0], "data": []}, "with n from 1 to 32"),
        ({"shape": [33], "data": [""] * 33}, "with n from 1 to 32"),
        ({"shape": [1, 1]}, "is not [n]"),
        ({"shape": []}, "is not [n]"),
        ({"datatype": "UINT8"}, "is BYTES, not 'UINT8'"),
        ({"datatype": "STRING"}, "is BYTES, not 'STRING'"),
        ({"name": "picture"}, "neither image nor pixels"),
        ({"name": "pixels"}, "is UINT8, not 'BYTES'"),
    ],
)
def test_an_image_that_does_not_fit_is_400(
    user: httpx.Client, cells: Served, changes: dict[str, Any], says: str
) -> None:
    before = cells.kept()
    assert_refused(post(user, {**IMAGE, "data": [text(1)], **changes}), 400, says)
    assert cells.kept() == before


@pytest.mark.parametrize(
    ("shape", "status", "says"),
    [
        ([2, 2], 400, "not [height, width, 3]"),
        ([2, 2, 4], 400, "not [height, width, 3]"),
        ([1, 2, 2, 3], 400, "not [height, width, 3]"),
        ([0, 2, 3], 400, "not [height, width, 3]"),
        ([2, 2, 3], 400, "brings 1 elements"),
        ([2**31 - 1, 2**31 - 1, 3], 413, "more than the 1 million"),
    ],
)
def test_pixels_that_do_not_fit_are_refused(
    user: httpx.Client, shape: list[int], status: int, says: str
) -> None:
    sent = {"name": "pixels", "shape": shape, "datatype": "UINT8", "data": [1]}
    assert_refused(post(user, sent), status, says)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"outputs": [{"name": "masks"}]}, "'masks' is not one of labels, scores, boxes"),
        ({"parameters": {"treshold": 0.5}}, "'treshold' is not one of threshold, nms"),
        ({"parameters": {"threshold": "0.5"}}, "threshold is '0.5'"),
        ({"parameters": {"threshold": True}}, "threshold is True"),
        ({"parameters": {"threshold": 0.01}}, "0.01 is not from 0.05 to 1"),
        ({"parameters": {"nms": 2}}, "nms 2 is not from 0 to 1"),
        ({"parameters": {"subject": ""}}, "subject"),
        ({"parameters": {"timeout": -1}}, "timeout is -1"),
        ({"parameters": {"timeout": 0.5}}, "timeout is 0.5"),
        ({"parameters": {"sequence_id": 1}}, "'sequence_id' is not one of"),
    ],
)
def test_what_is_asked_for_is_looked_at_before_anything_is_kept(
    user: httpx.Client, cells: Served, more: dict[str, Any], says: str
) -> None:
    before = cells.kept()
    assert_refused(post(user, {**IMAGE, "data": [text(2)]}, **more), 400, says)
    assert cells.kept() == before


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "image"}, "inputs image are not the model's: picture"),
        ({"datatype": "FP64"}, "is FP32, not 'FP64'"),
        ({"shape": [1, 3, 48, 65]}, "is not [-1, 3, 48, 64]"),
        ({"shape": [3, 48, 64]}, "is not [-1, 3, 48, 64]"),
        ({"shape": [0, 3, 48, 64]}, "where -1 is any from 1"),
        ({"shape": [1, 3, 48, 64]}, "brings 1 elements"),
        ({"shape": [2**31 - 1, 3, 48, 64]}, "brings 1 elements"),
    ],
)
def test_a_tensor_that_does_not_fit_is_400(
    user: httpx.Client, changes: dict[str, Any], says: str
) -> None:
    sent = {"name": "picture", "shape": [1, 3, 48, 64], "datatype": "FP32", "data": [1], **changes}
    assert_refused(post(user, sent, to=TENSORS), 400, says)


def test_a_graph_takes_no_parameters_and_has_its_own_outputs(user: httpx.Client) -> None:
    sent = {"name": "picture", "shape": [1, 3, 48, 64], "datatype": "FP32", "data": [0]}
    answer = post(user, sent, to=TENSORS, parameters={"threshold": 0.5})
    assert_refused(answer, 400, "parameters threshold are for pictures")
    answer = post(user, sent, to=TENSORS, outputs=[{"name": "labels"}])
    assert_refused(answer, 400, "'labels' is not one of scores, boxes")


def test_unknown_models_and_versions_are_404(user: httpx.Client) -> None:
    for path in (
        "/v2/models/moons",
        "/v2/models/fruits",
        "/v2/models/blood-cells.masks",
        "/v2/models/blood-cells/versions/7",
        "/v2/models/fruits/versions/blood-cells-1/ready",
        "/v2/nothing",
    ):
        answer = user.get(path)
        assert answer.status_code == 404
        assert list(answer.json()) == ["error"]
    assert_refused(post(user, IMAGE, to="/v2/models/fruits/infer"), 404, "has no champion")


def test_other_routes_keep_their_problem_documents(user: httpx.Client) -> None:
    answer = user.post("/api/v1/apps/blood-cells/predict", content=b"nonsense")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 400
    answer = user.get("/v2x")
    assert answer.headers["content-type"] == "application/problem+json"


def test_too_many_bytes_are_413_however_they_come(user: httpx.Client) -> None:
    noise = b"\0" * (3 * 1024 * 1024)
    assert_refused(user.post(INFER, content=noise, headers={LENGTH: "0"}), 413, "1.0625 MB")
    packed = {"Content-Encoding": "gzip"}
    assert_refused(user.post(INFER, content=gzip.compress(noise), headers=packed), 413, "1.0625 MB")
    chunks = user.post(INFER, content=iter([noise]), headers={LENGTH: "0"})
    assert_refused(chunks, 413, "1.0625 MB")
    answer = user.post(INFER, content=b"x", headers={"Content-Encoding": "br"})
    assert_refused(answer, 415, "'br' is not one of gzip, deflate")
    answer = user.post(INFER, content=b"x", headers=packed)
    assert_refused(answer, 400, "no whole gzip")


def test_a_format_that_is_not_taken_is_415(user: httpx.Client) -> None:
    gif = b"GIF89a" + b"\0" * 50
    assert_refused(user.post(INFER, content=gif, headers={LENGTH: "0"}), 415, "GIF")


def test_refusals_are_kept_with_their_application(user: httpx.Client, cells: Served) -> None:
    assert_refused(post(user, {**IMAGE, "data": ["?"]}), 400, "base64")
    told = "select app, status from refusals where reason like '%base64%'"
    assert set(cells.rows(told)) == {("blood-cells", 400)}


def test_of_large_requests_in_json_a_few_are_read_at_once(user: httpx.Client) -> None:
    shape = [200, 200, 3]
    sent = {"name": "pixels", "shape": shape, "datatype": "UINT8", "data": [7] * 120_000}
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: post(user, sent), range(16)))
    statuses = {answer.status_code for answer in answers}
    assert statuses <= {200, 503}
    assert 200 in statuses
    for answer in answers:
        if answer.status_code == 503:
            assert "binary data" in answer.json()["error"]
            assert int(answer.headers["Retry-After"]) >= 1
    assert post(user, sent).status_code == 200


SIDES = st.integers(-1, 3) | st.sampled_from([48, 64, 2**31 - 1, 2**31, 2**63, 2**64])
VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
)
LISTS = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=4), max_leaves=10)
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "id": VALUES,
        "parameters": LISTS
        | st.dictionaries(st.sampled_from(["threshold", "nms", "subject", "candidates"]), VALUES),
        "inputs": LISTS
        | st.lists(
            st.fixed_dictionaries(
                {
                    "name": st.sampled_from(["image", "pixels", "picture"]),
                    "shape": st.lists(SIDES, max_size=5),
                    "datatype": st.sampled_from(["BYTES", "UINT8", "FP32", "BOOL", "X"]),
                },
                optional={
                    "data": LISTS,
                    "parameters": st.fixed_dictionaries(
                        {}, optional={"binary_data_size": VALUES | st.integers(0, 40)}
                    ),
                },
            ),
            max_size=3,
        ),
        "outputs": LISTS | st.lists(st.fixed_dictionaries({"name": st.text(max_size=6)})),
    },
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    request=REQUESTS,
    behind=st.binary(max_size=60),
    shift=st.sampled_from([0, 0, 0, -1, 1, 10**9]),
    to=st.sampled_from([INFER, TENSORS]),
)
@example(
    {"inputs": [{**IMAGE, "parameters": {"binary_data_size": 8}}]},
    b"\xff\xff\xff\xff0000",
    0,
    INFER,
)
def test_no_request_is_a_500(
    user: httpx.Client, request: dict[str, Any], behind: bytes, shift: int, to: str
) -> None:
    head = json.dumps(request).encode()
    headers = {LENGTH: str(len(head) + shift)}
    answer = user.post(to, content=head + behind, headers=headers)
    assert answer.status_code in (200, 400, 409, 413, 415), answer.text
    if answer.status_code != 200:
        assert list(answer.json()) == ["error"]
