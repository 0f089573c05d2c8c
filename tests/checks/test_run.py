"""What a run could not say is refused before it begins; what would do nothing is said. Every conf environment passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kedro.config import OmegaConfigLoader

from topology_efficient_dl.checks.parameters import check_parameters
from topology_efficient_dl.checks.run import check_run
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.conf_files import STUDIES, study_names
from topology_efficient_dl.params.effects import RULES, without_effect
from topology_efficient_dl.params.groups import GROUPS
from topology_efficient_dl.pipeline_registry import register_pipelines
from topology_efficient_dl.settings import CONFIG_LOADER_ARGS

CONF = Path(__file__).parents[2] / "conf"
ENVIRONMENTS = ["base", "smoke", "gpu", *(f"{STUDIES}/{name}" for name in study_names(CONF))]
PIPELINES = register_pipelines()
OUTPUTS = {name for pipeline in PIPELINES.values() for name in pipeline.all_outputs()}


def over(under: Any, given: Any) -> Any:
    if not (isinstance(under, dict) and isinstance(given, dict)):
        return given
    return {**under, **{key: over(under.get(key), value) for key, value in given.items()}}


def nested(path: str, value: Any) -> dict[str, Any]:
    head, _, rest = path.partition(".")
    return {head: nested(rest, value) if rest else value}


def raw_of(environment: str, given: dict[str, Any]) -> dict[str, Any]:
    loader = OmegaConfigLoader(str(CONF), env=environment, **CONFIG_LOADER_ARGS)
    return over(loader["parameters"], given)


def check(given: dict[str, Any], pipeline: str, environment: str = "base") -> list[str]:
    """Remarks on a run with these parameters given on the command line."""
    groups = check_parameters(raw_of(environment, given))
    chosen = PIPELINES[pipeline]
    return check_run(groups, given, chosen.all_outputs()) + without_effect(groups, given, chosen.inputs())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_is_accepted_with_every_pipeline(environment: str) -> None:
    groups = check_parameters(raw_of(environment, {}))
    remarks = check_run(groups, {}, OUTPUTS)
    said = ("paired tests", "'cheaper at equal quality', which asks for less memory")
    assert all(any(words in remark for words in said) for remark in remarks), "all that is configured is judged"


REFUSED = {
    "baseline misspelt": (
        {"evaluate": {"baseline": "inception_tim"}},
        "track_a",
        r"^evaluate\.baseline: unknown model 'inception_tim'; did you mean 'inception_time'\? Models of this run: ph_mlp",
    ),
    "baseline not chosen": (
        {"models": "ph_mlp fcn"},
        "track_a",
        r"^evaluate\.baseline: 'inception_time' is not among the models of this run \(ph_mlp, fcn\).* Add it to models",
    ),
    "baseline over the archive": (
        {"evaluate": {"baseline": "resnet"}},
        "archive_a",
        r"^evaluate\.baseline: 'resnet' is not among",
    ),
    "no proposal": (
        {"models": "fcn inception_time"},
        "track_a",
        r"^models: none of fcn, inception_time is a proposal .* --to-outputs track_a\.results",
    ),
    "the one proposal is the baseline": (
        {"models": "fcn ph_mlp", "evaluate": {"baseline": "ph_mlp"}},
        "track_a",
        r"none of fcn, ph_mlp is a proposal beside the baseline 'ph_mlp'",
    ),
    "further baseline misspelt": (
        {"track_b": {"evaluate": {"further_baselines": ["gatv3"]}}},
        "track_b",
        r"^track_b\.evaluate\.further_baselines: unknown model 'gatv3'; did you mean 'gatv2'",
    ),
    "further baseline not chosen": (
        {"track_b": {"evaluate": {"further_baselines": ["graph_sage"]}}},
        "track_b",
        r"^track_b\.evaluate\.further_baselines: 'graph_sage' is not among the models .* take it out",
    ),
    "baseline of graphs not chosen": (
        {"track_b": {"models": "gcn simplicial_mlp"}},
        "track_b",
        r"^track_b\.evaluate\.baseline: 'gat' is not among the models of this run \(gcn, simplicial_mlp\)",
    ),
    "baseline of track C misspelt": (
        {"track_c": {"evaluate": {"baseline": "inception_tme"}}},
        "track_c",
        r"^track_c\.evaluate\.baseline: unknown model 'inception_tme'; did you mean 'inception_time'",
    ),
    "baseline of compress_b misspelt": (
        {"compress_b": {"evaluate": {"baseline": "simplicial_mpl"}}},
        "compress_b",
        r"^compress_b\.evaluate\.baseline: unknown model 'simplicial_mpl'; did you mean 'simplicial_mlp'",
    ),
    "nothing is decomposed": (
        {"forecast": {"compression": {"variants": dict.fromkeys(("compressed", "low_rank"))}}},
        "forecast_c",
        r"^forecast\.compression\.variants: none of continued, small, small_distilled decomposes weights",
    ),
    "nothing is decomposed of these": (
        {"track_c": {"models": "fcn"}, "compression": {"variants": dict.fromkeys(("compressed", "low_rank"))}},
        "track_c",
        r"^compression\.variants: none of .* decomposes weights of fcn",
    ),
    "batch": (
        {"evaluate": {"latency_batch": 7}},
        "track_a",
        r"^evaluate\.latency_batch: batches of 7 are not measured\. Allowed: 1, 64; else add 7 to efficiency\.batch_sizes",
    ),
    "batch of graphs": (
        {"track_b": {"evaluate": {"latency_batch": 7}}},
        "track_b",
        r"^track_b\.evaluate\.latency_batch",
    ),
    "batch of track C": (
        {"track_c": {"evaluate": {"latency_batch": 2}}},
        "track_c",
        r"^track_c\.evaluate\.latency_batch",
    ),
    "batch of one graph": (
        {"track_b": {"datasets": ["planted_contacts"], "evaluate": {"latency_batch": 64}}},
        "track_b",
        r"^track_b\.evaluate\.latency_batch: batches of 64 are not measured\. Allowed: 1, since an inference on one graph",
    ),
    "batch of a set of graphs": (
        {"track_b": {"datasets": ["MUTAG"]}, "efficiency": {"batch_sizes": [64]}},
        "track_b",
        r"^track_b\.evaluate\.latency_batch: batches of 1 are not measured\. Allowed: 64; else add 1",
    ),
    "axis of a batch of one graph": (
        {"track_b": {"datasets": ["planted_contacts"], "evaluate": {"x_axis": "latency_ms_b64"}}},
        "track_b",
        r"^track_b\.evaluate\.x_axis: 'latency_ms_b64' is not measured\. Allowed: 1, since",
    ),
    "axis of a batch": (
        {"evaluate": {"x_axis": "latency_ms_b64"}, "efficiency": {"batch_sizes": [1]}},
        "track_a",
        r"^evaluate\.x_axis: 'latency_ms_b64' is not measured\. Allowed: 1; else add 64 to efficiency\.batch_sizes",
    ),
    "axis of memory": (
        {"evaluate": {"x_axis": "peak_memory_mb"}, "efficiency": {"memory": False}},
        "track_a",
        r"^evaluate\.x_axis: 'peak_memory_mb' is not measured, since efficiency\.memory is off",
    ),
    "axis of graphs": (
        {"evaluate": {"x_axis": "preprocessing_ms"}},
        "track_a",
        r"^evaluate\.x_axis: 'preprocessing_ms' is measured on graphs alone",
    ),
    "one test set for draws": (
        {"track_b": {"evaluate": {"resample": "samples"}}},
        "track_b",
        r"^track_b\.evaluate\.resample: 'samples' asks for one test set, .* Write draws",
    ),
    "the model alone on series": (
        {"evaluate": {"latency_of": "model"}},
        "track_a",
        r"^evaluate\.latency_of: of 'model' there are no repeated timings on series",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_run_that_could_not_say_what_it_is_for_is_refused(kind: str) -> None:
    given, pipeline, message = REFUSED[kind]
    with pytest.raises(ParameterError, match=message):
        check(given, pipeline)


@pytest.mark.parametrize("pipeline", ["ingest", "train", "tda_features", "scaling_betti"])
def test_nothing_is_asked_of_a_pipeline_that_judges_nothing(pipeline: str) -> None:
    groups = check_parameters(raw_of("base", {"models": "fcn", "evaluate": {"baseline": "nobody"}}))
    assert check_run(groups, {}, PIPELINES[pipeline].all_outputs()) == []


def test_models_narrowed_on_the_command_line_leave_comparisons_out_and_say_so() -> None:
    remarks = check({"track_b": {"models": "gat gatv2 simplicial_mlp"}}, "track_b")
    assert remarks == [
        "track_b.evaluate.further_baselines: graph_transformer not among track_b.models; nothing is judged there"
    ]
    (remark,) = check({"track_c": {"models": "fcn"}}, "track_c")
    assert remark.startswith(
        "track_c.evaluate.baseline: 'inception_time' is not among track_c.models; verdicts are made"
    )


def test_a_batch_that_some_sets_have_is_judged_there_and_the_others_are_named() -> None:
    given: dict[str, Any] = {"datasets": ["MUTAG", "planted_contacts"], "evaluate": {"latency_batch": 64}}
    (remark,) = check({"track_b": given}, "track_b")
    assert remark.endswith("batches of 64 are not measured on planted_contacts; latency is unknown there")
    assert check({"track_b": {**given, "datasets": ["MUTAG"]}}, "track_b") == []


def test_memory_that_is_not_measured_is_said_where_a_verdict_asks_for_it() -> None:
    off = {"efficiency": {"memory": False}}
    (remark,) = check(off, "track_b")
    assert remark.startswith("efficiency.memory: off, so that no model can be 'cheaper at equal quality'")
    assert check(off, "track_a") == check(off, "compress_b") == []


IDLE = {
    "track_b.seeds": (3, "track_a", "track_b: has no effect, since this pipeline does not read it"),
    "tda.window": (64, "track_a", "no model reads features of embedding sliding_window or spectrogram"),
    "tda.bandwidth": (0.1, "track_a", "no model reads features of vectorization image"),
    "parallel.address": ("tcp://x:1", "track_a", "parallel.backend is not dask"),
    "evaluate.min_params_cut": (0.5, "track_a", "the criterion of this track does not ask for it"),
    "track_b.evaluate.min_latency_cut": (0.5, "track_b", "the criterion of this track does not ask for it"),
    "compression.stages": ([0.5, 1.0], "track_c", "no variant has the schedule increasing"),
}


@pytest.mark.parametrize("path", IDLE)
def test_parameters_that_do_nothing_are_said(path: str) -> None:
    value, pipeline, reason = IDLE[path]
    (remark,) = check(nested(path, value), pipeline)
    assert remark.endswith(reason)


def test_parameters_that_do_something_are_not_said() -> None:
    for path, value, pipeline in (
        ("tda.delay", 3, "track_a"), ("parallel.jobs", 2, "track_a"), ("simplicial.time_window", 60, "track_b"),
        ("evaluate.max_f1_drop_pp", 2, "track_a"), ("compression.keep", 0.5, "track_c"),
    ):  # fmt: skip
        assert check(nested(path, value), pipeline) == []


def test_every_rule_names_a_parameter_that_there_is() -> None:
    for path, _, _ in RULES:
        name, *steps = path.split(".")
        kind: Any = GROUPS[name]
        for step in steps:
            assert step in kind.model_fields, path
            kind = kind.model_fields[step].annotation


def test_further_baselines_of_conf_that_an_environment_left_out_are_said() -> None:
    groups = check_parameters(raw_of("base", {"track_b": {"models": ["gat", "simplicial_mlp"]}}))
    (remark,) = check_run(groups, {}, PIPELINES["track_b"].all_outputs())
    assert remark.startswith("track_b.evaluate.further_baselines: gatv2, graph_transformer not among track_b.models")
