"""`compress_b` through the command line: networks of track B from the catalog made smaller, and what mistakes say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

QUICK = "parallel.backend=sequential,efficiency.memory=false"
TRAIN = ("--pipelines", "track_b", "--to-outputs", "track_b.models")


@pytest.fixture(scope="module")
def project(make_project: Callable):
    """A project in which `compress_b` was run once, on the smoke environment, after track B's models were trained."""
    made = make_project()
    trained = made.run(*TRAIN, env="smoke", params=QUICK)
    assert trained.code == 0, trained.output
    made.first = made.run("--pipelines", "compress_b", env="smoke", params=QUICK)
    assert made.first.code == 0, made.first.output
    return made


def test_trained_models_are_taken_from_the_catalog(project) -> None:
    assert project.first.todo["compressed_models"] > 0
    assert project.first.todo["tuned_models"] == project.first.todo["compressed_models"]
    dense = set(project.load("compress_b.models", "smoke"))
    assert dense < set(project.load("track_b.models", "smoke"))
    assert {key.split("/")[1] for key in dense} == {"graph_transformer", "simplicial_mlp"}


def test_a_run_ends_in_verdicts_and_a_report(project) -> None:
    report = project.load("compress_b.report_markdown", "smoke")
    assert "networks of track B with decomposed weights" in report
    assert "`tensor_train`: tt of linear, attention, keep 0.5" in report
    assert "| simplicial_mlp.small | 1 |" in report.split("## Over data sets")[1]
    verdicts = project.load("compress_b.verdicts", "smoke")
    assert {each["latency_batch"] for each in verdicts} == {1}, "one graph is one batch"
    assert {each["model"] for each in verdicts} == {
        f"{model}.{variant}" for model in ("graph_transformer", "simplicial_mlp")
        for variant in ("compressed", "tensor_train")
    }  # fmt: skip
    results = project.load("compress_b.results", "smoke").set_index("model")["params"]
    for variant in ("compressed", "pruned_weights", "small"):
        assert results[f"simplicial_mlp.{variant}"] <= 0.52 * results["simplicial_mlp"], variant
    layers = project.load("compress_b.compressed_layers", "smoke")
    assert set(layers["part"]) == {"linear", "attention"}


def test_a_second_run_computes_nothing_and_another_rank_only_what_depends_on_it(project) -> None:
    again = project.run("--pipelines", "compress_b", env="smoke", params=QUICK)
    assert again.code == 0, again.output
    assert set(again.todo.values()) == {0}
    params = f"{QUICK},compress_b.compression.rank=2"
    other = project.run("--pipelines", "compress_b", env="smoke", params=params)
    assert other.code == 0, other.output
    assert other.todo["models"] == 0 < other.todo["compressed_models"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("compress_b.models=simplicial_mpl", "unknown model 'simplicial_mpl'; did you mean 'simplicial_mlp'?"),
        ("compress_b.models=simplicial_diffusion", "'simplicial_diffusion' has no layers"),
        ("compress_b.models=fcn", "'fcn' reads series and no graphs"),
        ("compress_b.models=cell_complex_nn", "'cell_complex_nn' was not trained"),
        ("compress_b.compression.latency=0.5", "latency and leave_slower_dense time layers on series"),
        ("compress_b.compression.method=prune_channels", "'graph_transformer' reads graphs"),
        ("compress_b.compression.keep=0.001", "keep 0.001 cannot be met"),
        ("track_b.train.refit=false", "track_b.train.refit: compressed networks are trained on"),
    ],
)
def test_mistakes_are_named(project, params: str, message: str) -> None:
    result = project.run("--pipelines", "compress_b", env="smoke", params=f"{QUICK},{params}")
    assert result.code == 1
    assert message in result.output.replace("\n", " ")
