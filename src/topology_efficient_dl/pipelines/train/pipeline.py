"""The pipeline ``train``."""

from collections.abc import Mapping
from typing import Literal

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.train.nodes import (
    fit_models,
    gather_models,
    log_training,
    predict_test,
    tune_models,
)

Reads = Literal["series", "features", "graphs"]

BESIDE: Mapping[Reads, Mapping[str, str]] = {
    "series": {},
    "features": {"features": "topological_features", "transforms": "params:transforms"},
    "graphs": {
        "complexes": "simplicial_complexes",
        "features": "simplicial_features",
        "groups": "simplicial_groups",
    },
}
"""What nodes read beside splits and models, by what their networks read."""


def create_pipeline(reads: Reads = "features") -> Pipeline:
    """Every model on every set with every seed, or draw of labels; its learning curves; its predictions on test."""
    return _named("train", [_fit(reads), _log("models"), _predict("models", reads)])


def create_fitting_pipeline(reads: Reads = "series") -> Pipeline:
    """Every model on every set with every seed, to be compressed."""
    return _named("train", [_fit(reads)])


def create_tuning_pipeline(reads: Reads = "series") -> Pipeline:
    """Compressed models trained on; learning curves and test predictions of dense and compressed ones."""
    tuned = _inputs(["models", "splits"], ["compression", "zoo", "train", "parallel"], reads)
    return _named(
        "fine_tune",
        [
            Node(tune_models, {"compressed": "compressed_models", **tuned}, "tuned_models", name="tune_models"),
            Node(gather_models, ["models", "tuned_models"], "all_models", name="gather_models"),
            _log("all_models"),
            _predict("all_models", reads),
        ],
    )


def _fit(reads: Reads) -> Node:
    read = _inputs(["splits"], ["models", "zoo", "seeds", "train", "parallel"], reads)
    return Node(fit_models, read, "models", name="fit_models")


def _log(models: str) -> Node:
    return Node(log_training, models, "training_log", name="log_training")


def _predict(models: str, reads: Reads) -> Node:
    read = _inputs(["splits"], ["zoo", "parallel"], reads)
    return Node(predict_test, {"models": models, **read}, "predictions", name="predict_test")


def _inputs(entries: list[str], parameters: list[str], reads: Reads) -> dict[str, str]:
    """Entries of the catalog and parameters by argument, with what is read beside."""
    return {name: name for name in entries} | {name: f"params:{name}" for name in parameters} | dict(BESIDE[reads])


def _named(name: str, nodes: list[Node]) -> Pipeline:
    return Pipeline(nodes, namespace=name, prefix_datasets_with_namespace=False)
