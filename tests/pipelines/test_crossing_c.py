"""`crossing_c` and `ranks_c` through the command line: tables, figures and pages, and where they are published."""

from __future__ import annotations

from collections.abc import Callable

import pytest

SMALL = """
crossing: {methods: [tt, svd], widths: [16, 32], ranks: [2, 4], tokens: 4, batches: [1, 2]}
efficiency: {rounds: 2, min_run_seconds: 0.002, memory: false}
parallel: {backend: sequential}
track_c: {datasets: [Toy], models: [fcn, transformer], seeds: [1], train: {max_epochs: 2, min_epochs: 1}, evaluate: {n_bootstrap: 200}}
zoo:
  fcn: {architecture: fcn, size: small, options: {filters: [8, 16, 8]}}
  transformer: {architecture: transformer, size: small}
compression:
  multiple: 1
  joint: false
  fine_tune: {epochs: 1}
  variants:
    compressed: null
    low_rank: null
    pruned_weights: null
    pruned_channels: null
    continued: null
    small: null
    small_distilled: null
    int8: null
    conv_2: {method: tucker, layers: [conv], rank: 2, models: fcn}
    conv_4: {method: tucker, layers: [conv], rank: 4, models: fcn}
    ffn_2: {method: tt, layers: [ffn], rank: 2, models: transformer}
"""


@pytest.fixture(scope="module")
def project(make_project: Callable):
    """A project in which both pipelines were run once."""
    made = make_project()
    made.toy()
    made.environment("small", SMALL)
    for pipeline in ("crossing_c", "ranks_c"):
        result = made.run("--pipelines", pipeline, env="small")
        assert result.code == 0, result.output
    return made


def test_every_method_width_rank_and_batch_is_a_row(project) -> None:
    table = project.load("crossing_c.crossing_table", "small")
    assert len(table) == 2 * 2 * 2 * 2
    assert "largest rank that is no slower" in project.load("crossing_c.report_markdown", "small")
    again = project.run("--pipelines", "crossing_c", env="small")
    assert set(again.todo.values()) == {0}


def test_variants_are_made_of_the_models_they_are_for(project) -> None:
    table = project.load("track_c.rank_table", "small")
    ranked = table[table["rank"].notna()]
    assert list(zip(ranked["model"], ranked["rank"], strict=True)) == [("fcn", 2), ("fcn", 4), ("transformer", 2)]
    assert "turning rank" in project.load("track_c.rank_report", "small")
    assert set(project.load("track_c.results", "small")["model"]) == {
        "fcn", "transformer", "fcn.conv_2", "fcn.conv_4", "transformer.ffn_2"
    }  # fmt: skip
