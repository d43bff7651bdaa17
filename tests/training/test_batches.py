from __future__ import annotations

import numpy as np

from millpond.models.preprocessing import Preprocessing
from millpond.raw.decode import decode
from millpond.training.batches import Batches
from millpond.training.canvases import Canvases, Order
from training.shapes import MakeExamples

LABELS = ("disc", "square")


def test_training_and_serving_make_the_same_tensor(make_examples: MakeExamples) -> None:
    preprocessing = Preprocessing(64, 48, fit="letterbox", mean=(0.4, 0.5, 0.6))
    (example,) = make_examples(1)
    canvases = Canvases([example], LABELS, preprocessing)
    pictures, truth = Batches(canvases, preprocessing, augment="none", seed=0).boxes(1)
    served = preprocessing.tensor(decode(example.read()).pixels)
    assert pictures[0].numpy().tobytes() == served.tobytes()
    boxes = np.array([label.box.as_list() for label in example.labels if label.box], np.float32)
    np.testing.assert_allclose(truth.boxes[0], preprocessing.to_tensor(boxes, 96, 80), atol=1e-4)


def test_a_batch_is_padded_to_its_fullest_picture(make_examples: MakeExamples) -> None:
    full, empty = make_examples(2)
    empty = type(empty)("empty", "train", (), empty.read)
    canvases = Canvases([full, empty], LABELS, Preprocessing(96, 80))
    _, truth = Batches(canvases, Preprocessing(96, 80), augment="none", seed=0).boxes(2)
    assert sorted(truth.real.sum(1).tolist()) == [0, 2]


def test_canvases_are_kept_up_to_the_budget(make_examples: MakeExamples) -> None:
    reads: list[int] = []
    examples = [
        type(example)(
            example.object_id,
            "train",
            example.labels,
            lambda example=example, number=number: (reads.append(number), example.read())[1],
        )
        for number, example in enumerate(make_examples(4))
    ]
    budget = 2 * 96 * 80 * 3
    canvases = Canvases(examples, LABELS, Preprocessing(96, 80), budget=budget)
    first = [canvases.read(number)[0] for number in range(4)]
    again = [canvases.read(number)[0] for number in range(4)]
    assert reads == [0, 1, 2, 3, 2, 3]
    np.testing.assert_array_equal(first, again)


def test_every_image_is_visited_once_an_epoch() -> None:
    order = Order(5, np.random.default_rng(0))
    visits = [index for _ in range(10) for index in order.take(3)]
    for epoch in range(6):
        assert sorted(visits[epoch * 5 : epoch * 5 + 5]) == [0, 1, 2, 3, 4]
