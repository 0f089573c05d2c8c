"""Convolutional Betti curves as a torch module: the same numbers on any device and in an exported program."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.models.series_features import recipe_from_fields
from topology_efficient_dl.models.tda.series_representations import represent_tensor
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.models import LevelSetRecipe
from topology_efficient_dl.tda.level_sets import ConvolutionalBettiCurves
from topology_efficient_dl.tda.level_sets.plan import Plan
from topology_efficient_dl.tda.level_sets.statistics import ROOTED

Array = NDArray[Any]

BASE = 256
"""Of the two digits of a filter's input."""


def digits(whole: Tensor) -> Tensor:
    """Two digits of whole numbers of sixteen bits: ``whole = BASE * first + second``, both in -128 .. 128.

    (batch, length) float32 -> (batch, 2, length) float32. Eight significant bits survive every format in which a device
    may choose to multiply float32, such as TensorFloat-32 and bfloat16: filters are exact whatever the precision flags
    say, also where an exported program runs.

    Examples
    --------
    >>> digits(torch.tensor([[700.0, 3.0]]))
    tensor([[[  3.,   0.],
             [-68.,   3.]]])
    """
    first = (whole / BASE).round()
    return torch.stack([first, whole - BASE * first], dim=1)


def digit_weights(weights: Array) -> Tensor:
    """Weights of the filters for each digit of their input: (9, n_filters) int16 -> (n_filters, 2, 9) float32."""
    transposed = torch.tensor(weights.T, dtype=torch.float32)
    return torch.stack([BASE * transposed, transposed], dim=1)


def filtered_series(whole: Tensor, weights: Tensor, dilation: int) -> Tensor:
    """Every filter over every series: ``y(t) = sum_j w_j x(t + (j - 4) dilation)``, zeros outside.

    (batch, length) and weights of :func:`digit_weights` -> (batch, n_filters, length), whole numbers in float32.
    """
    values = F.conv1d(digits(whole), weights, padding=4 * dilation, dilation=dilation)
    # Sums below 2**24 are exact; an algorithm that takes another way, such as Fourier's, errs by less than one half.
    return values.round()


def n_components(above: Tensor) -> Tensor:
    """Maximal runs of True along the last axis: (..., n_timepoints) bool -> (...) int64."""
    rises = above[..., 1:] & ~above[..., :-1]
    return above[..., :1].sum(dim=-1) + rises.sum(dim=-1)


def n_points(above: Tensor) -> Tensor:
    """Number of True along the last axis: (..., n_timepoints) bool -> (...) int64."""
    return above.sum(dim=-1)


def longest_run(above: Tensor) -> Tensor:
    """Length of the longest run of True along the last axis: (..., n_timepoints) bool -> (...) int64.

    Inside a run, the time since the last point outside is its length so far.
    """
    if above.shape[-1] == 0:
        return n_points(above)
    time = _time_of(above)
    last_outside = torch.where(above, -1, time).cummax(dim=-1).values
    return (time - last_outside).amax(dim=-1).to(torch.int64)


def longest_gap(above: Tensor) -> Tensor:
    """Length of the longest run of False along the last axis: (..., n_timepoints) bool -> (...) int64."""
    return longest_run(~above)


def summed_positions(above: Tensor) -> Tensor:
    """Sum of the places of True along the last axis: (..., n_timepoints) bool -> (...) int64."""
    return torch.where(above, _time_of(above), 0).sum(dim=-1)


def persistent_components(high: Tensor, low: Tensor) -> Tensor:
    """Runs outside ``low`` that touch ``high``: the rank of ``H_0{y > level} -> H_0{y > lower}``.

    (..., n_timepoints) bool, never both True -> (...) int64

    Such a run is counted where it first touches: at a high point with no high one since the last low one. High points
    are marked by odd numbers and low ones by even numbers, both growing with time, so that the largest mark so far
    tells which came last.

    References
    ----------
    Edelsbrunner and Harer, *Computational Topology* (2010), chapter VII.1: persistent Betti numbers.

    Examples
    --------
    >>> y = torch.tensor([0, 5, 3, 5, 0, 5])
    >>> persistent_components(y > 4, y <= 2)
    tensor(2)
    """
    time = _time_of(high)
    marks = torch.where(high, 2 * time + 1, torch.where(low, 2 * time, 0))
    came_last = marks.cummax(dim=-1).values[..., :-1]
    first_touches = high[..., 1:] & (came_last % 2 == 0)
    return high[..., :1].sum(dim=-1) + first_touches.sum(dim=-1)


