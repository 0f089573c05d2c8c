"""What a cell depends on, as one digest: its inputs, its parameters and the version of its method."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])


NAMESPACE = "topology_efficient_dl."
"""Before the name of every method in what items are known by."""


def versioned(version: int, *, name: str) -> Callable[[Function], Function]:
    """Declare what a method is known by; raise the version whenever its results change.

    Parameters
    ----------
    version : of the results
    name : stays what it is when the function moves or is renamed, as items that were computed before are known by it

    Examples
    --------
    >>> @versioned(2, name="arithmetic:double")
    ... def twice(x): return 2 * x
    >>> method_identity(twice)
    'topology_efficient_dl.arithmetic:double@2'
    """

    def mark(function: Function) -> Function:
        function.__method_version__ = f"{NAMESPACE}{name}@{version}"  # type: ignore[attr-defined]  # of any callable
        return function

    return mark


def method_identity(function: Callable[..., Any]) -> str:
    """Name and version of a method; one that declares none is known by its place and the digest of its source."""
    declared: str | None = getattr(function, "__method_version__", None)
    if declared is not None:
        return declared
    source = hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:12]
    return f"{function.__module__}:{function.__qualname__}@{source}"


def fingerprint(*parts: Any) -> str:
    """A 40-digit digest of plain values, arrays, dataclasses and parameter models, equal on every machine.

    Mappings are taken without regard to order. An object with an ``identity()`` method is known by what
    that returns.

    Raises
    ------
    TypeError : a part has no stable identity

    Examples
    --------
    >>> fingerprint({"a": 1, "b": 2.5}) == fingerprint({"b": 2.5, "a": 1})
    True
    >>> fingerprint(1) == fingerprint("1")
    False
    """
    digest = hashlib.sha256()
    for token in _tokens(parts):
        digest.update(len(token).to_bytes(8, "little"))
        digest.update(token)
    return digest.hexdigest()[:40]


def _tokens(value: Any) -> Iterator[bytes]:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        yield type(value).__name__.encode()
        yield value if isinstance(value, bytes) else repr(value).encode()
    elif isinstance(value, Mapping):
        yield b"mapping"
        for key in sorted(value, key=repr):
            yield from _tokens(key)
            yield from _tokens(value[key])
        yield b"end"
    elif isinstance(value, (list, tuple)):
        yield b"sequence"
        for item in value:
            yield from _tokens(item)
        yield b"end"
    else:
        yield from _object_tokens(value)


def _object_tokens(value: Any) -> Iterator[bytes]:
    if isinstance(value, np.ndarray):
        yield f"array {value.dtype.str} {value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif hasattr(value, "identity"):
        yield type(value).__qualname__.encode()
        yield from _tokens(value.identity())
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield type(value).__qualname__.encode()
        yield from _tokens({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    else:
        raise TypeError(f"{type(value).__qualname__} has no stable identity; give it an identity() method")
