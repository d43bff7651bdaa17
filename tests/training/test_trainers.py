from __future__ import annotations

import os
import random
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from millpond.errors import Invalid
from millpond.models.package import ModelPackage
from millpond.models.predictor import Predictor
from millpond.models.suppression import suppress
from millpond.raw.decode import decode
from millpond.snapshots.examples import Example, Label
from millpond.training.evaluation import evaluate
from millpond.training.trainer import Plan, Progress, open_trainer, usual_steps
from millpond.values import Box
from training.shapes import MakeExamples

PLAN: dict[str, Any] = {"app": "shapes", "labels": ("disc", "square"), "threads": 1}


def test_a_detector_learns_shapes(make_examples: MakeExamples, tmp_path: Path) -> None:
    told: list[Progress] = []
    plan = Plan(**PLAN, steps=120, augment="flips", on_progress=told.append)
    package = open_trainer("detection").train(make_examples(60), plan)
    package.write(tmp_path / "model")
    predictor = Predictor(ModelPackage.read(tmp_path / "model"))
    unseen = make_examples(20, part="test", seed=1)
    metrics = evaluate(predictor, unseen)
    assert metrics["map50"] > 0.8
    assert (told[-1].step, told[-1].steps) == (120, 120)
    assert told[-1].loss < told[0].loss
    assert package.profile["labels"].keys() == {"disc", "square"}
    answers = suppress(predictor.candidates(decode(unseen[0].read()).pixels), 0.3, 0.45)
    for label in unseen[0].labels:
        assert max(label.box.iou(a.box) for a in answers if a.box and label.box) > 0.5


def test_a_classifier_learns_shapes(one_label_each: MakeExamples) -> None:
    package = open_trainer("classification").train(one_label_each(60), Plan(**PLAN, steps=40))
    metrics = evaluate(Predictor(package), one_label_each(30, part="test", seed=1))
    assert metrics["accuracy"] > 0.9
    assert sum(map(sum, metrics["confusion"])) == 30


def test_the_same_seed_gives_the_same_model(make_examples: MakeExamples) -> None:
    trainer, examples = open_trainer("detection"), make_examples(10)
    models = [trainer.train(examples, Plan(**PLAN, steps=4, seed=s)).model for s in (1, 1, 2)]
    assert models[0] == models[1]
    assert models[0] != models[2]


def test_only_the_training_part_is_read(make_examples: MakeExamples) -> None:
    def never() -> bytes:
        raise AssertionError("an image that is not of the training part was read")

    (other,) = make_examples(1, part="test", seed=3)
    kept_out = Example(other.object_id, "test", other.labels, never)
    open_trainer("detection").train([*make_examples(4), kept_out], Plan(**PLAN, steps=2))


def test_grey_pictures_make_a_model_of_one_channel(make_examples: MakeExamples) -> None:
    import io

    from PIL import Image

    def grey(example: Example) -> Example:
        buffer = io.BytesIO()
        Image.open(io.BytesIO(example.read())).convert("L").save(buffer, "PNG")
        data = buffer.getvalue()
        return Example(example.object_id, "train", example.labels, lambda: data)

    examples = [grey(example) for example in make_examples(6)]
    package = open_trainer("detection").train(examples, Plan(**PLAN, steps=2))
    assert package.preprocessing.channels == "L"
    Predictor(package).candidates(decode(make_examples(1)[0].read()).pixels)


def test_nothing_to_learn_from_is_said(make_examples: MakeExamples) -> None:
    trainer = open_trainer("detection")
    with pytest.raises(Invalid, match="none of the 0 images"):
        trainer.train(make_examples(3, part="test"), Plan(**PLAN))
    with pytest.raises(Invalid, match="'square' is not one of disc"):
        trainer.train(make_examples(3), Plan(app="shapes", labels=("disc",)))


def test_two_labels_are_no_classification(make_examples: MakeExamples) -> None:
    with pytest.raises(Invalid, match="in classification an image has one"):
        open_trainer("classification").train(make_examples(2), Plan(**PLAN))


@pytest.mark.parametrize(("images", "steps"), [(1, 200), (30, 200), (100, 500), (9999, 1000)])
def test_more_images_take_more_steps_within_bounds(images: int, steps: int) -> None:
    assert usual_steps(images, 8, visits=40, least=200, most=1000) == steps


@pytest.mark.parametrize(
    ("plan", "message"),
    [({"steps": 0}, "0 steps are too few"), ({"augment": "shear"}, "'shear' is not one of none")],
)
def test_a_plan_that_does_not_fit(plan: dict[str, object], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        Plan(**PLAN, **plan)  # type: ignore[arg-type]


def blood_cells(names: list[str], part: str, folder: Path) -> list[Example]:
    examples = []
    for name in names:
        labels = []
        for thing in ElementTree.parse(folder / "annotations" / f"{name}.xml").iter("object"):
            sides = [float(thing.findtext(f"bndbox/{side}", "")) for side in CORNERS]
            box = Box(sides[0] - 1, sides[1] - 1, sides[2], sides[3]).clipped(640, 480)
            if box.area:
                labels.append(Label(thing.findtext("name", ""), box))
        (path,) = (folder / "images").glob(f"{name}.*")
        examples.append(Example(name, part, tuple(labels), path.read_bytes))
    return examples


CORNERS = ("xmin", "ymin", "xmax", "ymax")


def test_real_blood_cells_are_found_after_a_few_steps() -> None:
    data = os.environ.get("MILLPOND_TEST_DATA")
    if not data:
        pytest.skip("MILLPOND_TEST_DATA names no folder")
    folder = Path(data) / "bccd"
    names = (folder / "train.txt").read_text().split()
    random.Random(0).shuffle(names)
    plan = Plan(app="blood-cells", labels=("RBC", "WBC", "Platelets"), steps=60, threads=1)
    package = open_trainer("detection").train(blood_cells(names[:40], "train", folder), plan)
    metrics = evaluate(Predictor(package), blood_cells(names[-20:], "val", folder))
    assert metrics["labels"]["RBC"]["map50"] > 0.5
    assert (package.preprocessing.width, package.preprocessing.height) == (320, 240)
