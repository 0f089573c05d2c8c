"""Files of every format become the same series and labels; damaged ones are named with their line."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from aeon.datasets import load_from_arff_file, load_from_ts_file

from topology_efficient_dl.data.archive import bundled_folder
from topology_efficient_dl.data.readers import SUFFIXES, normalise_label, read_series
from topology_efficient_dl.errors import DataError

ONE_CHANNEL = [("1", np.array([[0.5, -1.25, 3.0]])), ("-1", np.array([[1.0, np.nan, 2e-7]]))]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_gives_the_same_values(tmp_path: Path, write_rows, suffix: str) -> None:
    part = read_series(write_rows(tmp_path / f"Toy_TRAIN{suffix}", ONE_CHANNEL))
    assert part.labels == ["1", "-1"]
    for found, (_, expected) in zip(part.series, ONE_CHANNEL, strict=True):
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == np.float64


@pytest.mark.parametrize("suffix", [".ts", ".arff"])
def test_many_channels_and_unequal_lengths(tmp_path: Path, write_rows, toy_rows, suffix: str) -> None:
    rows = toy_rows(["Walking", "Running", "Walking"], lengths=(7, 4, 9), channels=3)
    part = read_series(write_rows(tmp_path / f"Toy_TRAIN{suffix}", rows))
    assert part.n_channels == 3
    assert part.labels == ["Walking", "Running", "Walking"]
    for found, (_, expected) in zip(part.series, rows, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("suffix", [".tsv", ".ts", ".arff"])
def test_a_series_ends_at_its_last_observed_value(tmp_path: Path, write_rows, suffix: str) -> None:
    rows = [("1", np.array([[np.nan, 1.0, np.nan, 2.0, np.nan, np.nan]]))]
    (series,) = read_series(write_rows(tmp_path / f"Toy_TRAIN{suffix}", rows)).series
    np.testing.assert_array_equal(series, [[np.nan, 1.0, np.nan, 2.0]])


@pytest.mark.parametrize(
    "line", ["1\t0.5\t2", "1.0000000e+00\t0.5\t2.0", "1,0.5,2", "1;0.5;2", "  1  5.0e-01   2", "1 0.5 2\r"]
)
def test_spellings_of_one_row(tmp_path: Path, line: str) -> None:
    path = tmp_path / "Toy_TRAIN.txt"
    path.write_text(f"\n{line}\n\n")
    part = read_series(path)
    assert (part.labels, part.lines) == (["1"], [2])
    np.testing.assert_array_equal(part.series[0], [[0.5, 2.0]])


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("007", "007"),
        ("-0", "-0"),
        ("1.0", "1.0"),
        ("1.50", "1.50"),
        ("1E3", "1E3"),
        ("1e+00", "1e+00"),
        ("1_000", "1_000"),
        ("1e400", "1e400"),
        ("none", "none"),
        ("room#12", "room#12"),
        ("\u00a0a", "\u00a0a"),
        ("\uff11", "\uff11"),
        (" a ", "a"),
        ("' a '", " a "),
        ('"Say ""no"", twice"', 'Say "no", twice'),
        ("rock'n", "rock'n"),
        ('"1.0000000e+00"', "1.0000000e+00"),
        ("-1.000000000000000000e+00", "-1"),
        ("1.2000000e+01", "12"),
        ("1.5000000e+00", "1.5000000e+00"),
        ("1.0000000e+99", "1.0000000e+99"),
    ],
)
def test_labels_are_text_but_for_whole_numbers_that_were_printed_as_floats(text: str, label: str) -> None:
    assert normalise_label(text) == label


@pytest.mark.parametrize("suffix", [".tsv", ".csv", ".ts", ".arff"])
def test_labels_with_blanks_commas_and_quotes_in_every_format(tmp_path: Path, suffix: str) -> None:
    labels = ["'sit, down'", "' a '", '"it""s: so"', "007", "7", "room#12", "none", "\u00e9t\u00e9\u3000"]
    separator = "\t" if suffix == ".tsv" else ","
    rows = {
        ".ts": [f"0.5,2:{label}" for label in labels],
        ".arff": [f"0.5,2,{label}" for label in labels],
    }.get(suffix, [separator.join([label, "0.5", "2"]) for label in labels])
    path = tmp_path / f"Toy_TRAIN{suffix}"
    path.write_text("@data\n" * (suffix in (".ts", ".arff")) + "\n".join(rows) + "\n", encoding="utf-8")
    expected = ["sit, down", " a ", 'it"s: so', "007", "7", "room#12", "none", "\u00e9t\u00e9\u3000"]
    assert read_series(path).labels == expected


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("1_000", "not a number"),
        ("\uff11", "not a number"),
        ("\u0661", "not a number"),
        ("0x1F", "not a number"),
        ("infinity", "infinite"),
        ("-Inf", "infinite"),
        ("1,5", "not a number.*decimal point"),
        ("walk", "not a number.*ingest.label_column=last"),
    ],
)
def test_what_python_takes_for_a_number_is_not_always_one(tmp_path: Path, token: str, reason: str) -> None:
    path = tmp_path / "Toy_TRAIN.tsv"
    path.write_text(f"1\t0.5\t{token}\n")
    with pytest.raises(DataError, match=rf"line 1: .*{reason}"):
        read_series(path)


HEADERS = {
    "label first": "label,t0,t1\na,0.5,2\nb,1,3\n",
    "label last": "t0,t1,Class\n0.5,2,a\n1,3,b\n",
    "label amid": "t0,target,t1\n0.5,a,2\n1,b,3\n",
    "index": ",label,0,1\n0,a,0.5,2\n1,b,1,3\n",
    "y": "y,0,1\na,0.5,2\nb,1,3\n",
    "numbers": "0,1,label\n0.5,2,a\n1,3,b\n",
    "quoted": '"id";"t 0";"t 1";"class label"\n17;0.5;2;"a"\n4;1;3;"b"\n',
}


@pytest.mark.parametrize("text", HEADERS.values(), ids=HEADERS)
def test_names_of_columns_say_where_the_label_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "Toy_TRAIN.csv"
    path.write_text(text)
    part = read_series(path)
    assert (part.labels, part.lines) == (["a", "b"], [2, 3])
    np.testing.assert_array_equal(np.stack(part.series)[:, 0], [[0.5, 2], [1, 3]])
    assert bool(part.notes) == (text[0] in ',"')


@pytest.mark.parametrize(("column", "labels"), [("first", ["1", "2"]), ("last", ["3", "4"]), ("t1", ["5", "6"])])
def test_a_parameter_says_where_the_label_is(tmp_path: Path, column: str, labels: list[str]) -> None:
    path = tmp_path / "Toy_TRAIN.csv"
    path.write_text("t0,t1,t2\n1,5,3\n2,6,4\n")
    assert read_series(path, column).labels == labels
    path.write_text("1,5,3\n2,6,4\n")
    if column != "t1":
        assert read_series(path, column).labels == labels


ARFF = "@relation r\n@attribute {}\n@attribute b numeric\n@attribute {}\n@data\n{}\n"


@pytest.mark.parametrize(
    "text",
    [
        ARFF.format("'the class' {a,b}", "c real", "a,0.5,2"),
        ARFF.format("c real", "class {a,b}", "0.5,2,a"),
        ARFF.format("class {a,b}", "other {0.5,2}", "a,0.5,2"),
        "@attribute label {a,'b c'}\n@attribute s relational\n@attribute x real\n@end s\n@data\na,'0.5,2'\n",
        ARFF.format("id numeric", "class {a}\n@attribute d real", "7,0.5,a,2"),
    ],
)
def test_attributes_say_which_is_the_class(tmp_path: Path, text: str) -> None:
    path = tmp_path / "Toy_TRAIN.arff"
    path.write_text(text)
    part = read_series(path)
    assert part.labels == ["a"]
    np.testing.assert_array_equal(part.series[0], [[0.5, 2]])


def test_the_attribute_called_class_is_the_class_though_another_lists_values(tmp_path: Path) -> None:
    path = tmp_path / "Toy_TRAIN.arff"
    path.write_text(ARFF.format("sex {0,1}", "class numeric", "1,0.5,7"))
    part = read_series(path)
    assert part.labels == ["7"]
    np.testing.assert_array_equal(part.series[0], [[1, 0.5]])


@pytest.mark.parametrize("name", ["idx", "Sample_ID", "Unnamed: 0.1", "row_id"])
def test_a_row_index_by_its_name_is_left_out(tmp_path: Path, name: str) -> None:
    path = tmp_path / "Toy_TRAIN.csv"
    path.write_text(f"{name},label,t0\n0,a,0.5\n1,b,2\n")
    part = read_series(path)
    assert [series.tolist() for series in part.series] == [[[0.5]], [[2.0]]]
    assert part.notes == (f"column '{name}' of Toy_TRAIN.csv left out: a row index by its name",)


def test_names_of_labels_are_classes_where_other_lines_have_them(tmp_path: Path) -> None:
    path = tmp_path / "Toy_TRAIN.csv"
    for text in ("target,3,1,2\nother,1,2,3\n", "y,1,2,4\nn,2,1,3\ny,1,4,2\n", "y,1,3,2\nn,1,2,3\n"):
        path.write_text(text)
        assert len(read_series(path).series) == text.count("\n")


@pytest.mark.parametrize("name", ["GunPoint", "OSULeaf", "BasicMotions", "JapaneseVowels", "PickupGestureWiimoteZ"])
@pytest.mark.parametrize("part", ["TRAIN", "TEST"])
def test_ts_agrees_with_aeon(name: str, part: str) -> None:
    path = bundled_folder() / name / f"{name}_{part}.ts"
    ours, (theirs, labels) = read_series(path), load_from_ts_file(str(path))
    assert [label.lower() for label in ours.labels] == labels.tolist()
    for found, expected in zip(ours.series, theirs, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ["ArrowHead", "BasicMotions", "ItalyPowerDemand"])
def test_arff_agrees_with_aeon_and_with_ts(name: str) -> None:
    path = bundled_folder() / name / f"{name}_TEST.arff"
    ours, in_ts = read_series(path), read_series(path.with_suffix(".ts"))
    theirs, labels = load_from_arff_file(str(path))
    assert ours.labels == labels.tolist() == in_ts.labels
    np.testing.assert_array_equal(np.stack(ours.series), theirs)
    np.testing.assert_allclose(np.stack(ours.series), np.stack(in_ts.series), rtol=1e-6)


@pytest.mark.parametrize(
    ("suffix", "text", "message"),
    [
        (".tsv", "1\t0.5\t1\n2\t0.5\tabc\n", r"Toy_TRAIN.tsv, line 2: 'abc' is not a number"),
        (".tsv", "1\t0.5\t\t1\n", r"line 1: '' is not a number"),
        (".tsv", "1\t0.5\n\n2\n", r"line 3: label '2' without values"),
        (".tsv", "\t0.5\t1\n", r"line 1: the class label is missing"),
        (".csv", "?,0.5,1\n", r"line 1: the class label is missing \(found '\?'\)"),
        (".tsv", "1\t0.5\n2\tNaN\tNaN\n", r"line 2: every value of channel 1 is missing"),
        (".tsv", "1\t0.5\tinf\n", r"line 1: value 2 of channel 1 is infinite \('inf'\)"),
        (".tsv", "1\t1e999\t0\n", r"line 1: value 1 of channel 1 is infinite \('1e999'\)"),
        (".tsv", "", r"Toy_TRAIN.tsv: holds no series"),
        (".ts", "@problemName Toy\n1,2:1\n", r"Toy_TRAIN.ts: no @data line"),
        (".ts", "@problemName Toy\n@data\n", r"holds no series"),
        (".ts", "@data\n1,2:3,4:1\n1,2:2\n", r"line 3: 1 channels, but 2"),
        (".ts", "@data\n1,2:3,4,5:1\n", r"line 2: channels of unequal length, \[2, 3\]"),
        (".ts", "@data\n1,2,3\n", r"line 2: label '1,2,3' without values"),
        (".ts", "@timeStamps\tTrue\n@data\n(0,1):1\n", r"has time stamps"),
        (".ts", "@targetlabel true\n@data\n1,2:0.5\n", r"has no class labels"),
        (".ts", "@classLabel false\n@data\n1,2:3\n", r"has no class labels"),
        (".arff", "@data\n'1,2\\n3,x',a\n", r"line 2: 'x' is not a number"),
        (".arff", "@data\na\n", r"line 2: label 'a' without values"),
        (".arff", "@data\n{0 1.5, 2 a}\n", r"line 2: sparse data"),
        (".arff", ARFF.format("a real", "c {x,y}", "1,2,z"), r"line 6: label 'z' is not listed"),
        (".arff", ARFF.format("a real", "c {x,y}", "1,x"), r"line 6: 2 fields, but there are 3 attributes"),
        (".arff", ARFF.format("a real", "c real", "1,2,3"), r"which attribute is the class is not said"),
        (".ts", "@classLabel true a b\n@data\n1,2:c\n", r"line 3: label 'c' is not listed in @classLabel \(a, b\)"),
        (".ts", "@data\n1,2:3,4\n", r"line 2: no class label: '3,4' after the last colon"),
        (".ts", "@dimensions 2\n@data\n1,2:3\n", r"line 3: no class label: '3' after the last colon"),
        (".csv", "0,1,2,3\n1,0.5,2,3\n", r"line 1: the first line counts \(0, 1, 2, 3, ...\): column numbers"),
        (".csv", ",0,1,2\n0,1,0.5,2\n", r"line 1: the first line counts"),
        (".csv", "act,0,1,2\n" + "a,0.5,2,1\n" * 3, r"line 1: the first line counts"),
        (
            ".csv",
            "t0,t1,t2\n1,0.5,2\n",
            r"line 1: the first line names columns .*none of them is 'label'.*label_column",
        ),
        (".csv", "label,class,t2\n1,0.5,2\n", r"line 1: .*several of them may be the label"),
        (".csv", "y,0,1,2\nn,1,2,1\ny,0,2,2\n", r"line 3: label 'y' is the column's name; rename"),
        (".csv", "label,0,0.1,0.3,0.7\n1,2,3,1,2\n", r"line 1: 'label' is a name of labels and no other line has it"),
        (".csv", "class,1,2,4,8\na,2,3,1,2\nb,2,3,1,2\n", r"line 1: 'class' is a name of labels"),
        (".csv", "y,0,1,1.1,2\na,2,3,1,2\n", r"line 1: 'y' is a name of labels"),
        (".tsv", "label\t4\t3\t2\t1\n1\t2\t3\t1\t2\n", r"line 1: 'label' is a name of labels"),
        (
            ".arff",
            ARFF.format("a {1,2}", "y real", "1,2,3"),
            r"which attribute is the class is not said \(found a, y\)",
        ),
        (".arff", ARFF.format("id {1,2}", "c real", "1,2,3"), r"which attribute is the class is not said"),
        (".ts", "@data\n1,2,3:-0.1,-0.6\n", r"line 2: no class label: '-0.1,-0.6' after the last colon"),
        (
            ".ts",
            "@dimensions 3\n@classLabel true 1 2\n@data\n1,2:3,4:1\n",
            r"line 4: 2 channels before label '1', but @dimensions says 3; add the channel",
        ),
        (".csv", "a,0.5,,2\n", r"line 1: '' is not a number.*write NaN where a value is missing"),
        (".csv", "label,t0,t1\na,1\n", r"line 2: 2 fields, but the first line names 3 columns"),
        (".dat", "1 2\n", r"unknown format '.dat'; expected one of .tsv"),
    ],
)
def test_damaged_files_are_named_with_their_line(tmp_path: Path, suffix: str, text: str, message: str) -> None:
    path = tmp_path / f"Toy_TRAIN{suffix}"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_series(path)


def test_truncated_gzip(tmp_path: Path, write_rows, toy_rows) -> None:
    path = write_rows(tmp_path / "Toy_TRAIN.tsv.gz", toy_rows(["1", "2"] * 50))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match=r"Toy_TRAIN.tsv.gz: truncated or damaged gzip file"):
        read_series(path)


def test_plain_text_under_a_gzip_name(tmp_path: Path) -> None:
    path = tmp_path / "Toy_TRAIN.tsv.gz"
    path.write_text("1\t0.5\n")
    with pytest.raises(DataError, match="damaged gzip"):
        read_series(path)


def test_binary_and_missing_files(tmp_path: Path) -> None:
    path = tmp_path / "Toy_TRAIN.tsv"
    path.write_bytes(gzip.compress(b"1\t0.5\n"))
    with pytest.raises(DataError, match="is not a text file"):
        read_series(path)
    with pytest.raises(DataError, match=r"Toy_TEST.tsv: cannot be read \(No such file"):
        read_series(tmp_path / "Toy_TEST.tsv")
