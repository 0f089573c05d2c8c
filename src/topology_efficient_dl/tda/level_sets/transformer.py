"""Convolutional Betti curves: the level sets of a series seen through a bank of filters, as a feature vector."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import NotFittedError

from topology_efficient_dl.errors import DataError, ParameterError, StorageError
from topology_efficient_dl.params.models import LevelSetRecipe
from topology_efficient_dl.tda.level_sets.assembly import gather, pick, standardise
from topology_efficient_dl.tda.level_sets.choice import fit_plan
from topology_efficient_dl.tda.level_sets.compiled import count_compiled
from topology_efficient_dl.tda.level_sets.filters import fixed_filters
from topology_efficient_dl.tda.level_sets.inputs import (
    check_labels,
    check_range,
    check_recipe,
    check_size,
    offsets_of,
    recipe_of,
    series_of,
    settings_of,
    threads_of,
)
from topology_efficient_dl.tda.level_sets.plan import Plan
from topology_efficient_dl.tda.level_sets.relevance import relevance_gain
from topology_efficient_dl.tda.level_sets.representations import Int16, represent, whole_numbers
from topology_efficient_dl.tda.level_sets.statistics import FAST, ROOTED
from topology_efficient_dl.tda.level_sets.vectorised import Lanes

CHUNK = 256
"""Series that are counted at a time, so that memory does not grow with their number."""

Series = NDArray[np.floating[Any]]

RECIPE = "recipe__"
"""Prefix of the recipe's fields among the parameters, as scikit-learn names those of parts."""


