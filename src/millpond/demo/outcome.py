"""What came of a demo: its stages, its numbers, and how good each model is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from millpond.values import Task

#: The number that decides, by task.
METRIC = {"detection": "map50", "classification": "accuracy"}


@dataclass(frozen=True)
class Stage:
    """One stage of the loop.

    Args:
        rows: how many images, annotations, rows or files it dealt with.
        look: the command or the file that shows what it did.
    """

    stage: str
    rows: int
    seconds: float
    look: str


@dataclass
class Outcome:
    """What came of a demo, filled in stage by stage.

    Args:
        counts: images ingested, inferences, annotations, rows of the history,
            images and annotations of the mart.
        corrections: what the simulated reviewer did, by action.
        measured: metrics on the held-out images: of version 1 (`before`), of the
            control, and of version 2 (`after`).
        promoted: whether version 2 was better on the validation part.
        champion: the version that serves at the end.
        verify: ``ok`` or ``amiss``.
    """

    app: str
    task: Task
    folder: Path
    labels: tuple[str, ...]
    stages: list[Stage] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    corrections: dict[str, int] = field(default_factory=dict)
    measured: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    promoted: bool = False
    promotion: str = ""
    champion: str = ""
    verify: str = "not run"
    left_out: int = 0

    @property
    def metric(self) -> str:
        """``map50`` or ``accuracy``."""
        return METRIC[self.task]

    @property
    def seconds(self) -> float:
        """Of all stages."""
        return sum(stage.seconds for stage in self.stages)

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        answer: dict[str, Any] = {
            "app": self.app,
            "task": self.task,
            "project": str(self.folder),
            **self.counts,
            "corrections": dict(self.corrections),
        }
        for which, metrics in self.measured.items():
            answer[f"{self.metric}_{which}"] = metrics[self.metric]
        if self.task == "classification":
            answer["labels"] = list(self.labels)
            for which, metrics in self.measured.items():
                answer[f"confusion_{which}"] = metrics["confusion"]
        return {
            **answer,
            "promoted": self.promoted,
            "promotion": self.promotion,
            "champion": self.champion,
            "verify": self.verify,
            "seconds": round(self.seconds, 1),
            "stages": [
                {**asdict(stage), "seconds": round(stage.seconds, 2)} for stage in self.stages
            ],
        }
