"""The smoke run of every registered pipeline, and what lies in the catalog afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from kedro.io import DatasetError

from topology_efficient_dl.evaluation.summary import EXTRA_KEYS, RESULT_KEYS
from topology_efficient_dl.params.names import display_name
from topology_efficient_dl.pipeline_registry import register_pipelines

PIPELINES = register_pipelines()
PARTS = ("ingest", "tda_features", "train", "evaluate")
OF_TRACK_A = {*PARTS, "track_a", "archive_a", "scaling_a", "__default__"}
ENTRIES = sorted(
    name
    for name in PIPELINES["track_a"].all_outputs() | PIPELINES["track_a"].inputs()
    if not name.startswith("params:")
)
MODELS = {"ph_mlp", "ph_hybrid", "betti_ridge", "tiny_cnn", "inception_time"}
VERDICT_KEYS = {
    "dataset", "model", "baseline", "criterion", "f1_drop_pp", "latency_cut", "params_cut", "memory_cut", "p_value",
    "status",
}  # fmt: skip


def test_the_registry_names_the_parts_the_track_and_a_default() -> None:
    assert {*PARTS, "track_a", "__default__"} <= set(PIPELINES)
    assert {node.name for node in PIPELINES["track_a"].nodes} == {
        node.name for part in PARTS for node in PIPELINES[part].nodes
    }


@pytest.mark.parametrize("name", sorted(PIPELINES, key=lambda name: name in ("train_b", "evaluate_b")))
def test_every_registered_name_runs(smoke, name: str) -> None:
    # Two parts of track B come last, as they read what simplicial_build saves.
    # A fresh process for the memory of every model takes seconds each; track A's run has measured it.
    params = "" if name in OF_TRACK_A else "efficiency.memory=false"
    result = smoke.run("--pipelines", name, env="smoke", params=params)
    assert result.code == 0, result.output
    if name in (*PARTS, "track_a"):
        assert set(result.todo.values()) == {0}


KEPT = json.loads(Path(__file__).with_name("kept_cells.json").read_text())
"""Cells of smoke runs by entry, as the code of 2026-12-01 had stored them. A cell leaves this file only when the version
of its method, or of one that it depends on, was raised because results changed."""


@pytest.mark.parametrize("entry", KEPT)
def test_cells_that_were_stored_before_the_house_was_rebuilt_still_count(smoke, entry: str) -> None:
    pipeline = entry.split(".", maxsplit=1)[0]
    if not smoke.dataset(entry, "smoke").exists():
        assert smoke.run("--pipelines", pipeline, env="smoke", params="efficiency.memory=false").code == 0
    known = {key: item.fingerprint for key, item in smoke.load(entry, "smoke").items_by_key.items()}
    assert known == KEPT[entry]


def test_the_older_option_runs_a_sum_of_parts_too(smoke) -> None:
    result = smoke.run("--pipeline", "track_a", env="smoke")
    assert result.code == 0, result.output
    assert set(result.todo) == {
        "splits", "persistence_diagrams", "topological_features", "models", "predictions", "efficiency"
    }  # fmt: skip


@pytest.mark.parametrize("option", ["--pipeline", "--pipelines"])
def test_an_unknown_pipeline_is_named_with_the_nearest(smoke, option: str) -> None:
    result = smoke.run(option, "trak_a", env="smoke")
    assert result.code == 1
    assert "Error: no pipeline 'trak_a'; did you mean 'track_a'? There are: " in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("name", ENTRIES)
def test_every_entry_of_the_catalog_exists_and_loads(smoke, name: str) -> None:
    if name == "track_a.skipped_sets":
        pytest.skip("lives in memory")
    dataset = smoke.dataset(name, "smoke")
    assert dataset.exists()
    if name.endswith("_image"):  # Kedro only writes images
        assert Path(dataset._get_load_path()).read_bytes().startswith(b"\x89PNG")
    else:
        assert dataset.load() is not None


def test_results_have_the_keys_of_the_contract(smoke) -> None:
    results = smoke.load("track_a.results", "smoke")
    assert tuple(results.columns) == (*RESULT_KEYS, *EXTRA_KEYS)
    assert set(results["model"]) == MODELS
    assert results["seeds"].unique().tolist() == ["[42, 123]"]
    assert results[["accuracy_mean", "f1_macro_mean", "auroc_mean"]].stack().between(0, 1).all()
    assert (results[["params", "latency_ms_b1", "latency_ms_b64", "throughput", "fit_seconds"]] > 0).all(axis=None)
    assert results.set_index("model")["flops"].isna().to_dict() == {model: model == "ph_mlp" for model in MODELS}


def test_end_to_end_latency_includes_the_features(smoke) -> None:
    results = smoke.load("track_a.results", "smoke").set_index("model")
    assert results["latency_ms_b1"]["ph_mlp"] > results["model_latency_ms_b1"]["ph_mlp"]


def test_verdicts_have_the_keys_of_the_contract(smoke) -> None:
    verdicts = smoke.load("track_a.verdicts", "smoke")
    assert {(each["model"], each["baseline"]) for each in verdicts} == {
        ("ph_mlp", "inception_time"), ("ph_hybrid", "inception_time"), ("betti_ridge", "inception_time")
    }  # fmt: skip
    for verdict in verdicts:
        assert set(verdict) >= VERDICT_KEYS
        assert verdict["status"] in {"confirmed", "refuted", "inconclusive"}


@pytest.mark.parametrize("entry", ["track_a.report_markdown", "track_a.report_html"])
def test_the_report_names_every_dataset_model_and_verdict(smoke, entry: str) -> None:
    text = smoke.load(entry, "smoke")
    assert "ItalyPowerDemand" in text
    for name in MODELS:
        assert name in text or display_name(name) in text
    for verdict in smoke.load("track_a.verdicts", "smoke"):
        assert verdict["status"] in text.lower()
    assert str(smoke.root) not in text


def test_the_page_loads_nothing_from_elsewhere(smoke) -> None:
    text = smoke.load("track_a.report_html", "smoke")
    assert not re.findall(r"<(?:script|img|iframe)[^>]+src\s*=\s*[\"']?(?!data:)", text)
    assert not re.findall(r"<link[^>]+href", text)
    assert not re.findall(r"@import|url\(\s*[\"']?(?:https?:)?//", text.split("<script", 1)[0])
    assert "<svg" in text


def test_cells_run_in_worker_processes_give_what_one_process_gives(smoke, make_project: Callable) -> None:
    """The smoke run uses loky; here the same cells one after the other, in a project of their own."""
    alone = make_project()
    result = alone.run(
        "--to-outputs", "track_a.predictions", env="smoke", params="parallel.backend=sequential,models=ph_mlp tiny_cnn"
    )
    assert result.todo["predictions"] == 4, result.output
    for layer in ("02_intermediate", "04_feature"):
        # Other tests run other tracks in the same project.
        assert alone.digests(layer).items() <= smoke.digests(layer).items()
    everything = smoke.digests("07_model_output")
    assert alone.digests("07_model_output").items() <= everything.items()


def test_only_missing_outputs_skips_what_exists(smoke) -> None:
    def versions() -> list[str]:
        return sorted(str(path) for path in smoke.root.glob("data/*/smoke/track_a/*/*"))

    before = versions()
    result = smoke.run("--pipelines", "train", "--only-missing-outputs", env="smoke")
    assert (result.code, result.cells) == (0, {})
    assert versions() == before


def test_an_older_version_can_be_named(smoke) -> None:
    versions = sorted(path.name for path in smoke.root.glob("data/02_intermediate/smoke/track_a/splits.json/*"))
    assert len(versions) > 1
    arguments = ("--pipelines", "tda_features", "--load-versions")
    result = smoke.run(*arguments, f"track_a.splits:{versions[0]}", env="smoke")
    assert (result.code, result.todo) == (0, {"persistence_diagrams": 0, "topological_features": 0})
    result = smoke.run(*arguments, "track_a.splits:2020-01-01T00.00.00.000Z", env="smoke")
    assert result.code == 1
    assert "no version '2020-01-01T00.00.00.000Z' of 'track_a.splits'. The newest: " in result.output


def test_a_damaged_item_is_named_on_loading_and_mended_by_the_next_run(smoke) -> None:
    stored = smoke.load("track_a.topological_features", "smoke").items_by_key["ItalyPowerDemand/default"]
    item = next((smoke.root / "data/04_feature/items").rglob(f"{stored.fingerprint}*{stored.receipt.suffix}"))
    sound = item.read_bytes()
    item.write_bytes(b"x" + sound[1:])
    features = smoke.load("track_a.topological_features", "smoke")
    with pytest.raises(Exception, match=r"is damaged: sha256 .* expected .*; run the pipeline that makes it again"):
        features["ItalyPowerDemand/default"]
    result = smoke.run("--pipelines", "tda_features", env="smoke")
    assert result.todo == {"persistence_diagrams": 0, "topological_features": 1}
    assert item.read_bytes() == sound


def test_an_entry_without_a_version_says_what_to_run(project) -> None:
    with pytest.raises(DatasetError):
        project.load("track_a.models")
    result = project.run("--pipelines", "train")
    assert result.code == 1
    assert "nothing is saved in" in result.output
    assert "' yet; run the pipeline that makes it" in result.output
