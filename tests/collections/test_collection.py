"""Laziness, reuse, resuming and repair of collections."""

import errno
import json
from pathlib import Path

import fsspec
import pytest
from distributed import LocalCluster

from topology_efficient_dl.collections.codecs import JSON
from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.collections.store import ItemStore
from topology_efficient_dl.errors import CellError, StorageError
from topology_efficient_dl.params.training import ParallelParams


@pytest.fixture
def store(tmp_path):
    return ItemStore(str(tmp_path / "items"), fsspec.filesystem("file"))


@versioned(1, name="tests:double")
def double(value, times=2, *, log=None):
    if log is not None:
        with open(log, "a", encoding="utf-8") as lines:
            lines.write(f"{value}\n")
    return value * times


@versioned(1, name="tests:fails_at_three")
def fails_at_three(value, *, log):
    if value == 3:
        raise ZeroDivisionError("three")
    return double(value, log=log)


def calls(log):
    return sorted(Path(log).read_text().split()) if Path(log).exists() else []


def test_nothing_is_computed_before_it_is_asked_for(tmp_path):
    log = tmp_path / "log"
    doubled = Collection.of({"a": 1, "b": 2}).map(double, log=str(log))
    assert calls(log) == []
    assert doubled["b"] == 4
    assert calls(log) == ["2"]


def test_saving_computes_each_item_once_and_loading_reads_it(store, tmp_path):
    log = tmp_path / "log"
    source = Collection.of({"a": 1, "b": 2})
    saved = source.map(double, log=str(log)).save(store, JSON)
    again = source.map(double, log=str(log)).save(store, JSON)
    assert dict(saved) == dict(again) == {"a": 2, "b": 4}
    assert calls(log) == ["1", "2"]


def test_changing_one_argument_recomputes_what_depends_on_it_and_nothing_else(store, tmp_path):
    log, log2 = tmp_path / "log", tmp_path / "log2"

    def pipeline(times, offset):
        first = Collection.of({"a": 1, "b": 2}).map(double, times, log=str(log)).save(store, JSON)
        return first.map(double, offset, log=str(log2)).save(store, JSON)

    pipeline(2, 5)
    pipeline(2, 6)  # only the second step
    assert len(calls(log)) == 2
    assert len(calls(log2)) == 4
    pipeline(3, 6)  # both
    assert len(calls(log)) == 4
    assert len(calls(log2)) == 6


def test_a_new_item_does_not_touch_the_old_ones(store, tmp_path):
    log = tmp_path / "log"
    Collection.of({"a": 1}).map(double, log=str(log)).save(store, JSON)
    Collection.of({"a": 1, "b": 7}).map(double, log=str(log)).save(store, JSON)
    assert calls(log) == ["1", "7"]


def test_a_new_method_version_recomputes(store):
    first = Collection.of({"a": 1}).map(versioned(1, name="tests:add")(lambda value: value + 1)).save(store, JSON)
    second = Collection.of({"a": 1}).map(versioned(2, name="tests:add")(lambda value: value + 2)).save(store, JSON)
    assert (first["a"], second["a"]) == (2, 3)


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky"])
def test_a_failing_cell_is_named_and_what_was_finished_is_kept(store, tmp_path, backend):
    log = tmp_path / "log"
    source = Collection.of({"a": 1, "b": 2, "c": 3})
    parallel = ParallelParams(backend=backend, jobs=2)
    with pytest.raises(CellError, match="numbers, cell 'c': ZeroDivisionError: three"):
        source.map(fails_at_three, log=str(log)).run_on(parallel).save(store, JSON, name="numbers")
    finished = {json.loads(path.read_text())["fingerprint"] for path in Path(store.root).rglob("*.receipt")}
    source.map(fails_at_three, log=str(log)).filter(lambda key: key != "c").save(store, JSON)
    assert finished
    assert len(calls(log)) <= 3 - (len(finished) == 2)


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky"])
def test_every_backend_gives_the_same(store, backend):
    source = Collection.of({str(n): n for n in range(5)}).map(double).run_on(ParallelParams(backend=backend, jobs=2))
    assert dict(source.save(store, JSON)) == {str(n): 2 * n for n in range(5)}


