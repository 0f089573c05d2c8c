"""The row that describes a split."""

from __future__ import annotations

from topology_efficient_dl.data.splits import read_split
from topology_efficient_dl.data.summary import summarise
from topology_efficient_dl.params.series import IngestParams


def test_one_row_of_facts(toy) -> None:
    split = read_split(toy(["1"] * 15 + ["2"] * 5, ["1", "2", "2"]), IngestParams())
    assert summarise(split) == {
        "dataset": "Toy",
        "n_train": 16,
        "n_validation": 4,
        "n_test": 3,
        "n_channels": 1,
        "n_timepoints": 12,
        "n_classes": 2,
        "majority_share": 0.75,
        "source": "toy",
        "official": None,
        "held_out": False,
        "validation_is_train": False,
        "notes": "",
    }


def test_notes_are_joined(toy, toy_rows) -> None:
    split = read_split(toy(toy_rows(["1", "2"], lengths=(4, 6)), ["1"]), IngestParams())
    padded, reused = summarise(split)["notes"].split("; ")
    assert padded.startswith("lengths 4 to 12 padded")
    assert reused.startswith("validation is train itself")
