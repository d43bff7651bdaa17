"""Drift: how far what comes now is from what a model was made with.

Two measures of the field are given of each distribution: the population stability index
(PSI; Siddiqi, "Credit Risk Scorecards", 2006, chapter 9) and the divergence of Jensen and
Shannon in bits (Lin, "Divergence measures based on the Shannon entropy", 1991).

Of few images a PSI is large by chance alone. Of two samples of the same distribution it
is about ``(1/n + 1/m)`` times a value of chi-square with one degree of freedom less than
there are bins (Yurdakul, "Statistical Properties of Population Stability Index", 2018,
theorem 2.1). So an alarm takes both: a PSI that the field calls large, and one that
chance would bring once in a million looks.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

State = Literal["unknown", "steady", "warning", "alarm"]
#: From the worst.
STATES: tuple[State, ...] = ("alarm", "warning", "steady", "unknown")

#: PSI from which the field speaks of a shift, and of a large one.
WARNING, ALARM = 0.2, 0.25
#: How often chance alone may bring a warning, and an alarm.
_BY_CHANCE = {WARNING: 1e-3, ALARM: 1e-6}
#: Images below which nothing is said.
LEAST = 30
#: The least share of a bin; of neighbours with less one bin is made.
_SHARE = 0.05
#: Added to each bin, so that an empty one has a logarithm (Jeffreys).
_PRIOR = 0.5


@dataclass(frozen=True, slots=True)
class Drift:
    """How far one distribution is from that of the profile.

    Args:
        measure: what it is a distribution of, such as ``labels``.
        psi: population stability index; so is ``threshold``, from which it is an alarm.
        js: divergence of Jensen and Shannon, from 0 to 1.
    """

    measure: str
    state: State
    psi: float | None = None
    js: float | None = None
    threshold: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def drift_of(
    measure: str,
    profile: NDArray[Any],
    profile_images: int,
    found: NDArray[Any],
    images: int,
    *,
    ordered: bool = True,
) -> Drift:
    """Compare how often each bin was met with how often the profile has it.

    Args:
        profile: counts by bin, ``[bins]``; so is ``found``.
        images: that they are of, and so are `profile_images`. What one image brings
            belongs together, so it counts as one of the sample, however many boxes it has.
        ordered: bins that have neighbours; those that have few are joined to them.
    """
    if min(profile_images, images) < LEAST or profile.sum() == 0 or found.sum() == 0:
        return Drift(measure, "unknown")
    expected, met = _joined(profile, found) if ordered else _without_empty(profile, found)
    if len(expected) < 2:
        return Drift(measure, "steady", 0.0, 0.0, ALARM)
    before, now = _shares(expected), _shares(met)
    psi = float(((now - before) * np.log(now / before)).sum())
    noise = 1 / min(profile_images, profile.sum()) + 1 / min(images, found.sum())
    warning, alarm = (
        max(limit, noise * chi_square(1 - _BY_CHANCE[limit], len(before) - 1))
        for limit in (WARNING, ALARM)
    )
    state: State = "alarm" if psi > alarm else "warning" if psi > warning else "steady"
    return Drift(
        measure, state, round(psi, 4), round(jensen_shannon(before, now), 4), round(alarm, 4)
    )


def jensen_shannon(before: NDArray[np.float64], now: NDArray[np.float64]) -> float:
    """The divergence of two distributions without empty bins, in bits."""
    middle = (before + now) / 2
    halves = (float((one * np.log2(one / middle)).sum()) for one in (before, now))
    return max(0.0, sum(halves) / 2)


def chi_square(share: float, degrees: int) -> float:
    """The value below which a share of a chi-square distribution lies.

    By the approximation of Wilson and Hilferty (1931), within a hundredth or so.
    """
    part = 2 / (9 * degrees)
    return degrees * float((1 - part + NormalDist().inv_cdf(share) * part**0.5) ** 3)


def worst(found: list[Drift]) -> State:
    """The worst state of several."""
    return min((one.state for one in found), key=STATES.index, default="unknown")


def _joined(profile: NDArray[Any], found: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Neighbours made one, so that each has its share of the profile; the last takes the rest."""
    least = _SHARE * profile.sum()
    starts, held = [0], 0.0
    for bin, count in enumerate(profile[:-1]):
        held += count
        if held >= least:
            starts.append(bin + 1)
            held = 0.0
    if len(starts) > 1 and profile[starts[-1] :].sum() < least:
        starts.pop()
    return np.add.reduceat(profile, starts), np.add.reduceat(found, starts)


def _without_empty(profile: NDArray[Any], found: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    met = (profile + found) > 0
    return profile[met], found[met]


def _shares(counts: NDArray[Any]) -> NDArray[np.float64]:
    smooth = counts + _PRIOR
    return np.asarray(smooth / smooth.sum(), np.float64)
