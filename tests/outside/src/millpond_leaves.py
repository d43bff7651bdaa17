"""An application and an output adapter that another package brings."""

import numpy as np

from millpond import Answers, AppTemplate, adapter

template = AppTemplate(
    name="leaves", section={"task": "classification", "labels": ["oak", "maple"]}
)


@adapter("one-hot")
def one_hot(outputs, frame, *, sure=1.0):
    """One output, the number of the class."""
    return Answers(np.eye(frame.classes, dtype=np.float32)[outputs[0].astype(int)][None] * sure)
