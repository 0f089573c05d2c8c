"""Track C through the command line: a run on a small set, what lies in the catalog, and what mistakes say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from topology_efficient_dl.pipeline_registry import register_pipelines

PIPELINES = register_pipelines()
COLLECTIONS = {
    "splits", "models", "compressed_models", "tuned_models", "all_models", "predictions", "efficiency", "onnx_models", "onnx_efficiency"
}  # fmt: skip
PARAMETERS = """
track_c: {datasets: [Toy], models: [fcn], seeds: [1, 2], train: {max_epochs: 2, min_epochs: 1}, evaluate: {n_bootstrap: 200}}
zoo: {fcn: {architecture: fcn, size: small, options: {filters: [8, 16, 8]}}}
compression: {keep: 0.5, multiple: 1, fine_tune: {epochs: 1}}
efficiency: {rounds: 2, min_run_seconds: 0.002, memory: false}
parallel: {backend: sequential}
"""


@pytest.fixture(scope="module")
def track(make_project: Callable):
    """A project in which track C was run once."""
    project = make_project()
    project.toy()
    project.environment("small", PARAMETERS)
    result = project.run("--pipelines", "track_c", env="small")
    assert result.code == 0, result.output
    assert set(result.cells) == COLLECTIONS
    project.first = result
    return project


def test_a_run_ends_in_verdicts_and_a_report(track) -> None:
    assert "REFUTED" in track.first.output or "CONFIRMED" in track.first.output or "INCONCLUSIVE" in track.first.output
    report = track.load("track_c.report_markdown", "small")
    assert "Track C: decomposed weights" in report
    assert "`pruned_channels`: prune_channels, keep 0.5" in report
    verdicts = track.load("track_c.verdicts", "small")
    assert {each["latency_batch"] for each in verdicts} == {1, 64}
    assert {each["model"] for each in verdicts} == {"fcn.compressed", "fcn.low_rank"}
    assert "## In onnxruntime" in report
    assert "| fcn | 1 | " in report.split("## Over data sets")[1], "the dense model, then shares of it"
    results = track.load("track_c.results", "small")
    assert results["onnx_difference"].max() < 1e-4
    assert results[["onnx_latency_ms_b1", "onnx_latency_ms_b64"]].min().min() > 0
    layers = track.load("track_c.compressed_layers", "small")
    assert set(layers["model"]) == {"fcn.compressed", "fcn.low_rank"}


def test_a_second_run_computes_nothing_and_another_rank_only_what_depends_on_it(track) -> None:
    again = track.run("--pipelines", "track_c", env="small")
    assert again.code == 0, again.output
    assert set(again.todo.values()) == {0}
    other = track.run("--pipelines", "track_c", env="small", params="compression.method=svd,compression.rank=2")
    assert other.code == 0, other.output
    assert other.todo["models"] == 0
    assert 0 < other.todo["tuned_models"] <= other.cells["tuned_models"][0]


def test_every_part_has_a_name(track) -> None:
    parts = ("ingest_c", "train_c", "tensor_compress", "fine_tune", "evaluate_c")
    assert {node.name for node in PIPELINES["track_c"].nodes} == {
        node.name for part in parts for node in PIPELINES[part].nodes
    }
    result = track.run("--pipeline", "evaluate_c", env="small")
    assert result.code == 0, result.output
    assert set(result.todo.values()) == {0}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("compression.method=tucker2", "compression.method"),
        ("compression.keep=0.001", "keep 0.001 cannot be met"),
        ("compression.rank=5000", "rank 5000 is above the dimensions of every layer"),
        ("track_c.models=inception_time_ensemble", "'inception_time_ensemble' is an ensemble"),
        ("track_c.models=betti_ridge", "'betti_ridge' is a model of features"),
        ("track_c.models=gat", "'gat' is a model of graphs. Name it in track_b.models"),
        ("models=fcn", "this pipeline does not read it; write track_c.models"),
        ("compression.layers=ffn", "no ffn layers"),
        ("track_c.train.refit=false", "track_c.train.refit: compressed networks are trained on"),
    ],
)
def test_mistakes_are_named(track, params: str, message: str) -> None:
    result = track.run("--pipelines", "track_c", env="small", params=params)
    assert result.code == 1
    assert message in result.output.replace("\n", " ")
