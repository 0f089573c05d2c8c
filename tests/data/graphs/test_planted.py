"""What the generator plants is in the log: classes, breaks, events inside their windows; the same for a seed."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from topology_efficient_dl.data.graphs import PlantedContacts, planted_contacts, planted_events

SMALL = PlantedContacts(n_classes=5, class_size=12, days=2)
QUIET = {"event_rate": 0.0, "noise_rate": 0.0}


def period_of(params: PlantedContacts, times: np.ndarray) -> np.ndarray:
    return (times % 86_400 - params.day_start) // params.period_seconds


def test_the_form_of_a_log() -> None:
    log = planted_contacts(SMALL, seed=1)
    rows = np.column_stack([log.times, log.pairs])
    assert (np.diff(log.times) >= 0).all()
    assert (log.pairs[:, 0] < log.pairs[:, 1]).all()
    assert len(np.unique(rows, axis=0)) == log.n_contacts
    assert (log.times.dtype, log.pairs.dtype, log.labels.dtype) == (np.int64, np.int64, np.int64)
    assert (log.times % SMALL.step_seconds == 0).all()
    assert set(period_of(SMALL, log.times).tolist()) == set(range(SMALL.periods))
    assert (log.n_nodes, len(set(log.nodes.tolist())), np.bincount(log.labels).tolist()) == (60, 60, [12] * 5)


def test_the_seed_decides() -> None:
    first, again, other = (planted_contacts(SMALL, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.pairs, again.pairs)
    np.testing.assert_array_equal(first.times, again.times)
    assert first.n_contacts != other.n_contacts or not np.array_equal(first.pairs, other.pairs)


def test_without_noise_and_events_lessons_stay_in_class_and_breaks_in_the_shift() -> None:
    params = PlantedContacts(n_classes=5, class_size=12, shifts=2, break_mixing=1.0, **QUIET)
    log = planted_contacts(params, seed=0)
    u, v = log.labels[log.pairs].T
    in_break = params.breaks()[u, period_of(params, log.times)]
    assert (u == v)[~in_break].all()
    assert (u % 2 == v % 2).all()
    assert 0.5 < (u != v)[in_break].mean() < 0.8  # of 3 classes 2/3 are others, of 2 classes 1/2


def test_every_event_is_a_clique_inside_its_window() -> None:
    log, events = planted_contacts(SMALL, seed=4), planted_events(SMALL, seed=4)
    windows = {}
    for time, pair in zip(log.times.tolist(), log.pairs.tolist(), strict=True):
        windows.setdefault(time - time % SMALL.window_seconds, set()).add(tuple(pair))
    sizes = np.diff(events.offsets)
    assert events.n_groups > 100
    assert set(sizes.tolist()) == {3, 4, 5, 6}
    for index, time in enumerate(events.times.tolist()):
        people = events.members[events.offsets[index] : events.offsets[index + 1]].tolist()
        assert {(i, j) for i in people for j in people if i < j} <= windows[time]


def test_events_are_of_one_class_but_for_the_mixed() -> None:
    params = PlantedContacts(n_classes=4, shifts=1, event_mixing=0.0)
    events = planted_events(params, seed=0)
    starts = events.labels[events.members[events.offsets[:-1]]]
    np.testing.assert_array_equal(np.repeat(starts, np.diff(events.offsets)), events.labels[events.members])
    mixed = planted_events(params.model_copy(update={"event_mixing": 1.0}), seed=0)
    starts = mixed.labels[mixed.members[mixed.offsets[:-1]]]
    assert (np.repeat(starts, np.diff(mixed.offsets)) != mixed.labels[mixed.members]).any()


def test_noise_alone_joins_anybody_evenly() -> None:
    params = PlantedContacts(n_classes=4, class_size=6, lesson_rate=0, break_rate=0, event_rate=0, noise_rate=20)
    log = planted_contacts(params, seed=0)
    u, v = log.labels[log.pairs].T
    assert (u == v).mean() == pytest.approx(5 / 23, abs=0.03)


@pytest.mark.parametrize("changes", [{}, {"event_rate": 3.0}, {"break_mixing": 0.0}, QUIET])
def test_expected_contacts_bound_what_is_drawn_closely(changes) -> None:
    params = SMALL.model_copy(update=changes)
    assert planted_contacts(params, seed=5).n_contacts == pytest.approx(params.expected_contacts(), rel=0.1)


def test_breaks_come_in_turn() -> None:
    breaks = PlantedContacts(n_classes=3, periods=8, break_every=4, shifts=2).breaks()
    assert [np.flatnonzero(row).tolist() for row in breaks] == [[3, 7], [0, 4], [3, 7]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"event_sizes": (3, 30)}, "most <= class_size 24"),
        ({"event_sizes": (6, 3)}, "fewest <= most"),
        ({"window_seconds": 50}, "a multiple of step_seconds 20"),
        ({"window_seconds": 3600}, "of which the period, 1800 s, is a multiple"),
        ({"day_start": 30_610}, "multiples of 60 s"),
        ({"shifts": 11}, "at most n_classes 10"),
        ({"periods": 40}, "does not end before midnight"),
        ({"clases": 3}, "unknown parameter 'clases'"),
    ],
)
def test_parameters_that_do_not_fit(changes, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PlantedContacts(**changes)
