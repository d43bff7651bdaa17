"""Examples of generated shapes for the tests of this folder."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from millpond.snapshots.examples import Example, Label
from training.shapes import MakeExamples, draw


@pytest.fixture
def make_examples() -> MakeExamples:
    def make(count: int, *, part: str = "train", seed: int = 0, width: int = 96) -> list[Example]:
        examples = []
        for number in range(count):
            data, labels = draw(seed * 1000 + number, width, 80)
            examples.append(Example(f"{part}-{number}", part, labels, lambda data=data: data))
        return examples

    return make


@pytest.fixture
def one_label_each(make_examples: MakeExamples) -> MakeExamples:
    """Pictures cut to their left half, so that one object is in each."""

    def make(count: int, **how: object) -> list[Example]:
        examples = []
        for example in make_examples(count, **how):
            left, _ = example.labels
            half = Image.open(io.BytesIO(example.read())).crop((0, 0, 48, 80))
            buffer = io.BytesIO()
            half.save(buffer, "PNG")
            data = buffer.getvalue()
            examples.append(
                Example(
                    example.object_id,
                    example.part,
                    (Label(left.label),),
                    lambda data=data: data,
                )
            )
        return examples

    return make
