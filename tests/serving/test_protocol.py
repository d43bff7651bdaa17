"""A full session of Triton's own client against us."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import onnx
import pytest
import tritonclient.http as triton
from numpy.typing import NDArray
from onnx import TensorProto, helper
from tritonclient.utils import InferenceServerException

from millpond.models.package import ModelPackage, Outputs
from millpond.models.preprocessing import Preprocessing
from millpond.settings import AppSection, CaptureSection, Settings
from serving.helpers import LABELS, Served, files_no_longer_than, picture, serving

INFER = "/v2/models/blood-cells/infer"
LENGTH = "Inference-Header-Content-Length"


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("project"), settings) as served:
        served.promote()
        yield served


class Client(triton.InferenceServerClient):  # type: ignore[misc]
    """Triton's client, with a token in each request as its plugins may add it."""

    def __init__(self, served: Served, role: str = "user", app: str | None = None) -> None:
        super().__init__(served.url.removeprefix("http://"), concurrency=8)
        token = served.services.access.create_token("triton", role, app=app, by="os:test")
        self.register_plugin(_Bearer(token))


class _Bearer(triton.InferenceServerClientPlugin):  # type: ignore[misc]
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: object) -> None:
        request.headers["Authorization"] = f"Bearer {self._token}"  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def client(cells: Served) -> Iterator[Client]:
    with Client(cells) as client:
        yield client


def images(*files: bytes, binary: bool = True) -> list[triton.InferInput]:
    sent = triton.InferInput("image", [len(files)], "BYTES")
    sent.set_data_from_numpy(np.array(files, object), binary_data=binary)
    return [sent]


def pixels(shown: NDArray[np.uint8], binary: bool = True) -> list[triton.InferInput]:
    sent = triton.InferInput("pixels", shown.shape, "UINT8")
    sent.set_data_from_numpy(shown, binary_data=binary)
    return [sent]


def graph_input(name: str, array: NDArray[np.generic], datatype: str) -> triton.InferInput:
    sent = triton.InferInput(name, array.shape, datatype)
    sent.set_data_from_numpy(array)
    return sent


def test_the_server_says_what_it_is(client: Client) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    about = client.get_server_metadata()
    assert about["name"] == "millpond"
    assert about["extensions"] == ["binary_tensor_data", "parameters"]


def test_a_model_says_what_it_takes_and_gives(client: Client) -> None:
    about = client.get_model_metadata("blood-cells")
    assert about["name"] == "blood-cells"
    assert "blood-cells-1" in about["versions"]
    assert about["platform"] == "onnxruntime_onnx"
    assert about["parameters"] == {"captured": True}
    assert [(one["name"], one["datatype"], one["shape"]) for one in about["inputs"]] == [
        ("image", "BYTES", [-1]),
        ("pixels", "UINT8", [-1, -1, 3]),
    ]
    assert [(one["name"], one["datatype"], one["shape"]) for one in about["outputs"]] == [
        ("labels", "BYTES", [-1]),
        ("scores", "FP32", [-1]),
        ("boxes", "FP32", [-1, 4]),
        ("counts", "INT32", [-1]),
        ("inference_ids", "BYTES", [-1]),
    ]
    graph = client.get_model_metadata("blood_cells.tensors", "blood-cells-1")
    assert graph["name"] == "blood-cells.tensors"
    assert graph["parameters"] == {"captured": False}
    assert graph["inputs"] == [{"name": "picture", "datatype": "FP32", "shape": [-1, 3, 48, 64]}]
    assert graph["outputs"][1] == {"name": "boxes", "datatype": "FP32", "shape": [1, 3, 4]}


def test_models_are_ready_where_they_have_a_version(client: Client) -> None:
    for model in ("blood-cells", "blood_cells", "blood-cells.tensors"):
        assert client.is_model_ready(model)
        assert client.is_model_ready(model, "blood-cells-1")
    for model, version in (
        ("fruits", ""),
        ("moons", ""),
        ("blood-cells", "7"),
        ("blood-cells", "%00"),
        ("fruits", "1"),
    ):
        assert not client.is_model_ready(model, version)
    assert not client.is_model_ready("blood-cells.nonsense")


