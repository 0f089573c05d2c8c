"""The base of all parameters: frozen, strict, with one identity."""

from __future__ import annotations

from typing import Annotated, Any, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, RootModel, model_validator

from topology_efficient_dl.errors import did_you_mean
from topology_efficient_dl.params.names import NameTuple
from topology_efficient_dl.params.values import (
    Seed,
    once,
    refuse_repeats,
    refuse_truth_values,
)

HOW: dict[str, Any] = {"results_depend_on_it": False}
"""Marks a parameter that says how a cell is computed, not what: it does not enter the cell's fingerprint."""


LATER: dict[str, Any] = {"enters_when_it_differs_from_its_default": True}
"""Marks a parameter that came later: at its default everything is as before, and cells of before are still known."""


def words(value: Any) -> Any:
    """One value, or several separated by blanks, as the command line gives a list; lists pass unchanged.

    Examples
    --------
    >>> words("gat gcn"), words(0.5), words([1])
    (['gat', 'gcn'], [0.5], [1])
    """
    if isinstance(value, str):
        return value.split()
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else value


class Parameters(BaseModel):
    """Base of all parameter groups: frozen; numbers are finite, lists hold each value once and may be given as text of
    values with blanks between them, and unknown keys are errors that name the nearest known key."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _prepare(cls, values: Any) -> Any:
        if isinstance(values, dict):
            for key in sorted(values.keys() - cls.model_fields.keys(), key=str):
                allowed = ", ".join(cls.model_fields)
                hint = did_you_mean(str(key), cls.model_fields)
                raise ValueError(f"unknown parameter '{key}'{hint or '.'} Allowed: {allowed}")
            refuse_truth_values(cls, values)
            lists = {name for name, field in cls.model_fields.items() if get_origin(field.annotation) is tuple}
            return {key: words(value) if key in lists else value for key, value in values.items()}
        return values

    @model_validator(mode="after")
    def _values_once(self) -> Parameters:
        refuse_repeats(self)
        return self

    def identity(self) -> dict[str, Any]:
        """The fields that results depend on: none marked ``HOW``, and ``LATER`` ones only if not at their default."""
        left_out = {
            name
            for name, field in type(self).model_fields.items()
            if field.json_schema_extra == HOW
            or (field.json_schema_extra == LATER and getattr(self, name) == field.default)
        }
        return self.model_dump(exclude=left_out)


class Names(RootModel[Annotated[NameTuple, BeforeValidator(words), AfterValidator(once), Field(min_length=1)]]):
    """A list of names, each once; from the command line one name, or several separated by spaces. See ``names``."""

    model_config = ConfigDict(frozen=True)


class Seeds(RootModel[Annotated[tuple[Seed, ...], BeforeValidator(words), AfterValidator(once), Field(min_length=1)]]):
    """Random seeds, each once; from the command line one integer, or several separated by spaces."""

    model_config = ConfigDict(frozen=True)
