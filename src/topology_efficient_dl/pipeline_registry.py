"""Every pipeline that ``kedro run --pipelines`` knows, built explicitly."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kedro.pipeline import Pipeline

from topology_efficient_dl.params.graphs import TrackParams
from topology_efficient_dl.params.groups import GROUPS
from topology_efficient_dl.pipelines import (
    archive,
    closure,
    evaluate,
    forecast,
    ingest,
    qa_merge,
    scaling,
    simplicial_build,
    tda_features,
    tensor_compress,
    train,
)

SHARED = {f"params:{name}" for name in GROUPS}
OWN_OF_TRACK = {f"params:{name}" for name in TrackParams.model_fields}
"""What tracks B and C have under their own names, ``params:track_b.models`` and so on."""


def register_pipelines() -> dict[str, Pipeline]:
    """Pipelines by name; each part under its own name, and each track as the sum of its parts."""
    parts = {
        "ingest": _of_track_a(ingest.create_pipeline(), {"ucr_archive"}),
        "tda_features": _of_track_a(tda_features.create_pipeline()),
        "train": _of_track_a(train.create_pipeline()),
        "evaluate": _of_track_a(evaluate.create_pipeline(), {"published_accuracy"}),
    }
    track_a = sum(parts.values(), Pipeline([]))
    scaling_a = Pipeline(
        scaling.create_pipeline(),
        namespace="scaling_a",
        inputs={"splits": "track_a.splits"},
        parameters=SHARED & scaling.create_pipeline().inputs(),
        prefix_datasets_with_namespace=True,
    )
    scaling_betti = Pipeline(
        scaling.create_growth_pipeline(),
        namespace="scaling_betti",
        parameters={"params:growth"},
        prefix_datasets_with_namespace=True,
    )
    scaling_b = Pipeline(
        scaling.create_graph_scaling_pipeline(),
        namespace="scaling_b",
        parameters={"params:scaling_b"},
        prefix_datasets_with_namespace=True,
    )
    closure_b = Pipeline(
        closure.create_pipeline(),
        namespace="closure_b",
        inputs={"graph_archive"},
        parameters={"params:closure", "params:graphs", "params:parallel"},
        prefix_datasets_with_namespace=True,
    )
    parts_b = {
        "ingest_b": _of_track_b(ingest.create_graph_pipeline(), {"graph_archive"}),
        "build_b": _of_track_b(simplicial_build.create_pipeline()),
        "train_b": _of_track_b(train.create_pipeline("graphs")),
        "evaluate_b": _of_track_b(evaluate.create_graph_pipeline()),
    }
    parts_c = {
        "ingest_c": _of_track_c(ingest.create_pipeline(), {"ucr_archive"}),
        "train_c": _of_track_c(train.create_fitting_pipeline()),
        "tensor_compress": _of_track_c(tensor_compress.create_pipeline()),
        "fine_tune": _of_track_c(train.create_tuning_pipeline()),
        "evaluate_c": _of_track_c(
            evaluate.create_compression_pipeline(),
            {"models": "track_c.all_models", "published_accuracy": "published_accuracy"},
        ),
    }
    track_c = sum(parts_c.values(), Pipeline([]))
    compress_b = (
        parts_b["ingest_b"]
        + parts_b["build_b"]
        + parts_b["train_b"]
        + _of_compress_b(tensor_compress.create_graph_pipeline(), {"trained_models": "track_b.models"})
        + _of_compress_b(train.create_tuning_pipeline("graphs"))
        + _of_compress_b(evaluate.create_graph_compression_pipeline(), {"models": "compress_b.all_models"})
    )
    ranks_c = track_c + _of_track_c(evaluate.create_rank_pipeline(), {"results": "track_c.results"})
    crossing_c = Pipeline(
        scaling.create_crossing_pipeline(),
        namespace="crossing_c",
        parameters={"params:crossing", "params:efficiency"},
        prefix_datasets_with_namespace=True,
    )
    forecast_c = Pipeline(
        forecast.create_pipeline(),
        namespace="forecast_c",
        parameters={"params:forecast", "params:zoo", "params:efficiency", "params:parallel"},
        prefix_datasets_with_namespace=True,
    )
    archive_a = track_a + _of_track_a(archive.create_pipeline(), {"published_accuracy"})
    return {
        **parts,
        "track_a": track_a,
        "simplicial_build": parts_b["ingest_b"] + parts_b["build_b"],
        "train_b": parts_b["train_b"],
        "evaluate_b": parts_b["evaluate_b"],
        "track_b": sum(parts_b.values(), Pipeline([])),
        **parts_c,
        "track_c": track_c,
        "ranks_c": ranks_c,
        "compress_b": compress_b,
        "crossing_c": crossing_c,
        "forecast_c": forecast_c,
        "archive_a": archive_a,
        "scaling_a": parts["ingest"] + scaling_a,
        "scaling_betti": scaling_betti,
        "scaling_b": scaling_b,
        "closure_b": closure_b,
        "qa_merge": qa_merge.create_pipeline(),
        "__default__": track_a,
    }


def _of_track_a(pipeline: Pipeline, inputs: frozenset[str] | set[str] = frozenset()) -> Pipeline:
    return _of_track("track_a", pipeline, inputs, SHARED)


def _of_track_b(pipeline: Pipeline, inputs: frozenset[str] | set[str] = frozenset()) -> Pipeline:
    return _of_track("track_b", pipeline, inputs, SHARED - OWN_OF_TRACK)


def _of_track_c(pipeline: Pipeline, inputs: frozenset[str] | set[str] | dict[str, str] = frozenset()) -> Pipeline:
    return _of_track("track_c", pipeline, inputs, SHARED - OWN_OF_TRACK)


def _of_track(
    track: str, pipeline: Pipeline, inputs: frozenset[str] | set[str] | dict[str, str], shared: set[str]
) -> Pipeline:
    """An instance under the track's namespace; parameters that are not shared are the track's own."""
    return Pipeline(
        pipeline,
        namespace=track,
        inputs=inputs if isinstance(inputs, dict) else set(inputs),
        parameters=shared & pipeline.inputs(),
        prefix_datasets_with_namespace=True,
    )


OF_TRACK_B = ("splits", "data_card", "simplicial_complexes", "simplicial_features", "simplicial_groups")
"""What ``compress_b`` reads of what track B wrote, beside its models."""


def _of_compress_b(pipeline: Pipeline, inputs: Mapping[str, str] = MappingProxyType({})) -> Pipeline:
    """An instance that reads track B's graphs and training, and has recipes and bounds of its own."""
    read = pipeline.inputs()
    shared = {name: name for name in (SHARED - OWN_OF_TRACK - {"params:compression"}) & read}
    own = {name: name.replace("params:", "params:track_b.") for name in {"params:train"} & read}
    return Pipeline(
        pipeline,
        namespace="compress_b",
        inputs={name: f"track_b.{name}" for name in OF_TRACK_B if name in read} | dict(inputs),
        parameters=shared | own,
        prefix_datasets_with_namespace=True,
    )
