"""A graph with something to predict: classes of nodes or of whole graphs, and which of them a model may see."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.common.columns import constant_columns
from topology_efficient_dl.data.graphs.contact_log import ContactLog
from topology_efficient_dl.data.graphs.finder import Graph, GraphSource, read_graph
from topology_efficient_dl.data.graphs.graph_set import GraphSet
from topology_efficient_dl.data.graphs.groups import Hypergraph, TimedGroups
from topology_efficient_dl.data.graphs.label_splits import few_labels
from topology_efficient_dl.data.graphs.records import BoolArray, IntArray, notes_of
from topology_efficient_dl.data.graphs.static_graph import StaticGraph
from topology_efficient_dl.data.graphs.storage import graph_from_arrays
from topology_efficient_dl.data.split import PARTS
from topology_efficient_dl.data.stratify import validation_mask
from topology_efficient_dl.errors import DataError, ParameterError, StorageError
from topology_efficient_dl.params.graphs import AnyRecipe, DiffusionRecipe, GraphParams

GRAPH, TASK = "graph.", "task"
TASK_OF = {"node": "classes of nodes", "graph": "classes of graphs"}
"""By what is classified, the ``task`` of a set in the table of all sets."""
RULES = ("label_share", "validation_fraction", "draw_seed", "held_out")
N_FOLDS = 10


@dataclass(frozen=True, eq=False)
class GraphTask:
    """A graph, or a set of graphs, and the rule that says which labels are seen in which draw.

    The task is transductive on one graph: nodes of all parts are there, with their contacts and features, while a
    model is fitted; labels of validation choose the number of epochs, and those of test are touched once.

    Attributes
    ----------
    name : of the set; ``<set>_held_out`` where validation stands in for test
    graph : as it was read
    source : where it comes from, in words
    label_share, validation_fraction, draw_seed, held_out : as in ``GraphParams``
    """

    name: str
    graph: Graph
    source: str
    label_share: float = 0.1
    validation_fraction: float = 0.2
    draw_seed: int = 0
    held_out: bool = False

    @property
    def kind(self) -> Literal["node", "graph"]:
        """What is classified."""
        return "graph" if isinstance(self.graph, GraphSet) else "node"

    @property
    def labels(self) -> IntArray:
        """(n_targets,) int64 codes of all nodes or graphs, -1 where missing."""
        return self.graph.labels

    @property
    def classes(self) -> tuple[str, ...]:
        """Original labels in code order."""
        return self.graph.classes

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    @property
    def is_labelled(self) -> bool:
        """Whether two classes or more have labels; a complex can be built in any case, a model fitted only then."""
        return self._n_labelled_classes > 1

    @property
    def _n_labelled_classes(self) -> int:
        return len(np.unique(self.labels[self.labels >= 0]))

    @property
    def n_nodes(self) -> int:
        """Number of nodes, of all graphs together."""
        return int(self.graph.node_offsets[-1]) if isinstance(self.graph, GraphSet) else self.graph.n_nodes

    @property
    def split_kind(self) -> str:
        """``given splits`` or ``given folds`` where they came with the set, ``made folds``, or ``draws`` of labels."""
        if isinstance(self.graph, GraphSet):
            return "given folds" if self.graph.folds is not None else "made folds"
        return "given splits" if isinstance(self.graph, StaticGraph) and self.graph.masks is not None else "draws"

    @property
    def split_rule(self) -> str:
        """In words, where train, validation and test come from."""
        if isinstance(self.graph, StaticGraph) and self.graph.masks is not None:
            rule = f"{len(self.graph.masks['train'])} splits that came with the set"
        elif isinstance(self.graph, GraphSet):
            origin = "that came with the set" if self.graph.folds is not None else "made here"
            rule = f"{len(self._folds())} folds {origin}, {self.validation_fraction:.0%} of the rest for validation"
        else:
            rule = (
                f"draws of {self.label_share:.0%} of the labels, stratified, "
                f"{self.validation_fraction:.0%} of those for validation; all other labels are test"
            )
        return rule + ("; validation stands in for test" if self.held_out else "")

    def parts(self, draw: int) -> dict[str, IntArray]:
        """Indices of train, validation and test targets in one draw, split or fold.

        Parameters
        ----------
        draw : number of the draw, from 0

        Returns
        -------
        by part, (n,) int64 ascending; nodes without a label are in no part

        Raises
        ------
        ParameterError : there is no split or fold of that number
        DataError : fewer than two classes have labels
        """
        if not self.is_labelled:
            raise DataError(
                f"'{self.name}' has labels of {self._n_labelled_classes} class(es), and a task needs two or more; "
                "choose another label with graphs.options, or another set"
            )
        train, validation, test = self._masks(draw)
        if self.held_out:
            cut = self._cut(train, draw)
            train, validation, test = train & ~cut, cut, validation
        found = (train, validation, test)
        return {part: np.flatnonzero(mask & (self.labels >= 0)) for part, mask in zip(PARTS, found, strict=True)}

    def check_draws(self, draws: Iterable[int]) -> None:
        """Refuse numbers that no official split or fold has; draws of labels have any number.

        Raises
        ------
        ParameterError : names the numbers that there are
        """
        if isinstance(self.graph, StaticGraph) and self.graph.masks is not None:
            available, what = len(self.graph.masks["train"]), "splits"
        elif isinstance(self.graph, GraphSet):
            available, what = len(self._folds()), "folds"
        else:
            return
        for draw in draws:
            if not 0 <= draw < available:
                there = f"'{self.name}' has {available} {what}, 0 to {available - 1}"
                raise ParameterError(f"track_b.seeds: {there}, and {draw} was asked for")

    def _masks(self, draw: int) -> tuple[BoolArray, BoolArray, BoolArray]:
        self.check_draws([draw])
        if isinstance(self.graph, StaticGraph) and self.graph.masks is not None:
            masks = self.graph.masks
            return masks["train"][draw], masks["validation"][draw], masks["test"][draw]
        if isinstance(self.graph, GraphSet):
            folds = self._folds()
            test = folds[draw]
            seen = ~test & folds.any(axis=0)
        else:
            seen = few_labels(self.labels, self.label_share, 1, self.draw_seed, 0.0, first=draw)["train"][0]
            test = ~seen
        validation = self._cut(seen, draw)
        return seen & ~validation, validation, test

    def _cut(self, seen: BoolArray, draw: int) -> BoolArray:
        """A stratified part of the labels that are seen."""
        cut = np.zeros(len(seen), dtype=bool)
        places = np.flatnonzero(seen & (self.labels >= 0))
        codes = self.labels[places]
        cut[places[validation_mask(codes, self.validation_fraction, self.draw_seed + draw)]] = True
        return cut

    def _folds(self) -> BoolArray:
        assert isinstance(self.graph, GraphSet)
        if self.graph.folds is not None:
            return self.graph.folds
        ranks = np.empty(self.graph.n_graphs, dtype=np.int64)
        shuffled = np.random.default_rng(self.draw_seed).permutation(self.graph.n_graphs)
        by_class = shuffled[np.argsort(self.labels[shuffled], kind="stable")]
        ranks[by_class] = np.arange(self.graph.n_graphs)
        return ranks % N_FOLDS == np.arange(N_FOLDS)[:, None]

    def to_arrays(self) -> dict[str, Any]:
        """Plain arrays by name; the rule as JSON in a 0-d array."""
        rule = {name: getattr(self, name) for name in ("name", "source", *RULES)}
        graph = {GRAPH + name: array for name, array in self.graph.to_arrays().items()}
        return {TASK: np.array(json.dumps(rule, sort_keys=True)), **graph}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> GraphTask:
        """The inverse of :meth:`to_arrays`.

        Raises
        ------
        StorageError : the arrays are no stored task
        """
        if TASK not in arrays:
            raise StorageError(f"not a stored task: no '{TASK}' among {sorted(arrays)}; run ingest again")
        graph = {name.removeprefix(GRAPH): array for name, array in arrays.items() if name.startswith(GRAPH)}
        return cls(graph=graph_from_arrays(graph), **json.loads(np.asarray(arrays[TASK]).item()))


def held_out_name(name: str) -> str:
    """How a set is called where validation stands in for test, so that no published number is compared with it."""
    return f"{name}_held_out"


@versioned(1, name="data.graphs.task:read_task")
def read_task(source: GraphSource, params: GraphParams) -> GraphTask:
    """A graph with the rule of its labels.

    Parameters
    ----------
    source : from ``find_graph``
    params : of the generator and of the draws

    Raises
    ------
    DataError : a file is damaged
    """
    graph = read_graph(source, params.planted, params.planted_seed, max_file_mib=params.max_file_mib)
    rules = {name: getattr(params, name) for name in RULES}
    name = held_out_name(source.name) if params.held_out else source.name
    return GraphTask(name, graph, source.source, **rules)


def describe_task(task: GraphTask, recipes: Mapping[str, AnyRecipe] = MappingProxyType({})) -> dict[str, Any]:
    """One row about a task: ``dataset, task, n_train, n_validation, n_test`` (of the first draw), ``n_nodes, n_edges``
    (contacts, groups or edges, as they stand in the source), ``n_graphs, n_classes, majority_share, source,
    split_kind, split`` (in words), ``held_out, notes, skipped``; without labels the parts are empty. ``recipes`` are
    those of propagation that are read of it."""
    nothing = np.empty(0, np.int64)
    parts = task.parts(0) if task.is_labelled else dict.fromkeys(PARTS, nothing)
    counts = np.bincount(task.labels[parts["train"]], minlength=max(task.n_classes, 1))
    return {
        "dataset": task.name,
        "task": TASK_OF[task.kind],
        **{f"n_{part}": len(rows) for part, rows in parts.items()},
        "n_nodes": task.n_nodes,
        "n_edges": _n_relations(task.graph),
        "n_graphs": task.graph.n_graphs if isinstance(task.graph, GraphSet) else 1,
        "n_classes": task.n_classes,
        "majority_share": float(counts.max() / counts.sum()) if task.is_labelled else None,
        "source": task.source,
        "split_kind": task.split_kind if task.is_labelled else None,
        "split": task.split_rule if task.is_labelled else "no labels",
        "held_out": task.held_out,
        "notes": "; ".join(_notes(task.graph, recipes)),
        "skipped": "",
    }


def _notes(graph: Graph, recipes: Mapping[str, AnyRecipe]) -> tuple[str, ...]:
    """Notes of the graph, how many of its features tell no nodes apart, and what stands in for operators by time."""
    features = graph.node_features if isinstance(graph, GraphSet) else getattr(graph, "features", None)
    constant = 0 if features is None else int(constant_columns(features).sum())
    what = "feature(s) with one value at all nodes, which become 0"
    without_times = isinstance(graph, StaticGraph | Hypergraph)
    words = [
        f"no times: propagation.{name} spreads labels by {' and '.join(other.operators)} instead of "
        f"{' and '.join(recipe.operators)}, and features by {other.features}"
        for name, recipe in recipes.items()
        if without_times and isinstance(recipe, DiffusionRecipe) and (other := recipe.untimed()) != recipe
    ]
    share = f"of {0 if features is None else features.shape[1]} {what}"
    return (*graph.notes, *notes_of((constant, share)), *words)


def _n_relations(graph: Graph) -> int:
    if isinstance(graph, ContactLog):
        return graph.n_contacts
    if isinstance(graph, TimedGroups):
        return graph.n_groups
    return graph.n_hyperedges if isinstance(graph, Hypergraph) else len(graph.edges)
