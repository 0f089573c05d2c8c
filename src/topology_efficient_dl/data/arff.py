"""Weka's ``.arff``: attributes with names and types, then a series a line; relational where there are channels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from topology_efficient_dl.data.delimited import LABEL_NAMES, LETTER, is_index_name
from topology_efficient_dl.data.formats import (
    NumberedLines,
    ParsedFile,
    TextRow,
    check_listed,
    comparable_labels,
    damaged,
    header_lines,
    normalise_label,
    split_fields,
)
from topology_efficient_dl.errors import did_you_mean

ATTRIBUTE = re.compile(
    r"""@attribute\s+(?P<name>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s{]+)\s*(?P<type>.+)""", re.IGNORECASE
)


@dataclass(frozen=True)
class _Attribute:
    line: int
    name: str
    kind: str

    @property
    def values(self) -> list[str]:
        """Those of a nominal attribute; none of others."""
        return split_fields(self.kind.strip("{} \t"), ",") if self.kind.startswith("{") else []

    @property
    def is_index(self) -> bool:
        counts = any(self.values == [str(k) for k in range(start, start + len(self.values))] for start in (0, 1))
        return is_index_name(self.name) and counts


def arff_rows(path: Path, lines: NumberedLines, label_column: str | None = None) -> ParsedFile:
    r"""Rows of values and a label, or of ``'value,value\nvalue,value',label`` with one line a channel.

    The label is the attribute that is called class, label or target, else the one with a list of values (of several the
    last attribute); without attributes it is last.

    Parameters
    ----------
    path : of the file, for errors
    lines : its lines with their numbers
    label_column : ``first``, ``last`` or an attribute's name; None: what the attributes say

    Raises
    ------
    DataError : the header lacks ``@data``, or does not say which attribute is the class; in the rows, another number
        of fields than there are attributes, or a label that is not listed
    """
    numbered = iter(lines)
    attributes = _attributes(path, numbered)
    if not attributes:
        return ParsedFile(_rows(path, numbered, [], 0 if label_column == "first" else -1), declared=False)
    label = _class_attribute(path, attributes, label_column)
    others = [attribute for place, attribute in enumerate(attributes) if place != label]
    notes = tuple(
        f"attribute '{attribute.name}' of {path.name} left out: a row index by its name"
        for attribute in others
        if attribute.is_index
    )
    columns = tuple(attribute.name for attribute in others if not attribute.is_index)
    declared = bool(attributes[label].values) or label_column is not None
    rows = _rows(path, numbered, attributes, label)
    return ParsedFile(rows, declared=declared, columns=columns, notes=notes)


def _attributes(path: Path, numbered: Iterator[tuple[int, str]]) -> list[_Attribute]:
    """The attributes in order; a relational one stands for those that it encloses."""
    attributes: list[_Attribute] = []
    enclosed = False
    for line, text in header_lines(path, numbered):
        enclosed = enclosed and not text.lower().startswith("@end")
        found = ATTRIBUTE.fullmatch(text)
        if found and not enclosed:
            attribute = _Attribute(line, normalise_label(found["name"]), found["type"].strip())
            attributes.append(attribute)
            enclosed = attribute.kind.lower() == "relational"
    return attributes


def _class_attribute(path: Path, attributes: Sequence[_Attribute], label_column: str | None) -> int:
    names = [attribute.name for attribute in attributes]
    if label_column in names:
        return names.index(str(label_column))
    if label_column in ("first", "last"):
        return 0 if label_column == "first" else len(names) - 1
    if label_column is not None:
        hint = did_you_mean(label_column, names) or ";"
        raise damaged(path, f"no attribute '{label_column}'{hint} correct ingest.label_column or unset it")
    nominal = [place for place, attribute in enumerate(attributes) if attribute.values and not attribute.is_index]
    named = [place for place, name in enumerate(names) if name.casefold() in LABEL_NAMES]
    both = [place for place in nominal if place in named]
    last = len(names) - 1
    candidates = next((found for found in (both, named, nominal) if found), [])
    candidates = [last] if last in candidates and last in nominal else candidates
    # A coordinate may be called y as well, beside a list of values that has another name.
    coordinate = bool(nominal) and not both and [names[place].casefold() for place in named] == [LETTER]
    if len(candidates) == 1 and not coordinate:
        return candidates[0]
    doubtful = sorted({*nominal, *named})
    found = ", ".join(names[place] for place in doubtful) or "none with a list of values such as {a,b}"
    raise damaged(path, f"which attribute is the class is not said (found {found}); set ingest.label_column=<name>")


def _rows(
    path: Path, numbered: Iterator[tuple[int, str]], attributes: Sequence[_Attribute], label: int
) -> Iterator[TextRow]:
    dropped = [place for place, attribute in enumerate(attributes) if attribute.is_index and place != label]
    known = comparable_labels(attributes[label].values) if attributes else set()
    for number, line in numbered:
        if line.startswith("%"):
            continue
        if line.startswith("{"):
            raise damaged(path, "sparse data in braces; write every value", number)
        fields = split_fields(line, ",")
        if attributes and len(fields) != len(attributes):
            problem = f"{len(fields)} fields, but there are {len(attributes)} attributes; complete the line"
            raise damaged(path, problem, number)
        written = fields[label].replace("\\'", "''").replace('\\"', '""')
        check_listed(path, number, written, known, "its attribute")
        values = [field for place, field in enumerate(fields) if place != label % len(fields) and place not in dropped]
        yield TextRow(number, written, _channels(values))


def _channels(values: list[str]) -> list[list[str]]:
    """Channels of a relational attribute, in quotes; else the values are the only channel."""
    relation = values[0].strip() if len(values) == 1 else ""
    if len(relation) > 1 and relation[0] == relation[-1] and relation[0] in "\"'":
        return [channel.split(",") for channel in relation[1:-1].split(r"\n")]
    return [values]
