"""Previews of splits, tables, tasks and complexes: what Kedro-Viz is given must be JSON, short, and readable."""

import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from kedro.io import DatasetError
from tests.graph_tasks import TASKS, contacts, graph_set

from topology_efficient_dl.data.graphs.finder import GraphArchive
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.datasets.archives import GraphArchiveDataset
from topology_efficient_dl.datasets.kinds import GraphTasksDataset, SimplicialComplexesDataset, SplitsDataset
from topology_efficient_dl.datasets.table import TableDataset
from topology_efficient_dl.models.simplicial.node_features import lift
from topology_efficient_dl.params.complexes import SimplicialParams


def toy_split():
    series = {part: np.arange(24, dtype=np.float32).reshape(4, 1, 6) for part in ("train", "validation", "test")}
    labels = {part: np.array([0, 0, 0, 1]) for part in series}
    return Split("Toy", series, labels, ("up", "down"), "made here")


def test_splits_show_some_series_of_every_class(tmp_path):
    dataset = SplitsDataset(filepath=f"{tmp_path}/splits.json")
    dataset.save({"Toy": toy_split()})
    figure = dataset.preview(per_class=2)
    assert [trace["name"] for trace in figure["data"]] == ["class up", "class up", "class down"]
    assert figure["data"][2]["y"] == [18.0, 19.0, 20.0, 21.0, 22.0, 23.0]
    assert [trace["showlegend"] for trace in figure["data"]] == [True, False, True]
    json.dumps(figure)


def test_tables_are_rounded_in_the_preview_only(tmp_path):
    table = pd.DataFrame({"model": ["a", "b"], "f1": [0.123456789, np.nan], "params": [34210, 12]})
    dataset = TableDataset(filepath=f"{tmp_path}/table.csv")
    dataset.save(table)
    pd.testing.assert_frame_equal(dataset.load(), table)
    preview = dataset.preview(nrows=5, columns=["model", "params", "f1", "absent"])
    assert preview["columns"] == ["model", "params", "f1"]
    assert preview["data"] == [["a", 34210, 0.1235], ["b", 12, None]]
    assert len(dataset.preview(nrows=1)["data"]) == 1
    json.dumps(preview, allow_nan=False)


def test_tasks_are_shown_as_sizes(tmp_path):
    dataset = GraphTasksDataset(filepath=f"{tmp_path}/splits.json")
    tasks = {name: make() for name, make in TASKS.items()}
    dataset.save(tasks)
    preview = dataset.preview()
    rows = [dict(zip(preview["columns"], row, strict=True)) for row in preview["data"]]
    assert [row["dataset"] for row in rows] == [task.name for task in tasks.values()]
    assert [row["n_nodes"] for row in rows] == [task.n_nodes for task in tasks.values()]
    assert not {"notes", "skipped"} & set(preview["columns"])
    assert all(row["majority_share"] == round(row["majority_share"], 3) for row in rows)
    assert len(dataset.preview(nrows=2)["data"]) == 2
    json.dumps(preview, allow_nan=False)


def test_no_tasks_have_an_empty_preview(tmp_path):
    dataset = GraphTasksDataset(filepath=f"{tmp_path}/splits.json")
    dataset.save({})
    assert dataset.preview() == {"index": [], "columns": [], "data": []}


def test_complexes_are_shown_as_a_picture_with_counts(tmp_path):
    dataset = SimplicialComplexesDataset(filepath=f"{tmp_path}/complexes.json")
    complexes = {task.name: lift(task, SimplicialParams()) for task in (contacts(), graph_set())}
    dataset.save(complexes)
    for key, preview in (("school", dataset.preview()), ("shapes", dataset.preview(key="shapes"))):
        figure = go.Figure(json.loads(json.dumps(preview)))
        assert figure.layout.title.text.startswith(f"{key}: {complexes[key].n_nodes} of dimension 0, ")
        assert {trace.name.split(",")[0] for trace in figure.data} == {"nodes", "edges", "triangles"}


def test_the_graph_archive_is_read_only_and_lazy(tmp_path):
    dataset = GraphArchiveDataset(filepath=str(tmp_path / "nowhere"))
    assert dataset.exists()
    assert dataset.load() == GraphArchive(str(tmp_path / "nowhere"))
    assert str(tmp_path / "nowhere") in repr(dataset)
    with pytest.raises(DatasetError, match="holds raw data and is read only"):
        dataset.save("anything")
    assert not (tmp_path / "nowhere").exists()