def test_an_image_is_answered_and_kept(client: Client, cells: Served) -> None:
    answer = client.infer("blood-cells", images(picture(1)), request_id="mine")
    about = answer.get_response()
    assert (about["id"], about["model_name"]) == ("mine", "blood-cells")
    assert about["model_version"] == "blood-cells-1"
    assert about["parameters"]["captured"] is True
    assert answer.as_numpy("labels").tolist() == [b"RBC"]
    np.testing.assert_array_equal(answer.as_numpy("scores"), np.array([0.9], np.float32))
    np.testing.assert_array_equal(answer.as_numpy("boxes"), [[0, 0, 10, 10]])
    assert answer.as_numpy("counts").tolist() == [1]
    inference_id = about["parameters"]["inference_id"]
    assert answer.as_numpy("inference_ids").tolist() == [inference_id.encode()]
    kept = cells.client("admin").get(f"/api/v1/inferences/{inference_id}").json()
    assert kept["requested_by"] == "token:triton"
    assert [one["label"] for one in kept["predictions"]] == ["RBC"]


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
def test_pixels_go_as_json_and_as_binary_data(
    client: Client, cells: Served, binary_in: bool, binary_out: bool
) -> None:
    shown = np.random.default_rng(5).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    outputs = [
        triton.InferRequestedOutput("boxes", binary_data=binary_out),
        triton.InferRequestedOutput("labels", binary_data=not binary_out),
    ]
    answer = client.infer("blood-cells", pixels(shown, binary_in), outputs=outputs)
    assert [one["name"] for one in answer.get_response()["outputs"]] == ["boxes", "labels"]
    assert ("data" in answer.get_output("boxes")) is not binary_out
    assert answer.as_numpy("labels").tolist() == ([b"RBC"] if binary_out is False else ["RBC"])
    assert answer.as_numpy("boxes").shape == (1, 4)
    inference_id = answer.get_response()["parameters"]["inference_id"]
    kept = cells.client("admin").get(f"/api/v1/inferences/{inference_id}").json()
    assert (kept["width"], kept["height"], kept["media_type"]) == (8, 6, "image/png")
    stored = cells.services.predict.picture(kept["object_id"])
    np.testing.assert_array_equal(stored.pixels, shown)


def test_parameters_are_those_of_a_prediction(client: Client) -> None:
    shown = images(picture(2))
    answer = client.infer("blood-cells", shown, parameters={"threshold": 0.2, "nms": 0.9})
    assert answer.as_numpy("labels").tolist() == [b"RBC", b"RBC", b"WBC"]
    answer = client.infer("blood-cells", shown, parameters={"candidates": True, "threshold": 1})
    assert answer.as_numpy("labels").shape == (0,)
    assert answer.as_numpy("boxes").shape == (0, 4)
    assert answer.as_numpy("candidate_labels").tolist() == [b"RBC", b"RBC", b"WBC"]
    assert answer.as_numpy("candidate_boxes").shape == (3, 4)
    only = [triton.InferRequestedOutput("candidate_scores")]
    answer = client.infer("blood-cells", shown, outputs=only)
    assert [one["name"] for one in answer.get_response()["outputs"]] == ["candidate_scores"]


def test_several_images_are_one_request(client: Client, cells: Served) -> None:
    answer = client.infer("blood-cells", images(picture(3), picture(4, "JPEG"), picture(5)))
    assert answer.as_numpy("counts").tolist() == [1, 1, 1]
    assert answer.as_numpy("labels").tolist() == [b"RBC"] * 3
    ids = [one.decode() for one in answer.as_numpy("inference_ids")]
    assert len(set(ids)) == 3
    assert "inference_id" not in answer.get_response()["parameters"]
    admin = cells.client("admin")
    types = [admin.get(f"/api/v1/inferences/{one}").json()["media_type"] for one in ids]
    assert types == ["image/png", "image/jpeg", "image/png"]


