"""The detection trainer: boxes learned from scratch, in minutes, on a laptop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from millpond.models.export import to_onnx
from millpond.models.package import ModelPackage, Outputs
from millpond.models.preprocessing import Preprocessing
from millpond.snapshots.examples import Example, Label
from millpond.training.assignment import loss
from millpond.training.batches import Batches
from millpond.training.canvases import Canvases
from millpond.training.detector import MULTIPLE, STRIDE, Answers, Detector, places
from millpond.training.learning import Pace, computing, fast, learn
from millpond.training.survey import Survey, profile, survey
from millpond.training.trainer import Plan, training_part, usual_steps

#: Pixels of the tensor, at most.
AREA = 320 * 240
#: Pictures of a batch.
BATCH = 8
#: Visits to each image when the plan names no steps, and the bounds of the steps.
VISITS, LEAST, MOST = 40, 200, 1000
PACE = Pace(rate=4e-3)


class DetectionTrainer:
    """Trains a `Detector` on boxes."""

    def train(self, examples: Sequence[Example], plan: Plan) -> ModelPackage:
        """A detector that learned from the examples of the part ``train``.

        Raises:
            Invalid: there is nothing to learn from, or a label is not in the plan.
        """
        chosen = training_part(examples, plan)
        seen = survey(chosen)
        preprocessing = seen.preprocessing(plan.area or AREA, MULTIPLE)
        steps = plan.steps or usual_steps(len(chosen), BATCH, visits=VISITS, least=LEAST, most=MOST)
        return ModelPackage(
            app=plan.app,
            task="detection",
            labels=plan.labels,
            preprocessing=preprocessing,
            outputs=Outputs("scores_and_boxes", {"grid": _grid(preprocessing)}),
            model=_train(chosen, plan, preprocessing, steps, _reach(chosen, seen, preprocessing)),
            profile=profile(chosen, seen),
            training={
                "trainer": "detection",
                "steps": steps,
                "batch": BATCH,
                "seed": plan.seed,
                "augment": plan.augment,
            },
        )


def _train(
    examples: Sequence[Example],
    plan: Plan,
    preprocessing: Preprocessing,
    steps: int,
    reach: float,
) -> bytes:
    """The ONNX file of a detector that learned."""
    canvases = Canvases(examples, plan.labels, preprocessing)
    batches = Batches(canvases, preprocessing, augment=plan.augment, seed=plan.seed)
    centres = places(*_grid(preprocessing))

    def step_loss(network: Detector, step: int) -> Tensor:
        pictures, truth = batches.boxes(BATCH)
        with fast():
            logits, boxes = network(pictures)
        return loss(logits, boxes, centres, truth, step / steps)

    with computing(plan):
        detector = Detector(preprocessing.depth, len(plan.labels), reach)
        learned = learn(detector, step_loss, steps=steps, plan=plan, pace=PACE)
        pictures, _ = batches.boxes(2)
        return to_onnx(Answers(learned), pictures.contiguous(), ("scores", "boxes"))


def _grid(preprocessing: Preprocessing) -> list[int]:
    """How many places there are from top to bottom, and from left to right."""
    return [preprocessing.height // STRIDE, preprocessing.width // STRIDE]


def _reach(examples: Sequence[Example], seen: Survey, preprocessing: Preprocessing) -> float:
    """Half of the usual side of a box (the geometric mean), in pixels of the tensor."""
    labels: list[Label] = [label for example in examples for label in example.labels]
    areas = [label.box.area for label in labels if label.box is not None and label.box.area > 0]
    pictures = float(np.median(seen.sizes.prod(1)))
    scale = (preprocessing.width * preprocessing.height / pictures) ** 0.5
    return 0.5 * scale * float(np.exp(np.mean(np.log(areas)) / 2)) if areas else STRIDE
