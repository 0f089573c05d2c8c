"""A generator of contact logs with planted classes, a daily schedule, group events and noise.

In lessons a node meets its own class; in breaks, which come at other times for other shifts, it may meet all classes
of its shift. Some meetings are of 3 to 6 people at once: every two of them are in contact inside one window. Contacts
last some steps of the sensors, and some are noise. What is planted is known, so that methods can be tested on it.
The form is that of the logs of schools, see Stehlé et al., "High-resolution measurements of face-to-face contact
patterns in a primary school", PLoS ONE 6 (2011).
"""

from __future__ import annotations

import numpy as np

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.data.graphs.contact_log import ContactLog
from topology_efficient_dl.data.graphs.groups import TimedGroups, ordered_groups
from topology_efficient_dl.data.graphs.records import BoolArray, IntArray
from topology_efficient_dl.params.planted import SECONDS_PER_DAY, PlantedContacts


@versioned(1, name="data.graphs.planted:planted_contacts")
def planted_contacts(params: PlantedContacts, seed: int) -> ContactLog:
    """A log of meetings of two, of group events and of noise; the same for the same seed.

    Returns
    -------
    The log; node ids are ``class.number``, labels the planted classes.
    """
    events_seed, meetings_seed, noise_seed, steps_seed = np.random.SeedSequence(seed).spawn(4)
    events = _events(params, np.random.default_rng(events_seed))
    parts = (
        _event_contacts(params, *events, np.random.default_rng(steps_seed)),
        _meetings(params, np.random.default_rng(meetings_seed)),
        _noise(params, np.random.default_rng(noise_seed)),
    )
    times, pairs = _distinct(params, np.concatenate(parts))
    return ContactLog("planted_contacts", times, pairs, *_nodes(params))


@versioned(1, name="data.graphs.planted:planted_events")
def planted_events(params: PlantedContacts, seed: int) -> TimedGroups:
    """The group events in the log of the same parameters and seed, each at the beginning of its window."""
    events_seed = np.random.SeedSequence(seed).spawn(4)[0]
    windows, sizes, people = _events(params, np.random.default_rng(events_seed))
    members = people[np.arange(people.shape[1]) < sizes[:, None]]
    times, offsets, members, _ = ordered_groups(windows, sizes, members)
    nodes, labels, classes = _nodes(params)
    return TimedGroups("planted_events", times, offsets, members, nodes, labels, classes)


def _nodes(params: PlantedContacts) -> tuple[np.ndarray, IntArray, tuple[str, ...]]:
    labels = np.repeat(np.arange(params.n_classes), params.class_size)
    classes = tuple(f"class_{code:0{len(str(params.n_classes - 1))}d}" for code in range(params.n_classes))
    ids = [f"{classes[code]}.{index % params.class_size}" for index, code in enumerate(labels.tolist())]
    return np.array(ids, dtype=np.str_), labels, classes


def _occasions(
    params: PlantedContacts, rate: np.ndarray, generator: np.random.Generator
) -> tuple[IntArray, IntArray, IntArray]:
    """Class, day and period of every happening, Poisson in number.

    ``rate`` is (n_classes, periods) per node and hour.
    """
    mean = rate[:, None, :] * params.class_size * params.period_seconds / 3600
    counts = generator.poisson(np.broadcast_to(mean, (params.n_classes, params.days, params.periods)))
    flat = np.repeat(np.arange(counts.size), counts.ravel())
    group, day, period = np.unravel_index(flat, counts.shape)
    return group, day, period


def _period_start(params: PlantedContacts, day: IntArray, period: IntArray) -> IntArray:
    return day * SECONDS_PER_DAY + params.day_start + period * params.period_seconds


