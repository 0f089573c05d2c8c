"""`scaling_betti` through the command line: two tables and a page, and no cells."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from topology_efficient_dl.studies import growth

GROWING = """
growth: {lengths: [40, 20], rounds: 2, numbers: [300, 30], length: 20}
"""


@pytest.fixture(scope="module")
def growing(make_project: Callable):
    """A project with an environment for few and short series."""
    project = make_project()
    project.environment("growing", GROWING)
    return project


@pytest.mark.parametrize("option", ["--pipeline", "--pipelines"])
def test_growth_is_tabulated_and_told(growing, option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def peak(*request: str) -> SimpleNamespace:
        asked.append(request)
        return SimpleNamespace(over_libraries_mb=12.5)

    monkeypatch.setattr(growth, "peak_rss_mb", peak)  # a fresh process each; the smoke run has them
    result = growing.run(option, "scaling_betti", env="growing")
    assert (result.code, result.cells) == (0, {}), result.output
    assert len(asked) == 2
    lengths = growing.load("scaling_betti.growth_by_length", "growing")
    assert lengths["n_timepoints"].tolist() == [20, 40]
    assert (lengths["ms_median"] > 0).all()
    ratio = lengths["ms_median"][1] / lengths["ms_median"][0]
    assert np.isnan(lengths["growth"][0])
    assert lengths["growth"][1] == pytest.approx(np.log2(ratio))
    numbers = growing.load("scaling_betti.growth_by_number", "growing")
    assert numbers["n_series"].tolist() == [30, 300]
    np.testing.assert_allclose(numbers["us_per_series"], 1e6 * numbers["seconds"] / numbers["n_series"])
    assert (numbers["peak_mb"] == 12.5).all()
    page = growing.load("scaling_betti.report_markdown", "growing")
    assert page.startswith("# Growth of level-set inference\n")
    assert "median of 2 rounds" in page
    assert all(f"\n| {first} | " in page for first in ("n_timepoints", "20", "40", "n_series", "30", "300"))
