"""Known homology, agreement of engines, stability and invariance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.spatial.distance import cdist
from scipy.stats import special_ortho_group

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.series import FiltrationParams
from topology_efficient_dl.tda.combinations import check_combination
from topology_efficient_dl.tda.embeddings import takens_embedding
from topology_efficient_dl.tda.extraction import sample_diagram
from topology_efficient_dl.tda.landmarks import maxmin_landmarks, unique_points
from topology_efficient_dl.tda.persistence import (
    RIPS_ENGINES,
    alpha_diagram,
    cubical_diagram,
    fastest_engine,
    filtration_diagram,
    merge_tree_pairs,
    rips_diagram,
    sublevel_diagram,
    superlevel_diagram,
)

ENGINES = sorted(RIPS_ENGINES)
coordinates = st.floats(-4, 4, width=32)
clouds = st.tuples(st.integers(1, 14), st.integers(1, 3)).flatmap(lambda s: arrays(np.float64, s, elements=coordinates))
series = st.integers(1, 40).flatmap(lambda n: arrays(np.float64, n, elements=st.integers(-4, 4).map(float)))
smooth_series = st.integers(2, 40).flatmap(lambda n: arrays(np.float64, n, elements=st.floats(-9, 9)))


def circle(n: int = 24, centre: float = 0.0) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.stack([np.cos(angle) + centre, np.sin(angle)], axis=1)


def sphere(n: int = 60) -> np.ndarray:
    """Points spread evenly along a golden spiral."""
    height = 1 - 2 * (np.arange(n) + 0.5) / n
    angle, radius = np.pi * (1 + 5**0.5) * np.arange(n), np.sqrt(1 - height**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)


def torus(n: int = 10) -> np.ndarray:
    """A flat torus in R^4, two circles of equal size."""
    one = circle(n)
    return np.concatenate([np.repeat(one, n, axis=0), np.tile(one, (n, 1))], axis=1)


def long_bars(diagram, top: int, length: float) -> list[int]:
    return [int((diagram.persistence[diagram.dimension == k] > length).sum()) for k in range(top + 1)]


def bottleneck(first: np.ndarray, second: np.ndarray) -> float:
    """The bottleneck distance of two (n, 2) diagrams by definition: bisection over perfect matchings.

    gudhi's ``bottleneck_distance`` is not used: it gives 0.45 for H0 deaths (1, 1, 1.25) against (0.2, 0.2, 0.8, 1,
    1.25), whose distance is 0.2.
    """
    if np.isinf(first[:, 1]).sum() != np.isinf(second[:, 1]).sum():
        return np.inf
    essential = [np.sort(d[np.isinf(d[:, 1]), 0]) for d in (first, second)]
    a, b = (d[np.isfinite(d[:, 1])] for d in (first, second))
    cost = np.zeros((len(a) + len(b), len(a) + len(b)))
    cost[: len(a), : len(b)] = cdist(a, b, "chebyshev") if len(a) and len(b) else 0.0
    cost[: len(a), len(b) :] = ((a[:, 1] - a[:, 0]) / 2)[:, None]
    cost[len(a) :, : len(b)] = ((b[:, 1] - b[:, 0]) / 2)[None, :]
    candidates, low = np.unique(cost), 0
    high = len(candidates) - 1
    while low < high:
        middle = (low + high) // 2
        matching = maximum_bipartite_matching(csr_matrix(cost <= candidates[middle]))
        low, high = (low, middle) if (matching >= 0).all() else (middle + 1, high)
    return max(np.abs(essential[0] - essential[1]).max(initial=0.0), candidates[low] if len(candidates) else 0.0)


def test_bottleneck_by_hand():
    first, second = (np.array([[0.0, d] for d in deaths]) for deaths in ([1, 1, 1.25], [0.2, 0.2, 0.8, 1, 1.25]))
    assert bottleneck(first, second) == pytest.approx(0.2)
    assert bottleneck(first, np.empty((0, 2))) == 0.625
    assert bottleneck(np.array([[0.0, np.inf]]), np.array([[0.5, np.inf]])) == 0.5


SPACES = {
    "circle": (circle(), [1, 1]),
    "figure eight": (np.concatenate([circle(20, -1.0), circle(20, 1.0)]), [1, 2]),
    "two circles": (np.concatenate([circle(16, -3.0), circle(16, 3.0)]), [2, 2]),
    "sphere": (sphere(), [1, 0, 1]),
    "torus": (torus(), [1, 2, 1]),
}


@pytest.mark.parametrize("engine", ["ripser", "giotto", "giotto_ph"])
@pytest.mark.parametrize("space", SPACES)
def test_betti_numbers_of_known_spaces(space, engine):
    points, betti = SPACES[space]
    diagram = rips_diagram(points, range(len(betti)), engine)
    assert long_bars(diagram, len(betti) - 1, 0.62) == betti


def test_betti_numbers_by_gudhi_and_by_alpha():
    assert long_bars(rips_diagram(circle(), (0, 1), "gudhi"), 1, 0.5) == [1, 1]
    assert long_bars(alpha_diagram(circle(), (0, 1)), 1, 0.5) == [1, 1]
    assert long_bars(alpha_diagram(sphere(120), (0, 1, 2)), 2, 0.8) == [1, 0, 1]


def test_rips_of_a_projective_plane_sees_torsion():
    distances = np.array(_projective_plane_distances())
    over_2, over_3 = (_h1_of_distances(distances, field) for field in (2, 3))
    assert over_2 == over_3 + 1


def _projective_plane_distances() -> np.ndarray:
    """Geodesic distances of 60 points on RP^2: angles between lines."""
    points = sphere(120)[:60]
    return np.arccos(np.clip(np.abs(points @ points.T), 0, 1))


def _h1_of_distances(distances: np.ndarray, field: int) -> int:
    intervals = RIPS_ENGINES["ripser"](distances.astype(np.float32), 1, 1.5, field)[1]
    return int(((intervals[:, 1] - intervals[:, 0]) > 0.3).sum())


@settings(max_examples=40, deadline=None)
@given(clouds, st.sampled_from([None, 0.5, 2.0, 100.0]), st.sampled_from([2, 3]))
def test_the_rips_engines_agree(points, max_edge_length, field):
    reference, *others = (rips_diagram(points, (0, 1, 2), e, max_edge_length, field).as_array() for e in ENGINES)
    for other in others:
        np.testing.assert_allclose(other, reference, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(clouds)
def test_h0_of_alpha_is_h0_of_rips(points):
    if points.shape[1] == 1:
        points = np.concatenate([points, np.zeros_like(points)], axis=1)
    alpha, rips = (d.intervals(0) for d in (alpha_diagram(points, [0]), rips_diagram(points, [0])))
    alpha, rips = (np.sort(i[i[:, 1] - i[:, 0] > 1e-4][:, 1]) for i in (alpha, rips))
    np.testing.assert_allclose(alpha, rips, atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(clouds, st.integers(0, 10_000))
def test_rips_stability(points, seed):
    """Moving every point by at most eps changes distances, and so bottleneck distance, by at most 2 eps."""
    eps = 0.1
    shift = np.random.default_rng(seed).normal(size=points.shape)
    shift *= eps / np.maximum(np.linalg.norm(shift, axis=1, keepdims=True), 1e-12)
    before, after = rips_diagram(points), rips_diagram(points + shift)
    for k in (0, 1):
        assert bottleneck(before.intervals(k), after.intervals(k)) <= 2 * eps + 1e-5


@settings(max_examples=40, deadline=None)
@given(smooth_series, st.integers(0, 10_000))
def test_sublevel_stability(values, seed):
    """Changing f by at most eps everywhere moves the diagram by at most eps."""
    eps = 0.25
    noise = np.random.default_rng(seed).uniform(-eps, eps, size=len(values))
    before, after = sublevel_diagram(values), sublevel_diagram(values + noise)
    assert bottleneck(before.intervals(0), after.intervals(0)) <= eps + 1e-9


def test_rips_does_not_see_rotation_translation_or_order():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(30, 3))
    moved = rng.permutation(points) @ special_ortho_group.rvs(3, random_state=1).T + [5.0, -2.0, 1.0]
    np.testing.assert_allclose(rips_diagram(moved).as_array(), rips_diagram(points).as_array(), atol=1e-5)


def test_rips_scales_with_the_points():
    points = np.random.default_rng(2).normal(size=(20, 2))
    doubled = rips_diagram(2 * points).as_array()[:, :2]
    np.testing.assert_allclose(doubled, 2 * rips_diagram(points).as_array()[:, :2], atol=1e-5)


def test_repeated_points_change_nothing():
    points = np.random.default_rng(0).normal(size=(20, 2))
    repeated = np.concatenate([points, points[::-1]])
    for diagram_of in (rips_diagram, alpha_diagram):
        np.testing.assert_allclose(diagram_of(repeated).as_array(), diagram_of(points).as_array(), atol=1e-6)
    np.testing.assert_array_equal(unique_points(repeated), points)


@pytest.mark.parametrize("engine", ENGINES)
def test_one_point_is_one_component(engine):
    np.testing.assert_array_equal(rips_diagram(np.zeros((5, 2)), (0, 1), engine).as_array(), [[0, np.inf, 0]])


def test_alpha_of_one_point_and_of_a_line():
    np.testing.assert_array_equal(alpha_diagram(np.zeros((5, 3))).as_array(), [[0, np.inf, 0]])
    line = np.arange(6.0)[:, None] * [[1.0, 1.0, 0.0]]
    assert (alpha_diagram(line).dimension == 0).all()


def periodic_cloud(n_periods: int = 3) -> np.ndarray:
    """Delay vectors of a sine at half its period: a segment that is run through again and again, up to rounding."""
    return takens_embedding(np.sin(2 * np.pi * np.arange(20 * n_periods) / 20)[None], 10, 3)


@pytest.mark.parametrize("engine", [*ENGINES, "alpha"])
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_bars_that_rounding_makes_are_left_out(engine, scale):
    cloud = scale * periodic_cloud()
    assert len(unique_points(cloud)) > 20  # rounding tells repetitions apart
    diagram = alpha_diagram(cloud) if engine == "alpha" else rips_diagram(cloud, (0, 1), engine)
    gaps = np.diff(np.sort(np.unique(cloud[:, 0].round(12 - int(np.log10(scale))))))
    assert (diagram.dimension == 0).all()  # a segment has no loop
    np.testing.assert_allclose(
        diagram.death, [*np.sort(gaps * np.sqrt(3)), np.inf], rtol=1e-6
    )  # a component for each of the places


def test_rounding_is_relative_to_the_data_and_to_its_type():
    shape = np.array([0.0, 1.0, 0.9999, 2.0])
    assert len(sublevel_diagram(shape)) == len(sublevel_diagram(1e-30 * shape)) == 2
    ripple = np.array([0.0, 1.0, 1.0 - 6e-8, 2.0])
    assert len(sublevel_diagram(ripple)) == 2
    assert len(sublevel_diagram(ripple.astype(np.float32))) == len(superlevel_diagram(-ripple.astype(np.float32))) == 1
    params = FiltrationParams(embedding="series", filtration="sublevel", homology_dimensions=(0,))
    assert len(sample_diagram(ripple.astype(np.float32)[None], params)) == 1  # float32 on, though homology is float64
    assert len(cubical_diagram(np.tile(ripple, (3, 1)))) == 2
    assert len(sublevel_diagram(np.array([0, 2, 1, 3]))) == 2  # whole numbers


def test_bars_above_rounding_are_kept():
    points = np.array([[0.0, 0.0], [1e-10, 0.0], [1.0, 0.0]])
    assert rips_diagram(points, [0]).death.tolist() == pytest.approx([1e-10, 1.0, np.inf])


def test_a_threshold_leaves_essential_classes():
    diagram = rips_diagram(circle(), (0, 1), max_edge_length=1.0)
    assert np.isinf(diagram.intervals(1)[:, 1]).sum() == 1


def test_only_the_wanted_dimensions_are_kept():
    assert set(rips_diagram(circle(), [1]).dimension) == {1}
    assert set(cubical_diagram(np.random.default_rng(0).normal(size=(8, 8)), [1]).dimension) == {1}


def test_unknown_engine_gets_a_hint():
    with pytest.raises(ParameterError, match="unknown engine 'riper'; did you mean 'ripser'"):
        rips_diagram(circle(), engine="riper")


@pytest.mark.parametrize(("engine", "field"), [("ripser", 127), ("giotto", 223), ("giotto_ph", 223), ("gudhi", 46337)])
def test_the_largest_field_of_every_engine_works(engine, field):
    check_combination(FiltrationParams(engine=engine, field=field))
    assert long_bars(rips_diagram(circle(12), (0, 1), engine, field=field), 1, 0.6) == [1, 1]


@settings(max_examples=100, deadline=None)
@given(series)
def test_union_find_equals_gudhi_with_ties_and_plateaus(values):
    ours = sublevel_diagram(values).as_array()
    np.testing.assert_array_equal(ours, cubical_diagram(values, [0]).as_array())


@settings(max_examples=50, deadline=None)
@given(series)
def test_compiled_and_plain_union_find_agree(values):
    for compiled, plain in zip(merge_tree_pairs(values), merge_tree_pairs.py_func(values), strict=True):
        np.testing.assert_array_equal(compiled, plain)


@settings(max_examples=50, deadline=None)
@given(smooth_series)
def test_sublevel_of_minus_f_is_superlevel_of_f(values):
    np.testing.assert_array_equal(sublevel_diagram(-values).as_array(), superlevel_diagram(values).as_array())


@settings(max_examples=50, deadline=None)
@given(smooth_series)
def test_sublevel_homology_ignores_the_direction_of_time(values):
    np.testing.assert_array_equal(sublevel_diagram(values[::-1]).as_array(), sublevel_diagram(values).as_array())


def test_cubical_by_hand():
    image = np.array([[0.0, 3.0, 1.0], [3.0, 3.0, 3.0], [2.0, 3.0, 4.0]])
    np.testing.assert_array_equal(cubical_diagram(image).as_array(), [[0, np.inf, 0], [1, 3, 0], [2, 3, 0]])


def test_channels_are_pooled():
    values = np.random.default_rng(0).normal(size=(2, 30))
    params = FiltrationParams(embedding="series", filtration="sublevel", homology_dimensions=(0,))
    pooled = filtration_diagram(values, params)
    assert len(pooled) == sum(len(sublevel_diagram(v)) for v in values)
    assert np.isinf(pooled.death).sum() == 2


@settings(max_examples=40, deadline=None)
@given(clouds, st.integers(1, 14))
def test_landmarks_are_a_covering_subset(points, n):
    chosen = maxmin_landmarks(points, n)
    assert len(set(chosen.tolist())) == len(chosen) <= n
    np.testing.assert_array_equal(chosen, maxmin_landmarks.py_func(points, n))
    gaps = cdist(points[chosen], points[chosen]) + np.diag(np.full(len(chosen), np.inf))
    covering = cdist(points, points[chosen]).min(axis=1).max()
    assert covering <= gaps.min() + 1e-9  # farthest points: nothing lies farther off than the landmarks from each other


def test_landmarks_move_the_diagram_by_at_most_twice_the_covering_radius():
    points = np.random.default_rng(3).normal(size=(60, 2))
    chosen = points[maxmin_landmarks(points, 30)]
    covering = cdist(points, chosen).min(axis=1).max()
    for k in (0, 1):
        full, few = rips_diagram(points).intervals(k), rips_diagram(chosen).intervals(k)
        assert bottleneck(full, few) <= 2 * covering + 1e-5


def test_max_points_limits_the_cloud():
    points = np.random.default_rng(0).normal(size=(50, 3))
    diagram = filtration_diagram(points, FiltrationParams(max_points=10))
    assert (diagram.dimension == 0).sum() == 10


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"filtration": "cubical"}, "'takens' does not go with filtration 'cubical': takens makes a point cloud"),
        ({"embedding": "spectrogram"}, "'spectrogram' does not go with filtration 'rips': a spectrogram is an image"),
        ({"embedding": "sliding_window", "filtration": "sublevel"}, "Pairs that work: takens: rips, alpha"),
        ({"embedding": "series"}, "take takens with dimension 1"),
        ({"embedding": "series", "filtration": "sublevel"}, r"above dimension 0 .* Set homology_dimensions: \[0\]"),
        ({"embedding": "spectrogram", "filtration": "cubical", "homology_dimensions": (2,)}, "above dimension 1"),
        ({"homology_dimensions": ()}, "homology_dimensions is empty"),
        ({"field": 4}, "field 4 is not a prime"),
        ({"field": 131, "engine": "ripser"}, "too large for engine 'ripser', which goes up to 127"),
        ({"field": 46349, "filtration": "alpha"}, "too large for engine 'gudhi'"),
    ],
)
def test_contradictions_are_refused(changes, message):
    with pytest.raises(ParameterError, match=message):
        check_combination(FiltrationParams(**changes))


def test_alpha_refuses_many_coordinates_and_impossible_homology():
    with pytest.raises(ParameterError, match="points have 32 coordinates, at most 6"):
        alpha_diagram(np.zeros((5, 32)))
    with pytest.raises(ParameterError, match="homology stops at 1"):
        alpha_diagram(circle(), (0, 1, 2))


@pytest.mark.parametrize("n_points", [40, 520])
def test_the_automatic_engine_gives_what_ripser_gives(n_points):
    points = np.random.default_rng(0).normal(size=(n_points, 2))
    chosen, ripser = (rips_diagram(points, engine=engine).as_array() for engine in ("auto", "ripser"))
    np.testing.assert_allclose(chosen, ripser, atol=1e-5)


def test_the_automatic_engine_minds_the_field():
    assert fastest_engine(900, field=257) == "gudhi"