def test_one_image_that_cannot_be_taken_leaves_nothing_of_the_others(
    client: Client, cells: Served
) -> None:
    before = cells.kept()
    with pytest.raises(InferenceServerException, match=r"\[400\].*not like an image"):
        client.infer("blood-cells", images(picture(6), b"nonsense", picture(7)))
    assert cells.kept() == before


def test_the_same_image_twice_is_one_object(client: Client, cells: Served) -> None:
    objects = len(list(cells.services.store.list("objects")))
    answer = client.infer("blood-cells", images(picture(60), picture(60)))
    ids = [one.decode() for one in answer.as_numpy("inference_ids")]
    admin = cells.client("admin")
    about = {admin.get(f"/api/v1/inferences/{one}").json()["object_id"] for one in ids}
    assert (len(set(ids)), len(about)) == (2, 1)
    assert len(list(cells.services.store.list("objects"))) == objects + 1


def test_a_disk_that_fills_up_in_between_leaves_nothing_of_the_others(
    make_server: Callable[[Settings], Served], settings: Settings
) -> None:
    served = make_server(settings)
    served.promote()
    with Client(served) as client:
        client.infer("blood-cells", images(picture(63)))
        before = served.kept()
        sent = images(picture(62), picture(61, "BMP", (900, 900)))
        with (
            files_no_longer_than(2_000_000),
            pytest.raises(InferenceServerException, match=r"\[507\].*nothing was kept"),
        ):
            client.infer("blood-cells", sent)
        assert served.kept() == before
        assert client.infer("blood-cells", sent).as_numpy("counts").tolist() == [1, 1]


def test_what_the_policy_leaves_out_is_left_out_image_by_image(
    make_server: Callable[[Settings], Served],
) -> None:
    quota = CaptureSection(per_hour=3)
    section = AppSection(task="detection", labels=LABELS, capture=quota)
    served = make_server(Settings(apps={"blood_cells": section}))
    served.promote()
    with Client(served) as client:
        first = client.infer("blood-cells", images(picture(1), picture(2)))
        assert first.get_response()["parameters"]["captured"] is True
        second = client.infer("blood-cells", images(picture(3), picture(4)))
        assert second.get_response()["parameters"] == {"captured": False}
        assert [len(one) for one in second.as_numpy("inference_ids")] == [36, 0]
        assert second.as_numpy("labels").tolist() == [b"RBC"] * 2
    assert served.rows("select count(*) from inferences") == [(3,)]
    assert len(list(served.services.store.list("objects"))) == 3


def test_many_requests_are_under_way_at_once(client: Client, cells: Served) -> None:
    (before,) = cells.rows("select count(*) from inferences")[0]
    asked = [client.async_infer("blood-cells", images(picture(100 + n))) for n in range(16)]
    answers = [one.get_result() for one in asked]
    ids = {one.as_numpy("inference_ids")[0] for one in answers}
    assert len(ids) == 16
    assert cells.rows("select count(*) from inferences") == [(before + 16,)]


@pytest.mark.parametrize("packing", ["gzip", "deflate"])
def test_a_packed_request_is_unpacked(client: Client, packing: str) -> None:
    answer = client.infer(
        "blood-cells",
        images(picture(8)),
        request_compression_algorithm=packing,
        response_compression_algorithm=packing,
    )
    assert answer.as_numpy("labels").tolist() == [b"RBC"]


def test_the_tensors_of_the_graph_are_computed_and_not_kept(client: Client, cells: Served) -> None:
    before = cells.kept()
    tensor = np.zeros((2, 3, 48, 64), np.float32)
    answer = client.infer("blood-cells.tensors", [graph_input("picture", tensor, "FP32")])
    assert answer.get_response()["parameters"] == {"captured": False}
    assert answer.get_response()["model_version"] == "blood-cells-1"
    assert answer.as_numpy("scores").shape == (1, 3, 3)
    np.testing.assert_array_equal(answer.as_numpy("boxes")[0, 2], [20, 20, 30, 30])
    assert cells.kept() == before
    counts = cells.services.uncaptured.totals()
    assert counts["blood-cells", "blood-cells-1", "tensors"] == 1


