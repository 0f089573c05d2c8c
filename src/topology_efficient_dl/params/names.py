"""Which names data sets, models and variants may have: keys of cells, paths and figures are made of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

LONGEST = 64
RULE = (
    f"a name may hold letters, digits, '_' and '-', begins with a letter or digit and is at most {LONGEST} characters "
    "long; neither '/' nor '.', which keys are made with, nor '$', which figures read as a formula. Rename it"
)
_NAME = re.compile(rf"[^\W_][\w-]{{0,{LONGEST - 1}}}")
_WITH_BLANKS = re.compile(rf"[^\W_](?:[\w -]{{0,{LONGEST - 2}}}[\w-])?")


def checked_names(names: Iterable[str], prefix: str = "", blanks: bool = False) -> None:
    """Refuse names that would break keys or figures.

    Parameters
    ----------
    names : to check
    prefix : of the names in the error, such as ``variants.``
    blanks : whether they may stand within a name, as in those of folders

    Raises
    ------
    ValueError : names the first one, what is wrong with it, and the rule

    Examples
    --------
    >>> checked_names(["GunPoint", "email-Eu", "내_모델"])
    >>> checked_names(["net.v2"], "zoo.")
    Traceback (most recent call last):
    ...
    ValueError: zoo.net.v2: the name holds '.': a name may hold letters, digits, '_' and '-', begins with ...
    """
    for name in names:
        if (_WITH_BLANKS if blanks else _NAME).fullmatch(name):
            continue
        wrong = "".join(dict.fromkeys(re.sub(r"[\w -]" if blanks else r"[\w-]", "", name)))
        edge = f"ends with {name[-1:]!r}" if name.endswith(" ") else f"begins with {name[:1]!r}"
        found = f"holds {wrong!r}" if wrong else edge if name else "is empty"
        if len(name) > LONGEST:
            found, name = f"is {len(name)} characters long", f"{name[:LONGEST]}..."
        shown = name if name.isprintable() else repr(name)
        raise ValueError(f"{prefix}{shown}: the name {found}: {RULE}")


def _keys(values: Any) -> Any:
    if isinstance(values, Mapping):
        checked_names(map(str, values))
    return values


def _items(values: tuple[str, ...]) -> tuple[str, ...]:
    checked_names(values, blanks=True)
    return values


NAMED = BeforeValidator(_keys)
"""Annotates a map of parameters whose keys are names."""

NameTuple = Annotated[tuple[str, ...], AfterValidator(_items)]
"""Names that a parameter lists."""


def display_name(model: str) -> str:
    """The model's name with its separators as spaces.

    Examples
    --------
    >>> display_name("inception_time")
    'inception time'
    """
    return model.replace("_", " ")
