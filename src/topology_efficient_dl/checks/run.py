"""Whether a run can say what it is meant to say: checked before it begins, against the pipeline that was chosen.

What would leave a verdict or a figure empty is an error. What merely does nothing is a remark (``parameter_effects``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.params.base import Names
from topology_efficient_dl.params.compression import CompressionParams
from topology_efficient_dl.params.forecasting import ForecastParams
from topology_efficient_dl.params.graphs import GraphCompressionParams, TrackParams
from topology_efficient_dl.params.models import Zoo
from topology_efficient_dl.params.training import EfficiencyParams, EvaluateParams

ON_GRAPHS = ("track_b", "compress_b")
ONLY_OF_GRAPHS = ("preprocessing_ms", "fused_latency_ms_b1", "fused_peak_memory_mb")


@dataclass(frozen=True)
class _Study:
    """What is judged or drawn under one namespace, and how its parameters are called."""

    name: str
    models: Names
    evaluate: EvaluateParams
    compression: CompressionParams | None = None

    @property
    def prefix(self) -> str:
        return "" if self.name == "track_a" else f"{self.name}."

    def names(self) -> list[str]:
        """Dense models and what is made of them."""
        dense = list(self.models.root)
        return [*dense, *(f"{model}.{variant}" for model in dense for variant in self.variants(model))]

    def variants(self, model: str) -> list[str]:
        """Those that are made of a model."""
        recipes = self.compression.recipes() if self.compression else {}
        return [name for name in recipes if self.compression and self.compression.takes(name, model)]


def check_run(groups: Mapping[str, Any], given: Mapping[str, Any], outputs: Iterable[str]) -> list[str]:
    """Refuse a run whose verdicts or figures could only be empty.

    Parameters
    ----------
    groups : typed parameters, of ``check_parameters``
    given : those of the command line, as nested maps
    outputs : names of catalog entries that the pipeline writes

    Returns
    -------
    Remarks on comparisons that were narrowed on the command line.

    Raises
    ------
    ParameterError : a baseline, batch size, axis or kind of interval that this run does not have
    """
    written = set(outputs)
    remarks: list[str] = []
    for name in sorted({output.partition(".")[0] for output in written}):
        if f"{name}.forecast_verdicts" in written and isinstance(groups.get("forecast"), ForecastParams):
            forecast = groups["forecast"]
            _check_decompositions("forecast.", forecast.models.root, forecast.compression)
        study = _study(name, groups)
        if study is None:
            continue
        if f"{name}.verdicts" in written:
            remarks += [*_check_batch(study, groups), *_check_verdicts(study, groups, given)]
        if f"{name}.pareto" in written:
            _check_axes(study, groups)
    return remarks


def _study(name: str, groups: Mapping[str, Any]) -> _Study | None:
    group, compression = groups.get(name), groups.get("compression")
    if name == "track_a" and "models" in groups and "evaluate" in groups:
        return _Study(name, groups["models"], groups["evaluate"])
    if isinstance(group, GraphCompressionParams):
        return _Study(name, group.models, group.evaluate, group.compression)
    if isinstance(group, TrackParams):
        return _Study(name, group.models, group.evaluate, compression if name == "track_c" else None)
    return None


def _check_verdicts(study: _Study, groups: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    zoo = groups["zoo"]
    _check_intervals(study)
    if study.compression is not None:
        _check_decompositions(study.prefix, study.models.root, study.compression)
        return _check_pairs(study, zoo)
    _check_baseline(study, zoo)
    _check_proposals(study, zoo)
    return _check_further(study, zoo, given) + _check_memory(study, groups["efficiency"])


def _known(place: str, name: str, there: Collection[str], zoo: Zoo) -> None:
    if name not in there and name not in zoo.root:
        hint = did_you_mean(name, [*there, *zoo.root]) or "."
        raise ParameterError(f"{place}: unknown model '{name}'{hint} Models of this run: {', '.join(there)}")


def _check_baseline(study: _Study, zoo: Zoo) -> None:
    name, place = study.evaluate.baseline, f"{study.prefix}evaluate.baseline"
    _known(place, name, study.models.root, zoo)
    if name not in study.models.root:
        raise ParameterError(
            f"{place}: '{name}' is not among the models of this run ({', '.join(study.models.root)}), so that nothing "
            f"could be judged. Add it to {study.prefix}models, or name one of them as the baseline"
        )


def _check_proposals(study: _Study, zoo: Zoo) -> None:
    roles = {name: spec.role for name, spec in zoo.pick(study.models).items()}
    if not any(role == "proposal" and name != study.evaluate.baseline for name, role in roles.items()):
        raise ParameterError(
            f"{study.prefix}models: none of {', '.join(roles)} is a proposal beside the baseline "
            f"'{study.evaluate.baseline}', so that nothing could be judged. Add one whose zoo.<model>.role is "
            f"proposal, or stop at the table of results: --to-outputs {study.name}.results"
        )


def _check_further(study: _Study, zoo: Zoo, given: Mapping[str, Any]) -> list[str]:
    """Further baselines that the command line names must be there too; those of conf need not, since an environment or
    the command line may narrow the models, and a remark says which comparisons fall away."""
    place, there = f"{study.prefix}evaluate.further_baselines", study.models.root
    own = _at(given, study.prefix)
    are_asked_for = "further_baselines" in (own.get("evaluate") or {})
    for name in study.evaluate.further_baselines:
        _known(place, name, there, zoo)
    absent = [name for name in study.evaluate.further_baselines if name not in there]
    if absent and are_asked_for:
        raise ParameterError(
            f"{place}: '{absent[0]}' is not among the models of this run ({', '.join(there)}), so that nothing would "
            f"be judged against it. Add it to {study.prefix}models, or take it out"
        )
    return [f"{place}: {', '.join(absent)} not among {study.prefix}models; nothing is judged there"] if absent else []


def _check_decompositions(prefix: str, models: Iterable[str], compression: CompressionParams) -> None:
    place = {"track_c.": "compression"}.get(prefix, f"{prefix}compression")
    recipes, names = compression.recipes(), list(models)
    if not any(
        recipe.is_tensor and compression.takes(name, model) for name, recipe in recipes.items() for model in names
    ):
        raise ParameterError(
            f"{place}.variants: none of {', '.join(recipes)} decomposes weights of {', '.join(names)}, so that nothing "
            "could be judged. Add one of method svd, tucker, cp or tt"
        )


def _check_pairs(study: _Study, zoo: Zoo) -> list[str]:
    """The baseline of compressed models serves tests over data sets alone: every verdict is against the dense model."""
    place, name = f"{study.prefix}evaluate.baseline", study.evaluate.baseline
    _known(place, name, study.names(), zoo)
    if name in study.names():
        return []
    return [f"{place}: '{name}' is not among {study.prefix}models; verdicts are made, paired tests against it are not"]


def _batches(study: _Study, groups: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """The batch sizes whose latency is measured, by data set: of one graph its single pass alone."""
    sizes: tuple[int, ...] = groups["efficiency"].batch_sizes
    if study.name not in ON_GRAPHS:
        return {"": sizes}
    from topology_efficient_dl.data.graphs.known import KNOWN

    names = groups["track_b"].datasets.root
    return {name: sizes if name in KNOWN and KNOWN[name].reader == "graph_set" else (1,) for name in names}


def _check_batch(study: _Study, groups: Mapping[str, Any]) -> list[str]:
    """Some data set must have the batch that is judged; a remark says which have not."""
    place, batch, measured = (
        f"{study.prefix}evaluate.latency_batch",
        study.evaluate.latency_batch,
        _batches(study, groups),
    )
    without = [name for name, sizes in measured.items() if batch not in sizes]
    if len(without) == len(measured):
        raise ParameterError(f"{place}: batches of {batch} are not measured. {_way_to_batch(study, groups, batch)}")
    names = ", ".join(without)
    return [f"{place}: batches of {batch} are not measured on {names}; latency is unknown there"] if without else []


def _way_to_batch(study: _Study, groups: Mapping[str, Any], batch: int) -> str:
    sizes: tuple[int, ...] = groups["efficiency"].batch_sizes
    if all(found == (1,) for found in _batches(study, groups).values()) and sizes != (1,):
        return "Allowed: 1, since an inference on one graph answers for all of its nodes; sets of graphs have batches"
    return f"Allowed: {', '.join(map(str, sizes))}; else add {batch} to efficiency.batch_sizes"


def _check_memory(study: _Study, efficiency: EfficiencyParams) -> list[str]:
    """Track B asks for less memory where quality is equal; without it only a better model can succeed."""
    if study.name != "track_b" or efficiency.memory:
        return []
    return ["efficiency.memory: off, so that no model can be 'cheaper at equal quality', which asks for less memory"]


def _check_intervals(study: _Study) -> None:
    if study.name in ON_GRAPHS and study.evaluate.resample == "samples":
        raise ParameterError(
            f"{study.prefix}evaluate.resample: 'samples' asks for one test set, and every draw of labels, split or "
            "fold has its own. Write draws"
        )
    if study.name not in ON_GRAPHS and study.evaluate.latency_of == "model":
        raise ParameterError(
            f"{study.prefix}evaluate.latency_of: of 'model' there are no repeated timings on series, and without them "
            "no verdict. Write whole"
        )


def _check_axes(study: _Study, groups: Mapping[str, Any]) -> None:
    efficiency, measured = groups["efficiency"], {size for sizes in _batches(study, groups).values() for size in sizes}
    for axis in ("x_axis", "y_axis"):
        name, place = getattr(study.evaluate, axis), f"{study.prefix}evaluate.{axis}"
        batch = name.rpartition("_b")[2]
        if name.endswith("peak_memory_mb") and not efficiency.memory:
            raise ParameterError(f"{place}: '{name}' is not measured, since efficiency.memory is off. Turn it on")
        if "latency" in name and int(batch) not in measured:
            raise ParameterError(f"{place}: '{name}' is not measured. {_way_to_batch(study, groups, int(batch))}")
        if name in ONLY_OF_GRAPHS and study.name not in ON_GRAPHS:
            raise ParameterError(f"{place}: '{name}' is measured on graphs alone. Take another column")


def _at(given: Mapping[str, Any], prefix: str) -> Mapping[str, Any]:
    inner = given.get(prefix.rstrip("."), {}) if prefix else given
    return inner if isinstance(inner, Mapping) else {}
