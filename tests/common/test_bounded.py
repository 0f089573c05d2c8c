"""Packed files are read up to a stated size, and no further, by series, graphs and stored items alike."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from scipy.sparse import csc_matrix

from topology_efficient_dl.collections import codecs
from topology_efficient_dl.common.bounded import (
    MIB,
    file_limit,
    open_text,
    read_npz,
)
from topology_efficient_dl.data.archive import DatasetFiles
from topology_efficient_dl.data.graphs.finder import GraphSource, read_graph
from topology_efficient_dl.data.graphs.mat_readers import load_mat, read_attributed_mat
from topology_efficient_dl.data.graphs.static_readers import read_heterophilous
from topology_efficient_dl.data.graphs.text_tables import read_table
from topology_efficient_dl.data.splits import read_split
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params.series import IngestParams

TOO_LARGE = r"holds more than 1 MiB unpacked; expected no more .*; set \S*max_file_mib to allow it"


def _gzip_of_zeros(path: Path, n_bytes: int = 3 * MIB) -> Path:
    path.write_bytes(gzip.compress(b"0," * (n_bytes // 2)))
    assert path.stat().st_size < n_bytes / 500
    return path


def _npz_of_zeros(path: Path) -> Path:
    np.savez_compressed(path, edges=np.zeros(3 * MIB, np.uint8))
    return path


def _mat_of_zeros(path: Path) -> Path:
    savemat(path, {"A": np.zeros((3, MIB), np.uint8)}, do_compression=True)
    return path


BOMBS: dict[str, Callable[[Path], object]] = {
    "text": lambda folder: [*open_and_read(_gzip_of_zeros(folder / "x.txt.gz"))],
    "plain text": lambda folder: [*open_and_read(_plain(folder / "x.txt"))],
    "table": lambda folder: read_table(_gzip_of_zeros(folder / "x.txt.gz"), ("a",)),
    "npz": lambda folder: read_npz(_npz_of_zeros(folder / "x.npz"), "x.npz"),
    "graph": lambda folder: read_heterophilous(_whole_graph(folder / "x.npz"), name="x"),
    "mat": lambda folder: load_mat(_mat_of_zeros(folder / "x.mat"), "A"),
}


def open_and_read(path: Path) -> list[str]:
    with open_text(path) as file:
        return list(file)


def _plain(path: Path) -> Path:
    path.write_bytes(bytes(2 * MIB))
    return path


def _whole_graph(path: Path) -> Path:
    zeros = np.zeros((1, MIB), np.uint8)
    names = ("node_features", "node_labels", "edges", "train_masks", "val_masks", "test_masks")
    np.savez_compressed(path, **dict.fromkeys(names, zeros))
    return path


@pytest.mark.parametrize("read", BOMBS.values(), ids=BOMBS)
def test_what_unpacks_to_more_than_the_bound_is_refused(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with file_limit(1), pytest.raises(DataError, match=TOO_LARGE):
        read(tmp_path)


def test_the_bound_is_of_one_file_and_ends_with_its_block(tmp_path: Path) -> None:
    path = tmp_path / "x.txt.gz"
    path.write_bytes(gzip.compress(b"a\n" * (MIB // 4)))
    with file_limit(0.6):
        assert len(open_and_read(path)) == len(open_and_read(path)) == MIB // 4
        with file_limit(0.4), pytest.raises(DataError, match=r"more than 0\.4 MiB"):
            open_and_read(path)
        assert len(open_and_read(path)) == MIB // 4


def test_the_parameters_of_series_and_graphs_are_the_bound(tmp_path: Path) -> None:
    files = DatasetFiles("X", _gzip_of_zeros(tmp_path / "X_TRAIN.csv.gz"), tmp_path / "X_TEST.csv.gz", "x")
    with pytest.raises(DataError, match=r"X_TRAIN.csv.gz: holds more than 1 MiB .*; set ingest.max_file_mib"):
        read_split(files, IngestParams(max_file_mib=1))
    source = GraphSource("g", "graph_json", {"graph": _plain(tmp_path / "graph.json")})
    with pytest.raises(DataError, match=r"graph.json: holds more than 1 MiB .*; set graphs.max_file_mib"):
        read_graph(source, max_file_mib=1)


def test_an_array_that_promises_more_than_its_file_holds_is_never_made() -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**13,)})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x.npy", header.getvalue() + bytes(8))
    with pytest.raises(ValueError, match=r"promises \(10000000000000,\) of float64 in \d+ bytes"):
        codecs.NPZ.decode(packed.getvalue())


def test_a_stored_item_is_bounded_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = {"x": np.zeros(2 * MIB, np.uint8)}
    data = codecs.NPZ.encode(arrays)
    monkeypatch.setattr(codecs, "MAX_ITEM_MIB", 1)
    with pytest.raises(DataError, match="a stored item: holds more than 1 MiB"):
        codecs.NPZ.decode(data)
    with pytest.raises(DataError, match="an item to store: holds more than 1 MiB"):
        codecs.NPZ.encode(arrays)


def test_a_sparse_matrix_that_is_huge_when_dense_is_refused(tmp_path: Path) -> None:
    savemat(tmp_path / "x.mat", {"X": csc_matrix((10**6, 10**3)), "y": np.ones((3, 1))})
    savemat(tmp_path / "a.mat", {"A": csc_matrix((3, 3))})
    with pytest.raises(DataError, match=r"x.mat: holds more than 2048 MiB unpacked"):
        read_attributed_mat(tmp_path / "x.mat", tmp_path / "a.mat", name="x", keys=("X", "y", "A"))
