"""The temporal complex against a plain slow reference, and its edge cases."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.complexes.cases import contact_logs, table, window_cliques

from topology_efficient_dl.complexes import SimplicialParams, complex_of_contacts
from topology_efficient_dl.complexes import tally as tally_module
from topology_efficient_dl.complexes import temporal as temporal_module
from topology_efficient_dl.complexes.temporal import temporal_complex, temporal_groups
from topology_efficient_dl.complexes.windows import halves, whole_windows, window_starts
from topology_efficient_dl.errors import DataError


def reference(times, pairs, time_window, max_dimension):
    """Windows of every face of every maximal clique."""
    windows_of = {}
    for start, cliques in window_cliques(times, pairs, time_window).items():
        faces = {f for c in cliques for k in range(max_dimension + 1) for f in combinations(c, k + 1)}
        for face in faces:
            windows_of.setdefault(face, []).append(start)
    return {face: (float(len(starts)), min(starts), max(starts)) for face, starts in windows_of.items()}


def check_against_reference(log, time_window, max_dimension):
    times, pairs, n = log
    params = SimplicialParams(time_window=time_window, max_dimension=max_dimension)
    complex_ = complex_of_contacts(times, pairs, n, params)
    expected = {(v,): (0.0, -1, -1) for v in range(n)}
    expected |= reference(times, pairs, time_window, max_dimension)
    found = {face: value for k in range(max_dimension + 1) for face, value in table(complex_, k).items()}
    assert found == expected
    assert complex_.max_dimension == max_dimension


@given(contact_logs(), st.integers(1, 50), st.integers(1, 4))
def test_equals_the_reference(log, time_window, max_dimension):
    check_against_reference(log, time_window, max_dimension)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(log=contact_logs(), time_window=st.integers(1, 50))
def test_equals_the_reference_in_small_pieces(monkeypatch, log, time_window):
    for module in (temporal_module, tally_module):
        monkeypatch.setattr(module, "PIECE", 3)
    check_against_reference(log, time_window, 2)


def groups_reference(times, pairs, time_window):
    found = {}
    for start, cliques in window_cliques(times, pairs, time_window).items():
        for clique in cliques:
            found.setdefault(tuple(clique), []).append(start)
    return {group: (float(len(starts)), min(starts), max(starts)) for group, starts in found.items()}


def as_table(groups):
    values = zip(groups.weight.tolist(), groups.first.tolist(), groups.last.tolist(), strict=True)
    bounds = zip(groups.offsets[:-1], groups.offsets[1:], strict=True)
    return {tuple(groups.members[a:b].tolist()): value for (a, b), value in zip(bounds, values, strict=True)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(log=contact_logs(), time_window=st.integers(1, 50), piece=st.sampled_from([3, 1 << 20]))
def test_groups_are_the_maximal_cliques_of_windows(monkeypatch, log, time_window, piece):
    monkeypatch.setattr(temporal_module, "PIECE", piece)
    times, pairs, n = log
    groups = temporal_groups(times, pairs, n, SimplicialParams(time_window=time_window))
    assert as_table(groups) == groups_reference(times, pairs, time_window)
    sizes = groups.sizes.tolist()
    assert sizes == sorted(sizes)


def test_windows_are_half_open_and_begin_at_the_first_time():
    times, pairs = np.array([1000, 1059, 1060]), np.array([[0, 1], [1, 2], [0, 2]])
    assert temporal_complex(times, pairs, 3, SimplicialParams(time_window=60)).counts == (3, 3, 0)
    assert temporal_complex(times, pairs, 3, SimplicialParams(time_window=61)).counts == (3, 3, 1)
    late = temporal_complex(times, pairs, 3, SimplicialParams(time_window=60))
    assert table(late, 1)[(0, 2)] == (1.0, 1060, 1060)


def test_repeated_contacts_of_a_window_count_once_and_empty_windows_for_nothing():
    times = np.array([0, 0, 30, 100_000])
    complex_ = temporal_complex(times, np.array([[0, 1]] * 4), 2, SimplicialParams(time_window=60))
    assert table(complex_, 1) == {(0, 1): (2.0, 0, 99_960)}


def test_no_contacts_at_all():
    nothing = np.empty(0, np.int64)
    complex_ = temporal_complex(nothing, nothing.reshape(0, 2), 3, SimplicialParams())
    assert complex_.counts == (3, 0, 0)
    assert complex_.weights[0].tolist() == [0, 0, 0]
    assert len(temporal_groups(nothing, nothing, 3, SimplicialParams())) == 0


def meeting(n: int, windows: int = 1):
    """Everyone meets everyone in each of some windows."""
    pairs = np.stack(np.triu_indices(n, 1), axis=1)
    return np.repeat(60 * np.arange(windows), len(pairs)), np.tile(pairs, (windows, 1)), n


def test_a_window_that_explodes_is_refused_before_it_is_listed(monkeypatch):
    monkeypatch.setattr(temporal_module, "PIECE", 10)
    with pytest.raises(
        DataError, match=r"9,880 simplices of dimension 2 in the window from 0 s alone.*allows 5,000.*max_dim"
    ):
        complex_of_contacts(*meeting(40), SimplicialParams(max_simplices=5_000))
    with pytest.raises(DataError, match="10,660 edges, triangles and so on"):
        complex_of_contacts(*meeting(40), SimplicialParams(max_simplices=10_000))
    assert complex_of_contacts(*meeting(40), SimplicialParams(max_simplices=10_660)).counts == (40, 780, 9_880)
    assert temporal_groups(*meeting(40), SimplicialParams(max_simplices=5_000)).sizes.tolist() == [40]


def test_windows_that_are_too_much_together_are_taken_one_by_one(monkeypatch):
    monkeypatch.setattr(temporal_module, "PIECE", 5_000)
    complex_ = complex_of_contacts(*meeting(20, windows=6), SimplicialParams(max_simplices=1_330))
    assert complex_.counts == (20, 190, 1_140)
    assert set(complex_.weights[2]) == {6.0}


def cocktail_log(k: int, windows: int = 1):
    times, pairs, n = meeting(2 * k, windows)
    keep = pairs[:, 0] // 2 != pairs[:, 1] // 2
    return times[keep], pairs[keep], n


def test_too_many_groups_are_refused(monkeypatch):
    monkeypatch.setattr(temporal_module, "PIECE", 120)  # two windows, which have more cliques than that
    assert len(temporal_groups(*cocktail_log(6, windows=3), SimplicialParams(max_simplices=64))) == 64
    with pytest.raises(DataError, match="maximal cliques or more in the window from 0 s alone"):
        temporal_groups(*cocktail_log(7), SimplicialParams(max_simplices=100))
    monkeypatch.setattr(temporal_module, "PIECE", 4000)
    with pytest.raises(DataError, match="32 maximal cliques of windows"):
        temporal_groups(*cocktail_log(5), SimplicialParams(max_simplices=31))


@pytest.mark.parametrize(
    ("times", "pairs", "message"),
    [
        ([5, 4], [[0, 1], [0, 1]], "times fall from 5 to 4 at row 1"),
        ([-(2**62), 2**62], [[0, 1], [0, 1]], "more than int64 can hold"),
        (np.array([2**63], np.uint64), [[0, 1]], "found 9223372036854775808; expected numbers that int64 can hold"),
        ([[1]], [[0, 1]], r"found shape \(1, 1\)"),
        ([0.5], [[0, 1]], "times: found float64 values; expected whole numbers"),
        ([0], [[0, 3]], "unknown node 3; the 3 nodes are 0 to 2"),
        ([0], [[1, 1]], r"row 0, \(1, 1\), is a node with itself"),
        ([0], [[2, 1]], r"row 0, \(2, 1\), is not ascending"),
        ([0], [[0, 1, 2]], r"expected shape \(m, 2\); found \(1, 3\)"),
        ([0, 1], [[0, 1]], "2 times for 1 contacts"),
    ],
)
@pytest.mark.parametrize("method", ["temporal", "cooccurrence"])
def test_bad_contacts_are_refused(times, pairs, message, method):
    with pytest.raises(DataError, match=message):
        complex_of_contacts(np.array(times), np.array(pairs), 3, SimplicialParams(method=method))


@pytest.mark.parametrize("method", ["temporal", "cooccurrence", "clique"])
def test_negative_times_are_counted_from_the_first(method):
    times, pairs = np.array([0, 20, 70, 300]), np.array([[0, 1], [1, 2], [0, 2], [0, 1]])
    params = SimplicialParams(method=method, min_count=1)
    expected = complex_of_contacts(times, pairs, 3, params).to_arrays()
    for shift in (1, 300, 10**12):
        found = complex_of_contacts(times - shift, pairs, 3, params).to_arrays()
        assert all(np.array_equal(found[name], expected[name]) for name in expected)


windows_of = st.lists(st.integers(0, 9), min_size=1, max_size=30).map(lambda ts: window_starts(np.sort(ts), 3))


@given(windows_of, st.integers(1, 12), st.booleans())
def test_pieces_are_whole_windows_in_order(windows, size, with_costs):
    costs = np.arange(len(windows)) % 3 if with_costs else None
    pieces = list(whole_windows(windows, size, costs))
    assert np.concatenate([windows[p] for p in pieces]).tolist() == windows.tolist()
    assert all(a.stop == b.start and windows[a.stop - 1] < windows[b.start] for a, b in pairwise(pieces))


@given(windows_of)
def test_halves_cut_between_windows(windows):
    parts = halves(windows, slice(0, len(windows)))
    if parts is None:
        assert len(set(windows.tolist())) == 1
    else:
        left, right = (windows[part] for part in parts)
        assert np.concatenate([left, right]).tolist() == windows.tolist()
        assert left[-1] < right[0]
