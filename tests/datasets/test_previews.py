"""Previews of splits and tables: what Kedro-Viz is given must be JSON, short, and readable."""

import json

import numpy as np
import pandas as pd

from topology_efficient_dl.data.split import Split
from topology_efficient_dl.datasets.splits import SplitsDataset
from topology_efficient_dl.datasets.table import TableDataset


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
