"""Compressed models over all data sets."""

from __future__ import annotations

from topology_efficient_dl.evaluation.summary import over_sets


def row(dataset: str, model: str, quality: float, params: int, latency: float | None) -> dict[str, object]:
    return {"dataset": dataset, "model": model, "f1_macro_mean": quality, "params": params, "latency_ms_b1": latency}


def test_shares_are_of_the_dense_model_of_the_same_set() -> None:
    rows = [
        row("a", "net", 0.9, 100, 2.0), row("a", "net.small", 0.8, 30, 1.0),
        row("b", "net", 0.7, 200, 4.0), row("b", "net.small", 0.6, 50, 3.0),
    ]  # fmt: skip
    dense, small = over_sets(rows)
    assert dense["params"] == (1.0, 1.0)
    assert (small["params"], small["latency_ms_b1"]) == ((0.25, 0.3), (0.5, 0.75))
    assert (small["datasets"], round(small["f1_macro_mean"], 6)) == (2, 0.7)
    assert small["flops"] is None


def test_what_is_unknown_on_one_set_is_left_out_there() -> None:
    rows = [row("a", "net", 0.9, 100, None), row("a", "net.small", 0.8, 30, 1.0), row("b", "lone.small", 0.5, 1, 1.0)]
    _, small, lone = over_sets(rows)
    assert small["latency_ms_b1"] is None
    assert lone["params"] is None
