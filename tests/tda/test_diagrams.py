"""The interchange format of diagrams."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.tda.diagrams import Diagram, PersistenceDiagrams, canonical_diagram
from topology_efficient_dl.tda.persistence import diagram_from_ripser


@st.composite
def diagram(draw) -> Diagram:
    n = draw(st.integers(0, 8))
    birth = draw(arrays(np.float64, n, elements=st.floats(-5, 5)))
    length = draw(arrays(np.float64, n, elements=st.sampled_from([0.5, 1.25, 3.0, np.inf])))
    return canonical_diagram(birth, birth + length, draw(arrays(np.int64, n, elements=st.integers(0, 2))), 0.25)


many = st.lists(diagram(), min_size=1, max_size=4).map(PersistenceDiagrams.from_samples)


def same(a: Diagram, b: Diagram) -> bool:
    return np.array_equal(a.as_array(), b.as_array())


@given(st.lists(diagram(), max_size=4))
def test_samples_come_back(samples):
    together = PersistenceDiagrams.from_samples(samples)
    assert len(together) == len(samples)
    assert all(same(a, b) for a, b in zip(together, samples, strict=True))
    assert together.n_intervals == sum(len(s) for s in samples)


@given(many, st.data())
def test_select_is_indexing(diagrams, data):
    rows = data.draw(st.lists(st.integers(0, len(diagrams) - 1), max_size=5))
    picked = diagrams.select(rows)
    assert [s.as_array().tolist() for s in picked] == [diagrams[i].as_array().tolist() for i in rows]


@given(many)
def test_concatenate_undoes_slicing_and_masks_select(diagrams):
    halves = [diagrams.select(slice(0, 1)), diagrams.select(slice(1, None))]
    back = PersistenceDiagrams.concatenate(halves)
    for name, array in diagrams.to_arrays().items():
        np.testing.assert_array_equal(array, back.to_arrays()[name])
    mask = np.arange(len(diagrams)) == len(diagrams) - 1
    assert same(diagrams.select(mask)[0], diagrams[-1])


def test_concatenating_nothing_is_empty():
    assert len(PersistenceDiagrams.concatenate([])) == 0


@given(many)
def test_arrays_survive_npz(diagrams):
    file = io.BytesIO()
    np.savez(file, **diagrams.to_arrays())
    file.seek(0)
    with np.load(file) as stored:
        back = PersistenceDiagrams.from_arrays(stored)
    for name, array in diagrams.to_arrays().items():
        np.testing.assert_array_equal(array, back.to_arrays()[name])


def make(**changes) -> PersistenceDiagrams:
    arrays = {"birth": [0.0, 1.0], "death": [1.0, np.inf], "dimension": [0, 0], "offsets": [0, 2], "seconds": [0.0]}
    return PersistenceDiagrams(**{**arrays, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"death": [1.0, 0.5]}, r"interval 1 \(sample 0, dimension 0\) is born at 1.0 and dies at 0.5"),
        ({"birth": [0.0, np.nan]}, "expected a finite birth"),
        ({"birth": [0.0, -np.inf]}, "expected a finite birth"),
        ({"death": [1.0, np.nan]}, "death >= birth"),
        ({"death": [1.0]}, "2 births, 1 deaths and 2 dimensions"),
        ({"offsets": [0, 1]}, "from 0 to the number of intervals, 2"),
        ({"offsets": [0, 3, 2], "seconds": [0.0, 0.0]}, "expected never to fall"),
        ({"seconds": [0.0, 0.0]}, "2 offsets for 2 samples; expected 3"),
    ],
)
def test_contradictions_are_named(changes, message):
    with pytest.raises(DataError, match=message):
        make(**changes)


def test_missing_array_is_named():
    arrays = make().to_arrays()
    del arrays["death"]
    with pytest.raises(DataError, match="array 'death' not found; found birth, dimension"):
        PersistenceDiagrams.from_arrays(arrays)


def test_index_out_of_range():
    with pytest.raises(IndexError, match="sample 1 of 1"):
        make()[1]


def test_persistence_of_essential_classes_is_infinite():
    np.testing.assert_array_equal(make()[0].persistence, [1.0, np.inf])


@given(diagram())
def test_intervals_by_dimension_give_the_diagram_back(one):
    assert same(diagram_from_ripser([one.intervals(k) for k in range(3)]), one)
