"""Every pipeline that ``kedro run --pipelines`` knows, built explicitly."""

from __future__ import annotations

from kedro.pipeline import Pipeline

from topology_efficient_dl.params import GROUPS
from topology_efficient_dl.pipelines import archive, evaluate, ingest, scaling, tda_features, train

SHARED = {f"params:{name}" for name in GROUPS}


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
    archive_a = track_a + _of_track_a(archive.create_pipeline(), {"published_accuracy"})
    return {
        **parts,
        "track_a": track_a,
        "archive_a": archive_a,
        "scaling_a": parts["ingest"] + scaling_a,
        "scaling_betti": scaling_betti,
        "__default__": track_a,
    }


def _of_track_a(pipeline: Pipeline, inputs: frozenset[str] | set[str] = frozenset()) -> Pipeline:
    return Pipeline(
        pipeline,
        namespace="track_a",
        inputs=set(inputs),
        parameters=SHARED & pipeline.inputs(),
        prefix_datasets_with_namespace=True,
    )
