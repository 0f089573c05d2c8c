"""A generator of contact logs with planted classes, a daily schedule, group events and noise.

In lessons a node meets its own class; in breaks, which come at other times for other shifts, it may meet all classes
of its shift. Some meetings are of 3 to 6 people at once: every two of them are in contact inside one window. Contacts
last some steps of the sensors, and some are noise. What is planted is known, so that methods can be tested on it.
The form is that of the logs of schools, see Stehlé et al., "High-resolution measurements of face-to-face contact
patterns in a primary school", PLoS ONE 6 (2011).
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, model_validator

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.data.graphs.contact_log import ContactLog
from topology_efficient_dl.data.graphs.groups import TimedGroups, ordered_groups
from topology_efficient_dl.data.graphs.records import BoolArray, IntArray
from topology_efficient_dl.params import Parameters

SECONDS_PER_DAY = 86_400


class PlantedContacts(Parameters):
    """What a planted contact log is like. Class sizes are equal; rates are means."""

    n_classes: int = Field(10, ge=2, le=10_000)
    class_size: int = Field(24, ge=2, le=10_000)
    days: int = Field(2, ge=1, le=1_000)
    day_start: int = Field(30_600, ge=0, description="seconds after midnight")
    periods: int = Field(16, ge=2, description="per day")
    period_minutes: int = Field(30, ge=1)
    break_every: int = Field(4, ge=2, description="one of so many periods is a break")
    shifts: int = Field(2, ge=1, description="groups of classes that have their breaks one period after another")
    step_seconds: int = Field(20, ge=1, description="between two looks of the sensors")
    lesson_rate: float = Field(3.0, ge=0, description="meetings of two per node and hour of lessons")
    break_rate: float = Field(20.0, ge=0, description="meetings of two per node and hour of breaks")
    break_mixing: float = Field(
        0.5, ge=0, le=1, description="share of the meetings in breaks with any class of the shift"
    )
    mean_steps: float = Field(1.8, ge=1, description="duration of a meeting of two, geometrically distributed")
    event_rate: float = Field(0.5, ge=0, description="group events per node and hour that the node begins")
    event_sizes: tuple[int, int] = Field(
        (3, 6), description="fewest and most people of an event, uniformly distributed"
    )
    event_mixing: float = Field(
        0.1, ge=0, le=1, description="share of the events with people of any class of the shift"
    )
    window_seconds: int = Field(
        60, ge=1, description="all of an event meet inside one window, which begins at a multiple"
    )
    noise_rate: float = Field(0.5, ge=0, description="contacts of one step per node and hour, with anybody")

    @model_validator(mode="after")
    def _fits(self) -> PlantedContacts:
        low, high = self.event_sizes
        if not 2 <= low <= high <= self.class_size:
            raise ValueError(f"event_sizes {low}, {high}: expected 2 <= fewest <= most <= class_size {self.class_size}")
        if self.window_seconds % self.step_seconds or self.period_seconds % self.window_seconds:
            raise ValueError(
                f"window_seconds {self.window_seconds}: expected a multiple of step_seconds {self.step_seconds} "
                f"of which the period, {self.period_seconds} s, is a multiple"
            )
        if self.day_start % self.window_seconds or SECONDS_PER_DAY % self.window_seconds:
            raise ValueError(f"day_start {self.day_start} and a day: expected multiples of {self.window_seconds} s")
        if self.shifts > self.n_classes:
            raise ValueError(f"shifts {self.shifts}: expected at most n_classes {self.n_classes}")
        if self.day_start + self.periods * self.period_seconds > SECONDS_PER_DAY:
            raise ValueError(
                f"periods {self.periods}: the day that begins at {self.day_start} s does not end before midnight"
            )
        return self

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return self.n_classes * self.class_size

    @property
    def period_seconds(self) -> int:
        """Length of a period."""
        return 60 * self.period_minutes

    def expected_contacts(self) -> float:
        """Contacts to expect, before those that fall on the same step or end with the period: somewhat too many."""
        hours = self.days * self.periods * self.period_seconds / 3600
        meetings = np.where(self.breaks(), self.break_rate, self.lesson_rate).mean() * self.mean_steps / 2
        sizes = np.arange(self.event_sizes[0], self.event_sizes[1] + 1)
        events = self.event_rate * (sizes * (sizes - 1) / 2).mean()
        return float(self.n_nodes * hours * (meetings + events + self.noise_rate / 2))

    def breaks(self) -> BoolArray:
        """(n_classes, periods) bool: whose break a period is."""
        shift = np.arange(self.n_classes)[:, None] % self.shifts
        return (np.arange(self.periods) - shift) % self.break_every == self.break_every - 1


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
