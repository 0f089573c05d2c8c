"""The study of cost: which rows it has, and that growth is an exponent. Times themselves are not asserted."""

import numpy as np
import pytest

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.series import FiltrationParams, TdaParams
from topology_efficient_dl.params.studies import ScalingParams
from topology_efficient_dl.studies.diagram_cost import cost_by_length, cost_of_whole

WAYS = {
    "rips": FiltrationParams(delay=1),
    "sublevel": FiltrationParams(embedding="series", filtration="sublevel", homology_dimensions=(0,)),
}


@pytest.fixture
def series():
    return np.random.default_rng(0).normal(size=(3, 1, 40))


def test_every_way_at_every_length(series):
    table = cost_by_length(series, (40, 20), WAYS)
    assert table[["way", "n_timepoints"]].to_numpy().tolist() == [
        ["rips", 20],
        ["sublevel", 20],
        ["rips", 40],
        ["sublevel", 40],
    ]
    assert (table["n_series"] == 3).all()
    assert (table["ms_median"] > 0).all()


def test_growth_is_the_exponent_between_neighbouring_lengths(series):
    table = cost_by_length(series, (20, 40), WAYS).set_index(["way", "n_timepoints"])
    assert np.isnan(table.loc[("rips", 20), "growth"])
    ratio = table.loc[("rips", 40), "ms_median"] / table.loc[("rips", 20), "ms_median"]
    assert table.loc[("rips", 40), "growth"] == pytest.approx(np.log2(ratio))


def test_lengths_beyond_the_series_are_refused(series):
    with pytest.raises(ParameterError, match=r"scaling\.lengths: 41 is longer than the series \(40\)"):
        cost_by_length(series, (41,), WAYS)


def test_the_whole_set_counts_its_series(series):
    whole = cost_of_whole(series, WAYS["sublevel"], jobs=1, backend="sequential")
    assert (whole["n_series"], whole["n_timepoints"], whole["jobs"]) == (3, 40, 1)
    assert whole["seconds"] >= whole["seconds_of_all_workers"] > 0


def test_ways_are_overrides_of_the_recipe():
    scaling = ScalingParams(ways={"alpha": {"filtration": "alpha"}, "coarse": {"max_points": 50}})
    filtrations = scaling.filtrations(TdaParams(delay=7))
    assert filtrations["alpha"].filtration == "alpha"
    assert (filtrations["coarse"].max_points, filtrations["coarse"].delay) == (50, 7)
