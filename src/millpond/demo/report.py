"""The report of a demo for people: the stages, the three models, and what the numbers mean."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from millpond.demo.outcome import Outcome

_MODELS = {
    "before": "version 1: about 30 labelled images",
    "control": "control: the same images as version 2, on version 1's uncorrected answers",
    "after": "version 2: with the corrections",
}
_MEANING = {
    "map50": (
        "map50 is the average precision at an overlap (IoU) of 0.5, by pycocotools, "
        "averaged over the labels"
    ),
    "accuracy": "accuracy is the share of images whose best label is the true one",
}


def show(out: Console, outcome: Outcome) -> None:
    """Print a report."""
    out.print(_stages(outcome))
    out.print(_models(outcome))
    if outcome.task == "classification":
        out.print(_confusion(outcome))
    for line in _meaning(outcome):
        out.print(Text(line))


def _table(title: str) -> Table:
    return Table(box=SIMPLE_HEAD, pad_edge=False, title=Text(title, "bold"), title_justify="left")


def _stages(outcome: Outcome) -> Table:
    table = _table(f"The loop of {outcome.app}, in {outcome.folder}")
    table.add_column("stage")
    table.add_column("rows", justify="right")
    table.add_column("seconds", justify="right")
    table.add_column("where to look")
    for stage in outcome.stages:
        table.add_row(
            stage.stage, f"{stage.rows:,}", f"{stage.seconds:.1f}", Text(stage.look, "dim")
        )
    table.add_section()
    table.add_row("total", "", f"{outcome.seconds:.1f}", "")
    return table


def _models(outcome: Outcome) -> Table:
    images = outcome.measured["after"]["images"]
    table = _table(f"Measured on {images} held-out images")
    table.add_column("model")
    table.add_column(outcome.metric, justify="right")
    for which, metrics in outcome.measured.items():
        table.add_row(_MODELS[which], f"{metrics[outcome.metric]:.4f}")
    return table


def _confusion(outcome: Outcome) -> Table:
    table = _table("Version 2: the true label, and how many were answered as what")
    table.add_column("true")
    for label in outcome.labels:
        table.add_column(label, justify="right")
    for label, row in zip(outcome.labels, outcome.measured["after"]["confusion"], strict=True):
        table.add_row(label, *(str(number) for number in row))
    return table


def _meaning(outcome: Outcome) -> list[str]:
    done = ", ".join(f"{number:,} {action}" for action, number in outcome.corrections.items())
    before, control, after = (
        outcome.measured[which][outcome.metric] for which in ("before", "control", "after")
    )
    left_out = f" {outcome.left_out:,} images have no part: their labels are missing, or they are "
    left_out += "too near to another part of their sequence."
    return [
        f"{_MEANING[outcome.metric]}.",
        f"Version 2 is {after - before:+.4f} from version 1, and {after - control:+.4f} from the "
        "control, which saw the same images for as many steps: that is what the corrections "
        "are worth." + (left_out if outcome.left_out else ""),
        f"The simulated reviewer sent {done}: the labels come from the data set.",
        f"Promotion: {outcome.promotion or 'none'}; champion {outcome.champion}.",
        f"verify: {outcome.verify}.",
        f"Look around: cd {outcome.folder} && millpond up",
    ]
