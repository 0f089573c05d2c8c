"""A store of items, each under the fingerprint of what it depends on."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import posixpath
import re
import uuid
from dataclasses import asdict, dataclass, fields
from typing import Any

import fsspec

from topology_efficient_dl.errors import StorageError

logger = logging.getLogger(__name__)


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

    @classmethod
    def of(cls, document: Any) -> Receipt:
        """A receipt from JSON that anybody may have written: file names are made of it, so every field is checked.

        Raises
        ------
        StorageError : a field is missing, unknown, of another type, or not of its pattern

        Examples
        --------
        >>> Receipt.of({"fingerprint": "../../../home"})
        Traceback (most recent call last):
        ...
        topology_efficient_dl.errors.StorageError: fields are fingerprint; expected fingerprint, suffix, sha256, ...
        """
        names = [field.name for field in fields(cls)]
        if not isinstance(document, dict) or set(document) != set(names):
            found = f"fields are {', '.join(map(str, document))}" if isinstance(document, dict) else _short(document)
            raise StorageError(f"{found}; expected {', '.join(names)}")
        for name, pattern in PATTERNS.items():
            if not isinstance(document[name], str) or not re.fullmatch(pattern, document[name]):
                raise StorageError(f"{name} is {_short(document[name])}; expected {pattern}")
        for name, kinds in (("n_bytes", (int,)), ("seconds", (int, float))):
            value = document[name]
            if type(value) not in kinds or not 0 <= value < 2**63:
                raise StorageError(f"{name} is {_short(value)}; expected a number from 0")
        return cls(**document)


PATTERNS = {
    "fingerprint": "[0-9a-f]{40}",
    "suffix": r"(\.[A-Za-z0-9]{1,20}){1,3}",
    "sha256": "[0-9a-f]{64}",
    "method": r"[^\x00-\x1f\x7f\ud800-\udfff]{0,1000}",
}
"""What text in a receipt looks like: none of it can name another folder."""

DAMAGE = (OSError, ValueError, RecursionError, StorageError)
"""What reading a file of the store raises that is not what was written there."""


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
        """The item's receipt; None, with a warning, also when what lies there is not a receipt of this item."""
        path = self._receipt_path(fingerprint)
        try:
            receipt = Receipt.of(json.loads(self._content(path)))
            if receipt.fingerprint != fingerprint:
                raise StorageError(f"it speaks of item {receipt.fingerprint}")
        except FileNotFoundError:
            return None
        except DAMAGE as error:
            logger.warning("receipt '%s' is damaged (%s); its item is computed anew", path, error)
            return None
        return receipt

    def write(self, fingerprint: str, suffix: str, data: bytes, *, seconds: float, method: str) -> Receipt:
        """Store an item, whole or not at all.

        Raises
        ------
        StorageError : the file system refuses, e.g. because the disk is full
        """
        receipt = Receipt(fingerprint, suffix, hashlib.sha256(data).hexdigest(), len(data), seconds, method)
        self._write_over(self._item_path(receipt), data)
        self._write_over(self._receipt_path(fingerprint), json.dumps(asdict(receipt)).encode())
        return receipt

    def read(self, receipt: Receipt) -> bytes:
        """An item's bytes, checked against its digest.

        Raises
        ------
        StorageError : the item is missing or its bytes are not those that were written
        """
        path = self._item_path(receipt)
        try:
            data = self._content(path)
        except FileNotFoundError:
            raise StorageError(f"item '{path}' is missing; {RECOMPUTE}") from None
        except (OSError, StorageError) as error:
            raise StorageError(f"item '{path}' is damaged: {error}; {RECOMPUTE}") from error
        digest = hashlib.sha256(data).hexdigest()
        if digest != receipt.sha256:
            raise StorageError(
                f"item '{path}' is damaged: sha256 {digest[:12]}, expected {receipt.sha256[:12]}; {RECOMPUTE}"
            )
        return data

    def discard(self, receipt: Receipt) -> None:
        """Remove an item, the receipt first; what is not a plain file of the store is left to be put aside."""
        paths = self._receipt_path(receipt.fingerprint), self._item_path(receipt)
        for path in paths if self._kind(posixpath.dirname(paths[0])) == "directory" else ():
            if self._kind(path) == "file":
                self._forget(path)

    def _content(self, path: str) -> bytes:
        """The bytes of a plain file of the store; a link, which may lead out of it, is not followed.

        Raises
        ------
        FileNotFoundError : nothing lies there
        StorageError : something else than a file does
        """
        for part, kind in ((posixpath.dirname(path), "directory"), (path, "file")):
            found = self._kind(part)
            if found is None:
                raise FileNotFoundError(part)
            if found != kind:
                raise StorageError(f"'{part}' is a {found}, expected a {kind}")
        return bytes(self.fs.cat_file(path))

    def _kind(self, path: str) -> str | None:
        """``file``, ``directory``, ``link``, ``other``; None where nothing lies."""
        if "file" in _protocols(self.fs) and os.path.islink(path):
            return "link"
        try:
            return str(self.fs.info(path)["type"])
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write_file(self, path: str, data: bytes) -> None:
        """Write a file under a temporary name, then give it its own.

        Raises
        ------
        StorageError : the file system refuses, e.g. because the disk is full
        """
        temporary = f"{path}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp"
        try:
            self.fs.makedirs(posixpath.dirname(path), exist_ok=True)
            self.fs.pipe_file(temporary, data)
            self._rename(temporary, path)
        except OSError as error:
            self._forget(temporary)
            raise StorageError(
                f"cannot write '{path}' ({len(data)} bytes): {error.strerror or error}; free space or choose another "
                "folder, then run the same command: what was finished is kept"
            ) from error

    def _write_over(self, path: str, data: bytes) -> None:
        """Write a file of the store; what lies in the place of it or of its folders and is another thing is put aside.

        The store as a whole may be a link to a folder elsewhere, one that leads to nothing may not.

        Raises
        ------
        StorageError : the file system refuses
        """
        places = ((self.root, "directory"), (posixpath.dirname(path), "directory"), (path, "file"))
        for part, kind in places:
            try:
                found = self._kind(part)
                if part == self.root and found == "link" and os.path.isdir(part):
                    continue
                if found not in (None, kind):
                    aside = f"{part}.{uuid.uuid4().hex[:8]}.aside"
                    logger.warning("'%s' is a %s, expected a %s; it was put aside as '%s'", part, found, kind, aside)
                    self._rename(part, aside)
            except OSError as error:
                raise StorageError(f"cannot write '{path}': {error.strerror or error}") from error
        self.write_file(path, data)

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


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)
