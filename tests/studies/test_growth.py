"""The study of growth: what is timed how often, and that exponents follow from the times. Times come from a clock of ours."""

import importlib
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from topology_efficient_dl.params.studies import GrowthParams
from topology_efficient_dl.studies import growth as study
from topology_efficient_dl.studies.growth import (
    CHUNK,
    growth_by_length,
    growth_by_number,
    load_stream,
    random_walks,
    render_growth,
    walk_predictor,
)

TINY = GrowthParams(lengths=(40, 10, 20), rounds=3, numbers=(300, 30), length=12)


class Clock:
    """Seconds that pass only when a predictor is called."""

    def __init__(self):
        self.now = 0.0
        self.calls = []
        self.threads = set()

    def perf_counter(self):
        return self.now

    def predictor(self, seconds):
        """Always class 1; takes ``seconds(shape, how many calls of that shape before)``."""

        def call(series):
            earlier = self.calls.count(series.shape)
            self.calls.append(series.shape)
            self.threads.add(torch.get_num_threads())
            self.now += seconds(series.shape, earlier)
            return np.tile(np.float32([0.1, 0.9]), (len(series), 1))

        return call


@pytest.fixture
def clock(monkeypatch):
    """Predictors that take (n_timepoints / 10) ** 2 seconds, half as much again or half as little in turn."""
    clock = Clock()

    def seconds(shape, earlier):
        return (shape[2] / 10) ** 2 * (100, 1.5, 1.0, 0.5)[min(earlier, 3)]  # the first call is to warm up

    monkeypatch.setattr(study, "time", SimpleNamespace(perf_counter=clock.perf_counter))
    monkeypatch.setattr(study, "walk_predictor", lambda length: clock.predictor(seconds))
    return clock


@pytest.fixture(scope="module")
def walker():
    return walk_predictor(12)


def test_the_exponent_is_that_of_the_times(clock):
    table = growth_by_length(TINY)
    assert list(table.columns) == ["n_timepoints", "ms_median", "ms_iqr", "ns_per_sample", "growth"]
    assert table["n_timepoints"].tolist() == [10, 20, 40]
    np.testing.assert_allclose(table["ms_median"], [1_000, 4_000, 16_000])
    np.testing.assert_allclose(table["ms_iqr"], [500, 2_000, 8_000])
    np.testing.assert_allclose(table["ns_per_sample"], [1e8, 2e8, 4e8])
    assert np.isnan(table["growth"][0])
    np.testing.assert_allclose(table["growth"][1:], 2)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 1.7])
def test_any_power_of_the_length_is_found_between_uneven_lengths(clock, monkeypatch, power):
    monkeypatch.setattr(study, "walk_predictor", lambda length: clock.predictor(lambda shape, _: 3 * shape[2] ** power))
    table = growth_by_length(GrowthParams(lengths=(10, 13, 200), rounds=1))
    np.testing.assert_allclose(table["growth"][1:], power, atol=1e-9)
    assert (table["ms_iqr"] == 0).all()


def test_lengths_take_turns_one_series_at_a_time_on_one_thread(clock):
    before = torch.get_num_threads()
    growth_by_length(TINY)
    assert clock.calls == [(1, 1, 10), (1, 1, 20), (1, 1, 40)] * 4  # one round to warm up, three that count
    assert clock.threads == {1}
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("n_series", [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 77])
def test_a_stream_labels_every_series_once_in_chunks(clock, n_series):
    stream = load_stream(json.dumps({"n_series": n_series, "length": 10}))
    assert clock.calls == []  # loading labels nothing
    assert stream() == n_series  # every label is 1
    sizes = [shape[0] for shape in clock.calls]
    assert sum(sizes) == n_series
    assert sizes[:-1] == [CHUNK] * (len(sizes) - 1)
    assert 0 < sizes[-1] <= CHUNK
    assert {shape[1:] for shape in clock.calls} == {(1, 10)}


