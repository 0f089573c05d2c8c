"""Where a graph is: a folder of the user's, those of ``GRAPH_ROOT``, or what ships; and the graph itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.common.bounded import MAX_FILE_MIB, file_limit
from topology_efficient_dl.data.graphs.contact_log import ContactLog
from topology_efficient_dl.data.graphs.graph_set import GraphSet
from topology_efficient_dl.data.graphs.groups import Hypergraph, TimedGroups
from topology_efficient_dl.data.graphs.known import KNOWN, READERS, KnownGraph
from topology_efficient_dl.data.graphs.planted import planted_contacts
from topology_efficient_dl.data.graphs.southern_women import southern_women
from topology_efficient_dl.data.graphs.static_graph import StaticGraph
from topology_efficient_dl.data.places import digest_of_files, named_folders
from topology_efficient_dl.errors import DataError, ParameterError, did_you_mean
from topology_efficient_dl.params.graphs import GraphParams
from topology_efficient_dl.params.planted import PlantedContacts

ROOT_VARIABLE = "GRAPH_ROOT"
JSON_FILE = "graph.json"
SHIPPED = ("planted_contacts", "southern_women")

Graph = ContactLog | TimedGroups | StaticGraph | Hypergraph | GraphSet
Files = Mapping[str, Path | tuple[Path, ...]]


@dataclass(frozen=True)
class GraphSource:
    """Where a graph comes from and how it is read.

    Attributes
    ----------
    name : the set's name
    reader : a name in ``READERS`` or in ``SHIPPED``
    files : by the argument of the reader
    options : further arguments of the reader
    source : where it comes from, in words without machine paths
    """

    name: str
    reader: str
    files: Files
    options: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""

    def identity(self) -> list[Any]:
        """What the graph depends on: the files' bytes, the reader and its options, not where they lie."""
        return [self.name, self.reader, self.fingerprint(), dict(self.options), self.source]

    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) of the bytes of all files, wherever they are.

        Raises
        ------
        DataError : a file cannot be read
        """
        return digest_of_files(_paths(self.files))


def find_graph(name: str, root: str | Path | None = None) -> GraphSource:
    """Where the graph of a name is.

    In ``root`` if it is given; else in the folders of the environment variable ``GRAPH_ROOT`` (several joined as in
    ``PATH``); then among what ships. In a folder a known set is known by its files, any other by a ``graph.json`` in a
    folder of its name, whatever characters that has; paths are no names.

    Raises
    ------
    DataError : ``root`` or ``GRAPH_ROOT`` names a folder that is not there; a known set lacks one of its files; or the
        graph is nowhere
    """
    folders = _folders(root)
    if _is_folder_name(name):
        for folder in folders:
            found = _in_folder(folder, name)
            if found:
                return found
    if name in SHIPPED:
        return GraphSource(name, name, {}, source="generated" if name == "planted_contacts" else "ships with networkx")
    raise DataError(_not_found(name, folders))


@dataclass(frozen=True)
class GraphArchive:
    """Finds graphs by name: in ``graphs.root`` if given, else in ``GRAPH_ROOT``, what ships, the project's folder.

    Attributes
    ----------
    folder : the project's own folder
    """

    folder: Path | str = "data/01_raw/graphs"

    def locate(self, name: str, params: GraphParams) -> GraphSource:
        """Where a graph is, with the options of its reader.

        Raises
        ------
        DataError : it is nowhere, or not whole
        """
        try:
            found = find_graph(name, params.root)
        except DataError:
            if params.root is not None or not Path(self.folder).is_dir():
                raise
            found = find_graph(name, self.folder)
        options = {**found.options, **params.options.get(name, {})}
        return GraphSource(found.name, found.reader, found.files, options, found.source)


@versioned(1, name="data.graphs.finder:read_graph")
def read_graph(
    source: GraphSource,
    planted: PlantedContacts | None = None,
    seed: int = 0,
    *,
    max_file_mib: float = MAX_FILE_MIB,
) -> Graph:
    """The graph of a source.

    Parameters
    ----------
    source : from `find_graph`
    planted, seed : of the generator, for the source ``planted_contacts`` only
    max_file_mib : most that one file may hold, unpacked, in 2**20 bytes

    Raises
    ------
    ParameterError : the reader has no such option
    DataError : a file is damaged, or holds more than the bound
    """
    _check_options(source)
    if source.reader == "planted_contacts":
        return planted_contacts(planted or PlantedContacts(), seed)
    if source.reader == "southern_women":
        return southern_women()
    with file_limit(max_file_mib, "graphs.max_file_mib"):
        graph: Graph = READERS[source.reader](**source.files, name=source.name, **source.options)
    return graph


def load_graph(
    name: str, root: str | Path | None = None, planted: PlantedContacts | None = None, seed: int = 0, **options: Any
) -> Graph:
    """The graph of a name; `find_graph` and `read_graph` in one.

    Parameters
    ----------
    name : of a known set, of a folder with a ``graph.json``, ``planted_contacts`` or ``southern_women``
    root : folder to look in, instead of ``GRAPH_ROOT``
    planted, seed : of the generator
    options : of the reader, e.g. ``unknown_nodes="keep"`` of a contact log or ``label="year"`` of facebook100

    Raises
    ------
    ParameterError : the reader has no such option
    DataError : the graph is nowhere, or a file is damaged

    Examples
    --------
    >>> load_graph("planted_contacts", planted=PlantedContacts(n_classes=3), seed=7).n_nodes
    72
    """
    found = find_graph(name, root)
    source = GraphSource(found.name, found.reader, found.files, {**found.options, **options}, found.source)
    return read_graph(source, planted, seed)


def graph_names(root: str | Path | None = None) -> tuple[str, ...]:
    """The graphs that are here, in alphabetical order.

    Raises
    ------
    DataError : ``root`` or ``GRAPH_ROOT`` names a folder that is not there
    """
    names = {name for folder in _folders(root) for name in _names_in(folder)}
    return tuple(sorted({*names, *SHIPPED}))


def _check_options(source: GraphSource) -> None:
    allowed = sorted(_arguments(source.reader) - {*source.files, "name"})
    for option in source.options:
        if option not in allowed:
            hint = did_you_mean(option, allowed) or "."
            raise ParameterError(
                f"graph '{source.name}': no option '{option}'{hint} Allowed: {', '.join(allowed) or 'none'}"
            )


def _arguments(reader: str) -> set[str]:
    return set() if reader in SHIPPED else set(inspect.signature(READERS[reader]).parameters)


def _folders(root: str | Path | None) -> list[Path]:
    return named_folders(root, "root", ROOT_VARIABLE, "one with graphs")


def _in_folder(folder: Path, name: str) -> GraphSource | None:
    known = KNOWN.get(name)
    files, lacking = _files_of(known, folder) if known else ({}, [])
    if known and not lacking:
        return GraphSource(name, known.reader, files, known.options, f"{known.folder} in {folder.resolve().name}")
    own = folder / name / JSON_FILE
    if own.is_file():
        return GraphSource(name, "graph_json", {"graph": own}, {}, f"{name}/{JSON_FILE} in {folder.resolve().name}")
    if known and files:
        raise DataError(
            f"graph '{name}': {folder / known.folder} has no {', '.join(lacking)} (or .gz); expected "
            f"{', '.join(_file_names(known))}; put it there"
        )
    return None


def _files_of(known: KnownGraph, folder: Path) -> tuple[dict[str, Path | tuple[Path, ...]], list[str]]:
    """The files of a known set that are there, by argument, and the names of those that are not."""
    there = {name: _packed_or_not(folder / known.folder / name) for name in _file_names(known)}
    files: dict[str, Path | tuple[Path, ...]] = {}
    for role, names in known.files.items():
        paths = tuple(path for name in _as_tuple(names) if (path := there[name]) is not None)
        if paths:
            files[role] = paths[0] if isinstance(names, str) else paths
    return files, [name for name, path in there.items() if path is None]


def _packed_or_not(path: Path) -> Path | None:
    return next((there for there in (path, path.with_name(f"{path.name}.gz")) if there.is_file()), None)


def _as_tuple(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def _file_names(known: KnownGraph) -> list[str]:
    return [name for names in known.files.values() for name in _as_tuple(names)]


def _paths(files: Files) -> Iterator[Path]:
    for role in sorted(files):
        paths = files[role]
        yield from paths if isinstance(paths, tuple) else (paths,)


def _is_folder_name(name: str) -> bool:
    """Whether this is the name of something in a folder, and no way to another place."""
    return name not in ("", ".", "..") and not any(mark in name for mark in ("/", "\\", "\0"))


def _names_in(folder: Path) -> Iterator[str]:
    yield from (path.parent.name for path in folder.glob(f"*/{JSON_FILE}") if _is_folder_name(path.parent.name))
    yield from (name for name, known in KNOWN.items() if not _files_of(known, folder)[1])


def _not_found(name: str, folders: list[Path]) -> str:
    here = {*SHIPPED, *KNOWN, *(own for folder in folders for own in _names_in(folder))}
    places = ", ".join(map(str, folders)) or f"no folder ({ROOT_VARIABLE} is not set)"
    known = KNOWN.get(name)
    way_out = (
        f"Put {', '.join(_file_names(known)[:4])} into {known.folder} there"
        if known
        else f"Put {name}/{JSON_FILE} there"
    )
    hint = "." if known else did_you_mean(name, here) or "."
    parted = next((own for own in sorted(here) if name in own.split() and own != name), None)
    if parted:
        hint = (
            f"; there is '{parted}': on the command line blanks part names, so name it in a list of conf/<environment>."
        )
    return (
        f"graph '{name}' not found{hint} Looked in {places} and among what ships ({', '.join(SHIPPED)}). "
        f"{way_out}, or set root or {ROOT_VARIABLE} to the folder that has it."
    )
