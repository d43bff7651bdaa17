"""What an ONNX file alone does not say: a small TOML file beside it.

::

    labels = ["RBC", "WBC"]       # in the order of the model's classes

    [preprocessing]
    fit = "letterbox"

    [outputs]
    adapter = "yolo"

What is left out is taken from the graph (names, sides, layout, datatype), from the
application (labels), or is the usual: RGB, stretched, bilinear, divided by 255.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from millpond.errors import Invalid, NotFound
from millpond.models.inputs import Fed
from millpond.models.preprocessing import Channels, Datatype, Fit, Layout, Resample
from millpond.settings.section import Section


class PreprocessingSection(Section):
    """How a picture becomes the tensor: ``[preprocessing]``."""

    width: int | None = Field(None, ge=1, description="Pixels of the tensor.")
    height: int | None = Field(None, ge=1, description="Pixels of the tensor.")
    channels: Channels | None = Field(None, description="RGB, BGR or L (grey).")
    fit: Fit = Field("stretch", description="stretch, letterbox or crop.")
    before: tuple[int, ...] = Field((), description="What crop cuts from.")
    resample: Resample = Field("bilinear", description="Filter that scales the picture.")
    scale: float = Field(1.0, gt=0, description="What white is, before mean and std: 1 or 255.")
    mean: tuple[float, ...] | None = Field(None, description="Subtracted, per channel.")
    std: tuple[float, ...] | None = Field(None, description="Divided by then, per channel.")
    layout: Layout | None = Field(None, description="NCHW, NHWC, CHW or HWC.")
    datatype: Datatype | None = Field(None, description="float32, float16 or uint8.")


class OutputsSection(Section):
    """What the outputs mean: ``[outputs]``."""

    adapter: str | None = Field(None, description="What understands them.")
    names: tuple[str, ...] = Field((), description="Those it takes, in its order.")
    batch: bool = Field(True, description="Whether they have an axis for a batch.")
    parameters: dict[str, Any] = Field(default_factory=dict, description="For the adapter.")


class Description(Section):
    """All that a description may say."""

    labels: tuple[str, ...] = Field((), description='Of all classes; "" is never answered.')
    preprocessing: PreprocessingSection = PreprocessingSection()
    inputs: dict[str, Fed] = Field(default_factory=dict, description="What each input is.")
    outputs: OutputsSection = OutputsSection()


def read_description(path: Path) -> Description:
    """The description in a file.

    Raises:
        NotFound: there is no such file.
        Invalid: it is not TOML, or a value does not fit; the message names it.
    """
    try:
        return Description(**tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise NotFound(f"the description {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} is not valid TOML: {error}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise Invalid(f"{path}: {where}: {problem['msg']} (found {problem['input']!r})") from error
