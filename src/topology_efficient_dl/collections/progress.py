"""How far a long piece of work is: a bar on a terminal, lines in the log where nobody sees a bar."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from tqdm import tqdm

logger = logging.getLogger(__name__)

SECONDS_OF_SILENCE = 30.0
"""After so long there is a line, whether a cell has ended or not."""

MOST_LINES_A_MINUTE = 60
"""In the first minute; as work goes on, lines become rarer, down to one every `SECONDS_OF_SILENCE`."""


class Progress:
    """Counts what is done, and says so at every end, or as often as can be read.

    Parameters
    ----------
    title : what is worked on
    total : how many pieces there are
    unit : what a piece is called
    shown : otherwise nothing is said
    clock : seconds, from anywhere

    Examples
    --------
    >>> progress = Progress("models", 45, clock=iter([0.0, 60.0, 61.0]).__next__)
    >>> progress.advance()
    >>> progress.line(62.0)
    'models: 1/45 cells, 0:01:02 elapsed, about 0:45:28 left'
    """

    def __init__(
        self,
        title: str,
        total: int,
        unit: str = "cell",
        *,
        shown: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.title, self.total, self.done = title, total, 0
        self.unit = unit if unit.endswith("s") else f"{unit}s"
        self._clock, self._lock = clock, threading.Lock()
        self._started = self._said = clock()
        on_terminal = sys.stderr.isatty()
        self._in_log = shown and not on_terminal
        self._bar = tqdm(total=total, desc=title, unit=unit, disable=not (shown and on_terminal and total))

    def advance(self, more: int = 1) -> None:
        """So many more are done."""
        with self._lock:
            self.done += more
            self._bar.update(more)
            now = self._clock()
            pause = min(SECONDS_OF_SILENCE, max(60 / MOST_LINES_A_MINUTE, (now - self._started) / 60))
            if now - self._said >= pause or (self.done == self.total and self._said > self._started):
                self._say(now)

    def tick(self) -> None:
        """Something goes on; a line if there was none for long."""
        with self._lock:
            now = self._clock()
            if now - self._said >= SECONDS_OF_SILENCE:
                self._say(now)

    def line(self, now: float) -> str:
        """What is said: done and total, time since the start, and how long the rest will take at this pace."""
        elapsed = now - self._started
        text = f"{self.title}: {self.done}/{self.total} {self.unit}, {_clock_time(elapsed)} elapsed"
        if 0 < self.done < self.total:
            text += f", about {_clock_time(elapsed / self.done * (self.total - self.done))} left"
        return text

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()

    def _say(self, now: float) -> None:
        self._said = now
        if self._in_log:
            logger.info("%s", self.line(now))


_open: list[Progress] = []


@contextmanager
def following(
    title: str, total: int, unit: str = "cell", *, shown: bool = True, heartbeat: bool = False
) -> Iterator[Progress]:
    """Show the progress of what is inside; `tick` speaks for the innermost.

    Parameters
    ----------
    title, total, unit, shown : of `Progress`
    heartbeat : a thread breaks a long silence; where times are measured, only those do who know that none is now
    """
    progress, ended = Progress(title, total, unit, shown=shown), threading.Event()
    _open.append(progress)
    if heartbeat:
        threading.Thread(target=_beat, args=(progress, ended), daemon=True, name="progress").start()
    try:
        yield progress
    finally:
        ended.set()
        _open.remove(progress)
        progress.close()


def tick() -> None:
    """Called from inside long work between two steps of it: a line if there was none for long."""
    for progress in _open[-1:]:
        progress.tick()


def _beat(progress: Progress, ended: threading.Event) -> None:
    while not ended.wait(1.0):
        progress.tick()


def _clock_time(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
