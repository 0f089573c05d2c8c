"""Graph types as plain arrays and back, exactly, without object arrays: for ``.npz`` files and their like."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.common.columns import RealArray
from topology_efficient_dl.errors import StorageError

BoolArray = NDArray[np.bool_]
FloatArray = RealArray
IntArray = NDArray[np.int64]
StrArray = NDArray[np.str_]

METADATA = "metadata"
RecordType = TypeVar("RecordType", bound="ArrayRecord")


class ArrayRecord:
    """Base of the graph types: frozen dataclasses of arrays, dicts of arrays, texts and whole numbers."""

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The fields by name as arrays.

        Returns
        -------
        Arrays as they are; each array of a dict under ``<field>.<key>``; all else as JSON in ``metadata`` () unicode,
        with the name of the type under ``kind``. Fields that are None have no array.
        """
        arrays: dict[str, NDArray[Any]] = {}
        values: dict[str, Any] = {}
        for name, value in _fields_of(self):
            if isinstance(value, np.ndarray):
                arrays[name] = value
            elif isinstance(value, dict):
                arrays.update({f"{name}.{key}": array for key, array in value.items()})
            else:
                values[name] = value
        metadata = json.dumps({"kind": type(self).__name__, "values": values}, sort_keys=True)
        return {**arrays, METADATA: np.array(metadata, dtype=np.str_)}

    @classmethod
    def from_arrays(cls: type[RecordType], arrays: Mapping[str, Any]) -> RecordType:
        """The record that `to_arrays` took apart.

        Parameters
        ----------
        arrays : by name, as from `to_arrays` or an open ``.npz`` file

        Raises
        ------
        StorageError : an array is missing, or the metadata are not those of this type
        """
        kind, values = read_metadata(arrays)
        if kind != cls.__name__:
            raise StorageError(f"not a stored {cls.__name__}: its metadata say '{kind}'; compute it again")
        try:
            return cls(**values, **_array_fields(arrays))
        except TypeError as error:
            raise StorageError(
                f"not a stored {cls.__name__}: {error}, found {sorted(arrays)}; compute it again"
            ) from error


def read_metadata(arrays: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Type name and plain values of a stored graph.

    Raises
    ------
    StorageError : there are no metadata, or they are not JSON with kind and values
    """
    try:
        metadata = json.loads(np.asarray(arrays[METADATA]).item())
        values = {
            name: tuple(value) if isinstance(value, list) else value for name, value in metadata["values"].items()
        }
        return metadata["kind"], values
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise StorageError(
            f"not a stored graph: no metadata with kind and values, found {sorted(arrays)}; compute it again"
        ) from error


def notes_of(*counts: tuple[int, str]) -> tuple[str, ...]:
    """A note for every count that is not zero.

    Examples
    --------
    >>> notes_of((0, "self-contacts left out"), (1_021, "duplicate contacts kept once"))
    ('1,021 duplicate contacts kept once',)
    """
    return tuple(f"{count:,} {what}" for count, what in counts if count)


def _fields_of(record: Any) -> Iterator[tuple[str, Any]]:
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if value is not None:
            yield field.name, value


def _array_fields(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Arrays by field; those named ``<field>.<key>`` gathered in dicts."""
    fields: dict[str, Any] = {}
    for name in set(arrays) - {METADATA}:
        field, _, key = name.partition(".")
        if key:
            fields.setdefault(field, {})[key] = np.asarray(arrays[name])
        else:
            fields[field] = np.asarray(arrays[name])
    return fields
