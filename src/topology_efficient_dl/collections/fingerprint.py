"""What a cell depends on, as one digest: its inputs, its parameters and the version of its method."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])


def versioned(version: int) -> Callable[[Function], Function]:
    """Declare the version of a method; raise it whenever the method's results change.

    Examples
    --------
    >>> @versioned(2)
    ... def double(x): return 2 * x
    >>> method_identity(double).rsplit(":", 1)[1]
    'double@2'
    """

    def mark(function: Function) -> Function:
        function.__method_version__ = str(version)  # type: ignore[attr-defined]
        return function

    return mark


def method_identity(function: Callable[..., Any]) -> str:
    """``module:name@version``; a method without a declared version is known by the digest of its source."""
    version = getattr(function, "__method_version__", None)
    if version is None:
        version = hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:12]
    return f"{function.__module__}:{function.__qualname__}@{version}"


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