class ConvolutionalBettiCurves(TransformerMixin, BaseEstimator):
    """Raw series in, standardised level-set features out; everything fitted comes from train.

    Each filter at each dilation turns a series x into ``y(t) = sum_j w_j x(t + (j - 4) d)``. At each of its levels b
    the superlevel set ``{t : y(t) > b}`` is a disjoint union of intervals, whose number is the Betti number
    ``beta_0``. Read as functions of b these are the Betti curve of ``H_0`` of the filtered series, and its companions.

    Parameters
    ----------
    recipe : representations, filters, levels and statistics, or fields of it; the default one when None. Its fields are
        parameters too, such as ``recipe__levels_per_filter``
    seed : of the levels and of random choices
    threads : series that are counted at the same time; -1 is one per core

    Attributes
    ----------
    recipe_ : the recipe in full
    n_channels_in_, n_timepoints_in_, n_features_in_ : of a series of train, the last their product; None where a state
        of before does not tell
    offset_ : (n_channels,) float64 that is subtracted first; see ``inputs.offsets_of``
    plans_ : by ``<representation>_<direction>``, views and levels
    columns_ : (n_features,) int64 places among all combinations of row, statistic and filter
    mean_, gain_ : (n_features,) float32; a feature is ``(value - mean) * gain``, with gain 0 where train is constant

    References
    ----------
    Edelsbrunner and Harer, *Computational Topology* (2010), chapter VII; Dempster et al., *MiniRocket* (2021).

    Examples
    --------
    >>> train = np.random.default_rng(0).normal(size=(8, 1, 40))
    >>> curves = ConvolutionalBettiCurves({"levels_per_filter": 2}).fit(train)
    >>> curves.transform(train[:3]).shape
    (3, 1008)
    >>> print(curves.get_feature_names_out()[0])
    raw_superlevel_dilation1_filter0_row0_beta0
    """

    def __init__(
        self, recipe: LevelSetRecipe | Mapping[str, Any] | None = None, seed: int = 0, threads: int = 1
    ) -> None:
        self.recipe = recipe
        self.seed = seed
        self.threads = threads

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name, with ``deep`` also the fields of the recipe."""
        try:
            fields = recipe_of(self.recipe).model_dump() if deep else {}
        except ParameterError:  # fit tells of a wrong recipe
            fields = {}
        return super().get_params(deep) | {RECIPE + name: value for name, value in fields.items()}

    def set_params(self, **params: Any) -> ConvolutionalBettiCurves:
        """Change parameters, or fields of the recipe by ``recipe__<field>``.

        Raises
        ------
        ParameterError : the recipe has no such field, or takes no such value
        ValueError : there is no such parameter
        """
        fields = {name.removeprefix(RECIPE): params.pop(name) for name in list(params) if name.startswith(RECIPE)}
        super().set_params(**params)
        if fields:
            self.recipe = recipe_of(recipe_of(self.recipe).model_dump() | fields)
        return self

    def fit(self, X: Any, y: Any = None) -> ConvolutionalBettiCurves:
        """Choose filters, levels and scales on train; with labels, weigh features by what they tell of them.

        Parameters
        ----------
        X : (n_samples, n_channels, n_timepoints) float array, (n_samples, n_timepoints), or a list of series
        y : (n_samples,) labels, or None

        Raises
        ------
        DataError : the series have another shape, unequal lengths, values that are missing, beyond float32 or too
            small for it; or as many labels there are not
        ParameterError : a wrong recipe or number of threads
        """
        self.recipe_ = recipe_of(self.recipe)
        series = series_of(X)
        if len(series) == 0:
            raise DataError("level sets: no series to fit on, expected one at least. Give the train series")
        labels = check_labels(y, len(series))
        check_range(series, self.recipe_.representations)
        check_size(series)
        self._remember(series.shape[1:], offsets_of(series))
        series = self._shifted(series)
        self.plans_ = {}
        for place, (representation, direction) in enumerate(self._parts()):
            rng = np.random.default_rng([abs(self.seed), int(self.seed < 0), place])
            values = represent(series, representation) * np.float32(_sign(direction))
            self.plans_[f"{representation}_{direction}"] = fit_plan(values, labels, self.recipe_, rng)
        self.columns_ = np.arange(self._n_combinations())
        self._lay_out()
        self.mean_, self.gain_ = np.zeros(len(self.columns_), np.float32), np.ones(len(self.columns_), np.float32)
        self._standardise(series, labels)
        return self

    def _standardise(self, shifted: Series, labels: NDArray[Any] | None) -> None:
        features = self._features(shifted)
        mean, spread = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
        gain = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 1e-6 * np.maximum(1.0, np.abs(mean)))
        if labels is not None and self.recipe_.relevance > 0:
            standard = ((features - mean) * gain).astype(np.float32)
            gain *= relevance_gain(standard, labels, self.recipe_.relevance)
        self.mean_, self.gain_ = mean.astype(np.float32), gain.astype(np.float32)

    def transform(self, X: Any) -> NDArray[np.float32]:
        """(n_samples, n_features) float32 features of raw series, in the shapes that ``fit`` takes.

        Raises
        ------
        DataError : the series have another number of channels or another length than train, or as in ``fit``
        """
        return self._features(self._checked(X))

    def _checked(self, given: Any) -> Series:
        """Series of the shape of train, with finite values, without their offset."""
        self._check_fitted()
        series = series_of(given)
        known = {"channels": self.n_channels_in_, "time points": self.n_timepoints_in_}
        for (what, expected), found in zip(known.items(), series.shape[1:], strict=True):
            if expected is not None and found != expected:
                raise DataError(
                    f"level sets: series have {found} {what}, expected {expected} as in the fit. Bring them to that "
                    f"number of {what}"
                )
        check_range(series, self.recipe_.representations)
        return self._shifted(series)

    def _shifted(self, series: Series) -> Series:
        return series.astype(np.float64) - self.offset_[:, None] if self._is_shifted else series

    def _features(self, shifted: Series) -> NDArray[np.float32]:
        features = np.empty((len(shifted), len(self.columns_)), np.float32)
        threads = threads_of(self.threads)
        for start in range(0, len(shifted), CHUNK):
            chunk = slice(start, start + CHUNK)
            self._features_of(shifted[chunk], features[chunk], threads)
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
        chosen.recipe_ = self.recipe_
        chosen._remember((self.n_channels_in_, self.n_timepoints_in_), self.offset_)
        combinations = self.columns_[columns]
        chosen.plans_, moved, start, offset = {}, np.empty_like(combinations), 0, 0
        for name, plan in self.plans_.items():
            width = len(self.recipe_.statistics) * plan.n_filters
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
        """Everything fitted, as arrays; ``settings`` are the parameters and the shape of a series as JSON."""
        self._check_fitted()
        settings = {
            "recipe": self.recipe_.model_dump(mode="json"),
            "seed": int(self.seed),
            "threads": int(self.threads),
            "shape": [self.n_channels_in_, self.n_timepoints_in_],
        }
        state: dict[str, NDArray[Any]] = {"settings": np.array(json.dumps(settings, sort_keys=True), np.str_)}
        state |= {"mean": self.mean_, "gain": self.gain_}
        if self._is_shifted:
            state["offset"] = self.offset_
        if len(self.columns_) < self._n_combinations() or not self._in_order:
            state["columns"] = self.columns_
        for name, plan in self.plans_.items():
            left_out = {"weights"} if self.recipe_.filters == "fixed" else set()
            left_out |= set() if self._needs_lower() else {"lower"}
            state |= {f"{name}.{key}": value for key, value in plan.to_arrays().items() if key not in left_out}
        return state

    @classmethod
    def from_state(
        cls, recipe: LevelSetRecipe | Mapping[str, Any] | None, state: Mapping[str, NDArray[Any]]
    ) -> ConvolutionalBettiCurves:
        """The inverse of ``state``; a state of before it had settings has seed 0 and one thread.

        Raises
        ------
        StorageError : an array is missing, or the state is of another recipe
        """
        settings = settings_of(state)
        curves = cls(recipe, settings.get("seed", 0), settings.get("threads", 1))
        curves.recipe_ = recipe_of(recipe)
        check_recipe(curves.recipe_, settings)
        names = [f"{representation}_{direction}" for representation, direction in curves._parts()]
        curves.plans_ = {}
        for name in names:
            own = {key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")}
            if own:
                defaults = {"weights": fixed_filters()} if curves.recipe_.filters == "fixed" else {}
                defaults |= {"lower": own["levels"]} if "levels" in own and not curves._needs_lower() else {}
                curves.plans_[name] = Plan.from_arrays(defaults | own)
        if not curves.plans_ or "mean" not in state or "gain" not in state:
            raise StorageError(
                f"level sets: expected arrays 'mean', 'gain' and those of {', '.join(names)}; found "
                f"{', '.join(state) or 'nothing'}. Was this written by state()? Fit again with this recipe"
            )
        n_channels = next(iter(curves.plans_.values())).channels.shape[1]
        shape = settings.get("shape", (n_channels, None))
        curves._remember(shape, np.asarray(state.get("offset", np.zeros(n_channels)), np.float64))
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
        return self._whole_numbers(self._checked(series))

    def _whole_numbers(self, shifted: Series) -> dict[str, Int16]:
        return {name: whole_numbers(shifted, *inputs) for name, inputs in self._inputs.items()}

    def _remember(self, shape: Sequence[int | None], offset: NDArray[np.float64]) -> None:
        """What a series of train was like: (n_channels, n_timepoints), and its offset."""
        self.n_channels_in_, self.n_timepoints_in_ = shape
        self.n_features_in_ = None if None in shape else math.prod(size for size in shape if size is not None)
        self.offset_, self._is_shifted = offset, bool(offset.any())

    def _parts(self) -> Iterator[tuple[str, str]]:
        for representation in self.recipe_.representations:
            for direction in self.recipe_.directions:
                yield representation, direction

    def _needs_lower(self) -> bool:
        return not set(self.recipe_.statistics).isdisjoint({"persistent_beta0", "bars", "total_persistence"})

    def _n_combinations(self) -> int:
        n_statistics = len(self.recipe_.statistics)
        return sum(len(plan.levels) * n_statistics * plan.n_filters for plan in self.plans_.values())

    def _lay_out(self) -> None:
        """What transform needs and state does not hold: plans in lanes, and codes of the statistics."""
        names = self.recipe_.statistics
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

    def _features_of(self, shifted: Series, out: NDArray[np.float32], threads: int) -> None:
        all_of_them = len(self.columns_) == self._n_counted
        values = out if all_of_them else np.empty((len(shifted), self._n_counted), np.float32)
        start = 0
        for name, whole in self._whole_numbers(shifted).items():
            plan = self.plans_[name]
            stop = start + len(plan.levels) * len(self.recipe_.statistics) * plan.n_filters
            if self._fast:
                counts = self._lanes[name].count(whole, threads)
                gather(counts, plan.n_filters, self._picks, self._rooted, start, values)
            else:
                values[:, start:stop] = self._slow_values(whole, plan)
            start = stop
        if all_of_them and self._in_order:
            standardise(values, self.mean_, self.gain_)
        else:
            pick(values.copy() if all_of_them else values, self.columns_, self.mean_, self.gain_, out)

    def _slow_values(self, whole: Int16, plan: Plan) -> NDArray[np.float32]:
        """(n_samples, n_values) of one plan, with statistics that the vector kernel does not count."""
        names = self.recipe_.statistics
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
                for statistic in self.recipe_.statistics:
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
