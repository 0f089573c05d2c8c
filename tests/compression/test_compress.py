"""Trained networks made smaller and trained on, by every method; what the card says; what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from topology_efficient_dl.collections.keys import CellKey, dense_key, normal_key, variant_of
from topology_efficient_dl.compression.compress import (
    compress,
    layers_table,
    sample_of,
)
from topology_efficient_dl.compression.peers import _without_channels, narrowed
from topology_efficient_dl.compression.tuning import tune
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.evaluation.answers import headlines
from topology_efficient_dl.evaluation.comparisons import judge_compression
from topology_efficient_dl.evaluation.costs import measure_costs
from topology_efficient_dl.models.registry import build_model, find_architecture
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.compression import AS_LARGE_AS_DENSE, CompressionParams, CompressionRecipe
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import EfficiencyParams, EvaluateParams, TrainParams
from topology_efficient_dl.reports.recipes import recipe_words
from topology_efficient_dl.tasks.series import SeriesClasses
from topology_efficient_dl.tasks.task import fit

TRAIN = TrainParams(max_epochs=3, min_epochs=1, batch_size=8)
QUICK = EfficiencyParams(rounds=2, min_run_seconds=0.002, batch_sizes=(1, 4), memory=False)
NETWORKS: dict[str, dict[str, Any]] = {
    "inception_time": {"filters": 8, "bottleneck": 8, "depth": 3, "kernel_size": 8},
    "fcn": {"filters": (8, 16, 8)},
    "resnet": {"filters": (8, 16, 16)},
    "gru": {"hidden": 12, "layers": 2},
    "transformer": {"width": 16, "heads": 2, "depth": 1, "feed_forward": 64},
    "tcn": {},
}
TUNE = {"epochs": 2}


@pytest.fixture(scope="module")
def split() -> Split:
    rng = np.random.default_rng(0)
    sizes = {"train": 8, "validation": 3, "test": 4}
    labels = {part: np.tile(np.array([0, 1], dtype=np.int64), n) for part, n in sizes.items()}
    wave = np.sin(np.linspace(0, 6, 30))
    series = {
        part: (codes[:, None, None] * wave + 0.1 * rng.standard_normal((len(codes), 1, 30))).astype(np.float32)
        for part, codes in labels.items()
    }
    return Split("toy", series, labels, ("a", "b"), "made here")


@pytest.fixture(scope="module")
def dense(split: Split) -> dict[str, TrainedModel]:
    return {
        name: fit(SeriesClasses(split), ModelSpec(architecture=name, size="small", options=options), 42, TRAIN)
        for name, options in NETWORKS.items()
    }


def shrunk(model: TrainedModel, split: Split, **recipe: Any) -> tuple[TrainedModel, CompressionRecipe]:
    full = CompressionRecipe(**{"keep": 0.5, "multiple": 1, "fine_tune": TUNE, **recipe})
    return compress(model, full, "small", sample_of(split, full.latency_batch), QUICK), full


def logits(model: TrainedModel, split: Split) -> torch.Tensor:
    with torch.inference_mode():
        return model.module()(torch.from_numpy(split.series["test"]))


@pytest.mark.parametrize(
    ("name", "recipe"),
    [
        *((name, {"method": "svd"}) for name in NETWORKS if name not in ("gru", "tcn")),
        ("gru", {"method": "svd", "keep": 0.8}),
        ("inception_time", {"method": "tucker"}),
        ("inception_time", {"method": "tucker", "joint": False}),
        ("fcn", {"method": "tt"}),
        ("fcn", {"method": "cp", "joint": False}),
        ("transformer", {"method": "tt", "layers": ("ffn",), "rank": 2}),
        ("gru", {"method": "tucker", "layers": ("recurrent",), "rank": 3}),
        ("inception_time", {"method": "tucker", "schedule": "increasing", "stages": (0.5, 1.0)}),
        *((name, {"method": "prune_weights"}) for name in NETWORKS if name != "tcn"),
        *((name, {"method": "small_dense"}) for name in NETWORKS if name != "tcn"),
        ("fcn", {"method": "small_dense", "fine_tune": {"distillation": 0.0}}),
        *((name, {"method": "prune_channels"}) for name in ("inception_time", "fcn", "resnet")),
        ("tcn", {"method": "svd"}),
        ("tcn", {"method": "tucker", "joint": False}),
        ("fcn", {"method": "continued"}),
        *((name, {"method": "lora"}) for name in ("inception_time", "transformer")),
        *((name, {"method": "int8"}) for name in ("gru", "transformer", "fcn")),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
def test_every_method_makes_a_model_that_is_stored_trained_on_and_measured(
    name: str, recipe: dict[str, Any], dense: dict[str, TrainedModel], split: Split
) -> None:
    small, full = shrunk(dense[name], split, **recipe)
    assert small.card["model"] == f"{name}.small"
    tuned = tune(small, dense[name], SeriesClasses(split), full, TRAIN)
    again = TrainedModel.from_bytes(tuned.to_bytes())
    torch.testing.assert_close(logits(again, split), logits(tuned, split))
    assert again.card["compression"]["base"] == name
    costs = {
        row["model"]: row
        for row in measure_costs(({"a": dense[name], "b": tuned}, split), QUICK.model_copy(update={"merge": True}))
    }
    if recipe["method"] not in AS_LARGE_AS_DENSE:
        assert costs[f"{name}.small"]["params"] < costs[name]["params"]
        assert tuned.card["n_params"] - tuned.card["compression"].get("zeros", 0) < dense[name].card["n_params"]
    if "rank" not in recipe and recipe["method"] not in AS_LARGE_AS_DENSE:
        kept = tuned.card["n_params"] - tuned.card["compression"].get("zeros", 0)
        assert kept <= recipe.get("keep", 0.5) * dense[name].card["n_params"]


def test_pruned_weights_stay_zero_and_their_number_is_that_of_the_budget(
    dense: dict[str, TrainedModel], split: Split
) -> None:
    small, full = shrunk(dense["fcn"], split, method="prune_weights")
    tuned = tune(small, dense["fcn"], SeriesClasses(split), full, TRAIN)
    zeros = sum(int((weight == 0).sum()) for name, weight in tuned.weights.items() if weight.ndim > 1)
    assert zeros >= tuned.card["compression"]["zeros"]
    assert dense["fcn"].card["n_params"] - zeros <= 0.5 * dense["fcn"].card["n_params"]


def test_adapters_change_nothing_but_what_they_adapt(dense: dict[str, TrainedModel], split: Split) -> None:
    small, full = shrunk(dense["fcn"], split, method="lora", rank=1)
    tuned = tune(small, dense["fcn"], SeriesClasses(split), full, TRAIN)
    assert tuned.weights.keys() == dense["fcn"].weights.keys()
    changed = {name for name, weight in tuned.weights.items() if not torch.equal(weight, dense["fcn"].weights[name])}
    assert {f"{name}.weight" for name in small.card["compression"]["adapted"]} <= changed
    assert "head.weight" not in changed
    name = small.card["compression"]["adapted"][1]
    update = (tuned.weights[f"{name}.weight"] - dense["fcn"].weights[f"{name}.weight"]).flatten(1)
    assert int(torch.linalg.matrix_rank(update, rtol=1e-3)) == 1


def test_layers_that_would_be_slower_stay_dense(dense: dict[str, TrainedModel], split: Split) -> None:
    small, _ = shrunk(dense["fcn"], split, method="cp", rank=1, leave_slower_dense=True)
    table = layers_table([small])
    assert list(table["layer"]) == ["body.0.0", "body.1.0", "body.2.0"]
    assert (table["left_dense"] != "").eq(table["ranks"] == "").all()


def test_energy_and_rank_come_before_the_budget(dense: dict[str, TrainedModel], split: Split) -> None:
    by_energy, _ = shrunk(dense["inception_time"], split, method="tucker", energy=1.0)
    torch.testing.assert_close(logits(by_energy, split), logits(dense["inception_time"], split), atol=1e-3, rtol=1e-3)
    by_rank, _ = shrunk(dense["inception_time"], split, method="tucker", rank=1, energy=1.0)
    assert {rank for layer in by_rank.card["compression"]["layers"] for rank in layer["ranks"] or [1]} == {1}


def test_adapters_start_from_the_seed(dense: dict[str, TrainedModel], split: Split) -> None:
    small, full = shrunk(dense["fcn"], split, method="lora")
    torch.manual_seed(7)
    first = tune(small, dense["fcn"], SeriesClasses(split), full, TRAIN)
    torch.manual_seed(8)
    second = tune(small, dense["fcn"], SeriesClasses(split), full, TRAIN)
    assert all(torch.equal(first.weights[name], second.weights[name]) for name in first.weights)


def test_channels_stay_multiples(dense: dict[str, TrainedModel], split: Split) -> None:
    small, _ = shrunk(dense["fcn"], split, method="prune_channels", multiple=4)
    outputs = [widths[1] for name, widths in small.card["compression"]["widths"].items() if len(widths) == 3]
    assert all(width % 4 == 0 for width in outputs)


def test_a_causal_network_stays_causal(dense: dict[str, TrainedModel], split: Split) -> None:
    small, _ = shrunk(dense["tcn"], split, method="svd")
    network = small.module()
    series = torch.from_numpy(split.series["test"][:1]).clone()
    assert network(series).isfinite().all()
    kinds = {type(layer).__name__ for layer in network.modules()}
    assert "CausalConv1d" in kinds
    with pytest.raises(ParameterError, match="computed from others"):
        shrunk(dense["tcn"], split, method="prune_weights")


def test_a_small_network_that_normalises_its_input_does_so_when_it_is_trained(split: Split) -> None:
    spec = ModelSpec(architecture="fcn", size="small", options=NETWORKS["fcn"], normalise=True)
    normalised = fit(SeriesClasses(split), spec, 42, TRAIN)
    small, full = shrunk(normalised, split, method="small_dense")
    tuned = tune(small, normalised, SeriesClasses(split), full, TRAIN)
    torch.testing.assert_close(
        tuned.predictor()(split.series["test"]), tuned.predictor()(3 * split.series["test"] + 1), atol=1e-4, rtol=1e-3
    )


def test_training_does_not_enter_what_a_compressed_network_depends_on() -> None:
    first, second = CompressionRecipe(fine_tune={"epochs": 5}), CompressionRecipe(fine_tune={"epochs": 6})
    assert first.without_tuning() == second.without_tuning()
    assert first.without_tuning() != CompressionRecipe(keep=0.4).without_tuning()


def test_narrowed_options_keep_their_steps() -> None:
    card = {
        "architecture": "transformer", "size": "medium", "options": {"feed_forward": 256},
        "n_channels": 1, "n_timepoints": 40, "n_classes": 2, "n_features": None, "members": 1,
    }  # fmt: skip
    found = narrowed(find_architecture("transformer"), card, 20_000)
    assert found["width"] % 8 == found["feed_forward"] % 8 == 0
    with pytest.raises(ParameterError, match="has more than 10 parameters"):
        narrowed(find_architecture("transformer"), card, 10)
    with pytest.raises(ParameterError, match="has no widths"):
        narrowed(find_architecture("tcn"), {**card, "architecture": "tcn", "options": {}}, 1000)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"method": "tucker", "keep": 0.01}, r"fcn.small on toy: keep 0.01 cannot be met"),
        ({"method": "tucker", "rank": 500}, r"fcn.small on toy: rank 500 is above the dimensions"),
        ({"method": "tucker", "layers": ("ffn",)}, "no ffn layers that 'tucker' can factorise; it has: conv, linear"),
        ({"method": "prune_weights", "keep": 0.01}, "are no matrices"),
        ({"method": "small_dense", "keep": 0.001}, "the narrowest 'fcn' has more than"),
        ({"method": "svd", "latency": 0.01, "layers": ("conv",)}, "latency 0.01 cannot be met"),
    ],
)
def test_refusals_name_model_and_set(
    recipe: dict[str, Any], message: str, dense: dict[str, TrainedModel], split: Split
) -> None:
    with pytest.raises(ParameterError, match=message):
        shrunk(dense["fcn"], split, **recipe)


def test_ensembles_are_refused(dense: dict[str, TrainedModel], split: Split) -> None:
    model = TrainedModel(dense["fcn"].card | {"members": 2}, dense["fcn"].weights)
    with pytest.raises(ParameterError, match="'fcn' is an ensemble"):
        shrunk(model, split)


def test_weights_that_are_not_finite_are_refused(dense: dict[str, TrainedModel], split: Split) -> None:
    weights = {name: value.clone() for name, value in dense["fcn"].weights.items()}
    weights["body.1.0.weight"][0, 0, 0] = float("nan")
    with pytest.raises(DataError, match=r"body.1.0.weight: 1 of"):
        shrunk(TrainedModel(dense["fcn"].card, weights), split, joint=True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"method": "tucker2"}, "method"),
        ({"stages": [0.5, 0.75]}, "rising shares"),
        ({"variants": {"a.b": {}}}, "variants.a.b: the name holds '.'"),
        ({"variants": {"a": None}}, "every one is null"),
        ({"variants": {"a": {"kep": 0.3}}}, "did you mean 'keep'"),
        ({"layers": "convolution"}, "layers"),
        ({"schedule": "increasing", "fine_tune": {"epochs": 2}}, "fewer than the 3 stages"),
    ],
)
def test_wrong_parameters_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CompressionParams(**values)


def test_variants_override_field_by_field() -> None:
    params = CompressionParams(layers="conv ffn", rank=8, variants={"a": {}, "b": {"fine_tune": {"epochs": 7}}})
    recipes = params.recipes()
    assert recipes["a"].layers == ("conv", "ffn")
    assert recipes["b"].fine_tune.epochs == 7
    assert recipes["b"].fine_tune.temperature == recipes["a"].fine_tune.temperature
    assert "rank 8" in recipe_words(recipes["a"])


def test_null_leaves_a_variant_out_and_others_may_be_for_some_models() -> None:
    params = CompressionParams(variants={"a": None, "b": {"models": ["fcn", "gru"]}, "c": {}})
    assert list(params.recipes()) == ["b", "c"]
    assert [params.takes("b", name) for name in ("fcn", "resnet")] == [True, False]
    assert params.takes("c", "resnet")


def test_channels_of_networks_on_long_series_are_pruned() -> None:
    """From 256 samples on long kernels run in pieces, which the pruner once took for channels."""
    torch.manual_seed(0)
    network = build_model("inception_time", "small", {}, n_channels=1, n_timepoints=300, n_classes=2).eval()
    small = _without_channels(network, torch.zeros(2, 1, 300), 0.5, 4)
    assert sum(each.numel() for each in small.parameters()) < 0.5 * sum(each.numel() for each in network.parameters())


def test_keys() -> None:
    assert dense_key("set/net.with.dots/1") == "set/net.with/1"
    assert variant_of("set/net.with.dots/1") == "dots"
    assert variant_of("set/net/1") is None
    assert normal_key("set/net/1/tucker") == str(CellKey("set", "net", 1, "tucker")) == "set/net.tucker/1"
    assert CellKey.parse("set/net.tucker/-1") == CellKey("set", "net", -1, "tucker")
    for wrong in ("set", "set/net", "set/net/one", "set/net/1/tucker/more"):
        with pytest.raises(ValueError, match=f"'{wrong}' is no key of a cell, expected <dataset>/<model>"):
            CellKey.parse(wrong)


def test_verdicts_are_against_the_dense_model_and_peers_at_every_batch_size() -> None:
    rng = np.random.default_rng(0)
    models, seeds = ["net", "net.tucker", "net.pruned"], [1, 2, 3]
    labels = np.tile([0, 1], 30)
    predictions = pd.concat(
        pd.DataFrame({"dataset": "toy", "model": model, "seed": seed, "index": range(60), "label": labels,
                      "predicted": np.where(rng.uniform(size=60) < (0.3 if model == "net.pruned" else 0.02), 1 - labels, labels)})
        for model in models
        for seed in seeds
    )  # fmt: skip
    scores = pd.DataFrame(
        [
            {
                "dataset": "toy",
                "model": model,
                "seed": seed,
                "f1_macro": float((cell["label"] == cell["predicted"]).mean()),
            }
            for (model, seed), cell in predictions.groupby(["model", "seed"], sort=False)
        ]
    )
    times = {"net": 2.0, "net.tucker": 1.0, "net.pruned": 2.0}
    efficiency = pd.DataFrame(
        [
            {"dataset": "toy", "model": model, "params": 100 if model == "net" else 25, "peak_memory_mb": 1.0,
             "rounds_b1": [times[model] * (1 + 0.01 * k) for k in range(5)], "rounds_b4": [2.0] * 5}
            for model in models
        ]
    )  # fmt: skip
    recipes = {"tucker": CompressionRecipe(), "pruned": CompressionRecipe(method="prune_weights")}
    evaluate = EvaluateParams(n_bootstrap=200, min_params_cut=0.7, max_f1_drop_pp=20)
    found = judge_compression(scores, efficiency, predictions, evaluate, ["net"], recipes, (1, 4))
    by = {(each["dataset"], each["baseline"], each["latency_batch"]): each for each in found}
    assert by["toy", "net", 1]["status"] == "confirmed"
    assert by["toy", "net", 4]["status"] == "refuted"
    assert by["toy", "net.pruned", 1]["status"] == "confirmed"
    assert by["toy", "net.pruned", 1]["criterion"] == "macro-F1 is no lower and latency rises by at most 5 %"
    assert {each["model"] for each in found} == {"net.tucker"}
    assert {(each["baseline"], each["latency_batch"]) for each in found if each["primary"]} == {("net", 1)}
    assert [line.answer for line in headlines(found)] == ["Preprocessing included: yes with net.tucker."]
    other = evaluate.model_copy(update={"latency_batch": 4, "latency_of": "model"})
    efficiency = efficiency.assign(model_rounds_b1=efficiency["rounds_b1"], model_rounds_b4=efficiency["rounds_b1"])
    found = judge_compression(scores, efficiency, predictions, other, ["net"], recipes, (1, 4))
    assert {(each["baseline"], each["latency_batch"], each["latency_of"]) for each in found if each["primary"]} == {
        ("net", 4, "model")
    }
    assert [line.answer for line in headlines(found)] == [
        "Network alone: yes with net.tucker.",
        "Preprocessing included: no with net.tucker.",
    ]
    eight_bits = judge_compression(
        scores, efficiency, predictions, evaluate, ["net"], recipes | {"pruned": CompressionRecipe(method="int8")}, (1,)
    )
    criteria = {each["baseline"]: each["criterion"] for each in eight_bits}
    assert criteria["net.pruned"] == criteria["net"]
    low_rank = judge_compression(
        scores, efficiency, predictions, evaluate, ["net"], recipes | {"pruned": CompressionRecipe(method="svd")}, (1,)
    )
    pairs = {(each["model"], each["baseline"]) for each in low_rank}
    assert pairs == {("net.tucker", "net"), ("net.pruned", "net"), ("net.tucker", "net.pruned")}
