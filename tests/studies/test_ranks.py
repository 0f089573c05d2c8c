"""The curve over ranks: shares, elasticities, turning ranks, figure and page."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from topology_efficient_dl.params.compression import CompressionRecipe
from topology_efficient_dl.studies.ranks import (
    draw_rank_curve,
    rank_curve,
    rank_page,
    turning_rank,
)

RECIPES = {
    "r4": CompressionRecipe(method="tucker", rank=4, layers=("conv",)),
    "r8": CompressionRecipe(method="tucker", rank=8, layers=("conv",)),
    "rising": CompressionRecipe(method="tucker", rank=8, layers=("conv",), schedule="increasing"),
    "budget": CompressionRecipe(method="tucker"),
}


def row(model: str, flops: float, b1: float, b64: float) -> dict[str, object]:
    return {
        "dataset": "Toy", "model": model, "f1_macro_mean": 0.9, "f1_macro_std": 0.01, "params": flops / 10,
        "flops": flops, "latency_ms_b1": b1, "latency_ms_b64": b64,
    }  # fmt: skip


@pytest.fixture
def curve() -> pd.DataFrame:
    results = pd.DataFrame(
        [
            row("net", 1000, 10.0, 10.0),
            row("net.r8", 500, 5.0, 9.0),
            row("net.r4", 250, 4.9, 8.5),
            row("net.rising", 500, 5.0, 9.0),
            row("net.budget", 300, 4.0, 4.0),
            row("other", 10, 1.0, 1.0),
        ]
    )
    return rank_curve(results, RECIPES, ["net", "absent"])


def test_shares_and_elasticities_are_of_the_next_larger_rank(curve: pd.DataFrame) -> None:
    assert curve["series"].tolist() == ["tucker of conv"] * 2 + ["tucker of conv, ranks rising", "dense"]
    least, larger = curve.iloc[0], curve.iloc[1]
    assert least["flops_share"] == 0.25
    assert least["latency_ms_b1_share"] == pytest.approx(0.49)
    assert least["elasticity_b1"] == pytest.approx(np.log(5 / 4.9) / np.log(2))
    assert larger["elasticity_b1"] == pytest.approx(1.0), "against the dense model"


def test_time_stops_following_at_the_largest_rank_from_which_no_step_pays(curve: pd.DataFrame) -> None:
    one = curve[curve["series"] == "tucker of conv"]
    assert turning_rank(one, "b1") == 4
    assert turning_rank(one, "b64") == 8
    assert turning_rank(one.assign(elasticity_b1=[1.0, 1.0]), "b1") is None


def test_steps_that_save_no_arithmetic_have_no_say() -> None:
    curve = pd.DataFrame({"rank": [4, 8, 64], "elasticity_b1": [0.2, 0.9, np.nan], "elasticity_b64": [np.nan] * 3})
    assert turning_rank(curve, "b1") == 4
    assert turning_rank(curve, "b64") is None


def test_page_and_figure(curve: pd.DataFrame) -> None:
    page = rank_page(curve)
    assert "| Toy | net | tucker of conv | 4 | 8 |" in page
    assert "| Toy | net | dense | – | 0.900 ± 0.010 |" in page
    assert len(draw_rank_curve(curve).axes) == 3


def test_a_run_without_ranks_says_so() -> None:
    empty = rank_curve(pd.DataFrame([row("net", 1000, 10.0, 10.0)]), {"budget": RECIPES["budget"]}, ["net"])
    assert empty.empty
    assert "No recipe of this run has a rank" in draw_rank_curve(empty).texts[0].get_text()
    assert rank_page(empty).startswith("# Ranks")
