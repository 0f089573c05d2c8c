"""Every graph type survives npz without pickle, exactly."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest

from topology_efficient_dl.data.graphs import (
    ContactLog,
    GraphSet,
    PlantedContacts,
    StaticGraph,
    graph_from_arrays,
    planted_contacts,
    southern_women,
)
from topology_efficient_dl.errors import StorageError

LOG = dataclasses.replace(
    planted_contacts(PlantedContacts(n_classes=2, days=1), 0),
    attributes={"gender": np.array(["F", "M"] * 24)},
    notes=("1 repair",),
)
EDGES = np.array([[0, 1]])
MASKS = {part: np.eye(2, dtype=bool) for part in ("train", "validation", "test")}
GRAPHS = [
    LOG,
    southern_women(),
    southern_women().to_hypergraph(),
    StaticGraph("pair", EDGES, 2, np.array([0, -1]), ("a",), np.ones((2, 3), dtype=np.float32), MASKS, ("n",)),
    StaticGraph("bare", EDGES, 2, np.array([0, -1]), ("a",)),
    GraphSet(
        "set", EDGES, np.array([0, 1]), np.array([0, 2]), np.array([0]), ("a",), folds=np.ones((1, 1), dtype=bool)
    ),
]


def through_npz(record) -> dict[str, np.ndarray]:
    file = io.BytesIO()
    np.savez(file, **record.to_arrays())
    with np.load(io.BytesIO(file.getvalue()), allow_pickle=False) as arrays:
        return dict(arrays)


def assert_same(found, expected) -> None:
    assert type(found) is type(expected)
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key in expected:
            assert_same(found[key], expected[key])
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    else:
        assert found == expected


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: f"{type(graph).__name__} {graph.name}")
def test_round_trip(graph) -> None:
    arrays = through_npz(graph)
    for found in (type(graph).from_arrays(arrays), graph_from_arrays(arrays)):
        for field in dataclasses.fields(graph):
            assert_same(getattr(found, field.name), getattr(graph, field.name))


def test_what_is_no_stored_graph() -> None:
    arrays = LOG.to_arrays()
    with pytest.raises(StorageError, match="not a stored StaticGraph: its metadata say 'ContactLog'"):
        StaticGraph.from_arrays(arrays)
    with pytest.raises(StorageError, match=r"not a stored ContactLog: .*'pairs'.*compute it again"):
        ContactLog.from_arrays({name: array for name, array in arrays.items() if name != "pairs"})
    for metadata in (np.array("no JSON"), np.array("{}"), np.array(3), np.array("[]")):
        with pytest.raises(StorageError, match="no metadata with kind and values"):
            ContactLog.from_arrays({**arrays, "metadata": metadata})
    with pytest.raises(StorageError, match="its kind is 'Tree'; expected one of ContactLog"):
        graph_from_arrays({"metadata": np.array('{"kind": "Tree", "values": {}}')})
