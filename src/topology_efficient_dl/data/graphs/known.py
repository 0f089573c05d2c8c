"""The known graph sets: in which folder their files lie, what they are called, and who reads them.

Every entry is ``(folder, reader, files by the reader's argument, options)``; a file may also lie there with ``.gz``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from topology_efficient_dl.data.graphs.contact_readers import read_contact_log, read_messages
from topology_efficient_dl.data.graphs.graph_json import read_graph_json
from topology_efficient_dl.data.graphs.graph_set_reader import read_graph_set
from topology_efficient_dl.data.graphs.group_readers import read_hyperedges, read_timed_simplices
from topology_efficient_dl.data.graphs.mat_readers import read_attributed_mat, read_facebook100
from topology_efficient_dl.data.graphs.static_readers import read_edge_list, read_heterophilous, read_shchur

READERS: dict[str, Callable[..., Any]] = {
    "contact_log": read_contact_log,
    "messages": read_messages,
    "timed_simplices": read_timed_simplices,
    "hyperedges": read_hyperedges,
    "heterophilous": read_heterophilous,
    "shchur": read_shchur,
    "edge_list": read_edge_list,
    "attributed_mat": read_attributed_mat,
    "facebook100": read_facebook100,
    "graph_set": read_graph_set,
    "graph_json": read_graph_json,
}
"""Every reader by name; all take their files, ``name`` and their options as keyword arguments."""


@dataclass(frozen=True)
class KnownGraph:
    """Where a known set lies and how it is read.

    Attributes
    ----------
    folder : below a root
    reader : a name in ``READERS``
    files : file name, or several, by the argument of the reader
    options : further arguments of the reader
    """

    folder: str
    reader: str
    files: Mapping[str, str | tuple[str, ...]]
    options: Mapping[str, Any] = field(default_factory=dict)


def _contacts(folder: str, contacts: str, metadata: str | None = None) -> KnownGraph:
    files = {"contacts": contacts} if metadata is None else {"contacts": contacts, "metadata": metadata}
    return KnownGraph(folder, "contact_log", files, {"resolution": 20})


def _simplices(folder: str, stem: str, time_unit: str = "s", **more: str) -> KnownGraph:
    files = {part: f"{stem}-{part}.txt" for part in ("nverts", "simplices", "times")}
    return KnownGraph(folder, "timed_simplices", {**files, **more}, {"time_unit": time_unit})


def _hyperedges(folder: str, stem: str) -> KnownGraph:
    files = {"hyperedges": f"hyperedges-{stem}.txt", "labels": f"node-labels-{stem}.txt"}
    return KnownGraph(folder, "hyperedges", {**files, "classes": f"label-names-{stem}.txt"})


def _npz(folder: str, reader: str, file: str) -> KnownGraph:
    return KnownGraph(folder, reader, {"graph": f"{file}.npz"})


def _mat(folder: str, stem: str, keys: tuple[str, str, str]) -> KnownGraph:
    files = {"attributes": f"{stem}.mat", "adjacency": f"follow_{stem}.mat"}
    return KnownGraph(folder, "attributed_mat", files, {"keys": keys})


def _facebook(college: str) -> KnownGraph:
    return KnownGraph("facebook100", "facebook100", {"graph": f"{college}.mat"})


def _dgcnn(stem: str) -> KnownGraph:
    folds = tuple(f"{stem}_10fold/test_idx-{fold}.txt" for fold in range(1, 11))
    return KnownGraph("graph_classification_dgcnn", "graph_set", {"graphs": f"{stem}.txt", "folds": folds})


KNOWN: dict[str, KnownGraph] = {
    "primary_school": _contacts("primary_school", "primaryschool.csv", "primaryschool_metadata.txt"),
    "high_school_2013": _contacts(
        "high_school_2013", "HighSchool2013_proximity_net.csv", "HighSchool2013_metadata.txt"
    ),
    "high_school_2011": _contacts("high_school_2011", "highschool_2011.csv", "highschool_2011_metadata.txt"),
    "workplace_InVS15": _contacts("workplace_InVS15", "workplace_InVS15_tij.dat", "workplace_InVS15_metadata.txt"),
    "sfhh_conference": _contacts("sfhh_conference", "SFHH_tij.dat"),
    "hypertext_2009": _contacts("hypertext_2009", "ht2009_contact_list.dat"),
    "contact-primary-school": _simplices(
        "benson_contact-primary-school",
        "contact-primary-school",
        labels="node-labels-contact-primary-school-classes.txt",
        classes="label-names-contact-primary-school-classes.txt",
        original_ids="contact-primary-school-nodemap.txt",
    ),
    "cont-workplace-15": _simplices(
        "sarker_cont-workplace-15", "cont-workplace-15", metadata="cont-workplace-15-labels.csv"
    ),
    "email-Enron": _simplices("benson_email-Enron", "email-Enron", "ms"),
    "tags-ask-ubuntu": _simplices("benson_tags-ask-ubuntu", "tags-ask-ubuntu", "ms"),
    "email-Eu-core-temporal": KnownGraph(
        "email-Eu-core-temporal", "messages", {"messages": "email-Eu-core-temporal.txt"}, {"max_size": 25}
    ),
    "house-committees": _hyperedges("benson_house-committees", "house-committees"),
    "congress-bills": _hyperedges("benson_congress-bills-labelled", "congress-bills"),
    "tolokers": _npz("heterophilous", "heterophilous", "tolokers"),
    "squirrel_filtered": _npz("heterophilous", "heterophilous", "squirrel_filtered"),
    "chameleon_filtered": _npz("heterophilous", "heterophilous", "chameleon_filtered"),
    "minesweeper": _npz("heterophilous", "heterophilous", "minesweeper"),
    "cora": _npz("gnn_benchmark", "shchur", "cora"),
    "citeseer": _npz("gnn_benchmark", "shchur", "citeseer"),
    "blogcatalog": _mat("blogcatalog_attributed", "blogcatalog", ("blog_X", "blog_y", "follow_blog")),
    "flickr": _mat("flickr_attributed", "flickr", ("flickr_X", "flickr_y", "follow_flickr")),
    "Amherst41": _facebook("Amherst41"),
    "Cornell5": _facebook("Cornell5"),
    "Johns_Hopkins55": _facebook("Johns Hopkins55"),
    "Reed98": _facebook("Reed98"),
    "high_school_2013_friendship": KnownGraph(
        "high_school_2013",
        "edge_list",
        {"edges": "HighSchool2013_friendship_network.csv", "metadata": "HighSchool2013_metadata.txt"},
    ),
    "IMDBBINARY": _dgcnn("IMDBBINARY"),
    "MUTAG": _dgcnn("MUTAG"),
    "PROTEINS": _dgcnn("PROTEINS"),
}
"""The known sets by name."""
