"""Errors, intervals and verdicts of forecasts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.evaluation.bootstrap import rmse_rise, window_weights
from topology_efficient_dl.evaluation.comparisons import judge_forecasts
from topology_efficient_dl.evaluation.metrics import score_forecasts
from topology_efficient_dl.evaluation.summary import FORECAST_KEYS, as_records, read_seeds, results_table
from topology_efficient_dl.params.compression import CompressionRecipe
from topology_efficient_dl.params.forecasting import ForecastCriterion, ForecastParams
from topology_efficient_dl.params.training import EfficiencyParams
from topology_efficient_dl.reports.console import forecast_summary
from topology_efficient_dl.reports.forecast import finding_lines, render_forecasts

PARAMS = ForecastCriterion(n_bootstrap=500)
FORECAST = ForecastParams(models="net", horizon=4, evaluate=PARAMS)
RECIPES = {
    "tucker": CompressionRecipe(),
    "small": CompressionRecipe(method="small_dense"),
    "continued": CompressionRecipe(method="continued"),
}
SPREAD = {"naive": 3.0, "net": 1.0, "net.tucker": 1.0, "net.small": 2.0, "net.continued": 1.0}
SIZES = {"net": 1000, "net.tucker": 250, "net.small": 250, "net.continued": 1000}
TIMES = {"net": 1.0, "net.tucker": 0.5, "net.small": 0.5, "net.continued": 1.0}


def forecasts(seeds: tuple[int, ...] = (1, 2, 3), n_windows: int = 40, horizon: int = 4) -> pd.DataFrame:
    """Errors of one sign per cell of the table, scaled by the model's spread; the same pattern for all models."""
    rng = np.random.default_rng(0)
    pattern = {seed: rng.normal(size=(n_windows, horizon)) for seed in (0, *seeds)}
    target = rng.normal(size=(n_windows, horizon))
    tables = []
    for model, spread in SPREAD.items():
        for seed in (0,) if model == "naive" else seeds:
            cells = {
                "window": np.repeat(np.arange(n_windows), horizon),
                "step": np.tile(np.arange(horizon), n_windows),
                "target": target.ravel(),
                "forecast": (target + spread * pattern[seed]).ravel(),
            }
            tables.append(pd.DataFrame({"dataset": "d", "model": model, "seed": seed, **cells}))
    return pd.concat(tables, ignore_index=True)


def costs() -> pd.DataFrame:
    rows = [
        {"dataset": "d", "model": name, "params": SIZES[name], "flops": 10, "latency_ms_b1": time,
         "latency_ms_b64": time / 10, "rounds_b1": [time, time, 1.01 * time], "rounds_b64": [time, time, time]}
        for name, time in TIMES.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def verdicts(table: pd.DataFrame, efficiency: pd.DataFrame | None = None) -> dict[tuple[str, str], dict]:
    found = judge_forecasts(table, costs() if efficiency is None else efficiency, FORECAST, RECIPES, ["naive"], (1, 64))
    return {(each["model"], each["baseline"]): each for each in found}


def test_every_comparison_is_made_once() -> None:
    assert set(verdicts(forecasts())) == {
        ("net.tucker", "net"), ("net.small", "net"), ("net.tucker", "net.continued"), ("net.small", "net.continued"),
        ("net.tucker", "net.small"), *((name, "naive") for name in SIZES),
    }  # fmt: skip


def test_statuses_follow_from_quality_size_and_time() -> None:
    found = verdicts(forecasts())
    assert found["net.tucker", "net"]["status"] == "confirmed"
    assert found["net.tucker", "net"]["rmse_rise"] == pytest.approx(0)
    assert found["net.tucker", "net"]["params_cut"] == 0.75
    assert found["net.tucker", "net"]["latency_cut_b64"] == 0.5
    assert found["net.small", "net"]["status"] == "refuted"
    assert found["net.small", "net"]["rmse_rise_interval"] == pytest.approx([1.0, 1.0])
    assert found["net.tucker", "net.small"]["status"] == "confirmed"
    assert found["net", "naive"]["status"] == "confirmed"
    assert found["net", "naive"]["latency_cut_b1"] is None


@pytest.mark.parametrize(
    ("column", "value"), [("params", 310), ("rounds_b1", [0.71, 0.71, 0.71]), ("rounds_b64", [0.71, 0.71, 0.71])]
)
def test_one_cost_that_is_cut_too_little_refutes(column: str, value: object) -> None:
    table = costs()
    table.at[1, column] = value
    assert verdicts(forecasts(), table)["net.tucker", "net"]["status"] == "refuted"


def test_one_seed_or_no_timing_is_inconclusive() -> None:
    alone = verdicts(forecasts(seeds=(1,)))["net.tucker", "net"]
    assert (alone["status"], alone["rmse_rise_interval"]) == ("inconclusive", None)
    untimed = verdicts(forecasts(), costs().drop(columns="rounds_b64"))["net.tucker", "net"]
    assert (untimed["status"], untimed["latency_cut_b64"]) == ("inconclusive", None)


def test_seeds_must_be_those_of_the_opponent() -> None:
    table = forecasts()
    with pytest.raises(DataError, match="different seeds on 'd'"):
        verdicts(table[~((table["model"] == "net") & (table["seed"] == 2))])


def test_windows_are_drawn_in_whole_stretches() -> None:
    weights = window_weights(10, 5, 200, seed=1)
    assert weights.shape == (200, 10)
    assert (weights.sum(axis=1) == 10).all()
    for row in weights:
        rises = np.flatnonzero(np.diff(np.append(row, row[0])) > 0)
        assert len(rises) <= 2
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.25)
    assert window_weights(3, 12, 5, seed=0).tolist() == [[1.0] * 3] * 5


