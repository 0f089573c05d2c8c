"""A store of items, each under the fingerprint of what it depends on."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from dataclasses import asdict, dataclass
from typing import Any

import fsspec

from topology_efficient_dl.errors import StorageError


@dataclass(frozen=True)
class Receipt:
    """What the store knows of one item; written after the item, so that an item without one is unfinished.

    Attributes
    ----------
    fingerprint : of everything the item depends on
    suffix : of the item's file
    sha256 : of the item's bytes
    n_bytes : size of the item
    seconds : wall-clock time that computing the item took
    method : ``module:name@version`` of the function that made it
    """

    fingerprint: str
    suffix: str
    sha256: str
    n_bytes: int
    seconds: float
    method: str


@dataclass(frozen=True)
class ItemStore:
    """Items as files in two-letter folders of one root, on any fsspec file system.

    Writing is atomic (a temporary file, then a rename), and a file's name holds the digest of its content, so a
    receipt and the file it speaks of always fit, whatever two runs that share a store do at the same time: the worst
    case is that both compute the same item.
    """

    root: str
    fs: fsspec.AbstractFileSystem

    def receipt(self, fingerprint: str) -> Receipt | None:
        """The item's receipt, or None when the item is absent, unfinished or of the wrong size."""
        try:
            receipt = Receipt(**json.loads(self.fs.cat_file(self._receipt_path(fingerprint))))
            whole = self.fs.size(self._item_path(receipt)) == receipt.n_bytes
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return receipt if whole else None

    def write(self, fingerprint: str, suffix: str, data: bytes, *, seconds: float, method: str) -> Receipt:
        """Store an item, whole or not at all.

        Raises
        ------
        StorageError : the file system refuses, e.g. because the disk is full
        """
        receipt = Receipt(fingerprint, suffix, hashlib.sha256(data).hexdigest(), len(data), seconds, method)
        self.write_file(self._item_path(receipt), data)
        self.write_file(self._receipt_path(fingerprint), json.dumps(asdict(receipt)).encode())
        return receipt

    def read(self, receipt: Receipt) -> bytes:
        """An item's bytes, checked against its digest.

        Raises
        ------
        StorageError : the item is missing or its bytes are not those that were written
        """
        path = self._item_path(receipt)
        try:
            data = self.fs.cat_file(path)
        except FileNotFoundError:
            raise StorageError(f"item '{path}' is missing; {RECOMPUTE}") from None
        digest = hashlib.sha256(data).hexdigest()
        if digest != receipt.sha256:
            raise StorageError(
                f"item '{path}' is damaged: sha256 {digest[:12]}, expected {receipt.sha256[:12]}; {RECOMPUTE}"
            )
        return bytes(data)

    def discard(self, receipt: Receipt) -> None:
        """Remove an item, the receipt first."""
        for path in (self._receipt_path(receipt.fingerprint), self._item_path(receipt)):
            if self.fs.exists(path):
                self.fs.rm_file(path)

    def write_file(self, path: str, data: bytes) -> None:
        """Write a file under a temporary name, then give it its own.

        Raises
        ------
        StorageError : the file system refuses, e.g. because the disk is full
        """
        temporary = f"{path}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp"
        try:
            self.fs.makedirs(self.fs._parent(path), exist_ok=True)
            self.fs.pipe_file(temporary, data)
            self._rename(temporary, path)
        except OSError as error:
            self._forget(temporary)
            raise StorageError(
                f"cannot write '{path}' ({len(data)} bytes): {error.strerror or error}; free space or choose another "
                "folder, then run the same command: what was finished is kept"
            ) from error

    def _rename(self, source: str, target: str) -> None:
        if "file" in _protocols(self.fs):
            os.replace(source, target)
        else:
            self.fs.mv(source, target)

    def _forget(self, path: str) -> None:
        try:
            self.fs.rm_file(path)
        except OSError:
            return

    def _receipt_path(self, fingerprint: str) -> str:
        return f"{self.root}/{fingerprint[:2]}/{fingerprint}.receipt"

    def _item_path(self, receipt: Receipt) -> str:
        name = f"{receipt.fingerprint}-{receipt.sha256[:12]}{receipt.suffix}"
        return f"{self.root}/{receipt.fingerprint[:2]}/{name}"


RECOMPUTE = "run the pipeline that makes it again: only this item is computed anew"


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)
