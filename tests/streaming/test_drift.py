"""Drift: a shift is told from chance, by measures that textbooks give."""

from __future__ import annotations

import math

import numpy as np
import pytest

from millpond.streaming.drift import ALARM, Drift, chi_square, drift_of, jensen_shannon, worst
from millpond.streaming.profile import COMPARED, drifts, has_profile
from millpond.streaming.sums import NOTHING, Measure, Sums, codes_of

SHARES = np.array([0.1, 0.2, 0.3, 0.25, 0.15])


def test_the_index_is_that_of_the_textbook() -> None:
    before, now = np.array([100_000, 200_000, 700_000]), np.array([300_000, 200_000, 500_000])
    found = drift_of("labels", before, 1_000_000, now, 1_000_000)
    exact = (0.3 - 0.1) * math.log(3) + (0.5 - 0.7) * math.log(5 / 7)
    assert found.psi == pytest.approx(exact, abs=1e-3)
    assert (found.state, found.threshold) == ("alarm", ALARM)


def test_the_divergence_is_from_0_to_1() -> None:
    assert jensen_shannon(SHARES, SHARES) == 0
    apart = np.array([1 - 1e-12, 1e-12]), np.array([1e-12, 1 - 1e-12])
    assert jensen_shannon(*apart) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("share", "degrees", "exact"),
    [(0.95, 1, 3.841), (0.999, 3, 16.266), (0.999, 9, 27.877), (0.999999, 9, 44.811)],
)
def test_chi_square(share: float, degrees: int, exact: float) -> None:
    assert chi_square(share, degrees) == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize("images", [(40, 200), (100, 200), (500, 200), (2_000, 2_000)])
def test_chance_alone_brings_no_alarm(images: tuple[int, int]) -> None:
    """Eight thousand looks: as many as there are in a day, one each ten seconds."""
    random, (before, now) = np.random.default_rng(7), images
    warnings = 0
    for _ in range(40):
        profile = random.multinomial(before, random.dirichlet(np.full(16, 0.7)))
        shares = (profile + 0.2) / (profile + 0.2).sum()
        for _ in range(200):
            found = drift_of("confidence", profile, before, random.multinomial(now, shares), now)
            assert found.state != "alarm", found
            warnings += found.state == "warning"
    assert warnings < 80


def test_a_label_that_goes_missing_is_an_alarm_with_200_images() -> None:
    random = np.random.default_rng(3)
    profile, shifted = random.multinomial(150, SHARES), SHARES * [1, 1, 0, 1, 1]
    for _ in range(50):
        found = random.multinomial(200, shifted / shifted.sum())
        assert drift_of("labels", profile, 150, found, 200, ordered=False).state == "alarm"


def test_boxes_of_one_image_count_as_one() -> None:
    """A hundred boxes on each of forty images say less than as many on images of their own."""
    profile, found = np.array([2_000, 2_000]), np.array([3_000, 1_000])
    assert drift_of("labels", profile, 4_000, found, 4_000).state == "alarm"
    assert drift_of("labels", profile, 40, found, 40).state == "steady"


@pytest.mark.parametrize(("before", "now"), [(29, 500), (500, 29)])
def test_too_few_images_say_nothing(before: int, now: int) -> None:
    assert drift_of("boxes", SHARES * 100, before, SHARES * 100, now) == Drift("boxes", "unknown")


def test_one_bin_cannot_drift() -> None:
    assert drift_of("boxes", np.array([0, 90]), 90, np.array([0, 80]), 80).state == "steady"


def test_the_worst() -> None:
    states = [Drift("a", "steady"), Drift("b", "warning"), Drift("c", "unknown")]
    assert worst(states) == "warning"
    assert worst([]) == "unknown"


def _sums(**measures: list[int]) -> Sums:
    codes, counts = [], []
    for name, histogram in measures.items():
        codes.append(codes_of(Measure[name.upper()], np.arange(len(histogram))))
        counts.append(np.array(histogram))
    return Sums.merged(
        Sums(code.astype(np.int32), count) for code, count in zip(codes, counts, strict=True)
    )


def test_a_profile_is_compared_with_sums() -> None:
    scores = [0] * 10 + [5, 5, 10, 10, 10, 20, 20, 20, 50, 50]
    looks = [0, 0, 0, 0, 0, 0, 50, 100, 50, 0, 0, 0, 0, 0, 0, 0]
    profile = {
        "answers": {
            "images": 200,
            "labels": {"RBC": 150, "WBC": 50},
            "scores": scores,
            "boxes": [50, 100, 50] + [0] * 13,
            "threshold": 0.5,
        },
        "looks": {"images": 200, "brightness": looks, "contrast": looks},
    }
    whole = _sums(inferences=[200], boxes=[50, 100, 50], brightness=looks, contrast=looks)
    # Two callers asked for lower scores too; what the profile does not have is left out.
    labels = {
        "RBC": _sums(scores=[0, 90, *[0] * 8, *[share * 3 // 4 for share in scores[10:]]]),
        "WBC": _sums(scores=[*[0] * 10, *[share // 4 for share in scores[10:]]]),
        "": _sums(inferences=[50]),
    }
    found = drifts(profile, whole, labels)
    assert [one.measure for one in found] == list(COMPARED)
    assert [one.state for one in found] == ["steady"] * 5
    dark = _sums(inferences=[200], boxes=[50, 100, 50], brightness=looks[3:], contrast=looks)
    states = {one.measure: one.state for one in drifts(profile, dark, {"RBC": labels["RBC"]})}
    assert states["brightness"] == "alarm"
    assert (states["labels"], states["contrast"]) == ("alarm", "steady")


def test_without_a_profile_nothing_is_said() -> None:
    assert not has_profile({"images": 12, "labels": {"RBC": 3}})
    assert {one.state for one in drifts({}, NOTHING, {})} == {"unknown"}
