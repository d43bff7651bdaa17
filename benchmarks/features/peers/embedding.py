"""What Pixeltable computes a column by; it wants its functions in a module, not in a script."""

from functools import cache

import numpy as np
import pixeltable as pxt
from network import Job, Network
from PIL import Image

JOB = Job.asked()


@cache
def network() -> Network:
    return Network(JOB)


@pxt.udf
def embed(image: Image.Image) -> pxt.Array[np.float32, (1280,)]:
    return network().of_picture(image)
