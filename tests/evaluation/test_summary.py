"""The contract of a results row."""

import json

import numpy as np
import pytest

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.evaluation.summary import RESULT_KEYS, as_records, results_table

CONTRACT = (
    "dataset, model, seeds, accuracy_mean, accuracy_std, f1_macro_mean, f1_macro_std, auroc_mean, params, flops, latency_ms_b1,"
    " latency_ms_b64, model_latency_ms_b1, throughput, peak_memory_mb, fit_seconds"
)


def test_keys_are_the_contract():
    assert ", ".join(RESULT_KEYS) == CONTRACT


def test_means_and_sample_deviations(experiment):
    scores = experiment["scores"]
    table = results_table(scores, experiment["efficiency"], experiment["fits"])
    assert tuple(table.columns[: len(RESULT_KEYS)]) == RESULT_KEYS
    row = table[(table.dataset == "Beta") & (table.model == "ph_mlp")].iloc[0]
    values = scores[(scores.dataset == "Beta") & (scores.model == "ph_mlp")]["f1_macro"]
    assert row["f1_macro_mean"] == pytest.approx(values.mean())
    assert row["f1_macro_std"] == pytest.approx(np.std(values, ddof=1))
    assert row["seeds"] == [42, 123, 456]
    assert row["f1_per_ms"] == pytest.approx(row["f1_macro_mean"] / row["latency_ms_b1"])
    assert row["f1_per_mflop"] == pytest.approx(row["f1_macro_mean"] / 4.0)


def test_one_seed_has_no_deviation_and_unknown_costs_are_null(experiment):
    scores = experiment["scores"].query("seed == 42")
    costs = experiment["efficiency"].assign(flops=None, flops_reason="compiled code").drop(columns="latency_ms_b1")
    record = as_records(results_table(scores, costs, experiment["fits"]))[0]
    assert record["f1_macro_std"] is None
    assert (record["flops"], record["flops_reason"], record["f1_per_mflop"]) == (None, "compiled code", None)
    assert (record["latency_ms_b1"], record["f1_per_ms"]) == (None, None)


def test_records_are_json_with_plain_numbers(experiment):
    records = as_records(results_table(experiment["scores"], experiment["efficiency"], experiment["fits"]))
    assert json.loads(json.dumps(records, allow_nan=False)) == records
    assert isinstance(records[0]["params"], int)
    assert isinstance(records[0]["flops"], int)


def test_a_model_that_was_never_measured_keeps_its_scores(experiment):
    costs = experiment["efficiency"].query("model != 'ph_mlp'")
    table = results_table(experiment["scores"], costs, experiment["fits"].query("model != 'ph_mlp'"))
    assert len(table) == 6
    assert table.query("model == 'ph_mlp'")["params"].isna().all()


def test_missing_columns_are_named(experiment):
    with pytest.raises(DataError, match="'fits' lacks fit_seconds"):
        results_table(experiment["scores"], experiment["efficiency"], experiment["fits"].drop(columns="fit_seconds"))
