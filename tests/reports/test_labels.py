"""Labels: none hides another, a point or a bar while there is room."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology_efficient_dl.reports.labels import (
    SIDES,
    Canvas,
    overlap,
    place_labels,
    thin_boxes,
)

CANVAS = Canvas(400.0, 300.0)


def boxes(points, texts, sides):
    return [CANVAS.box(*point, text, side) for point, text, side in zip(points, texts, sides, strict=True)]


@given(st.integers(0, 10_000))
def test_three_labels_never_cover_each_other_on_a_wide_canvas(seed):
    points = np.random.default_rng(seed).uniform((60, 40), (340, 260), size=(3, 2))
    texts = ["first", "second", "third"]
    one, two, three = boxes(points, texts, place_labels(points, texts, CANVAS))
    assert overlap(one, two) == overlap(one, three) == overlap(two, three) == 0


@pytest.mark.parametrize(("point", "side"), [((398, 150), "middle left"), ((2, 150), "middle right")])
def test_labels_stay_on_the_canvas(point, side):
    assert place_labels(np.array([point], dtype=float), ["name"], CANVAS) == [side]


def test_a_bar_is_left_free():
    bar = thin_boxes(np.array([[200.0, 150.0], [390.0, 150.0]]))
    assert place_labels(np.array([[200.0, 150.0]]), ["name"], CANVAS, bar) == ["middle left"]


def test_every_point_has_a_side_and_no_points_have_none():
    points = np.full((12, 2), 200.0)
    assert set(place_labels(points, ["same"] * 12, CANVAS)) <= set(SIDES)
    assert place_labels(np.empty((0, 2)), [], CANVAS) == []
    assert thin_boxes(np.empty((0, 2))) == []
