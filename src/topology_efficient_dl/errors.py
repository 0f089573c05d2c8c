"""One exception hierarchy: every error names the thing, the value found, what was expected and the way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TopologyEfficientError(Exception):
    """Base of every error that a user can cause and mend; shown without a traceback on the command line."""


class ParameterError(TopologyEfficientError):
    """A parameter has a wrong name or value."""


class DataError(TopologyEfficientError):
    """Input data are missing, damaged or unsuitable."""


class StorageError(TopologyEfficientError):
    """An item of a collection cannot be written or read."""


class QuestionError(TopologyEfficientError):
    """A question, an answer or an entry of the question-and-answer store is unsuitable, or none could be got."""


class CellError(TopologyEfficientError):
    """One cell of a collection failed; the cells finished before it are kept."""


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """A hint at the nearest of the options, or the empty string.

    Examples
    --------
    >>> did_you_mean("EGC200", ["ECG200", "Wafer"])
    "; did you mean 'ECG200'?"
    >>> did_you_mean("xyz", ["ECG200", "Wafer"])
    ''
    """
    by_folded = {option.casefold(): option for option in options}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1)
    return f"; did you mean '{by_folded[close[0]]}'?" if close else ""
