"""Embeddings, and the automatic choice of delay and dimension."""

from __future__ import annotations

import numpy as np
import pytest

from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.params.series import FiltrationParams
from topology_efficient_dl.tda.delay_choice import (
    false_neighbour_share,
    first_minimum_delay,
    least_dimension,
    mutual_information,
    resolve_filtration,
)
from topology_efficient_dl.tda.embeddings import (
    check_series,
    embed,
    sliding_window_embedding,
    spectrogram_images,
    takens_embedding,
)


def sine(period: float, n: int = 800) -> np.ndarray:
    return np.sin(2 * np.pi * np.arange(n) / period)


def test_takens_equals_the_definition_for_two_channels():
    sample = np.random.default_rng(0).normal(size=(2, 20))
    points = takens_embedding(sample, delay=3, dimension=4)
    expected = [[sample[c, t + 3 * k] for c in range(2) for k in range(4)] for t in range(11)]
    np.testing.assert_array_equal(points, expected)


@pytest.mark.parametrize(("delay", "dimension"), [(1, 2), (3, 4), (5, 3), (7, 1)])
def test_takens_equals_giotto_tda(delay, dimension):
    from gtda.time_series import SingleTakensEmbedding

    series = np.random.default_rng(delay).normal(size=50)
    peer = SingleTakensEmbedding(parameters_type="fixed", time_delay=delay, dimension=dimension)
    np.testing.assert_array_equal(takens_embedding(series[None], delay, dimension), peer.fit_transform(series))


def test_takens_of_dimension_one_is_the_trajectory():
    sample = np.random.default_rng(0).normal(size=(3, 7))
    np.testing.assert_array_equal(takens_embedding(sample, 5, 1), sample.T)


def test_sliding_window_of_stride_one_is_takens_with_delay_one():
    sample = np.random.default_rng(1).normal(size=(2, 30))
    np.testing.assert_array_equal(sliding_window_embedding(sample, 6, 1), takens_embedding(sample, 1, 6))


def test_spectrogram_peaks_at_the_frequency_of_a_sine():
    image = spectrogram_images(sine(8, 256)[None], window=32, stride=16)[0]
    assert image.shape == (17, 15)
    assert (image.argmax(axis=0) == 32 // 8).all()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"delay": 5, "dimension": 3}, "delay 5 and dimension 3 need 12 time points for two points, the series has 11"),
        ({"embedding": "sliding_window", "window": 11, "filtration": "rips"}, "need 12 time points for two windows"),
        ({"embedding": "spectrogram", "window": 12, "filtration": "cubical"}, "window 12 needs 12 time points"),
        ({"embedding": "spectrogram", "window": 4, "stride": 5, "filtration": "cubical"}, "stride 5 leaves gaps"),
        ({"delay": "auto"}, "choose them on train with resolve_filtration"),
    ],
)
def test_impossible_embeddings_name_what_is_needed(params, message):
    with pytest.raises(ParameterError, match=message):
        embed(np.zeros((1, 11)), FiltrationParams(**params))


def test_the_shortest_series_that_will_do():
    assert embed(np.zeros((1, 12)), FiltrationParams(delay=5, dimension=3)).shape == (2, 3)
    assert embed(np.zeros((1, 12)), FiltrationParams(embedding="sliding_window", window=11)).shape == (2, 11)


def test_series_are_checked():
    with pytest.raises(DataError, match=r"shape \(3, 9\).*series\[:, None, :\]"):
        check_series(np.zeros((3, 9)))
    broken = np.zeros((2, 1, 4))
    broken[1, 0, 2] = np.nan
    with pytest.raises(DataError, match="sample 1, channel 0 is nan at time 2"):
        check_series(broken)


@pytest.mark.parametrize("period", [24.0, 37.7, 40.0, 60.3])
def test_delay_of_a_sine_is_about_a_quarter_period(period):
    assert first_minimum_delay(sine(period)) == pytest.approx(period / 4, rel=0.2)


def test_delay_does_not_depend_on_scale():
    values = sine(30) + 0.3 * sine(13)
    assert first_minimum_delay(values) == first_minimum_delay(100 * values - 7)


def test_mutual_information_of_noise_is_small_and_at_delay_zero_is_the_entropy():
    noise = np.random.default_rng(0).uniform(size=5000)
    information = mutual_information(noise, 5)
    assert information[0] == pytest.approx(np.log(6), abs=0.01)
    assert (information[1:] < 0.02).all()


def henon(n: int = 1000) -> np.ndarray:
    x, y, values = 0.0, 0.0, np.empty(n)
    for i in range(n):
        x, y = 1 - 1.4 * x * x + y, 0.3 * x
        values[i] = x
    return values


def test_dimensions_known_from_the_literature():
    assert least_dimension(henon(), delay=1) == 2
    assert least_dimension(sine(40.1), delay=10) == 2
    assert false_neighbour_share(henon(), 1, 1) > 0.5


def test_noise_needs_many_dimensions():
    assert least_dimension(np.random.default_rng(0).normal(size=400), delay=1) >= 4


def test_dimension_is_bounded_by_a_short_series():
    assert least_dimension(np.random.default_rng(0).normal(size=12), delay=5) <= 2


def test_resolve_turns_auto_into_numbers_that_fit():
    train = np.stack([sine(40 + k / 10, 200)[None] for k in range(5)])
    params = resolve_filtration(train, FiltrationParams(delay="auto", dimension="auto"))
    assert params.delay == pytest.approx(10, abs=2)
    assert params.dimension == 2
    assert embed(train[0], params).shape[1] == 2


def test_resolve_is_one_choice_by_median_and_ignores_constant_channels():
    train = np.concatenate([np.zeros((20, 1, 200)), np.tile(sine(40, 200), (3, 1, 1)), sine(80, 200)[None, None]])
    assert resolve_filtration(train, FiltrationParams(delay="auto")).delay == first_minimum_delay(sine(40, 200), 50)


def test_resolve_of_constant_series_and_of_fixed_numbers():
    flat = resolve_filtration(np.zeros((2, 1, 50)), FiltrationParams(delay="auto", dimension="auto"))
    assert (flat.delay, flat.dimension) == (1, 1)
    fixed = FiltrationParams()
    assert resolve_filtration(np.zeros((2, 1, 50)), fixed) is fixed


@pytest.mark.parametrize("n", [6, 10, 24])
def test_auto_always_fits_the_series(n):
    train = np.random.default_rng(n).normal(size=(4, 1, n))
    assert len(embed(train[0], resolve_filtration(train, FiltrationParams(delay="auto", dimension="auto")))) >= 2
    assert len(embed(train[0], resolve_filtration(train, FiltrationParams(delay="auto", dimension=3)))) >= 2
