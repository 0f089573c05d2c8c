"""Series that aeon brings along: read without a network, whole, and refused by name where there is none."""

from __future__ import annotations

import socket

import numpy as np
import pytest

from topology_efficient_dl.data.forecasting import SERIES, read_series
from topology_efficient_dl.data.forecasting.series import Bundled
from topology_efficient_dl.errors import DataError, ParameterError

LENGTHS = {"airline": 144, "solar": 289, "PBS_dataset": 204, "uschange": 187, "lynx": 114, "shampoo_sales": 36}


def test_every_series_is_known_by_its_length() -> None:
    assert set(LENGTHS) == set(SERIES)


@pytest.mark.parametrize("name", SERIES)
def test_a_series_is_read_offline(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a bundled series needs no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    series = read_series(name)
    assert series.values.shape == (LENGTHS[name],)
    assert series.values.dtype == np.float64
    assert np.isfinite(series.values).all()
    assert series.season == SERIES[name].season
    assert "bundled with aeon" in series.source


@pytest.mark.parametrize("name", ["airline", "solar"])
def test_a_season_is_where_the_series_repeats_itself(name: str) -> None:
    """The changes between neighbours are more like those of one season ago than like those of half a season ago."""
    changes = np.diff(read_series(name).values)
    season = SERIES[name].season

    def likeness(lag: int) -> float:
        return float(np.corrcoef(changes[lag:], changes[:-lag])[0, 1])

    assert likeness(season) > 0.6
    assert likeness(season) > likeness(season // 2)


def test_published_values_are_those_of_box_and_jenkins() -> None:
    assert read_series("airline").values[[0, 11, -1]].tolist() == [112, 118, 432]


@pytest.mark.parametrize(("name", "hint"), [("airlin", "; did you mean 'airline'?"), ("xyz", ".")])
def test_an_unknown_series_is_named_with_the_nearest_and_all(name: str, hint: str) -> None:
    with pytest.raises(ParameterError) as caught:
        read_series(name)
    assert f"forecast.datasets: no series '{name}'{hint} There are: airline, solar" in str(caught.value)


def test_an_archive_of_another_shape_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SERIES, "uschange", Bundled("load_uschange", 4, "%", row=None))
    with pytest.raises(DataError, match=r"expected one row of numbers .* found shape \(5, 187\)"):
        read_series("uschange")
