from __future__ import annotations

import json

import numpy as np
import pytest

from millpond.errors import Invalid
from millpond.models.preprocessing import MARGIN, Preprocessing


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_a_picture_of_the_models_size_is_only_normalised() -> None:
    preprocessing = Preprocessing(5, 4, mean=(0.5, 0.4, 0.3), std=(0.1, 0.2, 0.3))
    pixels = picture(4, 5)
    expected = (pixels / 255 - [0.5, 0.4, 0.3]) / [0.1, 0.2, 0.3]
    tensor = preprocessing.tensor(pixels)
    assert tensor.shape == (3, 4, 5)
    assert tensor.dtype == np.float32
    np.testing.assert_allclose(tensor, expected.transpose(2, 0, 1), atol=1e-5)


def test_the_same_bytes_give_the_same_tensor() -> None:
    preprocessing = Preprocessing(32, 24, fit="letterbox")
    once, again = (preprocessing.tensor(picture(100, 77)) for _ in range(2))
    assert once.tobytes() == again.tobytes()


def test_grey_has_one_channel() -> None:
    preprocessing = Preprocessing(16, 16, channels="L", mean=(0.0,), std=(1.0,))
    tensor = preprocessing.tensor(np.full((40, 30, 3), 51, np.uint8))
    assert tensor.shape == (1, 16, 16)
    np.testing.assert_allclose(tensor, 0.2, atol=1e-6)


def test_letterbox_keeps_proportions_in_a_grey_margin() -> None:
    canvas = Preprocessing(20, 20, fit="letterbox").canvas(np.full((50, 100, 3), 255, np.uint8))
    assert (canvas[5:15] == 255).all()
    assert (canvas[:5] == MARGIN).all()
    assert (canvas[15:] == MARGIN).all()


@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
def test_boxes_go_to_the_tensor_and_back(fit: str) -> None:
    preprocessing = Preprocessing(64, 48, fit=fit)  # type: ignore[arg-type]
    boxes = np.array([[0, 0, 200, 90], [10.5, 20.25, 60, 80]], np.float32)
    there = preprocessing.to_tensor(boxes, 200, 90)
    assert there.dtype == np.float32
    assert not np.allclose(there, boxes)
    np.testing.assert_allclose(preprocessing.to_picture(there, 200, 90), boxes, atol=1e-3)


@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
def test_a_box_lands_where_its_pixels_land(fit: str) -> None:
    preprocessing = Preprocessing(64, 48, fit=fit)  # type: ignore[arg-type]
    pixels = np.zeros((90, 200, 3), np.uint8)
    pixels[30:60, 50:150] = 255
    bright = np.argwhere(preprocessing.canvas(pixels)[:, :, 0] > 180)
    (box,) = preprocessing.to_tensor(np.array([[50, 30, 150, 60]], np.float32), 200, 90)
    found = [*bright.min(0)[::-1], *(bright.max(0)[::-1] + 1)]
    np.testing.assert_allclose(found, box, atol=1.0)


def test_the_middle_is_cut_out_of_the_scaled_picture() -> None:
    preprocessing = Preprocessing(40, 30, fit="crop", before=(36,), resample="nearest")
    pixels = np.zeros((72, 200, 3), np.uint8)
    pixels[20:50, 70:130] = 255
    canvas = preprocessing.canvas(pixels)
    assert canvas.shape == (30, 40, 3)
    bright = np.argwhere(canvas[:, :, 0])
    (box,) = preprocessing.to_tensor(np.array([[70, 20, 130, 50]], np.float32), 200, 72)
    np.testing.assert_allclose([*bright.min(0)[::-1], *(bright.max(0)[::-1] + 1)], box, atol=1)
    (back,) = preprocessing.to_picture(box[None], 200, 72)
    np.testing.assert_allclose(back, [70, 20, 130, 50], atol=1e-4)


def test_blue_comes_first_where_it_should() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    found = Preprocessing(40, 30, "BGR").canvas(pixels)
    np.testing.assert_array_equal(found, pixels[..., ::-1])


def test_json_round_trip() -> None:
    preprocessing = Preprocessing(320, 240, "L", "letterbox", (0.5,), (0.25,))
    document = json.loads(json.dumps(preprocessing.as_json()))
    assert Preprocessing.from_json(document) == preprocessing


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 0}, "tensor side of 0"),
        ({"height": 100_000}, "tensor side of 100000"),
        ({"channels": "CMYK"}, "'CMYK' is not one of RGB, L, BGR"),
        ({"fit": "tile"}, "'tile' is not one of stretch, letterbox, crop"),
        ({"fit": "crop"}, "fit crop does not take"),
        ({"before": [256]}, "fit stretch does not take"),
        ({"fit": "crop", "before": [0]}, "tensor side of 0"),
        ({"resample": "cubic"}, "'cubic' is not one of nearest, box"),
        ({"std": [0, 1, 1]}, "not above 0"),
        ({"mean": [0.5]}, "takes 3 numbers"),
        ({"mean": "dark"}, "cannot be read"),
        ({"colour": 1}, "cannot be read"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        Preprocessing.from_json({**Preprocessing(32, 32).as_json(), **change})
