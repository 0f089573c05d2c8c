"""Factorised feed-forward parts against dense ones: rows, crossing points, figure and page."""

from __future__ import annotations

import pandas as pd
import pytest
import torch

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.compression import CrossingParams
from topology_efficient_dl.params.training import EfficiencyParams
from topology_efficient_dl.studies.crossing import (
    crossing_page,
    crossings,
    draw_crossing,
    measure_crossing,
)

QUICK = EfficiencyParams(rounds=2, min_run_seconds=0.001)
PARAMS = CrossingParams(ranks=(2, 4, 1000), batches=(1, 3), tokens=5)


@pytest.mark.parametrize("method", ["tt", "svd", "tucker"])
def test_every_rank_that_makes_the_part_smaller_is_timed(method: str) -> None:
    rows = measure_crossing((method, 16), PARAMS, QUICK)
    assert {(row["rank"], row["batch"]) for row in rows} >= {(2, 1), (2, 3), (4, 1), (4, 3)}
    assert all(row["rank"] < 1000 for row in rows), "above the dimensions"
    assert all(0 < row["params_share"] < 1 for row in rows)
    assert all(row["ratio"] > 0 and row["dense_ms"] > 0 for row in rows)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"efficiency\.device is 'cuda'"):
        measure_crossing(("tt", 16), PARAMS, QUICK.model_copy(update={"device": "cuda"}))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_on_a_gpu_every_rank_is_timed_there() -> None:
    rows = measure_crossing(("svd", 16), PARAMS, QUICK.model_copy(update={"device": "cuda"}))
    assert {row["rank"] for row in rows} == {2, 4}


def points() -> pd.DataFrame:
    def point(rank: int, batch: int, ratio: float) -> dict[str, object]:
        return {
            "method": "tt", "width": 16, "rank": rank, "batch": batch, "tokens": 5, "params_share": rank / 100,
            "flops_share": rank / 10, "ratio": ratio, "ratio_low": ratio - 0.1, "ratio_high": ratio + 0.1, "dense_ms": 1.0,
        }  # fmt: skip

    return pd.DataFrame([point(4, 1, 0.5), point(8, 1, 0.9), point(16, 1, 1.5), point(4, 64, 1.1)])


def test_the_crossing_is_the_largest_rank_that_is_no_slower() -> None:
    found = crossings(points())
    assert found["largest_rank"].tolist()[0] == 8
    assert pd.isna(found["largest_rank"].tolist()[1])


def test_page_and_figure() -> None:
    page = crossing_page(points(), PARAMS, EfficiencyParams())
    assert "| tt | 16 | 1 | 8 | 8.0% | 0.90 |" in page
    assert "| tt | 16 | 64 | none | – | – |" in page
    assert len(draw_crossing(points()).axes) == 2
