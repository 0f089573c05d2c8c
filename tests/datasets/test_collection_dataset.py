"""The versioned collection dataset, alone and in a catalog."""

import json
import multiprocessing
from pathlib import Path

import pytest
from kedro.io import DataCatalog, DatasetError, Version

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.datasets.collection import CollectionDataset


def dataset(folder, load=None, save=None, versioned=True):
    version = Version(load, save) if versioned else None
    return CollectionDataset(filepath=f"{folder}/squares.json", codec="json", version=version)


@versioned(1, name="tests:square")
def square(value):
    return value**2


@versioned(1, name="tests:square_or_fail")
def square_or_fail(value):
    if value == 3:
        raise ValueError("three is not allowed")
    return value**2


def test_versions_share_items(tmp_path):
    source = Collection.of({"a": 1, "b": 2})
    dataset(tmp_path, save="v1").save(source.map(square))
    dataset(tmp_path, save="v2").save(Collection.of({"a": 1, "b": 2, "c": 3}).map(square))
    assert dict(dataset(tmp_path, load="v1").load()) == {"a": 1, "b": 4}
    assert dict(dataset(tmp_path).load()) == {"a": 1, "b": 4, "c": 9}
    assert len(list((tmp_path / "items").rglob("*.json"))) == 3


def test_existence_needs_a_finished_version(tmp_path):
    assert not dataset(tmp_path).exists()
    with pytest.raises(DatasetError, match=r"cell 'b': ValueError: three is not allowed"):
        dataset(tmp_path, save="v1").save(Collection.of({"a": 1, "b": 3}).map(square_or_fail))
    assert not dataset(tmp_path).exists()
    assert len(list((tmp_path / "items").rglob("*.json"))) == 1  # 'a' is kept
    dataset(tmp_path, save="v2").save(Collection.of({"a": 1}).map(square))
    assert dataset(tmp_path).exists()


def test_release_forgets_the_resolved_version(tmp_path):
    dataset(tmp_path, save="v1").save({"a": 1})
    reader = dataset(tmp_path)
    assert dict(reader.load()) == {"a": 1}
    dataset(tmp_path, save="v2").save({"a": 2})
    reader.release()
    assert dict(reader.load()) == {"a": 2}


def test_plain_mappings_and_other_file_systems():
    memory = CollectionDataset(filepath="memory://tests/plain.json", codec="json")
    memory.save({"x": [1, 2]})
    assert dict(memory.load()) == {"x": [1, 2]}


def test_the_preview_is_a_small_table(tmp_path):
    dataset(tmp_path, save="v1").save(Collection.of({str(n): n for n in range(30)}).map(square))
    preview = dataset(tmp_path).preview(nrows=5)
    assert preview["columns"] == ["key", "size (KiB)", "seconds"]
    assert len(preview["data"]) == len(preview["index"]) == 5


def test_nothing_saved_yet_and_damaged_manifests_are_clear(tmp_path):
    with pytest.raises(DatasetError, match="run the pipeline that makes it"):
        dataset(tmp_path, versioned=False).load()
    (tmp_path / "squares.json").write_text("{")
    with pytest.raises(DatasetError, match="is damaged"):
        dataset(tmp_path, versioned=False).load()


def test_an_unknown_codec_is_named(tmp_path):
    with pytest.raises(ValueError, match="did you mean 'json'"):
        CollectionDataset(filepath=str(tmp_path / "x.json"), codec="jsn")


def test_catalog_configuration_round_trip(tmp_path):
    catalog = DataCatalog.from_config(
        {
            "{track}.squares": {
                "type": "topology_efficient_dl.datasets.collection.CollectionDataset",
                "filepath": str(tmp_path / "{track}" / "squares.json"),
                "items": str(tmp_path / "store"),
                "codec": "json",
                "versioned": True,
            }
        }
    )
    catalog.save("track_x.squares", Collection.of({"a": 3}).map(square))
    assert dict(catalog.load("track_x.squares")) == {"a": 9}
    (manifest,) = tmp_path.glob("track_x/squares.json/*/squares.json")
    assert json.loads(manifest.read_text())["items"]["a"]["suffix"] == ".json"


def _save_in_another_process(folder, number):
    source = Collection.of({str(n): n for n in range(40)}).map(square)
    dataset(folder, save=f"v{number}").save(source)


def test_two_runs_at_once_do_not_damage_each_other(tmp_path):
    context = multiprocessing.get_context("spawn")
    runs = [context.Process(target=_save_in_another_process, args=(str(tmp_path), number)) for number in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0, 0]
    expected = {str(n): n**2 for n in range(40)}
    for number in range(2):
        assert dict(dataset(tmp_path, load=f"v{number}").load()) == expected
    assert not list(Path(tmp_path).rglob("*.tmp"))
