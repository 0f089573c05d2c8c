"""What a run whose output is piped says of how far it is."""

import logging
import sys

import pytest

from topology_efficient_dl.collections import progress as module
from topology_efficient_dl.collections.execution import run_all
from topology_efficient_dl.collections.progress import Progress, following, tick
from topology_efficient_dl.params.training import ParallelParams


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, logger="topology_efficient_dl")
    return lambda: [record.getMessage() for record in caplog.records if record.name == module.__name__]


def test_slow_cells_have_a_line_each_with_what_is_left(lines):
    clock = Clock()
    progress = Progress("models", 3, clock=clock)
    for _ in range(3):
        clock.now += 40
        progress.advance()
    assert lines() == [
        "models: 1/3 cells, 0:00:40 elapsed, about 0:01:20 left",
        "models: 2/3 cells, 0:01:20 elapsed, about 0:00:40 left",
        "models: 3/3 cells, 0:02:00 elapsed",
    ]


def test_many_quick_cells_do_not_flood_the_log_and_the_last_is_told(lines):
    clock = Clock()
    progress = Progress("models", 36_000, clock=clock)
    for _ in range(36_000):
        clock.now += 0.1
        progress.advance()
    assert 100 < len(lines()) < 400
    assert lines()[-1] == "models: 36000/36000 cells, 1:00:00 elapsed"


def test_what_is_done_at_once_says_nothing(lines):
    progress = Progress("models", 3, clock=Clock())
    for _ in range(3):
        progress.advance()
    assert lines() == []


def test_a_long_cell_speaks_between_its_steps_every_half_minute(lines):
    clock = Clock()
    progress = Progress("efficiency", 2, clock=clock)
    for _ in range(9):
        clock.now += 10
        progress.tick()
    assert lines() == [f"efficiency: 0/2 cells, 0:0{n // 2}:{30 * (n % 2):02d} elapsed" for n in (1, 2, 3)]


def test_ticks_speak_for_the_innermost_and_outside_of_all_say_nothing(lines, monkeypatch):
    monkeypatch.setattr(module, "SECONDS_OF_SILENCE", 0.0)
    tick()
    with following("outer", 1), following("inner", 1):
        tick()
    assert [line.split(":")[0] for line in lines()] == ["inner"]


def test_on_a_terminal_there_is_a_bar_and_no_line(lines, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    clock = Clock()
    progress = Progress("models", 1, clock=clock)
    clock.now = 100
    progress.advance()
    progress.close()
    assert lines() == []
    assert "models: 100%" in capsys.readouterr().err


def test_what_is_not_shown_is_silent(lines, capsys):
    clock = Clock()
    progress = Progress("models", 1, shown=False, clock=clock)
    clock.now = 100
    progress.advance()
    assert lines() == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("backend", "beats"), [("sequential", 0), ("threading", 1)])
def test_only_what_runs_beside_others_has_a_heartbeat(backend, beats, monkeypatch):
    """A thread that speaks would be heard in what is timed here; measurements are sequential."""
    started = []
    monkeypatch.setattr(module, "_beat", lambda *arguments: started.append(arguments))
    assert sorted(run_all(abs, [(-1,), (-2,)], ParallelParams(backend=backend, jobs=2))) == [1, 2]
    assert len(started) == beats


def test_latency_speaks_between_measurements_only(monkeypatch):
    from topology_efficient_dl.efficiency import latency
    from topology_efficient_dl.params.training import EfficiencyParams

    order = []
    monkeypatch.setattr(latency, "tick", lambda: order.append("tick"))
    latency.measure_latency(
        {"a": abs, "b": abs}, {1: 1}, EfficiencyParams(rounds=2), lambda *_: order.append("timed") or 1.0
    )
    assert order == ["tick", "timed"] * 4
