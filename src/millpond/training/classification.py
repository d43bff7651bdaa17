"""The classification trainer: one label an image, learned from scratch."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional

from millpond.models.export import to_onnx
from millpond.models.package import ModelPackage, Outputs
from millpond.models.preprocessing import Preprocessing
from millpond.snapshots.examples import Example
from millpond.training.batches import Batches
from millpond.training.canvases import Canvases
from millpond.training.classifier import MULTIPLE, Classifier
from millpond.training.learning import Pace, computing, fast, learn
from millpond.training.survey import profile, survey
from millpond.training.trainer import Plan, check_one_label_each, training_part, usual_steps

#: Pixels of the tensor, at most.
AREA = 192 * 192
#: Pictures of a batch.
BATCH = 16
#: Visits to each image when the plan names no steps, and the bounds of the steps.
VISITS, LEAST, MOST = 80, 200, 500
PACE = Pace(rate=3e-3, decay=0.05)
#: Share of the truth that is spread over all labels, so that scores stay modest.
SMOOTHING = 0.05


class ClassificationTrainer:
    """Trains a `Classifier` on one label an image."""

    def train(self, examples: Sequence[Example], plan: Plan) -> ModelPackage:
        """A classifier that learned from the examples of the part ``train``.

        Images without a label teach nothing here and are left out.

        Raises:
            Invalid: there is nothing to learn from, or a label is not in the plan.
        """
        chosen = [example for example in training_part(examples, plan) if example.labels]
        check_one_label_each(chosen)
        seen = survey(chosen)
        preprocessing = seen.preprocessing(plan.area or AREA, MULTIPLE)
        steps = plan.steps or usual_steps(len(chosen), BATCH, visits=VISITS, least=LEAST, most=MOST)
        return ModelPackage(
            app=plan.app,
            task="classification",
            labels=plan.labels,
            preprocessing=preprocessing,
            outputs=Outputs("logits"),
            model=_train(chosen, plan, preprocessing, steps),
            profile=profile(chosen, seen),
            training={
                "trainer": "classification",
                "steps": steps,
                "batch": BATCH,
                "seed": plan.seed,
                "augment": plan.augment,
            },
        )


def _train(
    examples: Sequence[Example], plan: Plan, preprocessing: Preprocessing, steps: int
) -> bytes:
    """The ONNX file of a classifier that learned."""
    canvases = Canvases(examples, plan.labels, preprocessing)
    batches = Batches(canvases, preprocessing, augment=plan.augment, seed=plan.seed)

    def step_loss(network: Classifier, step: int) -> Tensor:
        pictures, kinds = batches.classes(BATCH)
        with fast():
            logits = network(pictures)
        return functional.cross_entropy(logits, kinds, label_smoothing=SMOOTHING)

    with computing(plan):
        classifier = Classifier(preprocessing.depth, len(plan.labels))
        learned = learn(classifier, step_loss, steps=steps, plan=plan, pace=PACE)
        pictures, _ = batches.classes(2)
        return to_onnx(learned, pictures.contiguous(), ("logits",))
