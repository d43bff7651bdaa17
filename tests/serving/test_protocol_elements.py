"""The wire of the Open Inference Protocol: what goes over comes back, and lies are refused."""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from contextlib import suppress
from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from millpond.errors import Invalid, TooLarge, Unsupported
from millpond.serving.inference_protocol.datatypes import ELEMENTS, datatype_of
from millpond.serving.inference_protocol.elements import (
    MOST_ELEMENTS,
    from_binary,
    from_json,
    to_binary,
    to_json,
)
from millpond.serving.inference_protocol.requests import inflated, read_request

NUMBERS = sorted(set(ELEMENTS) - {"BYTES"})
SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def tensor(**changes: Any) -> dict[str, Any]:
    return {"name": "a", "shape": [2], "datatype": "FP32", "data": [1, 2], **changes}


def sent_as_json(array: np.ndarray[Any, Any]) -> list[Any]:
    found: list[Any] = json.loads(json.dumps(to_json("a", array)))
    return found


def body(**changes: Any) -> bytes:
    return json.dumps({"inputs": [tensor(**changes)]}).encode()


@settings(deadline=None)
@given(st.data(), st.sampled_from(NUMBERS), SHAPES)
def test_numbers_come_back_as_they_were(
    data: st.DataObject, datatype: str, shape: tuple[int, ...]
) -> None:
    finite = {} if datatype[0] != "F" else {"allow_nan": False, "allow_infinity": False}
    elements = arrays.from_dtype(ELEMENTS[datatype], **finite)  # type: ignore[call-overload]
    sent = data.draw(arrays.arrays(ELEMENTS[datatype], shape, elements=elements))
    assert datatype_of(sent.dtype) == datatype
    binary = from_binary("a", datatype, shape, memoryview(to_binary(sent)))
    flat = from_json("a", datatype, shape, sent_as_json(sent))
    nested = sent.tolist() if shape else [sent.item()]
    natural = from_json("a", datatype, shape, nested)
    for found in (binary, flat, natural):
        assert found.dtype == sent.dtype
        np.testing.assert_array_equal(found, sent)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=20), max_size=6))
def test_bytes_come_back_as_they_were(sent: list[bytes]) -> None:
    array = np.array(sent, object)
    found = from_binary("a", "BYTES", (len(sent),), memoryview(to_binary(array)))
    assert found.tolist() == sent


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), max_size=6))
def test_text_comes_back_as_it_was(sent: list[str]) -> None:
    array = np.array(sent, object)
    found = from_json("a", "BYTES", (len(sent),), sent_as_json(array))
    assert [one.decode() for one in found] == sent


@settings(deadline=None)
@given(
    st.sampled_from([*ELEMENTS, "FP8", "", "bytes"]),
    st.lists(st.integers(0, 2**31 - 1) | st.integers(0, 3), max_size=5),
    st.binary(max_size=64),
)
@example("FP32", [2**31 - 1, 0, 2**31 - 1, 2**31 - 1], b"")
@example("BYTES", [2**31 - 1] * 5, b"")
@example("BYTES", [1], b"\xff\xff\xff\xff")
@example("BOOL", [1], b"\x02")
def test_no_bytes_are_more_than_refused(datatype: str, shape: list[int], data: bytes) -> None:
    with suppress(Invalid):
        found = from_binary("a", datatype, shape, memoryview(data))
        assert list(found.shape) == shape
        assert to_binary(found) == data


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.sampled_from(list(ELEMENTS)), st.lists(st.integers(0, 3), max_size=3), st.lists(JSON))
def test_no_json_is_more_than_refused(datatype: str, shape: list[int], data: list[Any]) -> None:
    with suppress(Invalid):
        found = from_json("a", datatype, shape, data)
        assert list(found.shape) == shape
        assert found.size == prod(shape)


@settings(deadline=None)
@given(st.binary(max_size=200), st.none() | st.text(max_size=12) | st.integers().map(str))
@example(b"[" * 10_000, None)
@example(b'{"inputs": [{"name": "a", "shape": [1], "datatype": "FP32", "data": [1e999]}]}', None)
@example(b"{}", "99999999999999999999999999")
@example(b"{}", "²")
def test_no_body_is_more_than_refused(sent: bytes, length: str | None) -> None:
    with suppress(Invalid):
        for one in read_request(sent, length).inputs:
            one.array()