def _time_of(values: Tensor) -> Tensor:
    """(n_timepoints,) int32: 0, 1, ... along the last axis."""
    return torch.arange(values.shape[-1], dtype=torch.int32, device=values.device)


COUNTERS: dict[str, Callable[[Tensor], Tensor]] = {
    "beta0": n_components,
    "measure": n_points,
    "longest": longest_run,
    "gap": longest_gap,
    "position": summed_positions,
}
"""Statistics of one level set."""

SUPPORTED = (*COUNTERS, "persistent_beta0")
"""All statistics but those that need a barcode."""


def level_set_counts(values: Tensor, level: Tensor, lower: Tensor, statistics: Sequence[str]) -> dict[str, Tensor]:
    """Statistics of one superlevel set of every filtered series; see ``tda.level_sets.statistics``.

    Parameters
    ----------
    values : (batch, n_filters, n_timepoints) whole numbers
    level, lower : (n_filters,) int16, ``lower`` being the lower level of ``persistent_beta0``
    statistics : names among ``SUPPORTED``

    Returns
    -------
    By name, (batch, n_filters) int64.
    """
    above = values > level[:, None]
    found = {name: COUNTERS[name](above) for name in statistics if name in COUNTERS}
    if "persistent_beta0" in statistics:
        found["persistent_beta0"] = persistent_components(above, values <= lower[:, None])
    return found


def feature_value(name: str, counts: Mapping[str, Tensor]) -> Tensor:
    """(batch, n_filters) float32 feature of one statistic, before standardisation."""
    if name in ROOTED:
        # On CPUs, torch's root of float32 may be wrong in its last bit, which standardisation would magnify.
        return counts[name].to(torch.float64).sqrt().to(torch.float32)
    value = counts[name].to(torch.float32)
    return value / counts["measure"].clamp_min(1) if name == "position" else value


class PlanLayer(nn.Module):
    """Level sets of one representation in one direction; arguments are those of ``LevelSetLayer``."""

    scale: Tensor
    amplitude: Tensor
    weights: Tensor
    members: Tensor
    levels: Tensor
    lower: Tensor | None

    def __init__(self, name: str, plan: Plan, statistics: Sequence[str]) -> None:
        super().__init__()
        self.representation, direction = name.rsplit("_", 1)
        # The quotient of a position asks for the measure, wanted or not.
        self.statistics = tuple(dict.fromkeys([*statistics, *(["measure"] if "position" in statistics else [])]))
        self.dilations: list[int] = plan.dilations.tolist()
        self.sizes: list[int] = plan.channels.sum(axis=1).tolist()
        rows = torch.from_numpy(plan.interior).split(plan.n_rows.tolist())
        self.interior: list[list[bool]] = [rows_of_view.tolist() for rows_of_view in rows]
        # Sublevel sets of y are superlevel sets of -y, and the filters are linear.
        sign = -1 if direction == "sublevel" else 1
        self.register_buffer("scale", torch.tensor(plan.scale))
        self.register_buffer("amplitude", torch.tensor(plan.amplitude))
        self.register_buffer("weights", digit_weights(sign * plan.weights))
        self.register_buffer("members", torch.tensor(plan.channels.nonzero()[1]))
        self.register_buffer("levels", torch.tensor(plan.levels))
        self.register_buffer("lower", torch.tensor(plan.lower) if "persistent_beta0" in statistics else None)

    def whole_numbers(self, series: Tensor) -> Tensor:
        """The representation in whole numbers: (batch, n_channels, length) float32."""
        values = represent_tensor(series, self.representation) * self.scale
        return values.round().clamp(-self.amplitude, self.amplitude)

    def rows(self, series: Tensor) -> Iterator[dict[str, Tensor]]:
        """Counts of one row of levels after the other: by statistic, (batch, n_filters) int64."""
        whole = self.whole_numbers(series)
        lower = self.levels if self.lower is None else self.lower
        row = 0
        views = zip(self.dilations, self.members.split(self.sizes), self.interior, strict=True)
        for dilation, members, interior in views:
            values = filtered_series(whole.index_select(1, members).sum(dim=1), self.weights, dilation)
            for inside in interior:
                domain = values[..., 4 * dilation : -4 * dilation] if inside else values
                yield level_set_counts(domain, self.levels[row], lower[row], self.statistics)
                row += 1


