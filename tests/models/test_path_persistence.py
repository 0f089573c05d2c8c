from __future__ import annotations

import gudhi
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from topology_efficient_dl.models.tda.path_persistence import critical_pairs, persistence_statistics, sublevel_bars


def bars_of(values):
    """Bars of positive length, sorted; the essential one is closed at the maximum."""
    births, deaths = critical_pairs(values[None])
    bars = np.stack([values[births[0]], values[deaths[0]]], axis=1)
    return np.sort(bars[bars[:, 1] > bars[:, 0]].view("f8,f8"), axis=0).view(float).reshape(-1, 2)


def gudhi_bars(values):
    cells = gudhi.CubicalComplex(vertices=values)
    cells.compute_persistence(homology_coeff_field=2, min_persistence=0)
    bars = cells.persistence_intervals_in_dimension(0)
    bars = np.where(np.isinf(bars), values.max(), bars)
    return np.sort(np.ascontiguousarray(bars[bars[:, 1] > bars[:, 0]]).view("f8,f8"), axis=0).view(float).reshape(-1, 2)


@settings(max_examples=200, deadline=None)
@given(arrays(float, st.integers(2, 30), elements=st.integers(-4, 4).map(float)))
def test_bars_equal_gudhi_with_ties_and_plateaus(values):
    np.testing.assert_array_equal(bars_of(values), gudhi_bars(values))


@pytest.mark.parametrize("length", [2, 3, 50, 400])
def test_bars_equal_gudhi_on_noise(length):
    values = np.random.default_rng(length).normal(size=length)
    np.testing.assert_array_equal(bars_of(values), gudhi_bars(values))


def test_there_is_a_bar_for_every_local_minimum():
    wave = np.cos(np.linspace(0, 10 * np.pi, 501))
    assert len(bars_of(wave)) == 5


def test_a_constant_series_has_no_bar():
    assert len(bars_of(np.ones(9))) == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_longest_bar_is_the_range(dtype):
    maps = torch.randn(3, 4, 21, dtype=dtype)
    births, deaths = sublevel_bars(maps)
    assert births.shape == deaths.shape == (3, 4, 11)
    torch.testing.assert_close((deaths - births).amax(2), maps.amax(2) - maps.amin(2))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_lengths_are_stable(seed):
    """Sorted lengths move by at most twice the perturbation (bottleneck stability)."""
    random = np.random.default_rng(seed)
    values, epsilon = random.normal(size=40), 0.05
    maps = torch.from_numpy(np.stack([values, values + random.uniform(-epsilon, epsilon, 40)]))
    births, deaths = sublevel_bars(maps)
    first, second = (deaths - births).sort(dim=1, descending=True).values
    assert (first - second).abs().max() <= 2 * epsilon + 1e-12


def test_gradient_away_from_ties():
    maps = torch.randn(2, 3, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    assert torch.autograd.gradcheck(lambda values: torch.cat(sublevel_bars(values), -1), maps)
    assert torch.autograd.gradcheck(lambda values: persistence_statistics(*sublevel_bars(values), 3), maps)


def test_the_gradient_deepens_the_valley_that_it_should():
    values = torch.tensor([0.0, 3.0, 1.0, 2.0], requires_grad=True)
    births, deaths = sublevel_bars(values[None])
    (deaths - births)[0, 0].backward()
    assert values.grad.tolist() == [0.0, 1.0, -1.0, 0.0]


def test_statistics_of_flat_maps_are_finite_with_gradient():
    maps = torch.zeros(2, 8, requires_grad=True)
    statistics = persistence_statistics(*sublevel_bars(maps), 6)
    statistics.sum().backward()
    assert statistics.shape == (2, 8)
    assert statistics.isfinite().all()
    assert maps.grad.isfinite().all()


def test_hybrid_learns_through_its_homology(build):
    model = build("ph_hybrid")
    model(torch.randn(4, 1, 24)).sum().backward()
    assert model.body[0].weight.grad.abs().sum() > 0


@pytest.mark.parametrize("options", [{"body": "tcn"}, {"level_sets": "superlevel"}, {"n_longest": 40}])
def test_hybrid_options(build, options):
    assert build("ph_hybrid", options=options)(torch.randn(3, 1, 24)).shape == (3, 2)
