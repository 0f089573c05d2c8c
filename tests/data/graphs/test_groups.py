"""Timed simplices and hyperedges, in order and without repeated members."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology_efficient_dl.data.graphs import TimedGroups, southern_women
from topology_efficient_dl.data.graphs.group_readers import read_hyperedges, read_timed_simplices
from topology_efficient_dl.data.graphs.groups import (
    distinct_groups,
    flattened,
    offsets_of,
    ordered_groups,
)
from topology_efficient_dl.data.graphs.node_tables import read_names
from topology_efficient_dl.errors import DataError

group_lists = st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=5), min_size=1, max_size=15)


def members_of(groups) -> list[list[int]]:
    return [groups.members[a:b].tolist() for a, b in pairwise(groups.offsets)]


@pytest.fixture
def three_files(write):
    """Two simplices, later first, one with a repeated member."""
    return (
        write("s-nverts.txt", "3\n1\n"),
        write("s-simplices.txt.gz", "7\n2\n7\n5\n"),
        write("s-times.txt", "30\n20\n"),
    )


def test_timed_simplices(three_files) -> None:
    groups = read_timed_simplices(*three_files, name="toy", time_unit="ms")
    assert (groups.times.tolist(), members_of(groups)) == ([20, 30], [[1], [0, 2]])
    assert groups.nodes.tolist() == ["2", "5", "7"]
    assert (groups.n_nodes, groups.n_groups, groups.time_unit) == (3, 2, "ms")
    assert groups.notes == (
        "1 group(s) earlier than the one before: put in order of time",
        "1 repeated member(s) of a group left out",
    )


def test_labels_and_original_ids(three_files, write) -> None:
    labels, classes = write("labels.txt", "1\n2\n1\n1\n2\n1\n1\n"), write("names.txt", "1 cats\n2 dogs\n")
    ids = write("nodemap.txt", "new\told\n2\tx y\n5\tw\n7\tz\n")
    groups = read_timed_simplices(*three_files, name="toy", labels=labels, classes=classes, original_ids=ids)
    assert groups.nodes.tolist() == ["x y", "w", "z"]
    assert (groups.classes, groups.labels.tolist()) == (("cats", "dogs"), [1, 1, 0])
    assert "4 node(s) of labels.txt that do not occur left out" in groups.notes


def test_metadata_with_a_header(three_files, write) -> None:
    metadata = write("labels.csv", "id,group\n2,b\n5,a\n7,\n")
    groups = read_timed_simplices(*three_files, name="toy", metadata=metadata)
    assert (groups.classes, groups.labels.tolist()) == (("a", "b"), [1, 0, -1])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("s-nverts.txt", "3\n0\n", r"s-nverts.txt, line 2: a simplex of 0 nodes; expected one or more"),
        ("s-nverts.txt", "3\n2\n", r"s-simplices.txt.gz: 4 lines; expected 5, the sum of s-nverts.txt"),
        ("s-times.txt", "30\n", r"s-times.txt: 1 lines; expected 2, the lines of s-nverts.txt"),
        ("s-times.txt", "30\nsoon\n", r"s-times.txt, line 2: value is 'soon'"),
    ],
)
def test_files_that_do_not_fit(three_files, write, name: str, text: str, message: str) -> None:
    write(name, text)
    with pytest.raises(DataError, match=message):
        read_timed_simplices(*three_files, name="toy")


def test_unknown_nodes_and_ids(three_files, write) -> None:
    labels, classes = write("labels.txt", "1\n2\n1\n1\n2\n"), write("names.txt", "cats\ndogs\n")
    with pytest.raises(DataError, match=r"s-simplices.txt.gz, line 1: node '7' is not in labels.txt"):
        read_timed_simplices(*three_files, name="toy", labels=labels, classes=classes)
    with pytest.raises(DataError, match=r"map.txt: no original id of node '5'"):
        read_timed_simplices(*three_files, name="toy", original_ids=write("map.txt", "new old\n2 x\n7 y\n"))
    with pytest.raises(DataError, match=r"labels.txt, line 3: class code 3; expected 1 to 2, the lines of names.txt"):
        read_timed_simplices(*three_files, name="toy", labels=write("labels.txt", "1\n2\n3\n"), classes=classes)


def test_ids_of_simplices_are_text(three_files, write) -> None:
    write("s-simplices.txt.gz", "7\n07\n007\na\n")
    assert read_timed_simplices(*three_files, name="toy").nodes.tolist() == ["007", "07", "7", "a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [("2 x\n5 y\n7 x\n", r"map.txt, line 4: node 'x' stands twice"), ("2 x\n2 y\n", r"line 3: node '2' stands twice")],
)
def test_original_ids_that_are_not_distinct(three_files, write, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_timed_simplices(*three_files, name="toy", original_ids=write("map.txt", f"new old\n{text}"))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1 cats\n2 dogs\n", ["cats", "dogs"]),
        ("1 grade\n3 grade\n", ["1 grade", "3 grade"]),
        ("1\n2\n", ["1", "2"]),
        ("none\nnan\n", ["none", "nan"]),
        ("cats\n\ndogs\n", "line 2: a blank line; expected another name on every line"),
        ("cats\ncats\n", "line 2: name 'cats' stands twice"),
    ],
)
def test_names_of_classes(write, text: str, names) -> None:
    path = write("names.txt", text)
    if isinstance(names, list):
        assert read_names(path) == names
    else:
        with pytest.raises(DataError, match=names):
            read_names(path)


def test_hyperedges(write) -> None:
    files = write("labels.txt", "1\n2\n2\n1\n"), write("names.txt", "Democrat\nRepublican\n")
    graph = read_hyperedges(write("h.txt.gz", "3,1,3\n2\n"), *files, name="toy")
    assert (members_of(graph), graph.n_nodes, graph.n_hyperedges) == ([[0, 2], [1]], 4, 2)
    assert (graph.classes, graph.labels.tolist()) == (("Democrat", "Republican"), [0, 1, 1, 0])
    assert graph.notes == ("1 repeated member(s) of a group left out",)
    for text, message in (("1,2\n5,1\n", r"h.txt, line 2: member '5'; expected a node from 1 to 4"), ("", "is empty")):
        with pytest.raises(DataError, match=message):
            read_hyperedges(write("h.txt", text), *files, name="toy")


@given(group_lists, st.data())
def test_order_agrees_with_sorted_sets(lists, data) -> None:
    times = data.draw(st.lists(st.integers(0, 3), min_size=len(lists), max_size=len(lists)))
    ordered, offsets, members, _ = ordered_groups(np.array(times), *flattened(lists))
    expected = [sorted(set(group)) for _, group in sorted(zip(times, lists, strict=True), key=lambda pair: pair[0])]
    assert ordered.tolist() == sorted(times)
    assert [members[a:b].tolist() for a, b in pairwise(offsets)] == expected


@given(group_lists)
def test_distinct_groups_agree_with_a_set(lists) -> None:
    sizes, members = flattened([sorted(set(group)) for group in lists])
    offsets, members = distinct_groups(offsets_of(sizes), members)
    found = [tuple(members[a:b].tolist()) for a, b in pairwise(offsets)]
    assert found == sorted({tuple(sorted(set(group))) for group in lists}, key=lambda group: (len(group), group))


def test_southern_women_as_published() -> None:
    groups = southern_women()
    assert isinstance(groups, TimedGroups)
    assert np.diff(groups.offsets).tolist() == [3, 3, 6, 4, 8, 8, 10, 14, 12, 5, 4, 6, 3, 3]
    assert groups.nodes[groups.members[:3]].tolist() == ["Evelyn Jefferson", "Laura Mandeville", "Brenda Rogers"]
    assert groups.to_hypergraph().n_hyperedges == 13  # E13 and E14 had the same three guests
