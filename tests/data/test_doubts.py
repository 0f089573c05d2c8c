"""Files that are not what they seem are refused by rule, or come with a warning in the notes and the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from topology_efficient_dl.data.archive import DatasetFiles
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.data.splits import read_split
from topology_efficient_dl.data.summary import data_card
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params.series import IngestParams

RNG = np.random.default_rng(0)
CLASSES = np.repeat([0, 1], 20)
READINGS = RNG.normal(size=(40, 12))
LABEL_FIRST = pd.DataFrame(np.column_stack([CLASSES, READINGS]))
LABEL_LAST = pd.DataFrame(np.column_stack([READINGS, CLASSES]))
WHOLE_LABEL_LAST = pd.DataFrame(np.column_stack([RNG.integers(0, 3, size=(40, 12)), CLASSES]))


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Split]:
    """The split of two texts."""

    def make(train: str, test: str, suffix: str = ".csv", **ingest) -> Split:
        parts = {"TRAIN": train, "TEST": test}
        paths = {part: tmp_path / f"X_{part}{suffix}" for part in parts}
        for part, text in parts.items():
            paths[part].write_text(text)
        return read_split(DatasetFiles("X", paths["TRAIN"], paths["TEST"], "x"), IngestParams(**ingest))

    return make


def _halves(frame: pd.DataFrame, reset: bool = True, **to_csv) -> tuple[str, str]:
    halves = (frame.iloc[::2], frame.iloc[1::2])
    first, second = (half.reset_index(drop=True) if reset else half for half in halves)
    return first.to_csv(**to_csv), second.to_csv(**to_csv)


@pytest.mark.parametrize(
    ("frame", "to_csv", "message"),
    [
        (LABEL_FIRST, {"index": False}, r"X_TRAIN.csv, line 1: the first line counts .*to_csv\(header=False, index=F"),
        (LABEL_FIRST, {}, r"line 1: the first line counts"),
        (LABEL_FIRST, {"index": False, "sep": "\t"}, r"line 1: the first line counts"),
        (LABEL_FIRST, {"header": False}, r"line 1: the first column counts the rows \(0, 1, 2, ...\): a row index"),
        (LABEL_LAST, {"header": False}, r"the first column counts the rows"),
        (
            LABEL_LAST,
            {"header": False, "index": False},
            r"labels are values of a measurement \(20 different ones in 20",
        ),
        (LABEL_FIRST, {"header": False, "reset": False}, r"test has classes 1, 3, 5.*set ingest.label_column"),
    ],
)
def test_what_pandas_writes_by_default_is_refused_by_name(read, frame, to_csv, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(*_halves(frame, **to_csv))


@pytest.mark.parametrize(
    ("frame", "to_csv", "ingest"),
    [
        (LABEL_FIRST, {"header": False, "index": False}, {}),
        (LABEL_FIRST, {"header": False, "index": False, "sep": ";"}, {}),
        (LABEL_LAST, {"header": False, "index": False}, {"label_column": "last"}),
        (LABEL_LAST.rename(columns={12: "class"}), {"index": False}, {}),
        (LABEL_FIRST.rename(columns={0: "label"}), {}, {}),
        (LABEL_FIRST.rename(columns=lambda place: f"t{place}"), {"index": False}, {"label_column": "t0"}),
    ],
)
def test_the_same_frame_is_read_wherever_names_or_the_parameter_say_the_label_is(read, frame, to_csv, ingest) -> None:
    split = read(*_halves(frame, **to_csv), normalise=False, **ingest)
    assert split.classes == ("0.0", "1.0")
    np.testing.assert_array_equal(split.labels["test"], CLASSES[1::2])
    np.testing.assert_array_equal(split.series["test"][:, 0], READINGS[1::2].astype(np.float32))
    assert not any(note.startswith("warning") for note in split.notes)


def test_labels_that_look_like_their_neighbours_are_doubted_in_card_and_log(read, caplog) -> None:
    files = _halves(WHOLE_LABEL_LAST, header=False, index=False)
    with caplog.at_level(logging.WARNING):
        card = data_card([read(*files)], {})
    assert "the last column looks more like labels" in card["notes"][0]
    assert "dataset 'X': the last column looks more like labels" in caplog.text
    assert read(*files, label_column="last").notes == read(*files, label_column="first").notes == ()


ONE_SHOT = "".join(f"{code}\t{code / 7}\t0.5\t{code % 3 / 9}\n" for code in range(1, 7))


def test_one_sample_a_class_in_order_is_no_row_index_where_test_repeats_classes(read) -> None:
    split = read(ONE_SHOT, ONE_SHOT[: ONE_SHOT.index("3")] * 3, ".tsv")
    assert len(split.classes) == 6
    assert not any(note.startswith("warning") for note in split.notes)
    with pytest.raises(DataError, match=r"ingest\.label_column=first if it is"):
        read(ONE_SHOT, ONE_SHOT, ".tsv")
    split = read(ONE_SHOT, ONE_SHOT, ".tsv", label_column="first")
    assert "warning: every label occurs once in train and in test; are they names of samples?" in split.notes


@pytest.mark.parametrize(
    ("train", "test", "warning"),
    [
        ("0.5,1,2\n1.5,2,4\n" * 3, "0.5,1,2\n", "labels are numbers that are not whole (0.5, 1.5)"),
        ("17,.5,2\n5,.1,4\n99,.2,1\n3,.7,5\n", "17,.5,3\n", "every label of train is another number"),
        ("a,1,2,3\nb,2,4,1\n", "a,1,2,3,5\n", "every series has 3 values in train and 4 in test"),
        ("q,5,2,4\n" + "a,1,2,4\n" * 4, "a,1,2,3\n", "label 'q' occurs in line 1 of X_TRAIN.csv only"),
        ("1,2,3,4\n" + "1,5,2,4\n2,4,2,1\n", "1,5,2,4\n", "line 1 of X_TRAIN.csv counts (1, 2, ...)"),
        ("0,1,2\n" + "0,5,2\n1,4,2\n", "0,5,2\n", "line 1 of X_TRAIN.csv counts (0, 1, ...)"),
        (
            "time,label,u\n0,a,2\n1,b,1\n2,a,2\n3,b,7\n",
            "time,label,u\n9,a,2\n",
            "column 'time' of X_TRAIN.csv counts the rows",
        ),
        ("a,1,2,-9999,3,-9999\nb,2,4,1,1,5\n", "a,1,2,3,4,5\n", "-9999 stands 2 times in X_TRAIN.csv"),
        ("a,1,2,4,3,1\nb,2,4,1,1,5\n", "a,1,2,3.4e38,3.4e38,5\n", "3.4e+38 stands 2 times in X_TEST.csv"),
    ],
)
def test_what_is_odd_is_told(read, train: str, test: str, warning: str) -> None:
    notes = read(train, test).notes
    assert any(note.startswith(f"warning: {warning}") for note in notes), notes


def test_codes_that_other_values_come_near_are_values(read) -> None:
    assert not any("stands" in note for note in read("a,-9999,2,-9999\nb,2,-8000,1\n", "a,1,2,3\n").notes)


def test_labels_in_another_column_of_test_are_refused(read) -> None:
    with pytest.raises(DataError, match=r"labels are last in .*X_TRAIN.csv but column 1 in .*X_TEST.csv"):
        read("t0,t1,class\n1,2,a\n2,1,b\n", "a,1,2\n")
    with pytest.raises(DataError, match=r"column 't0' of .*X_TRAIN.csv stands where .*X_TEST.csv has 't1'"):
        read("t0,t1,class\n1,2,a\n2,1,b\n", "t1,t0,class\n1,2,a\n")
    assert read("t0,t1,class\n1,2,a\n2,1,b\n", "class,t0,t1\na,1,2\n").classes == ("a", "b")
    with pytest.raises(DataError, match=r"test has classes 1.* labels written alike"):
        read("1.0,0.5,2\n2.0,0.5,2\n", "1,0.5,2\n")


def test_class_codes_printed_as_floats_in_one_file_only_are_the_same_classes(read) -> None:
    split = read("1.0000000e+00  .5  2\n2.0000000e+00  .1  1\n", "2 1 3\n1 2 1\n", ".txt")
    assert split.classes == ("1", "2")
    np.testing.assert_array_equal(split.labels["test"], [1, 0])


def test_labels_that_numbers_would_merge_are_classes_of_their_own(read) -> None:
    text = "".join(f"{label}\t1\t{place}\n" for place, label in enumerate(("007", "7", "1E3", "1000", "1_000", "none")))
    assert set(read(text, text[-40:].split("\n", 1)[1], ".tsv").classes) == {"007", "7", "1E3", "1000", "1_000", "none"}


def test_float32_loses_a_small_signal_on_a_large_offset_aloud(read) -> None:
    rows = "".join(
        f"{code},{','.join(str(1.7e9 + value) for value in row)}\n"
        for code, row in zip("abab", READINGS[:4], strict=True)
    )
    assert read(rows, rows).notes == ()
    (note,) = read(rows, rows, normalise=False).notes
    assert note.startswith("warning: float32 rounds 8 of 8 series by up to ")
    assert note.endswith("ingest.normalise=true keeps it")


def test_what_becomes_constant_is_counted(read) -> None:
    rows = "a,1,1,1\nb,1,2,3\na,0.1,0.1,0.10000000000000002\nb,3,2,1\n"
    assert "3 of 6 channels are constant and became 0" in read(rows, "a,5,5,5\nb,1,2,1\n").notes
    assert read(rows, "b,1,2,1\n", normalise=False).notes == ()


def test_values_beyond_float32_are_an_error_and_never_infinite(read) -> None:
    with pytest.raises(DataError, match=r"X_TEST.csv, line 1: values beyond the range of float32 \(largest 1e\+39\)"):
        read("a,1,2\nb,2,1\n", "a,1e39,2\n", normalise=False)
    assert np.isfinite(read("a,1,2\nb,2,1\n", "a,1e39,2\n").series["test"]).all()