@pytest.mark.parametrize(
    ("datatype", "data", "says"),
    [
        ("UINT8", [300], "300"),
        ("UINT8", [-1], "-1"),
        ("INT32", [1.5], "no INT32"),
        ("INT32", ["1"], "no INT32"),
        ("INT32", [None], "no INT32"),
        ("BOOL", [1], "no BOOL"),
        ("FP32", [True], "no FP32"),
        ("FP32", [1e300], "overflow"),
        ("FP16", [70000], "overflow"),
        ("BYTES", [1], "no BYTES"),
        ("BYTES", [b"\xff".decode("latin-1"), "b"], "brings 2 elements"),
        ("FP32", [], "brings 0 elements"),
        ("FP32", [[1], [2]], "not nested"),
        ("FP64x", [1], "'FP64x' is not one of BOOL"),
    ],
)
def test_an_element_that_does_not_fit_is_named(datatype: str, data: list[Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        from_json("a", datatype, [1], data)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"shape": [-2]}, r"shape\.0.*greater than or equal to 0"),
        ({"shape": [2**63]}, r"shape\.0.*less than or equal"),
        ({"shape": [2.5]}, r"shape\.0.*integer"),
        ({"shape": [True]}, r"shape\.0.*integer"),
        ({"shape": [1] * 99}, "shape.*at most 16"),
        ({"shape": "2"}, "shape.*array"),
        ({"name": 5}, "name.*string"),
        ({"name": "a\0"}, "name.*pattern"),
        ({"name": "a" * 256}, "name.*at most 255"),
        ({"parameters": {"a\0": 1}}, r"parameters\.a\\x00"),
        ({"parameters": {"a": "\n"}}, "parameters"),
        ({"data": None}, "neither data nor binary_data_size"),
        ({"parameters": {"binary_data_size": 8}}, "beside a binary_data_size"),
        ({"data": None, "parameters": {"binary_data_size": -8}}, "binary_data_size"),
        ({"data": None, "parameters": {"binary_data_size": True}}, "binary_data_size"),
        ({"data": None, "parameters": {"binary_data_size": 8}}, "header Inference-Header-Cont"),
        ({"parameters": {"shared_memory_region": "x"}}, "shared memory is not offered"),
        ({"parameters": {"x": [1]}}, "parameters"),
    ],
)
def test_a_tensor_that_does_not_fit_is_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        read_request(body(**changes), None)


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({}, "inputs: Field required"),
        ({"inputs": []}, "inputs"),
        ({"inputs": [tensor(), tensor()]}, "a, a are not distinct"),
        ({"inputs": [tensor()] * 65}, "at most 64"),
        ({"inputs": [tensor()], "outputs": [{"name": "b"}] * 2}, "b, b are not distinct"),
        ({"inputs": [tensor()], "outputs": [{}]}, "outputs.0.name"),
        ({"inputs": [tensor()], "id": 5}, "id"),
        ({"inputs": [tensor()], "parameters": {"binary_data_output": 1}}, "neither true nor false"),
        (
            {"inputs": [tensor()], "outputs": [{"name": "b", "parameters": {"binary_data": "y"}}]},
            "neither true nor false",
        ),
        (
            {"inputs": [tensor()], "outputs": [{"name": "b", "parameters": {"classification": 2}}]},
            "classification extension is not offered",
        ),
    ],
)
def test_a_request_that_does_not_fit_is_named(request_: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        read_request(json.dumps(request_).encode(), None)


def test_binary_data_is_cut_in_the_order_of_the_inputs() -> None:
    sizes = {"a": 8, "b": 5}
    head = json.dumps(
        {
            "inputs": [
                tensor(data=None, parameters={"binary_data_size": sizes["a"]}),
                tensor(name="j"),
                tensor(
                    name="b",
                    shape=[1],
                    datatype="BYTES",
                    data=None,
                    parameters={"binary_data_size": sizes["b"]},
                ),
            ]
        }
    ).encode()
    behind = struct.pack("<ff", 1.5, 2.5) + struct.pack("<I", 1) + b"x"
    a, j, b = read_request(head + behind, str(len(head))).inputs
    assert a.array().tolist() == [1.5, 2.5]
    assert j.array().tolist() == [1, 2]
    assert b.array().tolist() == [b"x"]
    with pytest.raises(Invalid, match="1 bytes of binary data that no input asks for"):
        read_request(head + behind + b"?", str(len(head)))
    with pytest.raises(Invalid, match="says that it has 5 bytes of binary data, and 4 are left"):
        read_request(head + behind[:-1], str(len(head)))
    for length in ("-1", "x", "", "1e3", " 5", str(len(head + behind) + 1), "9" * 30):
        with pytest.raises(Invalid, match="Inference-Header-Content-Length"):
            read_request(head + behind, length)


def test_json_of_very_many_elements_is_refused_before_it_is_read() -> None:
    with pytest.raises(Invalid, match="send tensors as binary data"):
        read_request(b'{"inputs": [' + b"{}," * MOST_ELEMENTS + b"{}]}", None)
    with pytest.raises(Invalid, match="ask for it with binary_data"):
        to_json("a", np.zeros(MOST_ELEMENTS + 1, np.int8))


@pytest.mark.parametrize("array", [np.array([np.nan]), np.array([b"\xff"], object)])
def test_what_json_cannot_hold_is_refused(array: np.ndarray[Any, Any]) -> None:
    with pytest.raises(Invalid, match="ask for it with binary_data"):
        to_json("a", array)


def test_a_packed_body_is_unpacked_under_the_limit() -> None:
    plain = b"x" * 10_000
    assert inflated(plain, "", 5) == plain
    assert inflated(gzip.compress(plain), "gzip", 10_000) == plain
    assert inflated(zlib.compress(plain), "Deflate", 10_000) == plain
    with pytest.raises(TooLarge):
        inflated(gzip.compress(plain), "gzip", 9_999)
    with pytest.raises(Unsupported, match="'br' is not one of gzip, deflate"):
        inflated(plain, "br", 10_000)
    for damaged in (plain, gzip.compress(plain)[:-4], gzip.compress(plain) * 2, b""):
        with pytest.raises(Invalid):
            inflated(damaged, "gzip", 30_000)
