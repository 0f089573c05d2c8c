"""Columns of text are read whatever separates them; damaged files are named with their line."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from topology_efficient_dl.data.graphs.text_tables import fields_of, read_table
from topology_efficient_dl.errors import DataError

LOG = ("t", "i", "j")


@pytest.mark.parametrize("separator", ["\t", ",", " ", "  ", ", "])
@pytest.mark.parametrize("suffix", [".txt", ".csv.gz"])
def test_separators_and_packing_make_no_difference(write, separator: str, suffix: str) -> None:
    rows = [("20", "7", "NA"), ("40", "nan", "08")]
    path = write(f"log{suffix}", "".join(separator.join(row) + "\n" for row in rows))
    table = read_table(path, LOG, whole=("t",))
    assert table["t"].dtype == np.int64
    assert table.to_numpy().tolist() == [[20, "7", "NA"], [40, "nan", "08"]]


def test_comments_blank_lines_line_ends_and_byte_order_mark(write) -> None:
    path = write("log.txt", "﻿# a comment\r\n\r\n20 1 2 # here too\r\n 40 3 4 \r\n")
    assert read_table(path, LOG, whole=("t",)).to_numpy().tolist() == [[20, "1", "2"], [40, "3", "4"]]
    assert read_table(path, LOG, whole=("t",)).index.tolist() == [3, 4]


def test_a_field_is_the_text_that_stands_there(write) -> None:
    ids = ["room#12", "1E3", "1_000", "007", "7", "none", "null", "NaN", "+7", "7.0", "a\u00a0b", "'x'"]
    for separator in (" ", ",", "\t"):
        path = write("log.txt", "".join(f"{k}{separator}{node}{separator}z\n" for k, node in enumerate(ids)))
        assert read_table(path, LOG, whole=("t",), header=False)["i"].tolist() == ids
    assert fields_of("a\troom #12", "\t") == ["a", "room #12"]
    assert fields_of('"say ""x""",1', ",") == ['say "x"', "1"]


def test_large_times_are_exact_though_others_have_decimals(write) -> None:
    path = write("log.txt", "1700000000000000001 1 2\n1700000000000000003.0 1 2\n")
    assert read_table(path, LOG, whole=("t",))["t"].tolist() == [1700000000000000001, 1700000000000000003]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("source,target,Time\n8,9,20\n", [20, "8", "9"]),
        ("j t i\n9 20 8\n", [20, "8", "9"]),
        (",t,i,j\n0,20,8,9\n", [20, "8", "9"]),
        ("# i j t\n20 8 9\n", [20, "8", "9"]),
        ("20 i j\n", [20, "i", "j"]),
    ],
)
def test_names_of_columns_say_their_order(write, text: str, first: list) -> None:
    table = read_table(write("log.txt", text), LOG, whole=("t",))
    assert table[list(LOG)].to_numpy()[0].tolist() == first


def test_unknown_names_stand_for_the_column_of_their_place(write) -> None:
    layout = ("id", "class")
    path = write("m.csv", "id,department\n7,a\n")
    assert read_table(path, layout, header=True)["class"].tolist() == ["a"]
    assert read_table(write("m.csv", "department,id\na,7\n"), layout, header=True)["class"].tolist() == ["a"]
    with pytest.raises(DataError, match=r"m.csv, line 1: names of columns 'when who i'; expected t i j in any order"):
        read_table(write("m.csv", "when who i\n1 2 3\n"), LOG, header=True)


def test_the_first_line_decides_between_layouts_and_a_header_is_left_out(write) -> None:
    path = write("metadata.csv", "id,class\n7,\n8,a b\n")
    table = read_table(path, ("id",), ("id", "class"), optional=("class",), header=True)
    assert table.to_numpy().tolist() == [["7", ""], ["8", "a b"]]
    assert table.index.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"log.txt: is empty; expected lines of 3 fields \(t i j\)"),
        ("# only a comment\n\n", r"is empty"),
        ("20 1\n", r"line 1: 2 fields \('20 1'\); expected 3 fields \(t i j\); complete the line"),
        ("20 1 2\n40 1\n", r"line 2: 2 fields \('40 1'\); expected 3"),
        ("20 1 2\n\n40 1 2 3\n", r"line 3: 4 fields"),
        ("20\t1\t2\n40\t1\t\n", r"line 2: j is empty"),
        ("20 1 2\n40.5 1 2\n", r"line 2: t is '40.5'; expected a whole number"),
        ("20\u00a01 2\n", r"line 1: 2 fields"),
        (
            "20 1 2\n4611686018427387904 1 2\n",
            r"line 2: t is '4611686018427387904'; expected .* at most 46116860184273879",
        ),
        ("2e1 1 2\n", r"line 1: t is '2e1'"),
        ("t i j\n", r"is empty; expected lines of 3 fields \(t i j\) after the names of columns"),
        ("20 a b\n#40 a c\n", r"line 2: '#40 a c' begins as a comment and has the fields of a row; write '# ' before"),
        ('20,"a,b\n', r"line 1: .* is no line of fields between commas"),
        ("t,i,j\n20,i,k\n", r"line 1: 't,i,j' could be names of columns or a row; say which with header="),
        ("True 1 2\n", r"line 1: t is 'True'"),
        ("20 1 2\n\n\n2_0 1 2\n", r"line 4: t is '2_0'"),
        ("20 1 2\n99999999999999999999 1 2\n", r"line 2: t is '99999999999999999999'"),
    ],
)
def test_damaged_lines_are_named(write, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_table(write("log.txt", text), LOG, whole=("t",))


def test_truncated_gzip(write) -> None:
    path = write("log.txt.gz", "".join(f"{20 * k} {k % 7} {k * k % 11}\n" for k in range(2_000)))
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(DataError, match=r"log.txt.gz: truncated or damaged gzip file"):
        read_table(path, LOG, whole=("t",))


def test_corrupted_gzip_and_plain_text_under_its_name(write) -> None:
    path = write("log.txt.gz", "20 1 2\n" * 500)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match="damaged gzip"):
        read_table(path, LOG, whole=("t",))
    path.write_text("20 1 2\n")
    with pytest.raises(DataError, match="damaged gzip"):
        read_table(path, LOG, whole=("t",))


def test_binary_and_missing_files(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(gzip.compress(b"20 1 2\n"))
    with pytest.raises(DataError, match="is not a text file"):
        read_table(path, LOG)
    with pytest.raises(DataError, match=r"absent.txt: cannot be read \(No such file"):
        read_table(tmp_path / "absent.txt", LOG)
