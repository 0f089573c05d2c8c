"""Numbers, scores and intervals as text, and rows as a Markdown table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from tabulate import DataRow, TableFormat

from topology_efficient_dl.evaluation.criteria import LATENCY_OF

NOTHING = "–"


def number(value: Any, digits: int = 3) -> str:
    """A number with three significant digits and thousands separators; a dash for nothing, and for what is no number.

    Examples
    --------
    >>> [number(value) for value in (1234567, 0.012345, 420450.0, None)]
    ['1,234,567', '0.0123', '420,450', '–']
    """
    if value is None or value != value:
        return NOTHING
    text = f"{value:,.0f}" if abs(value) >= 1000 or isinstance(value, int) else f"{value:.{digits}g}"
    return text.replace("-", "−")


def score(mean: Any, std: Any = None) -> str:
    """A score in [0, 1] with its standard deviation.

    Examples
    --------
    >>> score(0.8391, 0.1), score(0.5), score(None)
    ('0.839 ± 0.100', '0.500', '–')
    """
    if mean is None:
        return NOTHING
    return f"{mean:.3f}" if std is None else f"{mean:.3f} ± {std:.3f}"


def points(value: Any) -> str:
    """Percentage points with sign.

    Examples
    --------
    >>> points(-1.25), points(None)
    ('−1.2', '–')
    """
    return NOTHING if value is None else f"{value:+.1f}".replace("-", "−")


def negated(value: Any) -> Any:
    """A fall as a rise: the number, or the interval, with its sign turned; nothing stays nothing.

    Examples
    --------
    >>> negated(1.5), negated([-1.0, 2.0]), negated(None)
    (-1.5, [-2.0, 1.0], None)
    """
    if value is None:
        return None
    return [0.0 - end for end in reversed(value)] if isinstance(value, Sequence) else 0.0 - value


def latency_of(verdict: Mapping[str, Any]) -> str:
    """What the latency of a verdict is of, and how it was had if not from timing rounds."""
    note = verdict.get("latency_note")
    return LATENCY_OF[verdict["latency_of"]] + (f", {note}" if note else "")


def percent(value: Any) -> str:
    """A fraction as a percentage with sign.

    Examples
    --------
    >>> percent(0.312), percent(-4.0)
    ('+31 %', '−400 %')
    """
    return NOTHING if value is None else f"{100 * value:+.0f} %".replace("-", "−")


def span(interval: Any, scale: float = 1.0, digits: int = 1) -> str:
    """An interval in brackets.

    Examples
    --------
    >>> span([0.28, 0.31], 100, 0), span(None)
    ('[28, 31]', 'no interval')
    """
    if interval is None:
        return "no interval"
    return f"[{', '.join(f'{scale * end:.{digits}f}' for end in interval)}]".replace("-", "−")


def shares(pair: Any) -> str:
    """The least and the most of a share.

    Examples
    --------
    >>> shares((0.371, 0.428)), shares((1.0, 1.0)), shares(None)
    ('.37 to .43', '1.00', '–')
    """
    if pair is None:
        return NOTHING
    least, most = (f"{end:.2f}".removeprefix("0") for end in pair)
    return least if least == most else f"{least} to {most}"


def p_value(value: Any) -> str:
    """A p-value with two digits.

    Examples
    --------
    >>> p_value(0.0312), p_value(0.00001), p_value(None)
    ('0.031', '< 0.001', '–')
    """
    if value is None:
        return NOTHING
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


def cell(value: Any) -> str:
    """Text that may stand in a cell of a Markdown table.

    Examples
    --------
    >>> cell("a|b"), cell(None), cell([42, 123])
    ('a\\\\|b', '–', '42, 123')
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = ", ".join(map(str, value))
    return NOTHING if value is None else str(value).replace("|", "\\|").replace("\n", " ")


def change(row: Mapping[str, Any], measure: str) -> str:
    """By how many percent a measure of a verdict changed, with its interval."""
    value = row.get(measure)
    if value is None:
        return NOTHING
    interval = row.get(f"{measure}_interval")
    return f"{100 * value:+.1f}".replace("-", "−") + (f" {span(interval, 100, 1)}" if interval else "")


def spread(row: Mapping[str, Any], name: str) -> str:
    """The mean of a measure over seeds, with its standard deviation if there is one.

    Examples
    --------
    >>> spread({"rmse_mean": 1.5, "rmse_std": 0.25}, "rmse"), spread({"rmse_mean": 1.5, "rmse_std": None}, "rmse")
    ('1.5 ± 0.25', '1.5')
    """
    deviation = row[f"{name}_std"]
    return number(row[f"{name}_mean"]) + ("" if deviation is None else f" ± {number(deviation)}")


def formatted(value: Any, spec: str) -> str:
    """A value by Python's format specification; a dash for nothing.

    Examples
    --------
    >>> formatted(0.25, ".0%"), formatted(None, ".2f")
    ('25%', '–')
    """
    return NOTHING if value is None else format(value, spec)


def table(rows: pd.DataFrame, rule: str = "---") -> str:
    """Texts as a Markdown table whose cells are as wide as their text, so that one changed cell changes one line.

    Parameters
    ----------
    rows : texts under the names of their columns, which may be alike
    rule : under every name; ``---:`` aligns numbers on their last digit

    Examples
    --------
    >>> print(table(pd.DataFrame({"model": ["fcn"], "params": ["1,686"]})))
    | model | params |
    | --- | --- |
    | fcn | 1,686 |
    """
    line = DataRow("|", "|", "|")
    style = TableFormat(
        lineabove=None,
        linebelowheader=lambda widths, alignments: f"| {' | '.join([rule] * len(widths))} |",
        linebetweenrows=None,
        linebelow=None,
        headerrow=line,
        datarow=line,
        padding=1,
        with_header_hide=None,
    )
    as_they_are: dict[str, Any] = {"stralign": None, "numalign": None, "disable_numparse": True}
    return rows.to_markdown(index=False, tablefmt=style, **as_they_are)
