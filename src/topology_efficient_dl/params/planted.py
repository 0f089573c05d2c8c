"""Typed parameters of planted contacts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from topology_efficient_dl.params.base import Parameters

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

    def breaks(self) -> NDArray[np.bool_]:
        """(n_classes, periods) bool: whose break a period is."""
        shift = np.arange(self.n_classes)[:, None] % self.shifts
        return (np.arange(self.periods) - shift) % self.break_every == self.break_every - 1