def test_a_dask_scheduler_gives_the_same(store):
    with LocalCluster(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as cluster:
        parallel = ParallelParams(backend="dask", address=cluster.scheduler_address)
        source = Collection.of({str(n): n for n in range(3)}).map(double).run_on(parallel)
        assert dict(source.save(store, JSON)) == {"0": 0, "1": 2, "2": 4}


def item_file(store):
    (path,) = Path(store.root).rglob("*.json")
    return path


@pytest.mark.parametrize("damage", [b"", b"{", b"9"])
def test_a_damaged_item_is_reported_on_load_and_mended_on_save(store, damage):
    source = Collection.of({"a": 1}).map(double)
    saved = source.save(store, JSON)
    item_file(store).write_bytes(damage)
    with pytest.raises(StorageError, match=r"is damaged: sha256 .* expected .* only this item is computed anew"):
        saved["a"]
    assert source.save(store, JSON)["a"] == 2


def test_a_missing_item_file_is_reported(store):
    saved = Collection.of({"a": 1}).map(double).save(store, JSON)
    item_file(store).unlink()
    with pytest.raises(StorageError, match="is missing"):
        saved["a"]


def test_an_item_without_a_receipt_was_never_finished(store, tmp_path):
    log = tmp_path / "log"
    source = Collection.of({"a": 1}).map(double, log=str(log))
    source.save(store, JSON)
    for receipt in Path(store.root).rglob("*.receipt"):
        receipt.write_text("{not json")
    source.save(store, JSON)
    assert calls(log) == ["1", "1"]


def test_a_full_disk_stops_with_one_error_and_leaves_no_debris(store, tmp_path, monkeypatch):
    log = tmp_path / "log"
    source = Collection.of({"a": 1, "b": 2}).map(double, log=str(log))
    write, written = type(store.fs).pipe_file, []

    def full_after_two_files(fs, path, data, **kwargs):
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(path)
        return write(fs, path, data, **kwargs)

    monkeypatch.setattr(type(store.fs), "pipe_file", full_after_two_files)
    with pytest.raises(StorageError, match=r"cannot write .*No space left on device; free space"):
        source.save(store, JSON)
    monkeypatch.undo()
    assert not list(Path(store.root).rglob("*.tmp"))
    source.save(store, JSON)
    assert calls(log) == ["1", "2", "2"]  # only the cell in flight was repeated


def test_keys_of_products_joins_and_groups():
    splits = Collection.of({"d": 1, "e": 2})
    cells = splits.cross({"m": "model"}, {"1": 1, "2": 2})
    assert list(cells) == ["d/m/1", "d/m/2", "e/m/1", "e/m/2"]
    assert cells["e/m/2"] == (2, "model", 2)
    features = Collection.of({"d/x": 10, "e/x": 20})
    joined = cells.join(features, lambda key: f"{key[0]}/x" if key.endswith("1") else None)
    assert joined["d/m/1"] == (1, "model", 1, 10)
    assert joined["d/m/2"] == (1, "model", 2, None)
    assert cells.group(lambda key: key[0])["d"] == {"d/m/1": (1, "model", 1), "d/m/2": (1, "model", 2)}


def test_fingerprints_of_joins_follow_both_sides():
    def joined(feature):
        return Collection.of({"d": 1}).cross({"m": 1}).join(Collection.of({"d": feature}), lambda key: "d")

    assert joined(1).items_by_key["d/m"].fingerprint == joined(1).items_by_key["d/m"].fingerprint
    assert joined(1).items_by_key["d/m"].fingerprint != joined(2).items_by_key["d/m"].fingerprint


def test_unknown_keys_are_named_with_the_nearest():
    collection = Collection.of({"ECG200": 1})
    with pytest.raises(KeyError, match="did you mean 'ECG200'"):
        collection["EGC200"]
    with pytest.raises(KeyError, match="no item 'x'"):
        collection.cross().join(collection, lambda key: "x")


def test_receipts_are_plain_json(store):
    Collection.of({"a": 1}).map(double).save(store, JSON)
    (receipt,) = Path(store.root).rglob("*.receipt")
    assert {"fingerprint", "sha256", "n_bytes", "seconds", "method"} <= set(json.loads(receipt.read_text()))


def test_two_runs_that_store_the_same_item_leave_a_sound_one_in_any_order(store):
    """Their bytes may differ, as those of timings do; here the slower run's receipt comes last."""
    written = []

    class Recorder(ItemStore):
        def write_file(self, path, data):
            written.append((path, data))

    recorder = Recorder(store.root, store.fs)
    for data in (b"1", b"22"):
        recorder.write("f" * 40, ".json", data, seconds=0.0, method="test")
    first_item, first_receipt, second_item, second_receipt = written
    for path, data in (first_item, second_item, second_receipt, first_receipt):
        store.write_file(path, data)
    receipt = store.receipt("f" * 40)
    assert receipt is not None
    assert store.read(receipt) == b"1"


def test_renamed_items_are_the_same_items():
    plain = Collection.of({"a": 1, "b": 2})
    renamed = plain.renamed(lambda key: f"{key}_held_out")
    assert dict(renamed) == {"a_held_out": 1, "b_held_out": 2}
    assert [item.fingerprint for item in renamed.items_by_key.values()] == [
        item.fingerprint for item in plain.items_by_key.values()
    ]
