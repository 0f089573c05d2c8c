"""Every pipeline that ``kedro run --pipelines`` knows, built explicitly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

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

GLOBAL = {"ucr_archive", "graph_archive", "published_accuracy", *(f"params:{name}" for name in GROUPS)}
"""Entries that are the same for every track."""

_OF_TRACK = {f"params:{name}" for name in TrackParams.model_fields}
OWN = {"track_b": _OF_TRACK, "track_c": _OF_TRACK, "compress_b": {*_OF_TRACK, "params:compression"}}
"""By track, what it has under its own name: ``params:track_b.models`` and so on."""

ELSEWHERE: dict[str, dict[str, str]] = {
    "scaling_a": {"splits": "track_a.splits"},
    "compress_b": {
        **{name: f"track_b.{name}" for name in ("splits", "data_card")},
        **{f"simplicial_{name}": f"track_b.simplicial_{name}" for name in ("complexes", "features", "groups")},
        "trained_models": "track_b.models",
        "params:train": "params:track_b.train",
    },
}
"""By track, what it reads of another one."""

PARTS: dict[str, tuple[str, Callable[[], Pipeline]]] = {
    "ingest": ("track_a", ingest.create_pipeline),
    "tda_features": ("track_a", tda_features.create_pipeline),
    "train": ("track_a", train.create_pipeline),
    "evaluate": ("track_a", evaluate.create_pipeline),
    "archive": ("track_a", archive.create_pipeline),
    "ingest_b": ("track_b", ingest.create_graph_pipeline),
    "build_b": ("track_b", simplicial_build.create_pipeline),
    "train_b": ("track_b", partial(train.create_pipeline, "graphs")),
    "evaluate_b": ("track_b", evaluate.create_graph_pipeline),
    "compress": ("compress_b", tensor_compress.create_graph_pipeline),
    "fine_tune_b": ("compress_b", partial(train.create_tuning_pipeline, "graphs")),
    "evaluate_compressed_b": ("compress_b", evaluate.create_graph_compression_pipeline),
    "ingest_c": ("track_c", ingest.create_pipeline),
    "train_c": ("track_c", train.create_fitting_pipeline),
    "tensor_compress": ("track_c", tensor_compress.create_pipeline),
    "fine_tune": ("track_c", train.create_tuning_pipeline),
    "evaluate_c": ("track_c", evaluate.create_compression_pipeline),
    "ranks": ("track_c", evaluate.create_rank_pipeline),
    "diagram_cost": ("scaling_a", scaling.create_pipeline),
    "scaling_betti": ("scaling_betti", scaling.create_growth_pipeline),
    "scaling_b": ("scaling_b", scaling.create_graph_scaling_pipeline),
    "closure_b": ("closure_b", closure.create_pipeline),
    "crossing_c": ("crossing_c", scaling.create_crossing_pipeline),
    "forecast_c": ("forecast_c", forecast.create_pipeline),
}
"""By name, a part: the track under whose namespace it runs, and the pipeline that it is an instance of."""

TRACK_A = ("ingest", "tda_features", "train", "evaluate")
TRACK_C = ("ingest_c", "train_c", "tensor_compress", "fine_tune", "evaluate_c")
STUDIES = ("scaling_betti", "scaling_b", "closure_b", "crossing_c", "forecast_c")
ALONE = (*TRACK_A, "train_b", "evaluate_b", *TRACK_C, *STUDIES)
"""Parts that are pipelines by their own name."""

COMPOSED = {
    "track_a": TRACK_A,
    "archive_a": (*TRACK_A, "archive"),
    "scaling_a": ("ingest", "diagram_cost"),
    "simplicial_build": ("ingest_b", "build_b"),
    "track_b": ("ingest_b", "build_b", "train_b", "evaluate_b"),
    "compress_b": ("ingest_b", "build_b", "train_b", "compress", "fine_tune_b", "evaluate_compressed_b"),
    "track_c": TRACK_C,
    "ranks_c": (*TRACK_C, "ranks"),
}
"""By name, the parts that a pipeline is the sum of."""

JUDGED_TOGETHER = ("evaluate_c", "evaluate_compressed_b")
"""Parts that judge dense and compressed models at once: their ``models`` are all of them."""


def register_pipelines() -> dict[str, Pipeline]:
    """Pipelines by name; each part under its own name, and each track as the sum of its parts."""
    parts = {name: _instance(name, *of) for name, of in PARTS.items()}
    composed = {name: sum((parts[part] for part in each), Pipeline([])) for name, each in COMPOSED.items()}
    named = {name: parts[name] for name in ALONE}
    return {**named, **composed, "qa_merge": qa_merge.create_pipeline(), "__default__": composed["track_a"]}


def _instance(name: str, track: str, create: Callable[[], Pipeline]) -> Pipeline:
    """A part under its track's namespace; what is neither global nor of another track is the track's own."""
    pipeline = create()
    elsewhere: Mapping[str, str] = ELSEWHERE.get(track, {})
    if name in JUDGED_TOGETHER:
        elsewhere = {**elsewhere, "models": f"{track}.all_models"}
    shared = {entry: entry for entry in GLOBAL - OWN.get(track, set())}
    places = {entry: place for entry, place in {**shared, **elsewhere}.items() if entry in pipeline.inputs()}
    return Pipeline(
        pipeline,
        namespace=track,
        inputs={entry: place for entry, place in places.items() if not entry.startswith("params:")},
        parameters={entry: place for entry, place in places.items() if entry.startswith("params:")},
        prefix_datasets_with_namespace=True,
    )