def _people(
    params: PlantedContacts, group: IntArray, mixed: BoolArray, width: int, generator: np.random.Generator
) -> IntArray:
    """(k, width) distinct nodes each: of one class, or where mixed of any class of its shift."""
    shift = group % params.shifts
    n_classes = np.where(mixed, -(-(params.n_classes - shift) // params.shifts), 1)
    people = np.empty((len(group), width), dtype=np.int64)
    rows = np.arange(len(group))
    while len(rows):
        drawn = (generator.random((len(rows), width)) * (n_classes[rows] * params.class_size)[:, None]).astype(np.int64)
        of_shift, number = np.divmod(drawn, params.class_size)
        of_class = np.where(mixed[rows, None], shift[rows, None] + params.shifts * of_shift, group[rows, None])
        people[rows] = of_class * params.class_size + number
        in_order = np.sort(people[rows], axis=1)
        rows = rows[(in_order[:, 1:] == in_order[:, :-1]).any(axis=1)]
    return people


def _meetings(params: PlantedContacts, generator: np.random.Generator) -> IntArray:
    """(k, 3) int64 time, u, v of meetings of two; each begins in a period and does not outlast it."""
    breaks = params.breaks()
    group, day, period = _occasions(params, np.where(breaks, params.break_rate, params.lesson_rate) / 2, generator)
    mixed = breaks[group, period] & (generator.random(len(group)) < params.break_mixing)
    pairs = _people(params, group, mixed, 2, generator)
    steps = params.period_seconds // params.step_seconds
    first = generator.integers(steps, size=len(group))
    lasts = np.minimum(generator.geometric(1 / params.mean_steps, size=len(group)), steps - first)
    row = np.repeat(np.arange(len(group)), lasts)
    passed = np.arange(len(row)) - np.repeat(np.cumsum(lasts) - lasts, lasts)
    times = _period_start(params, day, period)[row] + (first[row] + passed) * params.step_seconds
    return np.column_stack([times, pairs[row]])


def _noise(params: PlantedContacts, generator: np.random.Generator) -> IntArray:
    """(k, 3) int64 time, u, v of contacts of one step between any two nodes."""
    _, day, period = _occasions(params, np.full((params.n_classes, params.periods), params.noise_rate / 2), generator)
    u = generator.integers(params.n_nodes, size=len(day))
    v = (u + generator.integers(1, params.n_nodes, size=len(day))) % params.n_nodes
    step = generator.integers(params.period_seconds // params.step_seconds, size=len(day))
    return np.column_stack([_period_start(params, day, period) + step * params.step_seconds, u, v])


def _events(params: PlantedContacts, generator: np.random.Generator) -> tuple[IntArray, IntArray, IntArray]:
    """Beginning of the window (k,), size (k,) and people (k, most) of every group event; the first ``size`` count."""
    rate = np.full((params.n_classes, params.periods), params.event_rate)
    group, day, period = _occasions(params, rate, generator)
    low, high = params.event_sizes
    sizes = generator.integers(low, high + 1, size=len(group))
    people = _people(params, group, generator.random(len(group)) < params.event_mixing, high, generator)
    window = generator.integers(params.period_seconds // params.window_seconds, size=len(group))
    return _period_start(params, day, period) + window * params.window_seconds, sizes, people


def _event_contacts(
    params: PlantedContacts, windows: IntArray, sizes: IntArray, people: IntArray, generator: np.random.Generator
) -> IntArray:
    """(k, 3) int64 time, u, v: every two people of an event at one step of its window."""
    first, second = np.triu_indices(people.shape[1], k=1)
    event, pair = np.nonzero(second < sizes[:, None])
    step = generator.integers(params.window_seconds // params.step_seconds, size=len(event))
    times = windows[event] + step * params.step_seconds
    return np.column_stack([times, people[event, first[pair]], people[event, second[pair]]])


def _distinct(params: PlantedContacts, contacts: IntArray) -> tuple[IntArray, IntArray]:
    """Times (m,) and pairs (m, 2), each contact once, in order."""
    u, v = contacts[:, 1:].min(axis=1), contacts[:, 1:].max(axis=1)
    keys = np.unique((contacts[:, 0] * params.n_nodes + u) * params.n_nodes + v)
    rest, v = np.divmod(keys, params.n_nodes)
    times, u = np.divmod(rest, params.n_nodes)
    return times, np.column_stack([u, v])
