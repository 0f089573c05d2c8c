"""A fingerprint changes exactly when what a cell depends on changes."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology_efficient_dl.collections.fingerprint import fingerprint, method_identity, versioned
from topology_efficient_dl.params.series import IngestParams
from topology_efficient_dl.params.training import TrainParams

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(plain, plain)
def test_equal_values_and_only_they_share_a_fingerprint(first, second):
    same = repr(_ordered(first)) == repr(_ordered(second))
    assert (fingerprint(first) == fingerprint(second)) == same


def _ordered(value):
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=repr)}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def test_nesting_is_told_apart():
    assert fingerprint([1], [2]) != fingerprint([1, 2])
    assert fingerprint([[1], 2]) != fingerprint([[1, 2]])
    assert fingerprint("ab", "c") != fingerprint("a", "bc")


def test_arrays_are_known_by_dtype_shape_and_content():
    ones = np.ones((2, 3))
    assert fingerprint(ones) == fingerprint(np.asfortranarray(ones))
    assert fingerprint(ones) != fingerprint(ones.astype(np.float32))
    assert fingerprint(ones) != fingerprint(np.ones((3, 2)))
    assert fingerprint(np.float64(2.0)) == fingerprint(2.0)


def test_parameters_that_say_how_do_not_count():
    assert fingerprint(IngestParams(root="a", timeout_seconds=1)) == fingerprint(IngestParams(root="b"))
    assert fingerprint(IngestParams(normalise=False)) != fingerprint(IngestParams())
    assert fingerprint(TrainParams(learning_rate=0.1)) != fingerprint(TrainParams())


def test_it_is_the_same_in_another_process():
    code = "from topology_efficient_dl.collections.fingerprint import fingerprint; print(fingerprint({'b': 1, 'a': {2.5: 'x'}}))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert other == fingerprint({"a": {2.5: "x"}, "b": 1})


def test_objects_without_an_identity_are_refused():
    with pytest.raises(TypeError, match="identity"):
        fingerprint(object())


def test_a_method_is_known_by_its_declared_version_or_its_source():
    @versioned(3, name="tests:declared")
    def declared():
        return 1

    def undeclared():
        return 1

    def other_source():
        return 2

    assert method_identity(declared).endswith("declared@3")
    assert method_identity(undeclared).rsplit("@", 1)[1] != method_identity(other_source).rsplit("@", 1)[1]
