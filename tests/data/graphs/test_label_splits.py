"""Few labels: stratified, disjoint, none missing; and no future in the past."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology_efficient_dl.data.graphs import (
    PlantedContacts,
    few_labels,
    planted_contacts,
    planted_events,
    southern_women,
    split_at,
    time_split,
)
from topology_efficient_dl.errors import DataError, ParameterError

class_sizes = st.lists(st.integers(1, 40), min_size=2, max_size=8)


@given(class_sizes, st.integers(0, 5), st.floats(0.02, 0.45), st.integers(0, 99))
def test_parts_are_disjoint_and_train_has_every_class(sizes, n_missing: int, share: float, seed: int) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat([-1, *range(len(sizes))], [n_missing, *sizes]))
    masks = few_labels(labels, share, n_draws=3, seed=seed)
    total = sum(mask.astype(int) for mask in masks.values())
    np.testing.assert_array_equal(total, np.broadcast_to(labels >= 0, total.shape))
    budget = max(round(share * sum(sizes)), len(sizes)) + sizes.count(1)
    for row in range(3):
        in_train = np.bincount(labels[masks["train"][row]], minlength=len(sizes))
        in_test = np.bincount(labels[masks["test"][row]], minlength=len(sizes))
        assert (in_train >= 1).all()
        assert in_train.sum() <= budget
        assert (in_test[np.array(sizes) >= 2] >= 1).all()


def test_a_tenth_in_proportion() -> None:
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    masks = few_labels(labels)
    assert {part: mask.shape for part, mask in masks.items()} == dict.fromkeys(
        ("train", "validation", "test"), (20, 1000)
    )
    for part, expected in (("train", [60, 30, 10]), ("validation", [60, 30, 10]), ("test", [480, 240, 80])):
        assert all(np.bincount(labels[row]).tolist() == expected for row in masks[part])


def test_draws_differ_and_depend_on_seed_and_number_alone() -> None:
    labels = np.repeat([0, 1], 50)
    many, few, other = few_labels(labels), few_labels(labels, n_draws=2), few_labels(labels, seed=1)
    np.testing.assert_array_equal(many["train"][:2], few["train"])
    assert len(np.unique(many["train"], axis=0)) == 20
    assert not np.array_equal(many["train"], other["train"])


def test_validation_share() -> None:
    masks = few_labels(np.repeat([0, 1], 50), 0.1, 1, validation_share=0.0)
    assert {part: int(mask.sum()) for part, mask in masks.items()} == {"train": 10, "validation": 0, "test": 90}


@pytest.mark.parametrize(
    "arguments", [{"share": 0.0}, {"share": 0.5}, {"n_draws": 0}, {"validation_share": -0.1}, {"validation_share": 0.9}]
)
def test_shares_that_leave_nothing(arguments) -> None:
    with pytest.raises(ParameterError, match="expected shares above 0"):
        few_labels(np.array([0, 0, 1, 1]), **arguments)


@pytest.mark.parametrize("labels", [[-1, -1], [0, 0, -1], [1, 1]])
def test_labels_of_fewer_than_two_classes(labels) -> None:
    with pytest.raises(DataError, match="expected two or more; choose a set with labels"):
        few_labels(np.array(labels))


@pytest.mark.parametrize("make", [planted_contacts, planted_events])
def test_time_split_parts_past_from_future(make) -> None:
    timed = make(PlantedContacts(n_classes=3), 0)
    boundary = time_split(timed)
    past, future = split_at(timed, boundary)
    assert past.times.max() < boundary == future.times.min()
    assert len(past.times) + len(future.times) == len(timed.times)
    assert 0.78 < len(past.times) / len(timed.times) <= 0.8


def test_groups_are_cut_with_their_members() -> None:
    past, future = split_at(southern_women(), 13)
    assert future.offsets.tolist() == [0, 3, 6]
    np.testing.assert_array_equal(np.concatenate([past.members, future.members]), southern_women().members)
    assert time_split(southern_women()) == 12
    assert split_at(southern_women(), 99)[1].offsets.tolist() == [0]


def test_time_splits_that_cannot_be() -> None:
    events = southern_women()
    with pytest.raises(ParameterError, match=r"share 1; expected more than 0 and less than 1"):
        time_split(events, 1)
    with pytest.raises(DataError, match=r"more than 5% of its 14 rows are of the first time"):
        time_split(events, 0.05)
    with pytest.raises(DataError, match="0 rows"):
        time_split(events.rows(0, 0))
