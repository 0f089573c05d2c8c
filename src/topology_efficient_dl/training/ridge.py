"""A linear classifier in closed form, its penalty chosen by leave-one-out errors that cost nothing extra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from topology_efficient_dl.data.preparation import check_finite
from topology_efficient_dl.errors import DataError

PENALTIES = tuple(float(value) for value in np.logspace(-5, 2, 22))
"""Penalties that are tried, in units of the mean squared length of a centred feature vector."""

TOLERANCE = 1.1
"""The smallest penalty is taken whose error is at most this times the least one.

Errors of a regression on +-1 favour more penalty than the classifier that is made of it wants; the near-ties
between penalties are settled towards less. Chosen on cross-validated train parts, see docs/level_sets.md.
"""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RidgeFit:
    """A linear classifier: scores are ``features @ weight.T + bias``.

    Attributes
    ----------
    weight : (n_classes, n_features) float32
    bias : (n_classes,) float32
    penalty : the one that was chosen, of ``PENALTIES``; None where another solver chose
    errors : mean squared leave-one-out error of each penalty, weighted where samples are
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    penalty: float | None
    errors: dict[float, float]


def fit_ridge(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    n_classes: int,
    penalties: Sequence[float] = PENALTIES,
    tolerance: float = TOLERANCE,
    weights: Matrix | None = None,
) -> RidgeFit:
    """Regress +1 for a sample's own class and -1 for every other on the features, with a squared penalty.

    One eigendecomposition, of the smaller of the two Gram matrices, gives the coefficients and all leave-one-out errors
    ``(y_i - f_i) / (1 - h_ii)`` for every penalty. With weights, rows of the centred problem are multiplied by their
    roots, and so are those of the column of ones that the intercept is: the errors are those of refits without each
    sample, the others with their weights.

    Parameters
    ----------
    features : (n_samples, n_features) float32
    labels : (n_samples,) int64 in ``range(n_classes)``
    penalties : candidates, in units of the mean squared length of a centred feature vector
    tolerance : see ``TOLERANCE``
    weights : (n_samples,) positive, of the squared errors; None for equal ones. Only their ratios matter

    Raises
    ------
    DataError : features are not finite, or their squares beyond float32; labels or weights do not fit them

    References
    ----------
    Rifkin and Lippert, *Notes on regularized least squares* (2007), section 3.2: leave-one-out in closed form.

    Examples
    --------
    >>> x = np.array([[-2.0], [-1.0], [1.0], [2.0]], np.float32)
    >>> fit = fit_ridge(x, np.array([0, 0, 1, 1]), 2)
    >>> (x @ fit.weight.T + fit.bias).argmax(axis=1)
    array([0, 0, 1, 1])
    """
    # The order of sums, and so the last bits, depend on the number of threads, which belongs to the process.
    _check(features, labels, n_classes, weights)
    with threadpool_limits(1):
        return _fit(features, labels, n_classes, (penalties, tolerance), weights)


def _check(features: NDArray[np.float32], labels: NDArray[np.int64], n_classes: int, weights: Matrix | None) -> None:
    check_finite(features, "features of a ridge regression: ", "Mend the series that they are of")
    if len(labels) != len(features) or not len(labels) or labels.min() < 0 or labels.max() >= n_classes:
        raise DataError(
            f"ridge regression: {len(features)} rows of features and {len(labels)} labels, expected as many, at least "
            f"one, with codes from 0 to {n_classes - 1}"
        )
    if weights is not None and (weights.shape != labels.shape or not (np.isfinite(weights) & (weights > 0)).all()):
        raise DataError(f"ridge regression: weights of shape {weights.shape}; expected {labels.shape}, all positive")


def _fit(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    n_classes: int,
    choice: tuple[Sequence[float], float],
    weights: Matrix | None,
) -> RidgeFit:
    penalties, tolerance = choice
    shares = None if weights is None else weights / weights.mean()
    targets = np.full((len(labels), n_classes), -1.0)
    targets[np.arange(len(labels)), labels] = 1.0
    centre, mean = _mean(features, shares), _mean(targets, shares)
    centred = (features - centre).astype(np.float32)
    way = _Dual if len(labels) <= features.shape[1] else _Primal
    solver = way(centred, targets - mean, np.ones(len(labels)) if shares is None else shares)
    errors = {penalty: _squared(solver.errors(penalty), shares) for penalty in sorted(penalties)}
    bound = tolerance * min(errors.values())  # no penalty is chosen whose errors are not finite, unless all are so
    penalty = next(candidate for candidate, error in errors.items() if error <= bound)
    weight = solver.coefficients(penalty)
    return RidgeFit(weight.astype(np.float32), (mean - weight @ centre).astype(np.float32), penalty, errors)


