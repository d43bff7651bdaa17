from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from millpond.models.suppression import suppress
from millpond.values import Box, Prediction


def by_the_rule(candidates: list[Prediction], threshold: float, nms: float) -> list[Prediction]:
    """The documented rule, word by word."""
    kept: list[Prediction] = []
    for candidate in sorted(candidates, key=lambda c: c.score, reverse=True):
        assert candidate.box is not None
        if candidate.score >= threshold and all(
            other.label != candidate.label or candidate.box.iou(other.box) <= nms  # type: ignore[arg-type]
            for other in kept
        ):
            kept.append(candidate)
    return kept


sides = st.integers(0, 12)
boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h), sides, sides, st.integers(1, 12), st.integers(1, 12)
)
detections = st.builds(Prediction, st.sampled_from("ab"), st.sampled_from([0.1, 0.5, 0.9]), boxes)
shares = st.sampled_from([0.0, 0.05, 0.3, 0.45, 0.5, 0.75, 1.0])


@given(st.lists(detections, max_size=30), shares, shares)
def test_it_is_the_documented_rule(
    candidates: list[Prediction], threshold: float, nms: float
) -> None:
    assert suppress(candidates, threshold, nms) == by_the_rule(candidates, threshold, nms)


def test_overlap_of_other_labels_does_not_matter() -> None:
    box = Box(0, 0, 10, 10)
    both = [Prediction("a", 0.9, box), Prediction("b", 0.8, box)]
    assert suppress(both, 0.5, 0.0) == both


def test_a_classification_answers_at_least_its_best() -> None:
    labels = [Prediction("b", 0.3), Prediction("a", 0.6), Prediction("c", 0.1)]
    assert [p.label for p in suppress(labels, 0.25, 0.45)] == ["a", "b"]
    assert [p.label for p in suppress(labels, 0.95, 0.45)] == ["a"]


def test_nothing_gives_nothing() -> None:
    assert suppress([], 0.5, 0.45) == []
