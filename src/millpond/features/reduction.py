"""A reduction: how vectors are scaled, and turned to fewer numbers that keep most of them.

Each number is brought to mean zero and variance one, and the components are those of
the principal component analysis of that: the same as `StandardScaler` and `PCA` of
scikit-learn, worked out from moments instead of from all vectors.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millpond.durable import write_folder
from millpond.errors import Corrupted, Invalid
from millpond.features.moments import Matrix, Moments
from millpond.values import new_id

_NUMBERS = "reduction.npz"
_FACTS = "reduction.json"


@dataclass(frozen=True)
class Wanted:
    """How many components are wanted: a number of them, or a share of the variance.

    Args:
        count: from 1; None where it is a share.
        share: above 0 and at most 1; None where it is a number.
    """

    count: int | None = None
    share: float | None = None

    @classmethod
    def of(cls, text: str | float) -> Wanted:
        """From ``128`` or ``0.95``.

        Raises:
            Invalid: it is neither a number of components nor a share of the variance.
        """
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if number >= 1 and number == int(number) and str(text) != "1.0":
            return cls(count=int(number))
        if 0 < number <= 1:
            return cls(share=number)
        raise Invalid(
            f"components {text!r} is neither a number of components such as 128 nor a share of "
            "the variance such as 0.95"
        )

    def __str__(self) -> str:
        return str(self.count if self.share is None else self.share)


@dataclass(frozen=True)
class Reduction:
    """What vectors of one model are reduced by. It never changes once it is made.

    Args:
        name: that the reduced vectors go by.
        model: whose vectors they are.
        mean: ``[d]``, subtracted first.
        scale: ``[d]``, divided by then; 1 where a number never varied.
        components: ``[k, d]``, of unit length, those of most variance first.
        variances: ``[d]``, the share of the variance that each component keeps, falling;
            of those that were left out too.
        fitted_on: the number of vectors.
    """

    name: str
    model: str
    mean: Matrix
    scale: Matrix
    components: Matrix
    variances: Matrix
    fitted_on: int

    @classmethod
    def fit(cls, moments: Moments, wanted: Wanted, model: str) -> Reduction:
        """The reduction of the vectors that moments are of.

        Raises:
            Invalid: there are fewer than two vectors, or fewer numbers in one than the
                components wanted.
        """
        if moments.count < 2:
            raise Invalid(
                f"{moments.count} vectors are too few to find what varies; give at least 2"
            )
        most = min(moments.dimension, moments.count)
        if wanted.count is not None and wanted.count > most:
            raise Invalid(
                f"{wanted.count} components are more than the {most} that {moments.count} "
                f"vectors of {moments.dimension} numbers have"
            )
        scale = _scale(moments)
        values, vectors = np.linalg.eigh(moments.covariance / np.outer(scale, scale))
        values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1].T
        total = values.sum()
        shares = values / total if total > 0 else np.full_like(values, 0.0)
        kept = wanted.count or count_for(shares, wanted.share or 1.0)
        return cls(
            name=f"{model}-{kept}-{new_id()}",
            model=model,
            mean=moments.mean,
            scale=scale,
            components=_signed(vectors[:kept]),
            variances=shares,
            fitted_on=moments.count,
        )

    def __len__(self) -> int:
        """How many numbers a reduced vector has."""
        return len(self.components)

    @property
    def explained(self) -> float:
        """The share of the variance of what it was fitted on that it keeps."""
        return float(self.variances[: len(self)].sum())

    @cached_property
    def _turned(self) -> NDArray[np.float32]:
        return (self.components / self.scale).T.astype(np.float32)

    def apply(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """``[n, d]`` numbers reduced to ``[n, k]``."""
        reduced: NDArray[np.float32] = (vectors - self.mean).astype(np.float32) @ self._turned
        return reduced

    def explains(self, moments: Moments) -> float:
        """The share of the variance of other vectors that it keeps."""
        covariance = moments.covariance / np.outer(self.scale, self.scale)
        total = float(np.trace(covariance))
        kept = float(np.einsum("kd,kd->", self.components @ covariance, self.components))
        return kept / total if total > 0 else 1.0

    def write(self, folder: Path, facts: Mapping[str, Any]) -> None:
        """Write it durably into a new folder, with what is known about it."""
        out = io.BytesIO()
        numbers = {name: getattr(self, name) for name in _ARRAYS}
        np.savez(out, **numbers)
        data = out.getvalue()
        document = {
            "name": self.name,
            "model": self.model,
            "fitted_on": self.fitted_on,
            "components": len(self),
            "explained_variance": self.explained,
            **facts,
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        write_folder(folder, {_NUMBERS: data, _FACTS: text.encode()})

    @classmethod
    def read(cls, folder: Path) -> Reduction:
        """What `write` wrote.

        Raises:
            Corrupted: a file is missing or is not what was written.
        """
        try:
            data = (folder / _NUMBERS).read_bytes()
            facts = json.loads((folder / _FACTS).read_bytes())
        except (OSError, ValueError) as error:
            raise Corrupted(f"the reduction {folder.name} cannot be read: {error}") from error
        if hashlib.sha256(data).hexdigest() != facts["sha256"]:
            raise Corrupted(f"{folder / _NUMBERS} is not what was written")
        with np.load(io.BytesIO(data), allow_pickle=False) as found:
            numbers = {name: found[name] for name in _ARRAYS}
        return cls(facts["name"], facts["model"], fitted_on=facts["fitted_on"], **numbers)


_ARRAYS = ("mean", "scale", "components", "variances")


def count_for(shares: Matrix, share: float) -> int:
    """The least number of components that keep a share of the variance; all where none do."""
    enough = np.cumsum(shares) >= share - 1e-12
    return int(np.argmax(enough)) + 1 if enough.any() else len(shares)


def shares_of(moments: Moments, scale: Matrix | None = None) -> Matrix:
    """The share of the variance that each component of vectors would keep, falling."""
    scale = _scale(moments) if scale is None else scale
    values = np.linalg.eigvalsh(moments.covariance / np.outer(scale, scale))[::-1]
    values = np.maximum(values, 0)
    shares: Matrix = values / max(float(values.sum()), np.finfo(float).tiny)
    return shares


def _scale(moments: Moments) -> Matrix:
    """Standard deviations; 1 for what is the same in all, but for what rounding adds."""
    deviation = np.sqrt(np.diag(moments.covariance))
    noise = 10 * np.finfo(np.float64).eps * np.abs(moments.mean)
    return np.where(deviation > noise, deviation, 1.0)


def _signed(components: Matrix) -> Matrix:
    """With the number of most weight in each above zero, so that a fit has one answer."""
    largest = np.abs(components).argmax(axis=1)
    signs = np.sign(components[np.arange(len(components)), largest])
    signed: Matrix = components * signs[:, None]
    return signed
