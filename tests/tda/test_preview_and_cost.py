"""The figure of a diagram, and operation counts that are never a false zero."""

from __future__ import annotations

import numpy as np
import pytest

from topology_efficient_dl.params.series import TdaRecipe
from topology_efficient_dl.tda.cost import extraction_flops
from topology_efficient_dl.tda.diagrams import PersistenceDiagrams, canonical_diagram
from topology_efficient_dl.tda.preview import diagram_figure
from topology_efficient_dl.tda.vectorization import VECTORIZERS

ROUTES = [
    {},
    {"max_points": 10},
    {"filtration": "alpha"},
    {"delay": "auto"},
    {"embedding": "sliding_window"},
    {"embedding": "spectrogram", "filtration": "cubical"},
]


def test_figure_shows_every_interval_and_marks_infinity():
    diagram = canonical_diagram([0.0, 0.0, 1.0], [np.inf, 2.0, 3.0], [0, 0, 1])
    figure = diagram_figure(PersistenceDiagrams.from_samples([diagram]))
    points = {trace.name: trace for trace in figure.data if trace.mode == "markers"}
    assert {name: len(trace.x) for name, trace in points.items()} == {"H0": 2, "H1": 1}
    line = figure.layout.shapes[0].y0
    assert line > 3
    assert max(points["H0"].y) == line
    assert figure.layout.annotations[0].text == "never dies"


def test_figure_of_nothing_and_of_no_essential_class():
    empty = canonical_diagram([], [], [])
    finite = canonical_diagram([0.0], [1.0], [1])
    diagrams = PersistenceDiagrams.from_samples([empty, finite])
    assert not diagram_figure(diagrams, 0).layout.shapes
    assert not diagram_figure(diagrams, 1).layout.shapes
    with pytest.raises(IndexError, match="sample 2 of 2"):
        diagram_figure(diagrams, 2)


@pytest.mark.parametrize("route", ROUTES)
def test_data_dependent_costs_are_none_with_a_reason(route):
    count = extraction_flops(TdaRecipe(**route), 1, 100)
    assert count.flops is None
    assert "depends on the data" in count.reason


def test_countable_parts_are_in_the_reason():
    assert "90 points take 36045 operations" in extraction_flops(TdaRecipe(), 1, 100).reason
    assert "10 points take 405 operations" in extraction_flops(TdaRecipe(max_points=10), 1, 100).reason
    assert "69 points" in extraction_flops(TdaRecipe(embedding="sliding_window"), 1, 100).reason


@pytest.mark.parametrize("kind", sorted(VECTORIZERS))
@pytest.mark.parametrize("filtration", ["sublevel", "superlevel"])
def test_level_set_costs_are_positive_bounds_that_grow_with_channels(kind, filtration):
    recipe = TdaRecipe(embedding="series", filtration=filtration, homology_dimensions=(0,), vectorization=kind)
    one, two = (extraction_flops(recipe, channels, 100) for channels in (1, 2))
    if kind in ("giotto_image", "giotto_amplitude"):
        assert one.flops is None
        assert kind in one.reason
        return
    assert 0 < one.flops < two.flops
    assert one.reason.startswith("upper bound: at most 50 bars")
