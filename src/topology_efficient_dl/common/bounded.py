"""Files that may be packed, read up to a stated size: gzip, npz and MATLAB files cannot unpack without end.

The bound is one number for whatever is read inside `file_limit`; readers need not hand it on.
"""

from __future__ import annotations

import gzip
import io
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any, TextIO

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.errors import DataError

MIB = 1 << 20
MAX_FILE_MIB = 2048.0
"""Default of ``ingest.max_file_mib`` and ``graphs.max_file_mib``; the UCR archive needs some 50 MiB."""

CHUNK_BYTES = 1 << 20
MAT_HEADER_BYTES, MAT_COMPRESSED = 128, 15
MAT_BYTE_ORDERS = {b"IM": "<", b"MI": ">"}
NPZ_ERRORS = (ValueError, EOFError, KeyError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)
"""What `read_npz` raises for bytes that are no npz file of plain arrays, apart from ``OSError``."""

_limit: ContextVar[tuple[float, str]] = ContextVar("file_limit", default=(MAX_FILE_MIB, "max_file_mib"))


@contextmanager
def file_limit(mib: float, parameter: str = "max_file_mib") -> Iterator[None]:
    """Bound what one file may hold, unpacked, for everything that is read inside.

    Parameters
    ----------
    mib : in 2**20 bytes
    parameter : that sets it, for the error

    Examples
    --------
    >>> with file_limit(0.001, "ingest.max_file_mib"):
    ...     check_size("Toy_TRAIN.tsv", 5_000)
    Traceback (most recent call last):
    ...
    topology_efficient_dl.errors.DataError: Toy_TRAIN.tsv: holds more than 0.001 MiB unpacked; ...
    """
    token = _limit.set((mib, parameter))
    try:
        yield
    finally:
        _limit.reset(token)


def check_size(path: Path | str, n_bytes: int) -> None:
    """Refuse more bytes than the bound.

    Raises
    ------
    DataError : names the file, the bound and the parameter
    """
    mib, parameter = _limit.get()
    if n_bytes > mib * MIB:
        raise DataError(
            f"{path}: holds more than {mib:g} MiB unpacked; expected no more (is it what it should be?); "
            f"set {parameter} to allow it"
        )


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """A text file, unpacked where its name ends in ``.gz``, up to the bound.

    Raises
    ------
    DataError : the file is missing, not text, too large or a damaged gzip file; also for what is met while it is read
    """
    try:
        with path.open("rb") as packed:
            raw = gzip.GzipFile(fileobj=packed) if path.suffix == ".gz" else packed
            buffered = io.BufferedReader(_Counted(raw, path), CHUNK_BYTES)
            with io.TextIOWrapper(buffered, encoding="utf-8-sig") as file:
                yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: truncated or damaged gzip file ({error}); fetch it again") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not a text file ({error}); expected text in UTF-8") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


class _Counted(io.RawIOBase):
    """Bytes of a stream, until they are too many."""

    def __init__(self, raw: Any, path: Path) -> None:
        self._raw, self._path, self._seen = raw, path, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as there are bytes."""
        count = int(self._raw.readinto(buffer) or 0)
        self._seen += count
        check_size(self._path, self._seen)
        return count


def read_npz(source: Path | IO[bytes], name: str, keys: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """Arrays of an ``.npz`` file, none of pickled objects, their sizes checked before any of them is made.

    Parameters
    ----------
    source : a file or an open one
    name : of the file, for errors
    keys : arrays wanted; all by default

    Raises
    ------
    KeyError : the file lacks one of ``keys``; its argument names those that it has
    DataError : it holds more than the bound
    OSError or one of ``NPZ_ERRORS`` : it cannot be read, or is no npz file of plain arrays
    """
    with zipfile.ZipFile(source) as archive:
        members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        if keys is not None and not members.keys() >= set(keys):
            raise KeyError(list(members))
        wanted = {key: members[key] for key in (members if keys is None else keys)}
        check_size(name, sum(member.file_size for member in wanted.values()))
        return {key: _read_member(archive, member) for key, member in wanted.items()}


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """One array; a header that promises more than the member holds is refused before memory is taken for it."""
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read_header(file)
        if math.prod(shape) * dtype.itemsize > member.file_size:
            raise ValueError(f"{member.filename} promises {shape} of {dtype} in {member.file_size} bytes")
    with archive.open(member) as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        return array


def check_mat(path: Path) -> None:
    """Refuse a MATLAB file (version 5 to 7.2) whose packed elements hold more than the bound.

    Raises
    ------
    DataError : it holds more
    OSError or zlib.error : it cannot be read, or is damaged
    """
    with path.open("rb") as file:
        size, seen = os.fstat(file.fileno()).st_size, 0
        check_size(path, size)
        order = MAT_BYTE_ORDERS.get(file.read(MAT_HEADER_BYTES)[-2:])
        while order and len(tag := file.read(8)) == 8:  # no order: version 4, which packs nothing
            kind, length = struct.unpack(f"{order}II", tag)
            if kind != MAT_COMPRESSED:
                file.seek(length, os.SEEK_CUR)
                continue
            for n_bytes in _unpacked_chunks(file, min(length, size)):
                check_size(path, seen := seen + n_bytes)


def _unpacked_chunks(file: IO[bytes], length: int) -> Iterator[int]:
    """Sizes of what ``length`` bytes of zlib unpack to, chunk by chunk."""
    unpacker, left = zlib.decompressobj(), length
    while left > 0 and (packed := file.read(min(left, CHUNK_BYTES))):
        left -= len(packed)
        while packed:
            yield len(unpacker.decompress(packed, CHUNK_BYTES))
            packed = unpacker.unconsumed_tail
