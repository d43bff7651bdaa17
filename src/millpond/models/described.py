"""An ONNX file and its description made into a package, against what the graph really has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from millpond.errors import Invalid
from millpond.models.adapters.registered import adapter_names, check_parameters
from millpond.models.description import Description, OutputsSection, PreprocessingSection
from millpond.models.inputs import check_inputs
from millpond.models.package import ModelPackage, Outputs
from millpond.models.preprocessing import Datatype, Layout, Preprocessing
from millpond.models.runtime import TensorInfo
from millpond.values import Task

_CHANNELS = (3, 1)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a model is brought for.

    Args:
        app: the application, in its route form.
        task: of the application.
        labels: of the application.
    """

    app: str
    task: Task
    labels: tuple[str, ...]


def described(
    model: bytes,
    description: Description,
    purpose: Purpose,
    takes: Sequence[TensorInfo],
    gives: Sequence[TensorInfo],
) -> ModelPackage:
    """The package of an ONNX file.

    Args:
        takes: the model's inputs.
        gives: the model's outputs.

    Raises:
        Invalid: the description does not fit the model or the application; the message says
            what the model has and what to write.
    """
    classes = description.labels or purpose.labels
    labels = answered(classes, purpose)
    return ModelPackage(
        app=purpose.app,
        task=purpose.task,
        labels=labels,
        preprocessing=_preprocessing(
            description.preprocessing, _picture(description.inputs, takes)
        ),
        inputs=description.inputs,
        outputs=_outputs(description.outputs, purpose, gives, classes if "" in classes else ()),
        model=model,
    )


def answered(classes: Sequence[str], purpose: Purpose) -> tuple[str, ...]:
    """The labels among a model's classes that are answered.

    Raises:
        Invalid: there is none, or one that the application does not have.
    """
    labels = tuple(name for name in classes if name)
    strange = [label for label in labels if label not in purpose.labels]
    if strange or not labels:
        raise Invalid(
            f"label {strange[0] if strange else ''!r} of the model is not one of "
            f"{', '.join(purpose.labels)} (app {purpose.app}); name the model's classes in "
            'labels, in their order, with "" for one that is not to be answered'
        )
    return labels


def _picture(inputs: Mapping[str, str], takes: Sequence[TensorInfo]) -> TensorInfo:
    """The input that is the picture."""
    if not inputs and len(takes) == 1:
        return takes[0]
    check_inputs(inputs, takes)
    return next(tensor for tensor in takes if inputs[tensor.name] == "picture")


def _preprocessing(section: PreprocessingSection, picture: TensorInfo) -> Preprocessing:
    layout = section.layout or _layout(picture)
    datatype = section.datatype or _datatype(picture)
    sides = _sides(picture, layout)
    channels = section.channels or ("L" if sides["C"] == 1 else "RGB")
    depth = len(channels)
    _check_same("datatype", datatype, picture.datatype, picture)
    _check_same("channels", depth, sides["C"], picture)
    plain = datatype == "uint8" and section.mean is None and section.std is None
    mean = section.mean or (0.0,) * depth
    std = section.std or (1.0,) * depth
    return Preprocessing(
        width=_side("width", section.width, sides["W"], picture),
        height=_side("height", section.height, sides["H"], picture),
        channels=channels,
        fit=section.fit,
        # The package has both on the scale from 0 to 1.
        mean=() if plain else tuple(number / section.scale for number in mean),
        std=() if plain else tuple(number / section.scale for number in std),
        resample=section.resample,
        before=section.before,
        layout=layout,
        datatype=datatype,
    )


def _layout(picture: TensorInfo) -> Layout:
    """The layout whose channels stand where a tensor has three, or one."""
    for layout in get_args(Layout):
        if len(layout) == len(picture.shape):
            side = picture.shape[layout.index("C")]
            if side in _CHANNELS:
                found: Layout = layout
                return found
    if len(picture.shape) == 4 and picture.shape[1] is None:
        return "NCHW"
    raise Invalid(
        f"the model takes {picture}, in which no side is the three channels of a picture; where "
        "it is one, write its layout in [preprocessing]"
    )


def _datatype(picture: TensorInfo) -> Datatype:
    for datatype in get_args(Datatype):
        if datatype == picture.datatype:
            found: Datatype = datatype
            return found
    raise Invalid(
        f"the model takes {picture}, and a picture can be fed as {', '.join(get_args(Datatype))}"
    )


def _sides(picture: TensorInfo, layout: Layout) -> dict[str, int | None]:
    """How long the model says that each axis is; None is any length."""
    if len(layout) != len(picture.shape):
        raise Invalid(f"layout {layout} has {len(layout)} axes, and the model takes {picture}")
    return dict(zip(layout, picture.shape, strict=True))


def _side(name: str, wanted: int | None, found: int | None, picture: TensorInfo) -> int:
    _check_same(name, wanted, found, picture)
    side = wanted or found
    if side is None:
        raise Invalid(
            f"the model takes {picture}, pictures of any {name}; "
            f"write {name} = N in [preprocessing]: the one that it was trained with"
        )
    return side


def _check_same(name: str, wanted: object, found: object, picture: TensorInfo) -> None:
    if wanted is not None and found is not None and wanted != found:
        raise Invalid(f"{name} {wanted} does not fit the model, which takes {picture}")


def _outputs(
    section: OutputsSection, purpose: Purpose, gives: Sequence[TensorInfo], classes: Sequence[str]
) -> Outputs:
    given = "; ".join(map(str, gives)) or "nothing"
    adapter = section.adapter or ("logits" if purpose.task == "classification" else None)
    if adapter is None:
        raise Invalid(
            f"the model gives {given}; say what that means: --adapter NAME, or [outputs] "
            f"adapter = NAME, of {', '.join(adapter_names())}"
        )
    check_parameters(adapter, section.parameters)
    strange = set(section.names) - {tensor.name for tensor in gives}
    if strange:
        raise Invalid(f"the model has no output {sorted(strange)[0]!r}; it gives {given}")
    return Outputs(adapter, section.parameters, section.names, section.batch, tuple(classes))
