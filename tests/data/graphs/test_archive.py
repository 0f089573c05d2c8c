"""Graphs of a run: the named folder first, then GRAPH_ROOT and what ships, then the project's own folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from topology_efficient_dl.data.graphs.finder import GraphArchive
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params.graphs import GraphParams

OWN = json.dumps({"nodes": [{"id": 1, "label": "a"}, {"id": 2, "label": "b"}], "edges": [[1, 2]]})


@pytest.fixture
def folder(write) -> Path:
    """A folder with one graph, as the project's."""
    return write("graphs/office/graph.json", OWN).parents[1]


@pytest.mark.usefixtures("no_root")
def test_what_ships_needs_no_folder(tmp_path: Path) -> None:
    assert GraphArchive(tmp_path / "absent").locate("planted_contacts", GraphParams()).reader == "planted_contacts"


@pytest.mark.usefixtures("no_root")
def test_the_projects_folder_is_the_last_place(folder: Path, write, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = GraphArchive(folder)
    assert archive.locate("office", GraphParams()).files == {"graph": folder / "office" / "graph.json"}
    other = write("elsewhere/office/graph.json", OWN).parents[1]
    monkeypatch.setenv("GRAPH_ROOT", str(other))
    assert archive.locate("office", GraphParams()).files == {"graph": other / "office" / "graph.json"}


@pytest.mark.usefixtures("no_root")
def test_a_folder_that_is_named_is_the_only_one(folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match=r"graph 'office' not found. Looked in .*empty"):
        GraphArchive(folder).locate("office", GraphParams(root=str(empty)))
    assert GraphArchive(empty).locate("office", GraphParams(root=str(folder))).source == "office/graph.json in graphs"


@pytest.mark.usefixtures("no_root")
@pytest.mark.parametrize("there", [True, False])
def test_a_graph_that_is_nowhere_is_named_with_the_nearest(folder: Path, there: bool) -> None:
    archive = GraphArchive(folder if there else folder / "absent")
    hint = "did you mean 'office'" if there else "Looked in no folder"
    with pytest.raises(DataError, match=f"graph 'offise' not found.*{hint}"):
        archive.locate("offise", GraphParams())


@pytest.mark.usefixtures("no_root")
def test_options_of_a_set_are_those_of_the_parameters(write) -> None:
    write("primary_school/primaryschool.csv", "20 1 2 A B\n")
    folder = write("primary_school/primaryschool_metadata.txt", "1 A F\n2 B M\n").parents[1]
    options = {"primary_school": {"unknown_nodes": "keep"}, "office": {"label": "year"}}
    found = GraphArchive(folder).locate("primary_school", GraphParams(options=options))
    assert found.options["unknown_nodes"] == "keep"
    assert "label" not in found.options
    plain = GraphArchive(folder).locate("primary_school", GraphParams())
    assert found.identity() != plain.identity()
