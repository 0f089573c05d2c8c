"""Each sentence of a report stands where it is true of the run, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.graph_tasks import contacts, graph_set, official

from topology_efficient_dl.data.graphs.task import describe_task
from topology_efficient_dl.data.split import Split, split_from_arrays, split_to_arrays
from topology_efficient_dl.data.summary import data_card
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.compression import CompressionParams, CompressionRecipe, CrossingParams
from topology_efficient_dl.params.models import ModelSpec, Transforms
from topology_efficient_dl.params.training import EfficiencyParams, EvaluateParams, TrainParams
from topology_efficient_dl.reports.conditions import fitting_conditions, interval_limit
from topology_efficient_dl.reports.context import RunSettings, RunTables, report_context
from topology_efficient_dl.reports.recipes import recipe_limits, recipe_words
from topology_efficient_dl.reports.report import ReportContext, render_html, render_markdown
from topology_efficient_dl.studies.crossing import crossing_page

ARCHIVE = "train and test of the UCR archive, by name and size"
GIVEN = "train and test files as given"
OTHER_SIZES = "train and test files as given, of other sizes than the archive's of that name"
HELD_OUT = "a part of train stands in for test, the test file is not read"
NEVER = ("same number of trials", "as many trials", "none per dataset", "official train and test", "none was tuned",
         "test touched once", "conf/design", "err on the wide side", "named below")  # fmt: skip
"""What no run can know, or what was said of every run."""
PUBLISHED = pd.DataFrame({"dataset": ["GunPoint"], "inception_network_mean": [0.99], "inceptiontime_ensemble": [1.0]})
SCORES = pd.DataFrame(
    {"dataset": "x", "model": "fcn", "seed": [1, 2, 3], "accuracy": 0.9, "f1_macro": 0.9, "auroc": 0.9}
)
RESULTS = pd.DataFrame(
    {"dataset": ["x"], "model": ["fcn"], "f1_macro_mean": [0.9], "f1_macro_std": [0.1], "accuracy_mean": [0.9],
     "accuracy_std": [0.1], "auroc_mean": [0.9], "params": [5], "flops": [None], "flops_reason": [None],
     "latency_ms_b1": [1.0], "latency_ms_b64": [1.0], "model_latency_ms_b1": [1.0], "model_latency_ms_b64": [1.0],
     "throughput": [1.0], "peak_memory_mb": [1.0], "fit_seconds": [1.0], "onnx_bytes": [None], "onnx_reason": [None]}
)  # fmt: skip


def split(name: str, n_train: int, n_test: int, n_channels: int = 1, held_out: bool = False, cut: bool = True) -> Split:
    """Made-up series; of train a fifth is cut off for validation, unless validation is train itself."""
    n_validation = n_train // 5 if cut else n_train
    counts = {"train": n_train - n_validation if cut else n_train, "validation": n_validation, "test": n_test}
    series = {part: np.zeros((count, n_channels, 8), np.float32) for part, count in counts.items()}
    if cut:
        series["train"] += np.float32(1)
    labels = {part: np.arange(count) % 2 for part, count in counts.items()}
    return Split(name, series, labels, ("0", "1"), "made up", held_out=held_out)


def report_of(card: pd.DataFrame, evaluate: EvaluateParams, efficiency=None, **of_kind) -> ReportContext:
    tables = {name: of_kind.pop(name) for name in ("published", "layers") if name in of_kind}
    settings = RunSettings(TrainParams(), efficiency or EfficiencyParams(), evaluate, **of_kind)
    return report_context(RunTables(card, SCORES, RESULTS, {"wilcoxon": []}, [], **tables), settings)


def series_report(*splits: Split, efficiency: EfficiencyParams | None = None) -> ReportContext:
    return report_of(data_card(splits, {}), EvaluateParams(), efficiency, published=PUBLISHED)


def graph_report(*tasks) -> ReportContext:
    card = pd.DataFrame([describe_task(task) for task in tasks])
    return report_of(card, EvaluateParams(resample="draws", latency_of="model"), simplicial=SimplicialParams())


def compressed_report(compression: CompressionParams) -> ReportContext:
    card, layers = (
        data_card([split("GunPoint", 50, 150)], {}),
        pd.DataFrame({"model": [], "layer": [], "left_dense": []}),
    )
    return report_of(card, EvaluateParams(), published=PUBLISHED, compression=compression, layers=layers)


SERIES = {
    "official": (split("GunPoint", 50, 150), ARCHIVE),
    "own": (split("MySet", 50, 150), GIVEN),
    "own of an official name": (split("GunPoint", 40, 150), OTHER_SIZES),
    "held out": (split("GunPoint-train", 40, 10, held_out=True), HELD_OUT),
    "several channels": (split("BasicMotions", 40, 40, n_channels=6), GIVEN),
}


@pytest.mark.parametrize("kind", SERIES)
def test_where_train_and_test_come_from_is_what_the_split_says(kind: str) -> None:
    one, words = SERIES[kind]
    context = series_report(split_from_arrays(split_to_arrays(one)))
    assert context.conditions["Data"].split("; ")[0] == words
    assert context.datasets[0]["split"] == words
    assert context.datasets[0]["default_split"] is (kind == "official")
    for text in (render_markdown(context), render_html(context)):
        assert words.replace("'", "&#39;") in text or words in text
        assert not [claim for claim in NEVER if claim in text]


def test_sets_of_several_kinds_are_named() -> None:
    data = series_report(*(one for one, _ in (SERIES["official"], SERIES["own"]))).conditions["Data"]
    assert f"{ARCHIVE} (GunPoint); {GIVEN} (MySet); validation is cut from train, stratified; " in data


def test_validation_that_is_train_is_said_of_those_sets_only() -> None:
    whole = split("Fungi", 18, 186, cut=False)
    assert "validation is train itself; " in series_report(whole).conditions["Data"]
    mixed = series_report(whole, SERIES["official"][0]).conditions["Data"]
    assert "validation is cut from train, stratified, but is train itself of Fungi; " in mixed
    assert series_report(whole).datasets[0]["official"], "all of the official train file, as train and as validation"


TRANSFORMS = Transforms.model_validate(
    {"betti": {"kind": "cross_validated", "candidates": [{"kind": "level_sets"}, {"kind": "minirocket"}]}}
)


def test_how_models_are_fitted_follows_from_the_models_of_the_run() -> None:
    network, ridge = ModelSpec(architecture="fcn"), ModelSpec(architecture="ridge", features="betti")
    assert list(fitting_conditions(TrainParams(), {"fcn": network})) == ["Training"]
    both = fitting_conditions(TrainParams(patience=7), {"fcn": network, "betti_ridge": ridge}, TRANSFORMS)
    assert "patience 7" in both["Training (fcn)"]
    assert "its penalty one of 22 by leave-one-out errors" in both["Fit (betti_ridge)"]
    assert both["Chosen by each data set"].startswith("betti_ridge takes one of 2 feature transforms")
    alone = fitting_conditions(TrainParams(), {"betti_ridge": ridge}, TRANSFORMS)
    assert not [key for key in alone if key.startswith("Training")], "no network is trained"
    own = fitting_conditions(TrainParams(), {"gat": ModelSpec(architecture="gat", train={"learning_rate": 0.01})})
    assert own["Training of its own"] == "gat: learning_rate 0.01"


def test_memory_is_what_was_measured() -> None:
    given = SERIES["own"][0]
    assert "in a fresh process" in series_report(given).conditions["Memory"]
    assert series_report(given, efficiency=EfficiencyParams(memory=False)).conditions["Memory"] == "not measured"
    cuda = series_report(given, efficiency=EfficiencyParams(device="cuda")).conditions
    assert "device's memory" in cuda["Memory"]
    assert "1 thread(s), cuda" in cuda["Latency"]


def test_intervals_are_over_what_was_resampled() -> None:
    assert "3 seeds and the samples of one test set" in interval_limit(EvaluateParams(), 3)
    assert "3 draws, splits or folds" in interval_limit(EvaluateParams(resample="draws"), 3)
    assert interval_limit(EvaluateParams(), 1).startswith("One seed: quality has no intervals")


GRAPHS = {
    "draws": contacts,
    "given splits": official,
    "given folds": lambda: graph_set(n_folds=3),
    "made folds": lambda: graph_set(n_folds=None),
}


@pytest.mark.parametrize("kind", GRAPHS)
def test_sentences_on_graphs_follow_from_the_task(kind: str) -> None:
    context = graph_report(GRAPHS[kind]())
    text = render_markdown(context)
    assert context.datasets[0]["split_kind"] == kind
    assert ("Draws of labels from one graph overlap" in text) is (kind == "draws")
    assert ("Node tasks are transductive" in text) is (kind in ("draws", "given splits"))
    assert ("that came with the set" in text) is kind.startswith("given")
    assert ("per graph of a set" in text) is kind.endswith("folds")
    assert "stands in for test" not in text
    assert "official" not in text
    assert not [claim for claim in NEVER if claim in text]


def test_validation_that_stands_in_for_test_is_said() -> None:
    held = graph_report(replace(contacts(), held_out=True))
    assert any(limit.startswith("Validation stands in for test (") for limit in held.limits)


RECIPES = {
    "prune_weights": "Pruned weights are stored and multiplied as dense ones",
    "int8": "Eight bits are torch's dynamic quantisation",
    "continued": "Fine-tuning ends after a fixed number of epochs",
}


@pytest.mark.parametrize("method", RECIPES)
def test_a_limit_of_a_recipe_stands_where_the_recipe_does(method: str) -> None:
    with_it = CompressionParams(variants={"compressed": {"fine_tune": {"epochs": 0}}, "peer": {"method": method}})
    without = CompressionParams(variants={"compressed": {"fine_tune": {"epochs": 0}}})
    assert [limit for limit in recipe_limits(with_it.recipes()) if limit.startswith(RECIPES[method])]
    assert recipe_limits(without.recipes()) == []
    assert RECIPES[method] in render_markdown(compressed_report(with_it))
    assert RECIPES[method] not in render_markdown(compressed_report(without))


def test_the_question_of_track_c_names_the_peers_of_the_run() -> None:
    peers = {"compressed": {}, "small": {"method": "small_dense"}, "eight": {"method": "int8"}}
    context = compressed_report(CompressionParams(variants=peers))
    assert context.question.endswith(
        "at the same quality, and is it better than a smaller dense network or eight bits?"
    )
    assert compressed_report(CompressionParams()).question.endswith("at the same quality?")
    assert "not zero" not in context.results_caption


def test_a_network_that_is_not_trained_on_is_said_not_to_be() -> None:
    assert recipe_words(CompressionRecipe(rank=4, fine_tune={"epochs": 0})).endswith("rank 4; not trained on")


def test_networks_on_a_gpu_take_no_parts_that_fit_into_a_cache() -> None:
    points = pd.DataFrame(
        {"method": ["tt"], "width": [8], "rank": [2], "batch": [1], "ratio": [0.9], "params_share": [0.2],
         "flops_share": [0.2], "ratio_low": [0.8], "ratio_high": [1.0], "dense_ms": [1.0]}
    )  # fmt: skip
    for device, words in (("cpu", "both in parts that fit into the cache"), ("cuda", "untrained; on cuda.")):
        page = crossing_page(points, CrossingParams(), EfficiencyParams(device=device))
        assert words in page
        assert ("fit into the cache" in page) is (device == "cpu")
