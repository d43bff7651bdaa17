"""What of a file's labels fits the application and the picture."""

from __future__ import annotations

from dataclasses import dataclass

from millpond.raw.feeds import FeedLabel
from millpond.settings import AppSection


@dataclass(frozen=True)
class Fitted:
    """A file's labels as far as they fit.

    Args:
        labels: those that fit, boxes clipped to the picture; None where the picture
            is not to count as labelled.
        problems: why others were left out, a sentence each.
    """

    labels: tuple[FeedLabel, ...] | None
    problems: tuple[str, ...] = ()


def fit(
    labels: tuple[FeedLabel, ...] | None, app: str, declared: AppSection, width: int, height: int
) -> Fitted:
    """Clip boxes to a picture of `width` x `height` pixels and leave out what does not fit.

    A label outside the application's list, a box that is empty inside the picture,
    and a box too many or too few for the task are left out, each with its reason. A
    picture of a classification needs exactly one label to count as labelled.
    """
    if labels is None:
        return Fitted(None)
    kept, problems = [], []
    for label in labels:
        clipped = _clip(label, width, height)
        problem = _problem(label, clipped, app, declared)
        if problem is None:
            kept.append(clipped)
        else:
            problems.append(problem)
    if declared.task == "classification" and len(kept) != 1:
        if len(kept) > 1:
            names = ", ".join(label.label for label in kept)
            problems.append(f"the picture has {len(kept)} labels ({names}) and needs one")
        return Fitted(None, tuple(problems))
    return Fitted(tuple(kept), tuple(problems))


def _clip(label: FeedLabel, width: int, height: int) -> FeedLabel:
    if label.box is None:
        return label
    return FeedLabel(label.label, label.box.clipped(width, height))


def _problem(sent: FeedLabel, clipped: FeedLabel, app: str, declared: AppSection) -> str | None:
    if sent.label not in declared.labels:
        return f"label {sent.label!r} is not one of {', '.join(declared.labels)} (app {app})"
    if declared.task == "classification":
        return f"app {app} is a classification: its labels have no box" if sent.box else None
    if sent.box is None or clipped.box is None:
        return f"app {app} is a detection: label {sent.label!r} needs a box"
    if clipped.box.x_min >= clipped.box.x_max or clipped.box.y_min >= clipped.box.y_max:
        return f"box {sent.box.as_list()} is empty inside the picture"
    return None
