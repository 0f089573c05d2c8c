"""The picture of the method: what is drawn are the numbers that the features are made of."""

import re

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from topology_efficient_dl.data.preview import MOST_POINTS, envelope
from topology_efficient_dl.reports.level_set_figure import SET, STEPS, draw_level_sets
from topology_efficient_dl.reports.style import to_png
from topology_efficient_dl.tda.level_sets.filters import TRIPLES
from topology_efficient_dl.tda.level_sets.statistics import level_set_statistics

TITLE = re.compile(r"y = w \* x; \{y > b\}: (\d+) components, measure (\d+), longest (\d+)")


@pytest.fixture
def series():
    rng = np.random.default_rng(1)
    return (np.sin(np.linspace(0, 15, 90)) + 0.2 * rng.normal(size=90)).astype(np.float32)


def panels(figure):
    series, curve, filtered, shares = figure.axes
    return {"series": series, "curve": curve, "filtered": filtered, "shares": shares}


def title_numbers(figure):
    return tuple(map(int, TITLE.fullmatch(panels(figure)["filtered"].get_title(loc="left")).groups()))


def shown(figure):
    """The filtered series and the level of the lower left panel."""
    line, level, *_ = panels(figure)["filtered"].lines
    return np.asarray(line.get_ydata()).astype(int), int(level.get_ydata()[0])


def bars_of(figure):
    """Ends of the bars under the filtered series, (2, 2) each."""
    (bars,) = (each for each in panels(figure)["filtered"].collections if isinstance(each, LineCollection))
    assert to_hex(bars.get_color()[0]) == SET
    return bars.get_segments()


def points_of(figure):
    """Points that are drawn, over all lines and areas of all panels."""
    lines = sum(len(line.get_xdata()) for panel in figure.axes for line in panel.lines)
    areas = [path for panel in figure.axes for each in panel.collections for path in each.get_paths()]
    return lines + sum(len(path.vertices) for path in areas)


def test_there_are_four_panels_with_titles_of_their_own(series):
    figure = draw_level_sets(series)
    titles = [panel.get_title(loc="left") for panel in figure.axes]
    assert len(titles) == 4
    assert titles[0] == "A series x"
    assert len(set(titles)) == 4
    np.testing.assert_array_equal(panels(figure)["series"].lines[0].get_ydata(), series)
    assert to_png(figure, dpi=40).startswith(b"\x89PNG")


@pytest.mark.parametrize(("dilation", "column", "share"), [(4, 41, 0.6), (1, 0, 0.2), (7, 83, 0.95)])
def test_the_title_says_what_the_level_set_has(series, dilation, column, share):
    figure = draw_level_sets(series, dilation, column, share)
    values, level = shown(figure)
    found = level_set_statistics(values, level, level)
    assert title_numbers(figure) == (found["beta0"], found["measure"], found["longest"])
    assert found["measure"] == pytest.approx((1 - share) * len(series), abs=2)
    widths = [np.ptp(bar[:, 0]) for bar in bars_of(figure)]
    assert len(widths) == found["beta0"]
    assert (sum(widths), max(widths)) == (found["measure"], found["longest"])


@pytest.mark.parametrize(("dilation", "column"), [(4, 41), (1, 0)])
def test_the_filter_is_the_one_that_is_named(series, dilation, column):
    """Weight 2 at three taps and -1 at six, as the library's fixed filters have it; zeros beyond the ends."""
    values, _ = shown(figure := draw_level_sets(series, dilation, column))
    whole = np.rint(series * (STEPS / np.abs(series).max())).astype(int)
    padded = np.pad(whole, 4 * dilation)
    weights = np.where(np.isin(np.arange(9), TRIPLES[column]), 2, -1)
    expected = sum(weight * padded[tap * dilation : tap * dilation + 90] for tap, weight in enumerate(weights))
    np.testing.assert_array_equal(values, expected)
    taps = ", ".join(str(tap - 4) for tap in TRIPLES[column])
    text = " ".join(item.get_text() for item in panels(figure)["filtered"].texts)
    assert f"taps {taps}, dilation {dilation}" in text