def test_neighbours_that_err_alike_widen_the_interval() -> None:
    """Errors that come in runs are drawn as runs: fewer of them than windows, so less is known."""
    rng = np.random.default_rng(0)
    runs = np.repeat(rng.uniform(0.2, 3.0, size=(1, 12)), 10, axis=1).repeat(3, axis=0)
    ours, theirs = runs, np.ones_like(runs)
    widths = [np.ptp(rmse_rise(ours, theirs, block, PARAMS, 0).interval) for block in (1, 10)]
    assert widths[1] > 1.5 * widths[0]


def test_an_interval_covers_spread_between_seeds() -> None:
    ours = np.ones((3, 20)) * np.array([[1.0], [1.44], [1.96]])
    found = rmse_rise(ours, np.ones((3, 20)), 4, PARAMS, 0)
    assert found.value == pytest.approx(0.2)
    assert found.low < 0.05 < 0.35 < found.high


def test_scores_and_results_are_means_over_seeds_with_cost() -> None:
    table = forecasts()
    cells = [cell for _, cell in table.groupby(["model", "seed"], sort=False)]
    scores = score_forecasts(table)
    first = cells[1]
    errors = first["forecast"] - first["target"]
    assert scores.loc[1, "rmse"] == pytest.approx(np.sqrt((errors**2).mean()))
    assert scores.loc[1, "mae"] == pytest.approx(errors.abs().mean())
    fits = scores[scores["model"] != "naive"].assign(fit_seconds=2.0)
    results = results_table(scores, costs(), fits, FORECAST_KEYS)
    assert tuple(results.columns) == FORECAST_KEYS
    rows = results.set_index("model")
    assert rows.loc["net", "seeds"] == [1, 2, 3]
    assert rows.loc["naive", "seeds"] == []
    assert np.isnan(rows.loc["naive", "rmse_std"])
    assert rows.loc["net", "rmse_mean"] == pytest.approx(scores[scores["model"] == "net"]["rmse"].mean())
    assert rows.loc["net", "mse_std"] == pytest.approx(scores[scores["model"] == "net"]["mse"].std())
    assert rows.loc["net.tucker", ["params", "latency_ms_b1", "fit_seconds"]].tolist() == [250, 0.5, 2.0]


