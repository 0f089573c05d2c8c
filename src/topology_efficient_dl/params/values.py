"""What no parameter may be, whatever its group: not finite, absurdly large or small, a name too long."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from topology_efficient_dl.errors import ParameterError

LARGEST, SMALLEST = 1e12, 1e-12
NAME_BYTES = 100
"""Of a name of a model, data set or variant: two of them and what is added fit into the 255 of a file's name."""

NAMES = ("datasets", "models", "dataset", "baseline")


def _no_truth(value: Any) -> Any:
    """Python counts True as 1, but whoever writes ``true`` where a number belongs means something else."""
    if isinstance(value, bool):
        raise ValueError(f"expected a number, found {value}")
    return value


Seed = Annotated[int, Field(ge=0, lt=2**32), BeforeValidator(_no_truth)]
"""What NumPy, torch and lightning all take."""


def _somebody(jobs: int) -> int:
    if jobs == 0:
        raise ValueError("0 workers would do nothing; give a number, or -1 for one per core")
    return jobs


Jobs = Annotated[int, Field(ge=-1, le=1_024), AfterValidator(_somebody)]
"""Workers; -1 is one per core."""


def once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values, none of which may be there twice.

    Raises
    ------
    ValueError : one is
    """
    twice = [value for place, value in enumerate(values) if value in values[:place]]
    if twice:
        raise ValueError(f"{twice[0]!r} is there twice; give each once")
    return values


def refuse_repeats(model: BaseModel) -> None:
    """Refuse a list of names or numbers that has one of them twice; a pair may.

    Raises
    ------
    ValueError : names the field and the value
    """
    for name, field in type(model).model_fields.items():
        values = getattr(model, name)
        is_list = isinstance(values, tuple) and Ellipsis in get_args(field.annotation)
        if is_list and all(isinstance(each, (str, int, float)) for each in values):
            try:
                once(values)
            except ValueError as error:
                raise ValueError(f"{name} {values}: {error}") from None


def refuse_truth_values(kind: type[BaseModel], values: Mapping[str, Any]) -> None:
    """Refuse true and false in fields that are no switches.

    Raises
    ------
    ValueError : names the field
    """
    for name, value in values.items():
        expected = kind.model_fields[name].annotation
        if isinstance(value, bool) and not {bool, Any} & {expected, *get_args(expected)}:
            raise ValueError(f"{name} is {str(value).lower()}; expected another kind of value, no truth value")


def check_values(raw: Mapping[str, Any]) -> None:
    """Refuse values that no parameter may have, in typed groups and in free options alike.

    Parameters
    ----------
    raw : the merged parameters of conf and command line

    Raises
    ------
    ParameterError : names the parameter, the value and what is allowed

    Examples
    --------
    >>> check_values({"train": {"learning_rate": float("nan")}})
    Traceback (most recent call last):
    ...
    topology_efficient_dl.errors.ParameterError: train.learning_rate: nan is not finite; expected a number
    """
    for place, value in leaves(raw, ""):
        if isinstance(value, float) and not math.isfinite(value):
            raise ParameterError(f"{place}: {value} is not finite; expected a number")
        if isinstance(value, (int, float)) and value and not SMALLEST <= abs(value) <= LARGEST:
            raise ParameterError(
                f"{place}: {value:g} is absurd; expected a size between {SMALLEST:g} and {LARGEST:g}, or 0"
            )
        if isinstance(value, str) and place.rpartition(".")[2] in NAMES:
            for name in value.split():
                _check_length(place, name)


def leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Every value that holds no others, with the path to it; items of a list have the list's own."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _check_length(place or "a group of parameters", str(key))
            yield from leaves(inner, f"{place}.{key}" if place else str(key))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from leaves(inner, place)
    else:
        yield place, value


def _check_length(place: str, name: str) -> None:
    size = len(name.encode("utf-8", errors="replace"))
    if size > NAME_BYTES:
        raise ParameterError(
            f"{place}: the name '{name[:30]}...' has {size} bytes; expected at most {NAME_BYTES}, since files "
            "are named after it. Give a shorter one"
        )