def test_curves_count_at_every_level_and_end_at_nothing(series):
    figure = draw_level_sets(series)
    values, level = shown(figure)
    curve, shares = panels(figure)["curve"], panels(figure)["shares"]
    levels, components = curve.lines[0].get_xdata(), curve.lines[0].get_ydata()
    assert [level_set_statistics(values, int(each), int(each))["beta0"] for each in levels] == list(components)
    assert (components[0], components[-1]) == (1, 0)
    measure, longest = (line.get_ydata() for line in shares.lines[:2])
    assert [line.get_label() for line in shares.lines[:2]] == ["measure", "longest"]
    assert (measure[0], measure[-1], longest[0], longest[-1]) == (1, 0, 1, 0)
    assert (np.diff(measure) <= 0).all()
    assert (np.asarray(longest) <= measure).all()
    assert {panel.lines[-1].get_xdata()[0] for panel in (curve, shares)} == {level}


def test_the_scale_of_the_series_does_not_matter(series):
    np.testing.assert_array_equal(shown(draw_level_sets(series))[0], shown(draw_level_sets(1e4 * series))[0])


@pytest.mark.parametrize("value", [0.0, 2.5, -1e-20])
def test_a_constant_series_is_drawn(value):
    figure = draw_level_sets(np.full(60, value, np.float32))
    assert len(figure.axes) == 4
    assert to_png(figure, dpi=40).startswith(b"\x89PNG")
    if value <= 0:
        assert title_numbers(figure) == (0, 0, 0)


@pytest.mark.parametrize("length", [2, 9, 24])
def test_a_short_series_is_drawn(length):
    figure = draw_level_sets(np.arange(length, dtype=np.float32))
    assert len(shown(figure)[0]) == length
    assert title_numbers(figure)[1] <= length


def test_a_long_series_has_as_few_artists_as_a_short_one_and_keeps_its_extremes(series):
    long = np.random.default_rng(3).normal(size=100_000).astype(np.float32)
    long[[777, 55_555]] = 40, -30
    figure = draw_level_sets(long)
    assert len([*figure.findobj()]) < 1.5 * len([*draw_level_sets(series).findobj()])
    assert points_of(figure) < 8 * MOST_POINTS
    drawn = panels(figure)["series"].lines[0]
    assert len(drawn.get_xdata()) <= MOST_POINTS
    assert (drawn.get_ydata().max(), drawn.get_ydata().min()) == (40, -30)
    assert {777, 55_555} <= set(drawn.get_xdata())
    assert panels(figure)["filtered"].get_xlabel() == "time point; drawn: lowest and highest of 2,000 stretches"
    assert panels(draw_level_sets(series))["filtered"].get_xlabel() == "time point"


def test_numbers_of_a_long_series_are_those_of_all_of_it():
    long = np.random.default_rng(4).normal(size=20_000).astype(np.float32)
    whole = np.rint(long * (STEPS / np.abs(long).max())).astype(int)
    padded = np.pad(whole, 16)
    weights = np.where(np.isin(np.arange(9), TRIPLES[41]), 2, -1)
    values = sum(weight * padded[tap * 4 : tap * 4 + 20_000] for tap, weight in enumerate(weights))
    figure = draw_level_sets(long)
    above = values > shown(figure)[1]
    starts = np.flatnonzero(np.diff(np.concatenate([[False], above]).astype(int)) == 1)
    assert title_numbers(figure)[:2] == (len(starts), above.sum())
    assert 0 < len(bars_of(figure)) <= MOST_POINTS // 4 + 1


@pytest.mark.parametrize("n", [1, 2, 3, 10, 11])
def test_the_envelope_has_the_extremes_of_every_stretch_in_order(n):
    values = np.random.default_rng(n).normal(size=n)
    places, shown_values = envelope(values, most=4)
    assert (np.diff(places) >= 0).all()
    np.testing.assert_array_equal(shown_values, values[places])
    assert (shown_values.min(), shown_values.max()) == (values.min(), values.max())
