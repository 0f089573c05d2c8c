"""Contact logs of two nodes at a time, with or without a metadata file.

Sources: SocioPatterns (http://www.sociopatterns.org/datasets), Stehlé et al., PLoS ONE 6 (2011); Mastrandrea et al.,
PLoS ONE 10 (2015); Génois and Barrat, EPJ Data Science 7 (2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from topology_efficient_dl.data.formats import WARNING, damaged
from topology_efficient_dl.data.graphs.contact_log import ContactLog, ordered_contacts
from topology_efficient_dl.data.graphs.groups import TimedGroups, ordered_groups
from topology_efficient_dl.data.graphs.node_tables import (
    NodeTable,
    index_nodes,
    is_missing,
    places_in,
    read_metadata_file,
)
from topology_efficient_dl.data.graphs.records import IntArray, notes_of
from topology_efficient_dl.data.graphs.text_tables import read_table

SHORT = 2
"""Contacts up to which a column rises by chance."""
UnknownNodes = Literal["error", "keep"]


def read_contact_log(
    contacts: Path,
    metadata: Path | None = None,
    *,
    name: str,
    resolution: int | None = None,
    header: bool | None = None,
    unknown_nodes: UnknownNodes = "error",
) -> ContactLog:
    """A log of lines ``t i j``, or ``t i j Ci Cj`` with the classes of both nodes.

    Where there is a metadata file its classes count; nodes whose class in the log is another one are counted.

    Parameters
    ----------
    contacts : the log; tabs, commas or blanks, ``.gz`` or not
    metadata : lines ``id class`` or ``id class gender``
    name : of the set
    resolution : seconds between two looks of the sensors; time stamps off this grid are counted
    header : whether the first line of the log names the columns; if None, its names do
    unknown_nodes : what to do with a node that the metadata lack

    Raises
    ------
    DataError : a file is missing, damaged or empty, a line is ragged, a time is not whole, a node is unknown, or,
        without metadata, a node has two classes
    """
    layouts = (("t", "i", "j"), ("t", "i", "j", "Ci", "Cj"))
    table = read_table(contacts, *layouts, whole=("t",), optional=("Ci", "Cj"), header=header)
    if not table.attrs["named"]:
        _refuse_time_last(contacts, table)
    doubt = _time_last_perhaps(contacts, table) if metadata is None and "Ci" not in table else ()
    inline = _inline_classes(table) if "Ci" in table else None
    if metadata is not None:
        known: NodeTable | None = read_metadata_file(metadata)
    else:
        known = None if inline is None else _classes_of_the_log(contacts, table, inline)
    ids = table[["i", "j"]].to_numpy().ravel()
    nodes = index_nodes(ids, known, places_in(contacts, table, 2), unknown_nodes == "keep")
    times, pairs, repairs = ordered_contacts(table["t"].to_numpy(), nodes.codes.reshape(-1, 2), resolution)
    clashes = _clashes(inline, known) if inline is not None and known is not None else ()
    notes = (*doubt, *repairs, *nodes.notes, *clashes)
    return ContactLog(name, times, pairs, nodes.nodes, nodes.labels, nodes.classes, nodes.attributes, notes=notes)


def read_messages(messages: Path, *, name: str, max_size: int | None = None) -> TimedGroups:
    """Messages ``sender receiver t``: a sender and all whom it wrote to at one time are one group.

    Parameters
    ----------
    messages : the file; tabs, commas or blanks, ``.gz`` or not
    name : of the set
    max_size : larger groups are left out and counted

    Raises
    ------
    DataError : the file is missing, damaged or empty, a line is ragged, or a time is not a whole number
    """
    table = read_table(messages, ("sender", "receiver", "t"), whole=("t",))
    nodes = index_nodes(table[["sender", "receiver"]].to_numpy().ravel(), None, places_in(messages, table, 2))
    sent = pd.DataFrame(nodes.codes.reshape(-1, 2), columns=["sender", "receiver"]).assign(t=table["t"].to_numpy())
    once = sent.drop_duplicates()
    by_group = once.groupby(["t", "sender"])
    group, keys = by_group.ngroup(), by_group.size().reset_index()
    order = np.argsort(group.to_numpy(), kind="stable")
    ends = np.cumsum(keys[0].to_numpy())
    members = np.insert(once["receiver"].to_numpy()[order], ends - keys[0].to_numpy(), keys["sender"].to_numpy())
    moments, sizes, members, large = _up_to(max_size, keys["t"].to_numpy(), keys[0].to_numpy() + 1, members)
    times, offsets, members, _ = ordered_groups(moments, sizes, members)
    notes = notes_of(
        (len(sent), "messages gathered by sender and time"),
        (len(sent) - len(once), "duplicate message(s) left out"),
        (int((once["sender"] == once["receiver"]).sum()), "message(s) of a node to itself"),
        (large, f"group(s) of more than {max_size} left out"),
    )
    return TimedGroups(name, times, offsets, members, nodes.nodes, nodes.labels, nodes.classes, notes=notes)


def _up_to(
    max_size: int | None, times: IntArray, sizes: IntArray, members: IntArray
) -> tuple[IntArray, IntArray, IntArray, int]:
    """Times, sizes and members of the groups of at most this size, and the number of larger ones."""
    kept = sizes <= (max_size or np.inf)
    return times[kept], sizes[kept], members[np.repeat(kept, sizes)], int((~kept).sum())


def _refuse_time_last(path: Path, table: pd.DataFrame) -> None:
    """Refuse columns ``i j t``: the first falls and is of nodes, and the last one rises."""
    first, last = table["t"].to_numpy(), table["j"]
    if not (first[1:] < first[:-1]).any() or not last.str.fullmatch("[0-9]{1,18}").all():
        return
    rise = np.diff(last.astype(np.int64).to_numpy())
    if (rise >= 0).all() and (rise > 0).any() and set(table["i"]) & set(first.astype(np.str_)):
        problem = "the first column falls and has ids of the second, and the third rises; expected the time first; "
        raise damaged(path, f"{problem}name the columns in the first line (i j t), or change their order")


def _time_last_perhaps(path: Path, table: pd.DataFrame) -> tuple[str, ...]:
    """A warning where the first and the last column rise, so that either could be times."""
    if table.attrs["named"] or not table["j"].str.fullmatch("[0-9]{1,18}").all():
        return ()
    rises = [np.diff(column.to_numpy(np.int64)) for column in (table["t"], table["j"])]
    both = all((rise >= 0).all() and (rise > 0).any() for rise in rises)
    if both and (len(table) > SHORT or set(table["i"]) & set(table["t"].astype(str))):
        found = f"{path.name} is read as t i j, and could be i j t, since its first and last column rise"
        return (f"{WARNING}{found}; name the columns in the first line",)
    return ()


def _inline_classes(table: pd.DataFrame) -> pd.DataFrame:
    """Distinct ``id`` and ``class`` of the log's own columns, indexed by the line where they stand first."""
    parts = [table[[node, group]].set_axis(["id", "class"], axis=1) for node, group in (("i", "Ci"), ("j", "Cj"))]
    both = pd.concat(parts).sort_index(kind="stable")
    return both[~is_missing(both["class"])].drop_duplicates()


def _classes_of_the_log(path: Path, table: pd.DataFrame, inline: pd.DataFrame) -> NodeTable:
    """The class of every node of the log, empty where the log never says it."""
    again = inline[inline["id"].duplicated()]
    if len(again):
        node, line = again["id"].iloc[0], int(again.index[0])
        found = " and ".join(f"'{label}'" for label in inline.loc[inline["id"] == node, "class"])
        problem = f"node '{node}' has the classes {found}; expected one; correct the log or give a metadata file"
        raise damaged(path, problem, line)
    said = inline.set_index("id")["class"].reindex(pd.unique(table[["i", "j"]].to_numpy().ravel()), fill_value="")
    return NodeTable(path, said.index.to_numpy(dtype=np.str_), said.to_numpy(dtype=np.str_))


def _clashes(inline: pd.DataFrame, known: NodeTable) -> Sequence[str]:
    said = pd.Series(known.labels, index=known.ids).reindex(inline["id"]).to_numpy()
    differs = inline["id"][(said != inline["class"].to_numpy()) & pd.notna(said)].nunique()
    return notes_of((differs, f"node(s) of another class in the log than in {known.path.name}, whose class counts"))
