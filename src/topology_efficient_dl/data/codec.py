"""A split as plain arrays and back, exactly, without object arrays: for ``.npz`` files and their like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from topology_efficient_dl.data.preparation import Preparation
from topology_efficient_dl.data.split import PARTS, Split
from topology_efficient_dl.errors import StorageError

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