class LevelSetLayer(nn.Module):
    """What ``ConvolutionalBettiCurves.transform`` computes, for a whole batch on any device that has float64.

    From series as whole numbers to counts, float32 holds every number exactly, and the few steps before and after are
    rounded alike everywhere, so that counts are equal and features too. Cumulative sums and Fourier transforms are the
    exception: they are float64 and may differ in its last bits, which rounding to whole numbers all but always removes.

    Counts have no gradient, and none flows back to the series. One row of levels is held at a time, at its peak in
    about thirty bytes for every series of the batch, filter and time point.

    Parameters
    ----------
    plans : by ``<representation>_<direction>``, views and levels
    statistics : names among ``SUPPORTED``
    columns : (n_features,) int64 places among all combinations of row, statistic and filter
    mean, gain : (n_features,) float32; a feature is ``(value - mean) * gain``
    offset : (n_channels,) float64 that is subtracted of the series first, None for nothing

    Raises
    ------
    ParameterError : no plan, or a statistic that has no counterpart here

    Examples
    --------
    >>> import numpy as np
    >>> train = np.random.default_rng(0).normal(size=(8, 1, 40)).astype(np.float32)
    >>> curves = ConvolutionalBettiCurves(LevelSetRecipe(levels_per_filter=2)).fit(train)
    >>> features = LevelSetLayer.of(curves)(torch.from_numpy(train))
    >>> np.array_equal(features, curves.transform(train))
    True
    """

    columns: Tensor
    mean: Tensor
    gain: Tensor
    offset: Tensor | None

    def __init__(
        self,
        plans: Mapping[str, Plan],
        statistics: Sequence[str],
        columns: Array,
        mean: Array,
        gain: Array,
        offset: Array | None = None,
    ) -> None:
        super().__init__()
        _check_supported(plans, statistics)
        self.statistics = tuple(statistics)
        self.plans = nn.ModuleDict({name: PlanLayer(name, plan, self.statistics) for name, plan in plans.items()})
        self.n_channels = next(iter(plans.values())).channels.shape[1]
        self.n_timepoints: int | None = None
        for name, values in (("columns", columns), ("mean", mean), ("gain", gain)):
            self.register_buffer(name, torch.tensor(values))
        self.register_buffer("offset", None if offset is None else torch.tensor(offset, dtype=torch.float64)[:, None])

    @classmethod
    def of(cls, curves: ConvolutionalBettiCurves) -> LevelSetLayer:
        """The layer of a fitted transformer.

        Raises
        ------
        ParameterError : its recipe asks for something that has no counterpart here
        NotFittedError : it is not fitted
        """
        check_is_fitted(curves, "mean_")
        offset = curves.offset_ if curves.offset_.any() else None
        layer = cls(curves.plans_, curves.recipe_.statistics, curves.columns_, curves.mean_, curves.gain_, offset)
        layer.n_timepoints = curves.n_timepoints_in_
        return layer

    def counts(self, series: Tensor) -> Tensor:
        """Counts before square roots, choice of columns and standardisation; series are as in ``forward``.

        (batch, n_combinations) int64: by plan, row, statistic and filter. The count of ``position`` is the sum of the
        time points, not yet divided by their number.
        """
        return self._of_all_rows(series, lambda name, counts: counts[name])

    def forward(self, series: Tensor) -> Tensor:
        """Standardised features of raw series.

        Parameters
        ----------
        series : (batch, n_channels, n_timepoints) float32, or float64, in which its differences are taken. Values
            are taken to be finite: to look would make a GPU wait.

        Returns
        -------
        (batch, n_features) float32

        Raises
        ------
        DataError : series of another shape or type, or a layer that was cast to another type
        """
        values = self._of_all_rows(series, feature_value).index_select(1, self.columns)
        return (values - self.mean) * self.gain

    def _of_all_rows(self, series: Tensor, value_of: Callable[[str, dict[str, Tensor]], Tensor]) -> Tensor:
        """(batch, n_combinations): what is made of each statistic of each row."""
        self._check(series)
        series = series.detach() if self.offset is None else series.detach().to(torch.float64) - self.offset
        plans = cast("list[PlanLayer]", list(self.plans.values()))
        # Autocast would round filtered series to half precision.
        with torch.autocast(series.device.type, enabled=False):
            rows = [
                torch.stack([value_of(name, counts) for name in self.statistics], dim=1).flatten(1)
                for plan in plans
                for counts in plan.rows(series)
            ]
        return torch.cat(rows, dim=1)

    def _check(self, series: Tensor) -> None:
        length = series.shape[-1] if self.n_timepoints is None else self.n_timepoints
        if series.ndim != 3 or series.shape[1:] != (self.n_channels, length):
            raise DataError(
                f"series: shape {tuple(series.shape)}; expected (batch, {self.n_channels}, "
                f"{self.n_timepoints or 'n_timepoints'}) as in the fit. Bring them to that number of channels and "
                "that length"
            )
        if series.dtype not in (torch.float32, torch.float64):
            raise DataError(
                f"series: {series.dtype}; expected torch.float32, because counts hang on every digit. Give the series "
                "as they were before they were rounded"
            )
        if self.mean.dtype != torch.float32:
            raise DataError(
                f"level sets: the layer was cast to {self.mean.dtype}; expected torch.float32, in which its numbers "
                "are exact. Build it again, and cast other layers only"
            )


