"""One dataset's train, validation and test arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.data.preparation import Preparation
from topology_efficient_dl.errors import StorageError

PARTS = ("train", "validation", "test")


class SeriesByPart(Protocol):
    """What a network's input and output are told by: series by part, and as many names as it gives numbers."""

    @property
    def name(self) -> str:
        """Of the dataset."""

    @property
    def series(self) -> Mapping[str, NDArray[np.float32]]:
        """By part, (n_samples, n_channels, n_timepoints) float32."""

    @property
    def n_channels(self) -> int:
        """Channels of every series."""

    @property
    def n_timepoints(self) -> int:
        """Samples in time of every series."""

    @property
    def n_classes(self) -> int:
        """Numbers that a network gives: one a class, or one a step that is forecast."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names."""


@dataclass(frozen=True)
class Split:
    """Train and test of one dataset as its files have them; validation is a stratified part of train.

    Attributes
    ----------
    name : the dataset's name in its archive
    series : by part, (n_samples, n_channels, n_timepoints) float32
    labels : by part, (n_samples,) int64, codes in ``range(len(classes))``
    classes : (n_classes,) the original labels, as strings, in code order
    source : where the files came from, e.g. ``"ECG200_TRAIN.tsv.gz in <folder name>"`` or ``"bundled with aeon"``
    notes : what had to be done to the files that a reader of results should know, e.g. missing values filled
    preparation : what was done to every series, for new ones; None where it is not known, as of splits made by hand
    held_out : whether test is a part of train, and the test file was not read
    """

    name: str
    series: dict[str, NDArray[np.float32]]
    labels: dict[str, NDArray[np.int64]]
    classes: tuple[str, ...]
    source: str
    notes: tuple[str, ...] = ()
    preparation: Preparation | None = None
    held_out: bool = False

    @property
    def n_channels(self) -> int:
        """Channels of every series."""
        return self.series["train"].shape[1]

    @property
    def n_timepoints(self) -> int:
        """Samples in time of every series, after lengths were made equal."""
        return self.series["train"].shape[2]

    @property
    def validation_is_train(self) -> bool:
        """True where no sample could be cut off, so that validation is train itself."""
        return np.array_equal(self.series["train"], self.series["validation"])

    def development(self, inputs: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """All that a model may be fitted on: train, then validation where it is not train itself.

        Parameters
        ----------
        inputs : by part, arrays with one row a sample: ``series``, ``labels``, or features of the split

        Returns
        -------
        (n_train + n_validation, ...) array
        """
        parts = ("train",) if self.validation_is_train else ("train", "validation")
        return np.concatenate([inputs[part] for part in parts])

    @property
    def n_classes(self) -> int:
        """Number of classes seen in train."""
        return len(self.classes)


KEYS = (*(f"{kind}_{part}" for kind in ("series", "labels") for part in PARTS), "classes", "metadata")


def split_to_arrays(split: Split) -> dict[str, np.ndarray]:
    """The arrays of a split by name.

    Returns
    -------
    ``series_<part>`` (n_samples, n_channels, n_timepoints) float32 and ``labels_<part>`` (n_samples,) int64 for every
    part, ``classes`` (n_classes,) unicode, ``metadata`` () unicode: JSON with name, source, notes, preparation and,
    where test is a part of train, ``held_out``.
    """
    metadata: dict[str, Any] = {"name": split.name, "source": split.source, "notes": list(split.notes)}
    metadata |= {"held_out": True} if split.held_out else {}
    if split.preparation is not None:
        metadata["preparation"] = split.preparation.to_json()
    return {
        **{f"series_{part}": split.series[part] for part in PARTS},
        **{f"labels_{part}": split.labels[part] for part in PARTS},
        "classes": np.array(split.classes, dtype=np.str_),
        "metadata": np.array(json.dumps(metadata, sort_keys=True), dtype=np.str_),
    }


def split_from_arrays(arrays: Mapping[str, Any]) -> Split:
    """The split that `split_to_arrays` took apart.

    Parameters
    ----------
    arrays : by name, as from `split_to_arrays` or an open ``.npz`` file

    Raises
    ------
    StorageError : an array is missing, or the metadata are not JSON
    """
    missing = [key for key in KEYS if key not in arrays]
    if missing:
        raise StorageError(f"not a stored split: no arrays {missing}, found {sorted(arrays)}; compute the split again")
    metadata = _metadata(arrays["metadata"])
    return Split(
        name=metadata["name"],
        series={part: np.asarray(arrays[f"series_{part}"]) for part in PARTS},
        labels={part: np.asarray(arrays[f"labels_{part}"]) for part in PARTS},
        classes=tuple(arrays["classes"].tolist()),
        source=metadata["source"],
        notes=tuple(metadata["notes"]),
        # Splits that were stored before there were such records have none.
        preparation=Preparation.from_json(metadata["preparation"]) if "preparation" in metadata else None,
        held_out=bool(metadata["held_out"]),
    )


def _metadata(array: np.ndarray) -> dict[str, Any]:
    try:
        metadata = json.loads(array.item())
        return {"held_out": False} | metadata | {key: metadata[key] for key in ("name", "source", "notes")}
    except (ValueError, TypeError, KeyError) as error:
        raise StorageError(
            f"not a stored split: its metadata {array!r} are not JSON with name, source and notes; "
            "compute the split again"
        ) from error
