"""Where to write the names of points so that they hide nothing and not each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

SIDES = {
    "middle right": (1, 0),
    "middle left": (-1, 0),
    "top center": (0, 1),
    "bottom center": (0, -1),
    "top right": (1, 1),
    "top left": (-1, 1),
    "bottom right": (1, -1),
    "bottom left": (-1, -1),
}
"""Plotly's names of the sides of a point, in order of preference, as direction in x and y."""

Box = tuple[float, float, float, float]
"""x from, y from, x to, y to."""


@dataclass(frozen=True)
class Canvas:
    """The drawing area in the units of the labels (points or pixels), and the size of what is drawn.

    Attributes
    ----------
    width, height : of the area
    letter : mean width of a letter
    line : height of a line of text
    gap : from the centre of a point to its label
    """

    width: float
    height: float
    letter: float = 4.6
    line: float = 10.0
    gap: float = 6.0

    def box(self, x: float, y: float, text: str, side: str) -> Box:
        """The box of a label beside the point (x, y)."""
        (right, up), width = SIDES[side], self.letter * len(text)
        gap = self.gap * (0.8 if right and up else 1.0)
        left = x + (gap if right > 0 else -gap - width if right < 0 else -width / 2)
        low = y + (gap if up > 0 else -gap - self.line if up < 0 else -self.line / 2)
        return left, low, left + width, low + self.line

    def outside(self, box: Box) -> float:
        """Area of the box that lies outside of the canvas."""
        whole = (box[2] - box[0]) * (box[3] - box[1])
        return whole - overlap(box, (0.0, 0.0, self.width, self.height))


def overlap(one: Box, other: Box) -> float:
    """Area that two boxes share.

    Examples
    --------
    >>> overlap((0, 0, 2, 2), (1, 1, 5, 5)), overlap((0, 0, 1, 1), (2, 0, 3, 1))
    (1, 0)
    """
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0) * max(height, 0)


def place_labels(
    points: NDArray[np.float64], texts: Sequence[str], canvas: Canvas, obstacles: Sequence[Box] = ()
) -> list[str]:
    """A side for the label of every point: the one that covers least, in the order of ``SIDES``.

    Points are taken one after the other, those with near neighbours first.

    Parameters
    ----------
    points : (n_points, 2) float, on the canvas
    texts : (n_points,) labels
    canvas : sizes
    obstacles : boxes that labels should not cover, besides the points themselves: error bars, lines

    Returns
    -------
    (n_points,) keys of ``SIDES``.

    Examples
    --------
    >>> place_labels(np.array([[50.0, 50.0], [62.0, 50.0]]), ["one", "two"], Canvas(100, 100))
    ['middle left', 'middle right']
    """
    radius = 0.7 * canvas.gap
    taken = [*obstacles, *((x - radius, y - radius, x + radius, y + radius) for x, y in points)]
    sides = [""] * len(texts)
    for own in _crowded_first(points):
        x, y = points[own]
        boxes = {side: canvas.box(x, y, texts[own], side) for side in SIDES}
        hidden = {side: sum(overlap(box, each) for each in taken) for side, box in boxes.items()}
        sides[own] = min(SIDES, key=lambda side: hidden[side] + 3 * canvas.outside(boxes[side]))
        taken.append(boxes[sides[own]])
    return sides


def _crowded_first(points: NDArray[np.float64]) -> list[int]:
    away = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(away, np.inf)
    return [int(place) for place in np.argsort(away.min(axis=1, initial=np.inf), kind="stable")]


def thin_boxes(corners: NDArray[np.float64], thickness: float = 2.0) -> list[Box]:
    """The boxes around the horizontal and vertical pieces of a line.

    Parameters
    ----------
    corners : (n_corners, 2) float
    thickness : of the line
    """
    half = thickness / 2
    return [
        (min(a[0], b[0]) - half, min(a[1], b[1]) - half, max(a[0], b[0]) + half, max(a[1], b[1]) + half)
        for a, b in pairwise(corners)
    ]