class BettiClassifier(nn.Module):
    """Raw series in, scores of the classes out: level sets and the head of a trained model as one module.

    ``level_sets`` takes series to features, ``head`` takes features to scores. It goes through ``torch.export.export``
    and ``torch.jit.trace`` with any size of the batch and the number of time points of the example. Do either on the
    device that will run the program; run a traced one, which cannot turn autocast off, without it.
    """

    def __init__(self, level_sets: LevelSetLayer, head: nn.Module) -> None:
        super().__init__()
        self.level_sets = level_sets
        self.head = head

    @classmethod
    def of(cls, model: TrainedModel) -> BettiClassifier:
        """A trained model as one module, on the CPU, in evaluation mode.

        Raises
        ------
        ParameterError : the model reads something else, or level sets that have no counterpart here
        """
        fields = model.card["recipe"]
        recipe = None if fields is None else recipe_from_fields(fields)
        if not isinstance(recipe, LevelSetRecipe):
            found = "raw series" if recipe is None else f"features of a {type(recipe).__name__}"
            raise ParameterError(
                f"models: '{model.card['architecture']}' reads {found}; expected those of a LevelSetRecipe. Call "
                "predictor() for other models"
            )
        curves = ConvolutionalBettiCurves.from_state(recipe, model.extractor_state)
        return cls(LevelSetLayer.of(curves), model.module()).eval()

    def forward(self, series: Tensor) -> Tensor:
        """(batch, n_channels, n_timepoints) float32 -> logits (batch, n_classes)."""
        logits: Tensor = self.head(self.level_sets(series))
        return logits


def _check_supported(plans: Mapping[str, Plan], statistics: Sequence[str]) -> None:
    if not plans:
        raise ParameterError("level sets: no feature is selected, expected one at least. Select some columns")
    unknown = [f"'{name}'" for name in statistics if name not in SUPPORTED]
    if unknown:
        raise ParameterError(
            f"level sets: statistic {', '.join(unknown)} cannot be computed in torch. Supported are "
            f"{', '.join(SUPPORTED)}; fit a recipe of these, or call ConvolutionalBettiCurves.transform"
        )
