"""Whether this machine has what a run asks for: devices and folders, looked at before it begins."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.training import TrainParams

TRAINED: dict[str, str] = {
    "track_a.models": "train",
    **dict.fromkeys(("track_b.models", "compress_b.tuned_models"), "track_b.train"),
    **dict.fromkeys(("track_c.models", "track_c.tuned_models"), "track_c.train"),
    **dict.fromkeys(("forecast_c.models", "forecast_c.tuned_models"), "forecast.train"),
}
"""By catalog entry, the parameters that its networks are trained with."""

TIMED = (".efficiency", ".crossing_points")
FOLDERS = {"ingest": "UCR files", "graphs": "graphs"}


def check_machine(groups: Mapping[str, Any], read: Collection[str], outputs: Collection[str]) -> None:
    """Refuse a run that needs a GPU or a folder that is not there.

    Parameters
    ----------
    groups : typed parameters, of ``check_parameters``
    read : what the pipeline reads from outside, as ``params:ingest``
    outputs : names of catalog entries that it writes

    Raises
    ------
    ParameterError : names the parameter and the way out
    """
    for name, what in FOLDERS.items():
        root = groups[name].root if f"params:{name}" in read and name in groups else None
        if root is not None and not Path(root).expanduser().is_dir():
            raise ParameterError(
                f"{name}.root: no folder '{root}'; expected a folder with {what}; correct {name}.root or unset it"
            )
    for place in dict.fromkeys(TRAINED[name] for name in sorted(outputs) if name in TRAINED):
        for prefix, train in _trainings(place, groups):
            _check_training(prefix, train)
    if any(name.endswith(TIMED) for name in outputs) and groups["efficiency"].device == "cuda":
        from topology_efficient_dl.efficiency.environment import check_device

        check_device("cuda")


def _trainings(place: str, groups: Mapping[str, Any]) -> Iterator[tuple[str, TrainParams]]:
    """The common parameters of a track's fits, and those of models of graphs that have others."""
    track = place.rpartition(".")[0]
    train = groups[track].train if track else groups["train"]
    yield place, train
    specs = groups["zoo"].pick(groups[track].models) if track == "track_b" else {}
    for model, spec in specs.items():
        if spec.train:
            yield f"zoo.{model}.train", TrainParams(**{**train.model_dump(), **spec.train})


def _check_training(place: str, train: TrainParams) -> None:
    if train.device != "cuda" and train.precision != "16-mixed":
        return
    from topology_efficient_dl.training.runtime import training_device

    try:
        training_device(train)
    except ParameterError as error:
        raise ParameterError(str(error).replace("train.", f"{place}.")) from error