def test_who_does_not_wait_is_told_so_and_nothing_is_kept(client: Client, cells: Served) -> None:
    before = cells.kept()
    for model, sent in (
        ("blood-cells", images(picture(50))),
        (
            "blood-cells.tensors",
            [graph_input("picture", np.zeros((1, 3, 48, 64), np.float32), "FP32")],
        ),
    ):
        with pytest.raises(InferenceServerException, match=r"\[503\].*deadline"):
            client.infer(model, sent, timeout=1)
    assert cells.kept() == before
    assert client.infer("blood-cells", images(picture(50)), timeout=60_000_000)


def test_a_graph_of_several_inputs_takes_them_all(cells: Served) -> None:
    version = cells.services.registry.register(_several(), by="os:test").version
    with Client(cells) as client:
        about = client.get_model_metadata("fruits.tensors", version)
        assert [(one["name"], one["datatype"]) for one in about["inputs"]] == [
            ("a", "FP16"),
            ("b", "INT64"),
            ("names", "BYTES"),
            ("flag", "BOOL"),
        ]
        inputs = [
            graph_input("names", np.array([["x", "ü"]], object), "BYTES"),
            graph_input("b", np.array([1, 2, 3]), "INT64"),
            graph_input("flag", np.array([True]), "BOOL"),
            graph_input("a", np.array([0.5, 1.5, 2.5], np.float16), "FP16"),
        ]
        answer = client.infer("fruits.tensors", inputs, version)
        assert answer.as_numpy("sum").tolist() == [1.5, 3.5, 5.5]
        assert [one.decode() for one in answer.as_numpy("same").flat] == ["x", "ü"]
        assert answer.as_numpy("not").tolist() == [False]
        with pytest.raises(InferenceServerException, match="names, b, flag are not the model's"):
            client.infer("fruits.tensors", inputs[:3], version)


def test_a_version_that_does_not_serve_may_be_asked(cells: Served, client: Client) -> None:
    registry = cells.services.registry
    version = registry.register(registry.package("blood-cells-1"), by="os:test").version
    answer = client.infer("blood-cells", images(picture(9)), model_version=version)
    assert answer.get_response()["model_version"] == version
    told = f"select count(*) from inferences where model_version = '{version}'"
    assert cells.rows(told) == [(1,)]
    assert registry.champion("blood-cells") == "blood-cells-1"
    with pytest.raises(InferenceServerException, match=r"\[404\]"):
        client.infer("fruits", images(picture(9)), model_version=version)


