"""How one item becomes bytes and comes back: npz, safetensors with a JSON spec, parquet, CSV, JSON. Never pickle."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import safetensors.torch
import torch
from numpy.typing import NDArray

from topology_efficient_dl.common.bounded import check_size, file_limit, read_npz

Arrays = Mapping[str, NDArray[Any]]
Tensors = Mapping[str, torch.Tensor]
Spec = Mapping[str, Any]

MAX_ITEM_MIB = 16_384
"""Largest npz item, unpacked, that is stored or read back."""


@dataclass(frozen=True)
class Codec:
    """A pair of inverse functions, and the suffix of the files they make.

    Attributes
    ----------
    suffix : file suffix with its dot
    encode : value -> bytes
    decode : bytes -> value; raises any exception on damaged bytes
    """

    suffix: str
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]

    def wrap(self, to_plain: Callable[[Any], Any], from_plain: Callable[[Any], Any]) -> Codec:
        """The same file format for a richer type, given its way to and from the plain one."""
        return Codec(
            self.suffix,
            lambda value: self.encode(to_plain(value)),
            lambda data: from_plain(self.decode(data)),
        )


def encode_npz(arrays: Arrays) -> bytes:
    """Named arrays, compressed; arrays of Python objects are refused.

    Raises
    ------
    TypeError : an array has dtype object
    DataError : the arrays hold more than ``MAX_ITEM_MIB``
    """
    for name, array in arrays.items():
        if np.asarray(array).dtype == object:
            raise TypeError(f"array '{name}' holds Python objects; convert it to numbers or fixed-width strings")
    with file_limit(MAX_ITEM_MIB, "MAX_ITEM_MIB"):
        check_size("an item to store", sum(np.asarray(array).nbytes for array in arrays.values()))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def decode_npz(data: bytes) -> dict[str, NDArray[Any]]:
    """Named arrays from npz bytes."""
    with file_limit(MAX_ITEM_MIB, "MAX_ITEM_MIB"):
        return read_npz(io.BytesIO(data), "a stored item")


def encode_safetensors(value: tuple[Tensors, Spec]) -> bytes:
    """Named tensors, and a JSON spec in the header of the same file, so that the two cannot part."""
    tensors, spec = value
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    return safetensors.torch.save(contiguous, metadata={"spec": json.dumps(spec, sort_keys=True)})


def decode_safetensors(data: bytes) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Named tensors and their JSON spec."""
    header_length = int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8 : 8 + header_length])["__metadata__"]
    return safetensors.torch.load(data), json.loads(metadata["spec"])


def encode_parquet(frame: pd.DataFrame) -> bytes:
    """A tidy table as parquet."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def decode_parquet(data: bytes) -> pd.DataFrame:
    """A tidy table from parquet bytes."""
    return pd.read_parquet(io.BytesIO(data))


def encode_csv(frame: pd.DataFrame) -> bytes:
    """A tidy table as CSV with a header."""
    return frame.to_csv(index=False).encode()


def decode_csv(data: bytes) -> pd.DataFrame:
    """A tidy table from CSV bytes."""
    return pd.read_csv(io.BytesIO(data))


def encode_json(value: Any) -> bytes:
    """Plain values as JSON; NaN and infinity are refused, since JSON has neither."""
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False).encode()


def decode_json(data: bytes) -> Any:
    """Plain values from JSON bytes."""
    return json.loads(data)


NPZ = Codec(".npz", encode_npz, decode_npz)
SAFETENSORS = Codec(".safetensors", encode_safetensors, decode_safetensors)
PARQUET = Codec(".parquet", encode_parquet, decode_parquet)
CSV = Codec(".csv", encode_csv, decode_csv)
JSON = Codec(".json", encode_json, decode_json)
