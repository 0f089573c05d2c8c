"""Graphs are found in the user's folder, in GRAPH_ROOT or among what ships, and missed with all that helps."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from topology_efficient_dl.data.graphs import (
    ContactLog,
    PlantedContacts,
    StaticGraph,
    TimedGroups,
    find_graph,
    graph_names,
    load_graph,
)
from topology_efficient_dl.data.graphs.known import KNOWN, READERS
from topology_efficient_dl.errors import DataError, ParameterError

OWN = json.dumps({"nodes": [{"id": 1}, {"id": 2}], "edges": [[1, 2]]})


@pytest.fixture
def school(write, tmp_path: Path) -> Path:
    """A folder with the files of primary_school, made up, and a folder of a user's own."""
    write("primary_school/primaryschool.csv.gz", "20 1 2 A B\n")
    write("primary_school/primaryschool_metadata.txt", "1 A F\n2 B M\n")
    write("office/graph.json", OWN)
    return tmp_path


@pytest.mark.usefixtures("no_root")
def test_a_known_set_and_an_own_one_in_the_users_folder(school: Path) -> None:
    log = load_graph("primary_school", school)
    assert isinstance(log, ContactLog)
    assert (log.name, log.classes) == ("primary_school", ("A", "B"))
    assert isinstance(load_graph("office", str(school)), StaticGraph)
    assert graph_names(school) == ("office", "planted_contacts", "primary_school", "southern_women")
    assert find_graph("primary_school", school).source == f"primary_school in {school.name}"


def test_folders_of_the_environment(school: Path, tmp_path_factory, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path_factory.mktemp("other")
    monkeypatch.setenv("GRAPH_ROOT", os.pathsep.join(map(str, (other, school))))
    assert find_graph("office").files == {"graph": school / "office" / "graph.json"}
    with pytest.raises(DataError, match=f"'office' not found. Looked in {other} and among what ships"):
        find_graph("office", other)


@pytest.mark.usefixtures("no_root")
def test_what_ships() -> None:
    assert isinstance(load_graph("southern_women"), TimedGroups)
    log = load_graph("planted_contacts", planted=PlantedContacts(n_classes=2, days=1), seed=3)
    assert isinstance(log, ContactLog)
    assert log.n_nodes == 48
    assert load_graph("planted_contacts").n_nodes == 240
    assert graph_names() == ("planted_contacts", "southern_women")


def test_identity_is_of_the_bytes_not_of_the_place(school: Path, tmp_path_factory) -> None:
    before = find_graph("primary_school", school)
    copy = tmp_path_factory.mktemp("copy") / school.name
    shutil.copytree(school, copy)
    assert find_graph("primary_school", copy).identity() == before.identity()
    (copy / "primary_school" / "primaryschool_metadata.txt").write_text("1 A F\n2 A M\n")
    assert find_graph("primary_school", copy).identity() != before.identity()
    shutil.rmtree(copy / "primary_school")
    (copy / "primary_school").mkdir()
    shutil.copytree(school / "primary_school", copy / "primary_school", dirs_exist_ok=True)
    found = find_graph("primary_school", copy)
    (copy / "primary_school" / "primaryschool_metadata.txt").unlink()
    with pytest.raises(DataError, match=r"primaryschool_metadata.txt: cannot be read"):
        found.fingerprint()


@pytest.mark.usefixtures("no_root")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("offise", r"graph 'offise' not found; did you mean 'office'\?.*Put offise/graph.json there"),
        ("primary_shool", r"did you mean 'primary_school'"),
        ("tolokers", r"graph 'tolokers' not found. Looked in .*Put tolokers.npz into heterophilous there.*GRAPH_ROOT"),
        ("../office", r"graph '../office' not found"),
        ("..", r"graph '..' not found"),
        (".", r"graph '.' not found"),
        ("", r"graph '' not found"),
        ("/office", r"graph '/office' not found"),
    ],
)
def test_graphs_that_are_nowhere(school: Path, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        find_graph(name, school)


@pytest.mark.usefixtures("no_root")
@pytest.mark.parametrize("name", ["my office", "büro, 2. stock", "-x", "a$b#c", "[1]", "room 'b'", "...", " "])
def test_a_folder_is_found_by_its_name_whatever_it_is(tmp_path: Path, write, name: str) -> None:
    write(f"{name}/graph.json", OWN)
    assert name in graph_names(tmp_path)
    assert load_graph(name, tmp_path).name == name


@pytest.mark.usefixtures("no_root")
def test_a_part_of_a_name_with_a_blank(tmp_path: Path, write) -> None:
    write("my office/graph.json", OWN)
    with pytest.raises(DataError, match=r"graph 'my' not found; there is 'my office': on the command line blanks part"):
        find_graph("my", tmp_path)


@pytest.mark.usefixtures("no_root")
def test_no_folder_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Looked in no folder \(GRAPH_ROOT is not set\)"):
        find_graph("office")
    with pytest.raises(DataError, match=r"root: no folder .*absent'; expected one with graphs"):
        find_graph("office", tmp_path / "absent")
    monkeypatch.setenv("GRAPH_ROOT", str(tmp_path / "absent"))
    with pytest.raises(DataError, match=r"GRAPH_ROOT: no folder"):
        graph_names()


def test_a_known_set_that_lacks_a_file(school: Path, write) -> None:
    (school / "primary_school" / "primaryschool_metadata.txt").unlink()
    with pytest.raises(DataError, match=r"primary_school has no primaryschool_metadata.txt \(or .gz\)"):
        find_graph("primary_school", school)
    write("primary_school/graph.json", OWN)
    assert isinstance(load_graph("primary_school", school), StaticGraph)


def test_options_reach_the_reader(school: Path, write) -> None:
    write("primary_school/primaryschool_metadata.txt", "1 A F\n")
    log = load_graph("primary_school", school, unknown_nodes="keep")
    assert isinstance(log, ContactLog)
    assert log.labels.tolist() == [0, -1]
    with pytest.raises(
        ParameterError, match="'primary_school': no option 'unknown_node'; did you mean 'unknown_nodes'"
    ):
        load_graph("primary_school", school, unknown_node="keep")
    with pytest.raises(ParameterError, match=r"no option 'label'. Allowed: none"):
        load_graph("southern_women", school, label="year")


def test_every_known_set_has_a_reader() -> None:
    assert {known.reader for known in KNOWN.values()} < set(READERS)
