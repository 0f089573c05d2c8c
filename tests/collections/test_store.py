"""What the store does with receipts, items and manifests that somebody else wrote, moved or damaged."""

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import fsspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kedro.io import DatasetError, Version

from topology_efficient_dl.collections.codecs import JSON
from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.collections.store import ItemStore, Receipt
from topology_efficient_dl.datasets.collection import CollectionDataset
from topology_efficient_dl.errors import StorageError


@versioned(1, name="tests:triple")
def triple(value):
    return 3 * value


SOURCE = Collection.of({"a": 1, "b": 2}).map(triple)
RIGHT = {"a": 3, "b": 6}
FUZZ = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def store(tmp_path):
    """A store with both items, next to a folder of somebody else's."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "private.json").write_text('"private"')
    store = ItemStore(str(tmp_path / "items"), fsspec.filesystem("file"))
    SOURCE.save(store, JSON)
    return store


def receipt_file(store, key="a"):
    fingerprint = SOURCE.items_by_key[key].fingerprint
    return Path(store.root) / fingerprint[:2] / f"{fingerprint}.receipt"


def item_file(store, key="a"):
    (path,) = receipt_file(store, key).parent.glob(f"{receipt_file(store, key).stem}-*.json")
    return path


def check_healed(store):
    """The next run gives what is right, the one after it computes nothing, and nothing elsewhere was touched."""
    assert dict(SOURCE.save(store, JSON)) == RIGHT
    before = [receipt_file(store, key).stat().st_mtime_ns for key in RIGHT]
    assert dict(SOURCE.save(store, JSON)) == RIGHT
    assert [receipt_file(store, key).stat().st_mtime_ns for key in RIGHT] == before
    elsewhere = Path(store.root).parent / "elsewhere"
    assert {path.name: path.read_text() for path in elsewhere.iterdir()} == {"private.json": '"private"'}


def test_a_receipt_that_names_a_path_deletes_nothing(store, caplog):
    document = json.loads(receipt_file(store).read_text())
    path = store._item_path(Receipt(**{**document, "fingerprint": "../../elsewhere/private"}))
    private = Path(os.path.normpath(path))
    private.parent.mkdir(parents=True, exist_ok=True)
    private.write_text("damaged")
    receipt_file(store).write_text(json.dumps({**document, "fingerprint": "../../elsewhere/private"}))
    assert dict(SOURCE.save(store, JSON)) == RIGHT
    assert private.read_text() == "damaged"
    assert f"receipt '{receipt_file(store)}' is damaged (fingerprint is '../../elsewhere/private'" in caplog.text


def test_swapped_receipts_do_not_swap_items(store, caplog):
    first, second = (receipt_file(store, key).read_text() for key in RIGHT)
    receipt_file(store, "a").write_text(second)
    receipt_file(store, "b").write_text(first)
    check_healed(store)
    assert caplog.text.count("it speaks of item") == 2


def test_a_receipt_that_names_another_items_content_is_not_followed(store):
    document = json.loads(receipt_file(store, "b").read_text())
    receipt_file(store).write_text(json.dumps({**document, "fingerprint": receipt_file(store).stem}))
    check_healed(store)


def by_folder(path, outside):
    path.unlink()
    path.mkdir()
    (path / "kept").write_text("x")


def by_link_to_file(path, outside):
    path.unlink()
    path.symlink_to(outside / "private.json")


def by_link_to_nothing(path, outside):
    path.unlink()
    path.symlink_to(outside / "nothing")


def by_link_to_itself(path, outside):
    path.unlink()
    path.symlink_to(path)


def by_pipe(path, outside):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("replace", [by_folder, by_link_to_file, by_link_to_nothing, by_link_to_itself, by_pipe])
@pytest.mark.parametrize("place", [item_file, receipt_file])
def test_what_lies_in_the_place_of_a_file_is_put_aside_and_not_read(store, caplog, replace, place):
    path = place(store)
    replace(path, Path(store.root).parent / "elsewhere")
    check_healed(store)
    assert str(path) in caplog.text
    if replace is by_folder:
        (aside,) = path.parent.glob("*.aside")
        assert (aside / "kept").read_text() == "x"


def test_a_folder_of_the_store_that_is_a_link_is_not_followed(store):
    folder = receipt_file(store).parent
    shutil.copytree(folder, Path(store.root).parent / "copy")
    shutil.rmtree(folder)
    folder.symlink_to(Path(store.root).parent / "copy")
    before = sorted((Path(store.root).parent / "copy").iterdir())
    check_healed(store)
    assert sorted((Path(store.root).parent / "copy").iterdir()) == before
    assert not folder.is_symlink()


def test_a_store_that_is_a_link_as_a_whole_is_read(store):
    moved = Path(store.root).rename(Path(store.root).parent / "larger_disk")
    Path(store.root).symlink_to(moved)
    check_healed(store)


def root_by_file(root):
    root.write_text("x")


def root_by_link_to_nothing(root):
    root.symlink_to(root.parent / "nothing")


def root_by_link_to_itself(root):
    root.symlink_to(root)


def root_by_link_to_a_file(root):
    root.symlink_to(root.parent / "elsewhere" / "private.json")


@pytest.mark.parametrize(
    "replace", [root_by_file, root_by_link_to_nothing, root_by_link_to_itself, root_by_link_to_a_file]
)
def test_what_lies_in_the_place_of_the_store_is_put_aside(store, caplog, replace):
    root = Path(store.root)
    shutil.rmtree(root)
    replace(root)
    check_healed(store)
    assert root.is_dir()
    assert f"'{root}' is a " in caplog.text
    (aside,) = root.parent.glob("items.*.aside")
    assert replace is not root_by_file or aside.read_text() == "x"


def test_a_file_in_the_place_of_a_folder_is_put_aside(store):
    folder = receipt_file(store).parent
    shutil.rmtree(folder)
    folder.write_text("")
    check_healed(store)


def test_the_same_item_in_another_format_is_another_item(store):
    document = json.loads(receipt_file(store).read_text())
    as_npz = item_file(store).with_suffix(".npz")
    as_npz.write_bytes(item_file(store).read_bytes())
    receipt_file(store).write_text(json.dumps({**document, "suffix": ".npz"}))
    check_healed(store)
    assert as_npz.exists()


paths = st.sampled_from(
    ["../../elsewhere/private", "/etc/passwd", "..", "", "a/b", "\x00", "f" * 39, "F" * 40, "\ud800"]
)
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | paths
anything = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
fields = st.sampled_from(["fingerprint", "suffix", "sha256", "n_bytes", "seconds", "method", "unknown"])
changes = st.dictionaries(fields, anything, min_size=1, max_size=3)


@FUZZ
@given(change=changes, dropped=st.sets(fields, max_size=1), key=st.sampled_from(["a", "b"]))
def test_any_receipt_is_a_sound_one_or_as_good_as_none(store, change, dropped, key):
    document = json.loads(receipt_file(store, key).read_text()) | change
    text = json.dumps({name: value for name, value in document.items() if name not in dropped})
    receipt_file(store, key).write_text(text)
    check_healed(store)


@FUZZ
@given(data=st.binary(max_size=40) | anything.map(lambda value: json.dumps(value).encode()) | st.just(b"[" * 100_000))
def test_any_bytes_may_lie_in_a_receipt(store, data):
    receipt_file(store).write_bytes(data)
    check_healed(store)


def dataset(folder, load=None, save=None):
    return CollectionDataset(
        filepath=f"{folder}/numbers.json", items="items", codec="json", version=Version(load, save)
    )


def manifest_file(folder, version="v1"):
    return folder / "numbers.json" / version / "numbers.json"


@FUZZ
@given(
    change=changes, key=st.sampled_from(["a", "b", "..", "x/../y", "/etc", "", "x//y", "."]), items=anything | st.none()
)
def test_any_manifest_gives_its_items_or_one_error(store, tmp_path, change, key, items):
    shutil.rmtree(tmp_path / "numbers.json", ignore_errors=True)
    dataset(tmp_path, save="v1").save(SOURCE)
    manifest = json.loads(manifest_file(tmp_path).read_text())
    manifest["items"][key] = manifest["items"]["a"] | change
    manifest = {"format": 1, "items": items} if items is not None else manifest
    manifest_file(tmp_path).write_text(json.dumps(manifest))
    try:
        values = dict(dataset(tmp_path, load="v1").load())
    except (DatasetError, StorageError):
        return
    assert set(values.values()) <= set(RIGHT.values())


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "null", "[]", '{"format": 2, "items": {}}', '{"items": {}}', "{", "\xff"]
)
def test_a_manifest_of_another_form_is_named(tmp_path, store, text):
    dataset(tmp_path, save="v1").save(SOURCE)
    manifest_file(tmp_path).write_text(text, encoding="latin-1")
    with pytest.raises(DatasetError, match=f"manifest '{manifest_file(tmp_path)}' is damaged"):
        dataset(tmp_path, load="v1").load()


@pytest.mark.parametrize("damage", ["text", "folder"])
def test_a_damaged_newest_version_does_not_hide_the_sound_one_before_it(tmp_path, store, caplog, damage):
    dataset(tmp_path, save="v1").save(SOURCE)
    damaged = manifest_file(tmp_path, "v9")
    damaged.parent.mkdir()
    damaged.mkdir() if damage == "folder" else damaged.write_text("{")
    assert dict(dataset(tmp_path).load()) == RIGHT
    assert f"manifest '{damaged}' is damaged" in caplog.text
    assert dataset(tmp_path).exists()
    dataset(tmp_path, save="v2").save(Collection.of({"a": 5}).map(triple))
    assert dict(dataset(tmp_path).load()) == {"a": 15}


def test_if_no_version_is_sound_the_newest_is_named(tmp_path):
    for version in ("v1", "v2"):
        manifest_file(tmp_path, version).parent.mkdir(parents=True)
        manifest_file(tmp_path, version).write_text("{")
    with pytest.raises(DatasetError, match=f"manifest '{manifest_file(tmp_path, 'v2')}' is damaged"):
        dataset(tmp_path).load()


@pytest.mark.parametrize("key", ["..", "a/../b", "/a", "a/", "", "a\nb"])
def test_a_key_that_is_a_step_to_another_folder_is_refused_before_anything_is_computed(tmp_path, key):
    def fails(value):
        raise AssertionError("was computed")

    with pytest.raises(DatasetError, match="cannot be the key of an item"):
        dataset(tmp_path, save="v1").save(Collection.of({key: 1}).map(fails))


def test_what_is_written_is_what_is_accepted(store):
    for key in RIGHT:
        receipt = store.receipt(SOURCE.items_by_key[key].fingerprint)
        assert Receipt.of(asdict(receipt)) == receipt
