"""A signed change in words: how large it is, and which way it goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Directed(NamedTuple):
    """A change as a size: what is called positive in its own direction.

    Attributes
    ----------
    word : of the direction
    size : not negative
    ends : of the interval in that direction; a negative end is on the other side. None without an interval
    """

    word: str
    size: float
    ends: tuple[float, float] | None


def directed(value: float, interval: Sequence[float] | None, up: str, down: str) -> Directed:
    """A signed change as a size and a word.

    Examples
    --------
    >>> directed(-62.2, [-75.0, -49.1], "lost", "gained")
    Directed(word='gained', size=62.2, ends=(49.1, 75.0))
    """
    low, high = (0.0, 0.0) if interval is None else interval
    ends = (low, high) if value >= 0 else (-high, -low)
    return Directed(up if value >= 0 else down, abs(value), None if interval is None else ends)


def change(value: Any, up: str, down: str, scale: float = 100.0, digits: int = 0, unit: str = " %") -> str:
    """A signed change in words; a dash for nothing.

    Parameters
    ----------
    value : the change, or None
    up, down : words for a change that is positive, and for one that is negative
    scale, digits, unit : how it is written; a share in per cent unless told otherwise

    Examples
    --------
    >>> change(0.31, "cut", "added"), change(-4.0, "cut", "added"), change(None, "cut", "added")
    ('31 % cut', '400 % added', '–')
    >>> lost(-62.2)
    '62.2 pp gained'
    """
    if value is None:
        return "–"
    found = directed(value, None, up, down)
    return f"{scale * found.size:.{digits}f}{unit} {found.word}"


def lost(value: Any) -> str:
    """A fall of quality in percentage points; a negative one is a gain."""
    return change(value, "lost", "gained", 1.0, 1, " pp")


def along(interval: Any, value: Any, scale: float = 100.0, digits: int = 0) -> str:
    """The interval of a change in the direction that it is worded in, in brackets.

    Examples
    --------
    >>> along([-75.0, -49.1], -62.2, 1, 1), along([-0.1, 0.3], 0.2), along(None, 0.2)
    ('[49.1, 75.0]', '[−10, 30]', 'no interval')
    """
    if interval is None or value is None:
        return "no interval"
    ends = directed(value, interval, "", "").ends or ()
    return f"[{', '.join(f'{scale * end:.{digits}f}' for end in ends)}]".replace("-", "−")