def _mean(values: NDArray[Any], shares: Matrix | None) -> Matrix:
    """Over samples, which are the first axis; shares have mean 1."""
    if shares is None:
        return np.asarray(values.mean(axis=0, dtype=np.float64))
    return np.asarray(shares @ values / len(shares))


def _squared(errors: Matrix, shares: Matrix | None) -> float:
    """The mean square of (n_samples, n_classes) errors; infinite where it is not finite."""
    error = float((errors**2).mean() if shares is None else _mean((errors**2).mean(axis=1), shares))
    return error if np.isfinite(error) else np.inf


def _spectrum(gram: Matrix, unit: float) -> tuple[Matrix, Matrix, float]:
    """Eigenvalues, not negative, and vectors; and the unit of penalties, 1 for features that are all constant."""
    if not (np.isfinite(unit) and np.isfinite(gram).all()):
        raise DataError("ridge regression: squares of the features are beyond float32. Scale the features first")
    values, vectors = np.linalg.eigh(gram)
    return np.maximum(values, 0.0), vectors, unit if unit > 0 else 1.0


class _Dual:
    """By the (n_samples, n_samples) Gram matrix, for more features than samples."""

    def __init__(self, centred: NDArray[np.float32], targets: Matrix, shares: Matrix) -> None:
        self.centred, self.shares, self.roots = centred, shares, np.sqrt(shares)[:, None]
        with np.errstate(over="ignore", invalid="ignore"):  # the spectrum says what is the matter
            gram = (centred @ centred.T).astype(np.float64)
        # Centred again: what float32 left in the constant direction would be divided by the smallest penalties.
        gram -= np.average(gram, axis=0, weights=self._unequal)
        gram -= np.average(gram, axis=1, weights=self._unequal)[:, None]
        gram *= self.roots * self.roots.T
        self.values, self.vectors, self.unit = _spectrum(gram, float(np.trace(gram)) / len(gram))
        self.turned = self.vectors.T @ (self.roots * targets)

    @property
    def _unequal(self) -> Matrix | None:
        return None if (self.shares == 1.0).all() else self.shares

    def _alpha(self, penalty: float) -> tuple[Matrix, Matrix]:
        inverse = 1.0 / (self.values + penalty * self.unit)
        return self.vectors @ (inverse[:, None] * self.turned), inverse

    def errors(self, penalty: float) -> Matrix:
        """(n_samples, n_classes) leave-one-out residuals."""
        alpha, inverse = self._alpha(penalty)
        # The intercept takes the constant direction, which the penalty must not be charged for.
        diagonal = self.vectors**2 @ inverse - self.shares / (len(alpha) * penalty * self.unit)
        return np.asarray(alpha / np.maximum(diagonal, 1e-12)[:, None] / self.roots)

    def coefficients(self, penalty: float) -> Matrix:
        """(n_classes, n_features)"""
        alpha = self.roots * self._alpha(penalty)[0]
        return np.asarray(alpha.T.astype(np.float32) @ self.centred, np.float64)


class _Primal:
    """By the (n_features, n_features) Gram matrix, for more samples than features."""

    def __init__(self, centred: NDArray[np.float32], targets: Matrix, shares: Matrix) -> None:
        self.shares, self.roots = shares, np.sqrt(shares)[:, None]
        self.centred = np.multiply(self.roots, centred, dtype=np.float64)
        self.targets = self.roots * targets
        gram = self.centred.T @ self.centred
        self.values, self.vectors, self.unit = _spectrum(gram, float(np.trace(gram)) / len(centred))
        self.turned = self.centred @ self.vectors
        self.products = self.turned.T @ self.targets

    def errors(self, penalty: float) -> Matrix:
        """(n_samples, n_classes) leave-one-out residuals."""
        inverse = 1.0 / (self.values + penalty * self.unit)
        residuals = self.targets - self.turned @ (inverse[:, None] * self.products)
        leverage = self.turned**2 @ inverse + self.shares / len(self.targets)
        return np.asarray(residuals / np.maximum(1.0 - leverage, 1e-12)[:, None] / self.roots)

    def coefficients(self, penalty: float) -> Matrix:
        """(n_classes, n_features)"""
        inverse = 1.0 / (self.values + penalty * self.unit)
        return np.asarray((self.vectors @ (inverse[:, None] * self.products)).T)


def strongest_features(
    weight: NDArray[np.floating[Any]], features: NDArray[np.float32], n_keep: int
) -> NDArray[np.int64]:
    """The features that move the scores most: squared weights, summed over classes, times the feature's variance.

    Parameters
    ----------
    weight : (n_classes, n_features)
    features : (n_samples, n_features) float32
    n_keep : how many

    Returns
    -------
    (min(n_keep, n_features),) int64 places, in ascending order
    """
    strength = (np.asarray(weight, np.float64) ** 2).sum(axis=0) * features.var(axis=0, dtype=np.float64)
    return np.sort(np.argsort(-strength, kind="stable")[:n_keep])