def test_labels_of_a_stream_are_those_of_its_series(walker):
    chunk = random_walks(CHUNK, 12, study.SEED + 2)
    labels = walker(chunk).argmax(axis=1)
    assert 0 < labels.sum() < CHUNK
    for n_series, expected in ((44, labels[:44].sum()), (CHUNK + 44, labels.sum() + labels[:44].sum())):
        assert load_stream(json.dumps({"n_series": n_series, "length": 12}))() == expected


def test_numbers_are_timed_whole_and_their_memory_is_taken_by_the_same_stream(clock, monkeypatch):
    asked = []

    def peak(target, request):
        asked.append((target, json.loads(request)))
        return SimpleNamespace(over_libraries_mb=10.0 + len(asked))

    monkeypatch.setattr(study, "walk_predictor", lambda length: clock.predictor(lambda shape, _: 0.002 * shape[0]))
    monkeypatch.setattr(study, "peak_rss_mb", peak)
    table = growth_by_number(TINY)
    assert clock.calls == [(30, 1, 12), (CHUNK, 1, 12), (300 - CHUNK, 1, 12)]
    assert table["n_series"].tolist() == [30, 300]
    np.testing.assert_allclose(table["seconds"], [0.06, 0.6])
    np.testing.assert_allclose(table["us_per_series"], 2_000)
    assert table["peak_mb"].tolist() == [11.0, 12.0]
    assert [request for _, request in asked] == [{"n_series": n, "length": 12} for n in (30, 300)]
    module, name = asked[0][0].split(":")
    assert getattr(importlib.import_module(module), name) is load_stream


def test_walks_are_normalised_and_repeat():
    walks = random_walks(5, 50, seed=3)
    assert (walks.shape, walks.dtype) == ((5, 1, 50), np.float32)
    np.testing.assert_allclose(walks.mean(axis=2), 0, atol=1e-6)
    np.testing.assert_allclose(walks.std(axis=2), 1, rtol=1e-6)
    np.testing.assert_array_equal(walks, random_walks(5, 50, seed=3))
    assert not np.array_equal(walks, random_walks(5, 50, seed=4))


def test_the_predictor_is_the_ridge_on_level_sets_with_the_default_recipe(walker):
    probabilities = walker(random_walks(3, 12, seed=9))
    assert probabilities.shape == (3, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    features = walker.extractor.transform(random_walks(3, 12, seed=9))
    assert features.shape == (3, 15_120)  # as the page says: 84 filters x 30 levels x 2 representations x 3 statistics


def test_the_page_shows_both_tables():
    lengths = pd.DataFrame({
        "n_timepoints": [100, 1_000], "ms_median": [0.25, 2.0], "ms_iqr": [0.01, 0.1], "ns_per_sample": [2500.0, 2000.0],
        "growth": [np.nan, 0.903],
    })  # fmt: skip
    numbers = pd.DataFrame(
        {
            "n_series": [30, 100_000],
            "seconds": [0.06, 200.0],
            "us_per_series": [2000.0, 2000.0],
            "peak_mb": [12.0, 13.5],
        }
    )
    page = render_growth(lengths, numbers, TINY)
    assert "| n_timepoints | ms_median | ms_iqr | ns_per_sample | growth |" in page
    assert "| 100 | 0.25 | 0.01 | 2,500 | – |" in page
    assert "| 1,000 | 2 | 0.1 | 2,000 | 0.903 |" in page
    assert "| n_series | seconds | us_per_series | peak_mb |" in page
    assert "| 30 | 0.06 | 2,000 | 12 |" in page
    assert "| 100,000 | 200 | 2,000 | 13.5 |" in page
    assert "median of 3 rounds" in page
    assert f"random walks of 12 samples, in chunks of {CHUNK}" in page
    assert "\nCommand: `kedro run " in page
    assert "\nMeasured on: " in page
