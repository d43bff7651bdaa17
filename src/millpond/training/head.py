"""The head trainer: learns on vectors that a backbone has made already, in seconds.

What comes out is an ordinary model package: one ONNX file from the picture to the logits,
with the backbone, its reduction and the head in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import threadpool_limits

from millpond.errors import Invalid
from millpond.features.backbone import Backbone
from millpond.features.image_preprocessing import ImagePreprocessing
from millpond.features.reduction import Reduction
from millpond.models.package import ModelPackage, Outputs
from millpond.models.preprocessing import Preprocessing, Resample
from millpond.snapshots.examples import Example
from millpond.training.boosted_head import BoostedHead
from millpond.training.joined import Head, joined
from millpond.training.linear_head import LinearHead
from millpond.training.survey import profile, survey
from millpond.training.trainer import Plan, Progress, check_one_label_each, training_part

#: What can be learned on reduced vectors.
HeadName = Literal["linear", "boosted"]
HEADS: dict[str, HeadName] = {name: name for name in get_args(HeadName)}
#: Numbers that are worth a thread.
_SHARE = 1_000_000


@dataclass(frozen=True)
class ReducedVectors:
    """What a head is learned on.

    Args:
        backbone: that made the vectors.
        reduction: that reduced them.
        read: the reduced vectors ``[n, k]`` of some objects, in their order.
    """

    backbone: Backbone
    reduction: Reduction
    read: Callable[[Sequence[str]], NDArray[np.float32]]


class HeadTrainer:
    """Trains a head on one label an image.

    Args:
        name: which head.
        vectors: of the images.
    """

    def __init__(self, name: HeadName, vectors: ReducedVectors) -> None:
        self._name = name
        self._vectors = vectors

    def train(self, examples: Sequence[Example], plan: Plan) -> ModelPackage:
        """A classifier whose head learned from the examples of the part ``train``.

        Images without a label teach nothing here and are left out.

        Raises:
            Invalid: there are fewer than two labels to tell apart, one is not in the plan,
                or an image has no vector.
        """
        chosen = [example for example in training_part(examples, plan) if example.labels]
        check_one_label_each(chosen)
        places = {label: place for place, label in enumerate(plan.labels)}
        kinds = np.array([places[example.labels[0].label] for example in chosen], np.int64)
        if len(set(kinds.tolist())) < 2:
            raise Invalid(
                f"all {len(chosen)} images of part train have one label, and a head tells two "
                "or more apart; review some of another"
            )
        vectors = self._vectors.read([example.object_id for example in chosen])
        # A few numbers are worked through sooner than threads have met.
        with threadpool_limits(min(plan.cores(), 1 + vectors.size // _SHARE)):
            head = _KINDS[self._name].fit(vectors, kinds, len(plan.labels), plan.seed)
        plan.on_progress(Progress(1, 1, _loss(head, vectors, kinds)))
        backbone, reduction = self._vectors.backbone, self._vectors.reduction
        return ModelPackage(
            app=plan.app,
            task="classification",
            labels=plan.labels,
            preprocessing=preprocessing_of(backbone.preprocessing),
            outputs=Outputs("logits"),
            model=joined(backbone.path.read_bytes(), reduction, head),
            profile=profile(chosen, survey(chosen)),
            training={
                "trainer": f"{self._name} head",
                "backbone": backbone.name,
                "model": backbone.model,
                "reduction": reduction.name,
                "components": len(reduction),
                "seed": plan.seed,
                **head.parameters,
            },
        )


_KINDS: dict[HeadName, Any] = {"linear": LinearHead, "boosted": BoostedHead}


def preprocessing_of(backbone: ImagePreprocessing) -> Preprocessing:
    """A backbone's preprocessing as that of a package; both give the same tensor."""
    resample: dict[int, Resample] = {
        Image.Resampling.NEAREST: "nearest",
        Image.Resampling.BOX: "box",
        Image.Resampling.BILINEAR: "bilinear",
        Image.Resampling.HAMMING: "hamming",
        Image.Resampling.BICUBIC: "bicubic",
        Image.Resampling.LANCZOS: "lanczos",
    }
    before: tuple[int, ...] = () if backbone.shorter is None else (backbone.shorter,)
    if backbone.stretch is not None and backbone.stretch != (backbone.height, backbone.width):
        before = backbone.stretch[::-1]
    # Multiplied and added to bytes there, subtracted and divided by on a scale to 1 here.
    pairs = list(zip(backbone.scale, backbone.offset, strict=True))
    return Preprocessing(
        width=backbone.width,
        height=backbone.height,
        channels="BGR" if backbone.bgr else "RGB",
        fit="crop" if before else "stretch",
        mean=tuple(0 - offset / (255 * scale) for scale, offset in pairs),
        std=tuple(1 / (255 * scale) for scale, _ in pairs),
        resample=resample[backbone.filter],
        before=before,
    )


def _loss(head: Head, vectors: NDArray[np.float32], kinds: NDArray[np.int64]) -> float:
    """The mean cross-entropy of what was learned from."""
    logits = head.logits(vectors)
    logits = logits - logits.max(axis=1, keepdims=True)
    right = logits[np.arange(len(kinds)), kinds]
    return float((np.log(np.exp(logits).sum(axis=1)) - right).mean())
