"""Convolutional Betti curves: the level sets of a series seen through a bank of filters, as a feature vector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import NotFittedError

from topology_efficient_dl.errors import DataError, StorageError
from topology_efficient_dl.params import LevelSetRecipe
from topology_efficient_dl.tda.embeddings import check_series
from topology_efficient_dl.tda.level_sets.choice import fit_plan
from topology_efficient_dl.tda.level_sets.compiled import count_compiled
from topology_efficient_dl.tda.level_sets.filters import fixed_filters
from topology_efficient_dl.tda.level_sets.plan import Plan
from topology_efficient_dl.tda.level_sets.relevance import relevance_gain
from topology_efficient_dl.tda.level_sets.representations import Int16, represent, whole_numbers
from topology_efficient_dl.tda.level_sets.statistics import FAST, ROOTED
from topology_efficient_dl.tda.level_sets.vectorised import Lanes

CHUNK = 256
"""Series that are counted at a time, so that memory does not grow with their number."""

Series = NDArray[np.floating[Any]]


class ConvolutionalBettiCurves(TransformerMixin, BaseEstimator):
    """Raw series in, standardised level-set features out; everything fitted comes from train.

    Each filter at each dilation turns a series x into ``y(t) = sum_j w_j x(t + (j - 4) d)``. At each of its levels b
    the superlevel set ``{t : y(t) > b}`` is a disjoint union of intervals, whose number is the Betti number
    ``beta_0``. Read as functions of b these are the Betti curve of ``H_0`` of the filtered series, and its companions.

    Parameters
    ----------
    recipe : representations, filters, levels and statistics
    seed : of the levels and of random choices
    threads : series that are counted at the same time

    Attributes
    ----------
    plans_ : by ``<representation>_<direction>``, views and levels
    columns_ : (n_features,) int64 places among all combinations of row, statistic and filter
    mean_, gain_ : (n_features,) float32; a feature is ``(value - mean) * gain``, with gain 0 where train is constant

    References
    ----------
    Edelsbrunner and Harer, *Computational Topology* (2010), chapter VII; Dempster et al., *MiniRocket* (2021).

    Examples
    --------
    >>> train = np.random.default_rng(0).normal(size=(8, 1, 40))
    >>> curves = ConvolutionalBettiCurves(LevelSetRecipe(levels_per_filter=2)).fit(train)
    >>> curves.transform(train[:3]).shape
    (3, 1008)
    >>> print(curves.get_feature_names_out()[0])
    raw_superlevel_dilation1_filter0_row0_beta0
    """

    def __init__(self, recipe: LevelSetRecipe, seed: int = 0, threads: int = 1) -> None:
        self.recipe = recipe
        self.seed = seed
        self.threads = threads

    def fit(self, series: Series, labels: NDArray[np.int64] | None = None) -> ConvolutionalBettiCurves:
        """Choose filters, levels and scales on train; with labels, weigh features by what they tell of them.

        Parameters
        ----------
        series : (n_samples, n_channels, n_timepoints) float array
        labels : (n_samples,) int64, or None

        Raises
        ------
        DataError : the series have another shape or missing values
        """
        check_series(series)
        if len(series) == 0:
            raise DataError("level sets: no series to fit on, expected one at least. Give the train series")
        self.plans_ = {}
        for place, (representation, direction) in enumerate(self._parts()):
            rng = np.random.default_rng([abs(self.seed), int(self.seed < 0), place])
            values = represent(series, representation) * np.float32(_sign(direction))
            self.plans_[f"{representation}_{direction}"] = fit_plan(values, labels, self.recipe, rng)
        self.columns_ = np.arange(self._n_combinations())
        self._lay_out()
        self.mean_, self.gain_ = np.zeros(len(self.columns_), np.float32), np.ones(len(self.columns_), np.float32)
        self._standardise(series, labels)
        return self

    def _standardise(self, series: Series, labels: NDArray[np.int64] | None) -> None:
        features = self.transform(series)
        mean, spread = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
        gain = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 1e-6 * np.maximum(1.0, np.abs(mean)))
        if labels is not None and self.recipe.relevance > 0:
            standard = ((features - mean) * gain).astype(np.float32)
            gain *= relevance_gain(standard, labels, self.recipe.relevance)
        self.mean_, self.gain_ = mean.astype(np.float32), gain.astype(np.float32)

    def transform(self, series: Series) -> NDArray[np.float32]:
        """(n_samples, n_features) float32 features of raw series."""
        self._check_fitted()
        check_series(series)
        n_channels = next((plan.channels.shape[1] for plan in self.plans_.values()), series.shape[1])
        if series.shape[1] != n_channels:
            raise DataError(
                f"level sets: series have {series.shape[1]} channels, expected {n_channels} as in the fit. "
                "Bring them to that number of channels"
            )
        features = np.empty((len(series), len(self.columns_)), np.float32)
        for start in range(0, len(series), CHUNK):
            chunk = slice(start, start + CHUNK)
            self._features_of(series[chunk], features[chunk])
        return features

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.str_]:
        """(n_features,) names, such as ``raw_superlevel_dilation3_filter7_row12_beta0``."""
        self._check_fitted()
        return np.array(list(self._names()))[self.columns_]

    def select(self, columns: NDArray[np.integer[Any]]) -> ConvolutionalBettiCurves:
        """A transformer of some of the features, which counts only the rows that they need.

        Parameters
        ----------
        columns : (n,) places among the features, in the order wanted
        """
        chosen = type(self)(self.recipe, self.seed, self.threads)
        combinations = self.columns_[columns]
        chosen.plans_, moved, start, offset = {}, np.empty_like(combinations), 0, 0
        for name, plan in self.plans_.items():
            width = len(self.recipe.statistics) * plan.n_filters
            stop = start + len(plan.levels) * width
            mine = (combinations >= start) & (combinations < stop)
            row_of, within = np.divmod(combinations[mine] - start, width)
            used = np.zeros(len(plan.levels), np.bool_)
            used[row_of] = True
            if used.any():
                chosen.plans_[name] = plan.only(used)
                moved[mine] = offset + (np.cumsum(used) - 1)[row_of] * width + within
                offset += int(used.sum()) * width
            start = stop
        chosen.columns_, chosen.mean_, chosen.gain_ = moved, self.mean_[columns], self.gain_[columns]
        chosen._lay_out()
        return chosen

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything fitted, as arrays; what the recipe says anyway is left out."""
        self._check_fitted()
        state: dict[str, NDArray[Any]] = {"mean": self.mean_, "gain": self.gain_}
        if len(self.columns_) < self._n_combinations() or not self._in_order:
            state["columns"] = self.columns_
        for name, plan in self.plans_.items():
            left_out = {"weights"} if self.recipe.filters == "fixed" else set()
            left_out |= set() if self._needs_lower() else {"lower"}
            state |= {f"{name}.{key}": value for key, value in plan.to_arrays().items() if key not in left_out}
        return state

    @classmethod
    def from_state(cls, recipe: LevelSetRecipe, state: Mapping[str, NDArray[Any]]) -> ConvolutionalBettiCurves:
        """The inverse of ``state``, for inference on one thread.

        Raises
        ------
        StorageError : an array is missing
        """
        curves = cls(recipe)
        names = [f"{representation}_{direction}" for representation, direction in curves._parts()]
        curves.plans_ = {}
        for name in names:
            own = {key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")}
            if own:
                defaults = {"weights": fixed_filters()} if recipe.filters == "fixed" else {}
                defaults |= {"lower": own["levels"]} if "levels" in own and not curves._needs_lower() else {}
                curves.plans_[name] = Plan.from_arrays(defaults | own)
        if not curves.plans_ or "mean" not in state or "gain" not in state:
            raise StorageError(
                f"level sets: expected arrays 'mean', 'gain' and those of {', '.join(names)}; found "
                f"{', '.join(state) or 'nothing'}. Was this written by state()? Fit again with this recipe"
            )
        curves.columns_ = np.asarray(state.get("columns", np.arange(curves._n_combinations())))
        curves.mean_, curves.gain_ = (np.asarray(state[key], np.float32) for key in ("mean", "gain"))
        curves._check_state()
        curves._lay_out()
        return curves

    def _check_state(self) -> None:
        sizes = {"columns": len(self.columns_), "mean": len(self.mean_), "gain": len(self.gain_)}
        n_combinations = self._n_combinations()
        if len(set(sizes.values())) > 1 or self.columns_.max(initial=-1) >= n_combinations:
            raise StorageError(
                f"level sets: array sizes {', '.join(f'{name} {size}' for name, size in sizes.items())} do not go with "
                f"the {n_combinations} combinations of row, statistic and filter of {', '.join(self.plans_)}. "
                f"'columns' or a plan among {', '.join('_'.join(part) for part in self._parts())} is missing, or of "
                "another fit. Was this written by state()? Fit again with this recipe"
            )

    def whole_numbers(self, series: Series) -> dict[str, Int16]:
        """The series as the filters of each plan see them: (n_samples, n_channels, length) int16 by plan."""
        self._check_fitted()
        return {name: whole_numbers(series, *inputs) for name, inputs in self._inputs.items()}

    def _parts(self) -> Iterator[tuple[str, str]]:
        for representation in self.recipe.representations:
            for direction in self.recipe.directions:
                yield representation, direction

    def _needs_lower(self) -> bool:
        return not set(self.recipe.statistics).isdisjoint({"persistent_beta0", "bars", "total_persistence"})

    def _n_combinations(self) -> int:
        n_statistics = len(self.recipe.statistics)
        return sum(len(plan.levels) * n_statistics * plan.n_filters for plan in self.plans_.values())

    def _lay_out(self) -> None:
        """What transform needs and state does not hold: plans in lanes, and codes of the statistics."""
        names = self.recipe.statistics
        self._lanes = {name: Lanes.of(plan) for name, plan in self.plans_.items()}
        self._inputs = {
            name: (*_representation_and_sign(name), np.float32(plan.scale), int(plan.amplitude))
            for name, plan in self.plans_.items()
        }
        self._n_counted = self._n_combinations()
        self._fast = set(names) <= set(FAST)
        self._picks = np.array([FAST.index(name) for name in names] if self._fast else [], np.int64)
        self._rooted = np.array([name in ROOTED for name in names])
        self._in_order = bool((np.diff(self.columns_) == 1).all())

    def _features_of(self, series: Series, out: NDArray[np.float32]) -> None:
        all_of_them = len(self.columns_) == self._n_counted
        values = out if all_of_them else np.empty((len(series), self._n_counted), np.float32)
        start = 0
        for name, whole in self.whole_numbers(series).items():
            plan = self.plans_[name]
            stop = start + len(plan.levels) * len(self.recipe.statistics) * plan.n_filters
            if self._fast:
                counts = self._lanes[name].count(whole, self.threads)
                _gather(counts, plan.n_filters, self._picks, self._rooted, start, values)
            else:
                values[:, start:stop] = self._slow_values(whole, plan)
            start = stop
        if all_of_them and self._in_order:
            _standardise(values, self.mean_, self.gain_)
        else:
            _pick(values.copy() if all_of_them else values, self.columns_, self.mean_, self.gain_, out)

    def _slow_values(self, whole: Int16, plan: Plan) -> NDArray[np.float32]:
        """(n_samples, n_values) of one plan, with statistics that the vector kernel does not count."""
        names = self.recipe.statistics
        counts = count_compiled(whole, plan, (*names, "measure"))
        values = counts[:, :, :-1].astype(np.float32)
        for place, statistic in enumerate(names):
            if statistic in ROOTED:
                values[:, :, place] = np.sqrt(values[:, :, place])
            elif statistic == "position":
                values[:, :, place] /= np.maximum(counts[:, :, -1], 1)
        return values.reshape(len(whole), -1)

    def _names(self) -> Iterator[str]:
        for name, plan in self.plans_.items():
            dilations = np.repeat(plan.dilations, plan.n_rows)
            for row, dilation in enumerate(dilations):
                for statistic in self.recipe.statistics:
                    for column in range(plan.n_filters):
                        yield f"{name}_dilation{dilation}_filter{column}_row{row}_{statistic}"

    def _check_fitted(self) -> None:
        if not hasattr(self, "mean_"):
            raise NotFittedError("the transformer is not fitted: call fit(train series) or from_state() first")


def _representation_and_sign(plan: str) -> tuple[str, int]:
    """Of a plan's name, ``<representation>_<direction>``."""
    representation, direction = plan.rsplit("_", 1)
    return representation, _sign(direction)


def _sign(direction: str) -> int:
    """Sublevel sets of y are superlevel sets of -y, and the filters are linear."""
    return -1 if direction == "sublevel" else 1


@njit(cache=True, nogil=True)
def _gather(counts: Any, n_filters: Any, picks: Any, rooted: Any, start: Any, out: Any) -> None:
    """Counts of the wanted statistics side by side from column ``start`` on, square roots where wanted."""
    for i in range(len(counts)):
        column = start
        for row in range(counts.shape[1]):
            for place in range(len(picks)):
                lanes, target = counts[i, row, picks[place], :n_filters], out[i, column : column + n_filters]
                if rooted[place]:
                    for lane in range(n_filters):
                        target[lane] = np.sqrt(np.float32(lanes[lane]))
                else:
                    for lane in range(n_filters):
                        target[lane] = np.float32(lanes[lane])
                column += n_filters


@njit(cache=True, nogil=True)
def _standardise(values: Any, mean: Any, gain: Any) -> None:
    """In place."""
    for i in range(len(values)):
        row = values[i]
        for k in range(len(mean)):
            row[k] = (row[k] - mean[k]) * gain[k]


@njit(cache=True, nogil=True)
def _pick(values: Any, columns: Any, mean: Any, gain: Any, out: Any) -> None:
    """``out[:, k] = (values[:, columns[k]] - mean[k]) * gain[k]``."""
    for i in range(len(values)):
        for k in range(len(columns)):
            out[i, k] = (values[i, columns[k]] - mean[k]) * gain[k]