def broken(table: pd.DataFrame, value: float) -> pd.DataFrame:
    """One forecast of one seed of net.tucker is not finite."""
    table = table.copy()
    table.loc[table[(table["model"] == "net.tucker") & (table["seed"] == 2)].index[5], "forecast"] = value
    return table


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_a_forecast_that_is_not_finite_has_no_error_and_confirms_nothing(value: float) -> None:
    table = broken(forecasts(), value)
    scores = score_forecasts(table)
    bad = scores[scores["not_finite"] > 0]
    assert bad[["model", "seed", "not_finite", "n_answers"]].values.tolist() == [["net.tucker", 2, 1, 160]]
    assert bad[["mae", "mse", "rmse"]].isna().all(axis=None)
    found = verdicts(table)
    assert found["net.tucker", "net"]["status"] == "inconclusive"
    assert found["net.tucker", "net"]["rmse_rise"] is None
    assert {each["status"] for pair, each in found.items() if "net.tucker" not in pair} == {"confirmed", "refuted"}


def test_a_mean_over_the_other_seeds_does_not_hide_a_forecast_that_is_not_finite() -> None:
    table = broken(forecasts(), np.nan)
    scores = score_forecasts(table)
    results = results_table(scores, costs(), scores[scores["model"] != "naive"].assign(fit_seconds=2.0), FORECAST_KEYS)
    row = results.set_index("model").loc["net.tucker"]
    assert np.isnan([row["rmse_mean"], row["rmse_std"]]).all()
    assert results.set_index("model").loc["net", "rmse_mean"] > 0
    card = pd.DataFrame([{"dataset": "d", "n_values": 99, "n_train": 5, "n_validation": 6, "n_test": 40, "context": 8,
                          "horizon": 4, "season": 4, "unit": "units", "source": "made here"}])  # fmt: skip
    found = list(verdicts(table).values())
    page = render_forecasts(card, results, found, ForecastParams(models="net"), EfficiencyParams())
    line = "d, net.tucker failed: 1 of 480 forecasts of 3 seeds are not finite and have no error; no verdict can be confirmed"
    assert f"- {line}." in page
    assert line in forecast_summary(results, found)


def test_a_dense_network_whose_forecasts_are_not_finite_is_named_in_the_findings() -> None:
    table = forecasts()
    table.loc[table["model"] == "net", "forecast"] = np.nan
    scores = score_forecasts(table)
    results = results_table(scores, costs(), scores[scores["model"] != "naive"].assign(fit_seconds=2.0), FORECAST_KEYS)
    found = finding_lines(as_records(results), list(verdicts(table).values()))
    assert "- d: `net` has no RMSE, since forecasts of it are not finite." in found


def test_the_page_says_whether_a_network_beats_the_naive_rule(tmp_path) -> None:
    table = forecasts()
    scores = score_forecasts(table)
    results = results_table(scores, costs(), scores[scores["model"] != "naive"].assign(fit_seconds=2.0), FORECAST_KEYS)
    results.to_csv(tmp_path / "results.csv", index=False)
    stored = pd.read_csv(tmp_path / "results.csv")
    assert read_seeds(stored)["seeds"].tolist() == results["seeds"].tolist()
    found = judge_forecasts(table, costs(), FORECAST, RECIPES, ["naive"], (1, 64))
    card = pd.DataFrame([{"dataset": "d", "n_values": 99, "n_train": 5, "n_validation": 6, "n_test": 40, "context": 8,
                          "horizon": 4, "season": 4, "unit": "units", "source": "made here"}])  # fmt: skip
    page = render_forecasts(card, stored, found, ForecastParams(models="net"), EfficiencyParams())
    assert "**d, network alone: yes with net.tucker; no with net.small.** Against net at batches 1 and 64." in page
    assert "net.small against net at batches 1 and 64, network alone. Failed: RMSE rose by 100 %, asked: " in page
    assert "against that of the best naive forecast (`naive`), " in page
    assert "; that it is no higher is confirmed." in page
    assert "| `net` | 3 | " in page
    assert "| `naive` | – | " in page
    assert "| d | `net.small` | `net` | +100.0 [100.0, 100.0] | +75.0 |" in page
    assert "at temperature" not in page
    summary = forecast_summary(stored, found)
    assert "net.tucker  net" in summary
    assert "net.continued" in summary.split("verdict")[0]
    assert "naive" not in summary.split("verdict")[1]
    assert "d, network alone: yes with net.tucker; no with net.small. Against net at batches 1 and 64." in summary
    primary = {(each["model"], each["baseline"]) for each in found if each["primary"]}
    assert primary == {("net.tucker", "net"), ("net.small", "net")}
