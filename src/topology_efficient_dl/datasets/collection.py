"""A versioned Kedro dataset of many items: one manifest a version, one file an item."""

from __future__ import annotations

import json
import logging
import posixpath
import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import asdict
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import fsspec
from kedro.io.core import (
    AbstractVersionedDataset,
    DatasetError,
    Version,
    get_filepath_str,
    get_protocol_and_path,
)

from topology_efficient_dl.collections.codecs import Codec
from topology_efficient_dl.collections.collection import Collection, Item, stored_collection
from topology_efficient_dl.collections.fingerprint import fingerprint
from topology_efficient_dl.collections.store import DAMAGE, ItemStore, Receipt
from topology_efficient_dl.datasets.codecs import codec_named
from topology_efficient_dl.datasets.kedro_internals import TablePreview, table_preview
from topology_efficient_dl.errors import StorageError, TopologyEfficientError

FORMAT = 1
KEY = re.compile(r"(?!\.{1,2}(/|$))[^/\x00-\x1f\x7f]+(/(?!\.{1,2}(/|$))[^/\x00-\x1f\x7f]+)*")
"""Names joined by '/', none of which is a step to another folder."""

logger = logging.getLogger(__name__)


class CollectionDataset(AbstractVersionedDataset[Collection[Any], Collection[Any]]):
    """Items by key, saved one by one as they are computed and loaded one by one as they are asked for.

    A version is a manifest ``<filepath>/<timestamp>/<name>`` that names items in a store of files, each under the
    fingerprint of what it depends on. Versions share the items that they have in common, a run that was
    killed resumes where it stopped, and a cell that has not changed is not computed again.

    Parameters
    ----------
    filepath : the manifest, a ``.json`` on any fsspec file system
    codec : name of the items' format, see :mod:`topology_efficient_dl.datasets.codecs`
    items : folder of the item store, relative to the manifest's folder, wherever the process runs
    version, credentials, fs_args, metadata : as in every Kedro dataset

    Examples
    --------
    >>> dataset = CollectionDataset(filepath="memory://doc/squares.json", codec="json")
    >>> dataset.save(Collection.of({"a": 1, "b": 2}).map(pow, 2))
    >>> dict(dataset.load())
    {'a': 1, 'b': 4}
    """

    def __init__(
        self,
        *,
        filepath: str,
        codec: str,
        items: str = "items",
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        protocol, path = get_protocol_and_path(filepath, version)
        self._protocol = protocol
        self._fs = fsspec.filesystem(protocol, **(deepcopy(credentials) or {}), **(deepcopy(fs_args) or {}))
        self.metadata = metadata
        super().__init__(
            filepath=PurePosixPath(path),
            version=version,
            exists_function=self._fs.exists,
            glob_function=self._fs.glob,
        )
        self._codec_name = codec
        self._codec = codec_named(codec)
        self.store = ItemStore(_items_root(PurePosixPath(path), items), self._fs)

    def load(self) -> Collection[Any]:
        """The collection of one version; items are read when they are asked for.

        Raises
        ------
        DatasetError : no version was saved yet, or its manifest is damaged
        """
        return stored_collection(self._receipts(self._get_load_path()), self.store, self._codec)

    def _receipts(self, manifest: PurePosixPath) -> dict[str, Receipt]:
        path = get_filepath_str(manifest, self._protocol)
        try:
            if self._fs.info(path)["type"] != "file":
                raise StorageError("it is not a file")
            return receipts_of(json.loads(self._fs.cat_file(path)))
        except FileNotFoundError:
            raise DatasetError(f"'{path}' does not exist; run the pipeline that makes it") from None
        except DAMAGE as error:
            raise DatasetError(f"manifest '{path}' is damaged ({error}); run the pipeline that makes it") from error

    def _fetch_latest_load_version(self) -> str:
        """The newest version whose manifest is sound; one that is not is named in a warning, and as good as absent."""
        for version in [] if self._cached_load_version else self.list_versions(full_path=False):
            try:
                self._receipts(self._get_versioned_path(version))
            except DatasetError as error:
                logger.warning("%s. The version before it is read", error)
                continue
            self._cached_load_version = version
            break
        return super()._fetch_latest_load_version()

    def save(self, data: Collection[Any]) -> None:
        """Compute and store the items that the store lacks, then write the manifest.

        Plain mappings are taken too; their items are known by content.

        Raises
        ------
        DatasetError : an item cannot be computed or stored; those finished before it are kept
        """
        path = get_filepath_str(self._get_save_path(), self._protocol)
        try:
            _check_keys(data)
            saved = _as_collection(data, self._codec).save(self.store, self._codec, name=self._filepath.stem)
            receipts = {key: item.receipt for key, item in saved.items_by_key.items()}
            manifest = {"format": FORMAT, "items": {key: asdict(r) for key, r in receipts.items() if r}}
            self.store.write_file(path, json.dumps(manifest, indent=1).encode())
        except TopologyEfficientError as error:
            raise DatasetError(str(error)) from error

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first items with their size and the time they took, as a table."""
        items = list(self.load().items_by_key.items())[:nrows]
        rows = [[key, _kib(item.receipt), _seconds(item.receipt)] for key, item in items]
        return table_preview(("key", "size (KiB)", "seconds"), rows)

    def _describe(self) -> dict[str, Any]:
        return {
            "filepath": self._filepath,
            "codec": self._codec_name,
            "items": self.store.root,
            "version": self._version,
        }

    def _exists(self) -> bool:
        try:
            path = get_filepath_str(self._get_load_path(), self._protocol)
        except DatasetError:
            return False
        return bool(self._fs.exists(path))

    def _release(self) -> None:
        super()._release()
        self._fs.invalidate_cache(get_filepath_str(self._filepath, self._protocol))


def receipts_of(manifest: Any) -> dict[str, Receipt]:
    """Receipts by key of a manifest, which anybody may have written.

    Raises
    ------
    StorageError : it is not a manifest of this format, or a key or receipt in it is not one
    """
    items = manifest.get("items") if isinstance(manifest, dict) and manifest.get("format") == FORMAT else None
    if not isinstance(items, dict):
        raise StorageError(f"expected an object with format {FORMAT} and items")
    _check_keys(items)
    receipts = {}
    for key, document in items.items():
        try:
            receipts[key] = Receipt.of(document)
        except StorageError as error:
            raise StorageError(f"item '{key}': {error}") from error
    return receipts


def _check_keys(keys: Iterable[str]) -> None:
    for key in keys:
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise StorageError(f"{key!r} cannot be the key of an item; expected names joined by '/', without . and ..")


def _items_root(manifest: PurePosixPath, items: str) -> str:
    """The store's folder; Kedro makes ``filepath`` absolute, but not ``items``, which is therefore relative to it."""
    path = items if "://" not in items else get_protocol_and_path(items)[1]
    return posixpath.normpath(manifest.parent / path)


def _as_collection(data: Mapping[str, Any], codec: Codec) -> Collection[Any]:
    if isinstance(data, Collection):
        return data
    return Collection(
        {key: Item(fingerprint(codec.encode(value)), partial(_itself, value)) for key, value in data.items()}
    )


def _itself(value: Any) -> Any:
    return value


def _kib(receipt: Receipt | None) -> float:
    return round(receipt.n_bytes / 1024, 1) if receipt else 0.0


def _seconds(receipt: Receipt | None) -> float:
    return round(receipt.seconds, 3) if receipt else 0.0