def test_bytes_alone_are_one_image(cells: Served) -> None:
    user = cells.client("user")
    answer = user.post(INFER, content=picture(10), headers={LENGTH: "0"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/octet-stream"
    head = json.loads(answer.content[: int(answer.headers[LENGTH])])
    assert head["parameters"]["captured"] is True
    assert head["outputs"][0]["parameters"] == {"binary_data_size": 7}
    alone = np.zeros((1, 3, 48, 64), np.float32).tobytes()
    tensors = "/v2/models/blood-cells.tensors/infer"
    answer = user.post(tensors, content=alone, headers={LENGTH: "0"})
    assert answer.status_code == 200, answer.text
    answer = user.post(tensors, content=alone[:-4], headers={LENGTH: "0"})
    assert answer.status_code == 400


def test_a_key_makes_a_request_safe_to_repeat(cells: Served) -> None:
    with Client(cells) as client:
        headers = {"Idempotency-Key": "once"}
        two = images(picture(20), picture(21))
        answers = [client.infer("blood-cells", two, headers=dict(headers)) for _ in range(2)]
        first, again = (answer.as_numpy("inference_ids").tolist() for answer in answers)
        assert first == again
        assert len(set(first)) == 2
        for changed in (images(picture(20)), images(picture(20), picture(22))):
            with pytest.raises(InferenceServerException, match=r"\[409\].*once"):
                client.infer("blood-cells", changed, headers=dict(headers))
        with pytest.raises(InferenceServerException, match=r"\[409\]"):
            client.infer("blood-cells", two, "blood-cells-1", headers=dict(headers))


def test_an_id_is_given_back_and_means_nothing_else(client: Client) -> None:
    answers = [client.infer("blood-cells", images(picture(n)), request_id="1") for n in (30, 31)]
    assert [answer.get_response()["id"] for answer in answers] == ["1", "1"]
    ids = {answer.as_numpy("inference_ids")[0] for answer in answers}
    assert len(ids) == 2


def test_one_version_answers_all_images_of_a_request(cells: Served, client: Client) -> None:
    registry = cells.services.registry
    first = registry.champion("blood-cells")
    other = registry.register(registry.package("blood-cells-1"), by="os:test").version
    registry.set_champion("blood-cells", other, by="os:test")
    try:
        with ThreadPoolExecutor(1) as pool:
            moved = pool.submit(registry.rollback, "blood-cells", by="os:test")
            answer = client.infer("blood-cells", images(*(picture(40 + n) for n in range(8))))
            moved.result()
    finally:
        assert registry.champion("blood-cells") == first
    ids = ", ".join(f"'{one.decode()}'" for one in answer.as_numpy("inference_ids"))
    told = f"select distinct model_version from inferences where inference_id in ({ids})"
    assert cells.rows(told) == [(answer.get_response()["model_version"],)]


def test_roles_and_applications_are_looked_at_first(cells: Served) -> None:
    with Client(cells, "officer") as officer:
        with pytest.raises(InferenceServerException, match=r"\[403\].*may not predict"):
            officer.infer("blood-cells", images(picture()))
        with pytest.raises(InferenceServerException, match=r"\[403\]"):
            officer.get_model_metadata("blood-cells")
    with Client(cells, "user", app="fruits") as fruits:
        for call in (
            lambda: fruits.infer("blood-cells", images(picture())),
            lambda: fruits.infer("blood_cells.tensors", images(picture())),
            lambda: fruits.get_model_metadata("blood-cells.tensors", "blood-cells-1"),
            lambda: fruits.infer("moons", images(picture())),
        ):
            with pytest.raises(InferenceServerException, match=r"\[403\].*restricted to app"):
                call()
    anyone = httpx.post(f"{cells.url}{INFER}", content=b"{" * 100)
    assert anyone.status_code == 401
    assert list(anyone.json()) == ["error"]


def _several() -> ModelPackage:
    """A graph of four inputs, of as many datatypes."""
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["b"], ["b16"], to=TensorProto.FLOAT16),
            helper.make_node("Add", ["a", "b16"], ["sum"]),
            helper.make_node("Identity", ["names"], ["same"]),
            helper.make_node("Not", ["flag"], ["not"]),
        ],
        "several",
        [
            helper.make_tensor_value_info("a", TensorProto.FLOAT16, ["n"]),
            helper.make_tensor_value_info("b", TensorProto.INT64, ["n"]),
            helper.make_tensor_value_info("names", TensorProto.STRING, ["n", 2]),
            helper.make_tensor_value_info("flag", TensorProto.BOOL, [1]),
        ],
        [
            helper.make_tensor_value_info("sum", TensorProto.FLOAT16, ["n"]),
            helper.make_tensor_value_info("same", TensorProto.STRING, ["n", 2]),
            helper.make_tensor_value_info("not", TensorProto.BOOL, [1]),
        ],
    )
    opset = [helper.make_opsetid("", 13)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
    return ModelPackage(
        app="fruits",
        task="classification",
        labels=("apple", "pear"),
        preprocessing=Preprocessing(8, 8),
        outputs=Outputs("logits"),
        model=model.SerializeToString(),
    )
