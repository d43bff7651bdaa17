"""Training: trainers in PyTorch, what they are fed, and how their models are evaluated.

Importing this package loads no heavy library; it only makes sure that they are there.
"""

from __future__ import annotations

import os
from importlib.util import find_spec

from millpond.errors import NotInstalled

_missing = [name for name in ("torch", "onnx", "pycocotools", "sklearn") if not find_spec(name)]
if _missing:
    raise NotInstalled(f"training needs {', '.join(_missing)}: pip install 'millpond[train]'")

# Threads that wait for each other spin, which beside a server or another training costs
# several times what it gains. The runtime reads this once, when PyTorch is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "20000")
