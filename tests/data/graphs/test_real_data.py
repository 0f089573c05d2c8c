"""Real sets have the published counts (SOURCES.md beside them); skipped where ``GRAPH_ROOT`` is not set."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from topology_efficient_dl.data.graphs import (
    ContactLog,
    GraphSet,
    Hypergraph,
    StaticGraph,
    TimedGroups,
    find_graph,
    load_graph,
)
from topology_efficient_dl.errors import DataError


def load(name: str, root: str):
    """A real graph; the test is skipped where this one set is not among the real data."""
    assert root
    try:
        find_graph(name)
    except DataError as error:
        pytest.skip(str(error))
    return load_graph(name)


def projected_edges(groups: TimedGroups | Hypergraph) -> int:
    """Undirected edges of the graph that joins all who were in one group."""
    n_groups = len(groups.offsets) - 1
    incidence = csr_matrix((np.ones(len(groups.members)), groups.members, groups.offsets), (n_groups, groups.n_nodes))
    together = incidence.T @ incidence
    together.setdiag(0)
    return int((together.toarray() > 0).sum()) // 2


@pytest.mark.parametrize(
    ("name", "nodes", "edges", "contacts", "classes"),
    [
        ("primary_school", 242, 8_317, 125_773, 11),
        ("high_school_2013", 327, 5_818, 188_508, 9),
        ("high_school_2011", 126, 1_710 - 1, 28_561 - 1 - 21, 4),  # one pair is a node with itself
        ("workplace_InVS15", 217, 4_274, 78_249, 12),
        ("sfhh_conference", 403, 9_565, 70_261, 0),
        ("hypertext_2009", 113, 2_196, 20_818, 0),
    ],
)
def test_contact_logs(real_root: str, name: str, nodes: int, edges: int, contacts: int, classes: int) -> None:
    log = load(name, real_root)
    assert isinstance(log, ContactLog)
    assert (log.n_nodes, len(np.unique(log.pairs, axis=0))) == (nodes, edges)
    assert (log.n_contacts, len(log.classes)) == (contacts, classes)
    assert (np.diff(log.times) >= 0).all()
    assert ((log.labels >= 0) == (classes > 0)).all()


def test_the_traps_are_counted(real_root: str) -> None:
    assert load("high_school_2011", real_root).notes == (
        "1 contact(s) of a node with itself left out",
        "21 duplicate contact(s) left out",
        "498 time stamp(s) off the 20 s grid kept as they are",
    )
    log = load("high_school_2013", real_root)
    assert log.notes == (
        "2 node(s) of HighSchool2013_metadata.txt that do not occur left out",
        "1 node(s) of another class in the log than in HighSchool2013_metadata.txt, whose class counts",
    )
    assert log.classes[log.labels[log.nodes.tolist().index("28")]] == "2BIO2"


@pytest.mark.parametrize(
    ("name", "nodes", "edges", "groups", "distinct", "classes"),
    [
        ("contact-primary-school", 242, 8_317, 106_879, 12_704, 11),
        ("cont-workplace-15", 219, 16_725, 248_116, 35_764, 12),
        ("email-Enron", 143, 1_800, 10_883, 1_512, 0),
        ("tags-ask-ubuntu", 3_029, 132_703, 271_233, 147_222, 0),
        ("email-Eu-core-temporal", 986, None, 209_005, 24_399, 0),
    ],
)
def test_timed_groups(
    real_root: str, name: str, nodes: int, edges: int, groups: int, distinct: int, classes: int
) -> None:
    found = load(name, real_root)
    assert isinstance(found, TimedGroups)
    assert (found.n_nodes, found.n_groups, len(found.classes)) == (nodes, groups, classes)
    assert found.to_hypergraph().n_hyperedges == distinct
    assert edges in (None, projected_edges(found))


def test_one_school_by_two_readers(real_root: str) -> None:
    log, groups = load("primary_school", real_root), load("contact-primary-school", real_root)
    assert sorted(log.nodes.tolist()) == sorted(groups.nodes.tolist())
    classes = dict(zip(log.nodes.tolist(), [log.classes[code] for code in log.labels], strict=True))
    assert classes == dict(zip(groups.nodes.tolist(), [groups.classes[code] for code in groups.labels], strict=True))


@pytest.mark.parametrize(
    ("name", "nodes", "hyperedges", "classes", "mean", "largest"),
    [("house-committees", 1_290, 341, 2, 34.7, 81), ("congress-bills", 1_718, 84_799, 2, 8.7, 25)],
)
def test_hypergraphs(
    real_root: str, name: str, nodes: int, hyperedges: int, classes: int, mean: float, largest: int
) -> None:
    found = load(name, real_root)
    assert isinstance(found, Hypergraph)
    sizes = np.diff(found.offsets)
    assert (found.n_nodes, found.n_hyperedges, len(found.classes), sizes.max()) == (nodes, hyperedges, classes, largest)
    assert sizes.mean() == pytest.approx(mean, abs=0.06)


@pytest.mark.parametrize(
    ("name", "nodes", "edges", "classes", "features", "splits"),
    [
        ("tolokers", 11_758, 519_000, 2, 10, 10),
        ("squirrel_filtered", 2_223, 46_998, 5, 2_089, 10),
        ("chameleon_filtered", 890, 8_854, 5, 2_325, 10),
        ("minesweeper", 10_000, 39_402, 2, 7, 10),
        ("cora", 2_708, 5_278, 7, 1_433, 0),
        ("citeseer", 3_312, 4_536, 6, 3_703, 0),
        ("blogcatalog", 5_196, 171_743, 6, 8_189, 0),
        ("flickr", 7_575, 239_738, 9, 12_047, 0),
        ("Amherst41", 2_235, 90_954, 2, None, 0),
        ("Johns_Hopkins55", 5_180, 186_586, 2, None, 0),
        ("Cornell5", 18_660, 790_777, 2, None, 0),
        ("Reed98", 962, 18_812, 2, None, 0),
    ],
)
def test_static_graphs(
    real_root: str, name: str, nodes: int, edges: int, classes: int, features: int | None, splits: int
) -> None:
    graph = load(name, real_root)
    assert isinstance(graph, StaticGraph)
    assert (graph.n_nodes, graph.n_edges, len(graph.classes)) == (nodes, edges, classes)
    assert graph.features is not None
    assert graph.features.dtype == np.float32
    assert features in (None, graph.features.shape[1])
    assert (len(graph.masks["train"]) if graph.masks else 0) == splits


def test_tolokers_classes_and_masks(real_root: str) -> None:
    graph = load("tolokers", real_root)
    assert np.bincount(graph.labels).tolist() == [9_192, 2_566]
    parts = np.stack([mask.mean(axis=1) for mask in graph.masks.values()])
    np.testing.assert_allclose(parts, np.repeat([[0.5], [0.25], [0.25]], 10, axis=1), atol=0.001)


@pytest.mark.parametrize(
    ("name", "graphs", "degree", "untested"),
    [("IMDBBINARY", 1_000, 9.8, 0), ("MUTAG", 188, 2.2, 8), ("PROTEINS", 1_113, 3.7, 3)],
)
def test_graph_sets(real_root: str, name: str, graphs: int, degree: float, untested: int) -> None:
    found = load(name, real_root)
    assert isinstance(found, GraphSet)
    assert (found.n_graphs, len(found.classes)) == (graphs, 2)
    assert 2 * len(found.edges) / found.node_offsets[-1] == pytest.approx(degree, abs=0.06)
    assert found.folds is not None
    assert (found.folds.shape, int((found.folds.sum(axis=0) == 0).sum())) == ((10, graphs), untested)


def test_an_edge_list_with_metadata(real_root: str) -> None:
    graph = load("high_school_2013_friendship", real_root)
    assert isinstance(graph, StaticGraph)
    assert (graph.n_nodes, graph.n_edges, len(graph.classes)) == (134, 406, 9)
    assert "262 edge(s) in both directions kept once" in graph.notes
