"""Columns of text are read whatever separates them; damaged files are named with their line."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from topology_efficient_dl.data.graphs.text_tables import line_of_row, read_table
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
    assert [line_of_row(path, row) for row in (0, 1)] == [3, 4]


def test_the_first_line_decides_between_layouts_and_a_header_is_left_out(write) -> None:
    path = write("metadata.csv", "id,class\n7,\n8,a b\n")
    table = read_table(path, ("id",), ("id", "class"), optional=("class",), header=True)
    assert table.to_numpy().tolist() == [["7", ""], ["8", "a b"]]
    assert line_of_row(path, 1, header=True) == 3


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
        ("20\u00a01 2\n", r"has unusual blanks or line ends"),
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
