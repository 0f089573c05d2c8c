"""One dataset fetched from a mirror as a zip file: retried, checked, and put in place whole or not at all."""

from __future__ import annotations

import functools
import hashlib
import http.client
import io
import os
import socket
import ssl
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from tqdm import tqdm

from topology_efficient_dl.common.bounded import MIB
from topology_efficient_dl.data.readers import SUFFIXES
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params.series import IngestParams

BACKOFF_SECONDS = 0.5
CHUNK_BYTES = 1 << 16
HEADER_BYTES = 1 << 20
WORTH_A_RETRY = (408, 425, 429)
NETWORK_ERRORS = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError)
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class UnavailableError(DataError):
    """A dataset is nowhere to be had; the message says where it was looked for and what to do."""


class _MirrorError(Exception):
    """One mirror did not give the dataset; the next one may."""


class _PassingError(_MirrorError):
    """The mirror may give the dataset on another attempt."""


class _OutOfTimeError(Exception):
    """The time for the whole download is over, whichever mirror or attempt it was spent on."""


def download_dataset(name: str, ingest: IngestParams, folder: Path) -> tuple[Path, Path]:
    """Fetch ``<name>_TRAIN`` and ``<name>_TEST`` into ``folder/<name>/`` from the first mirror that gives them.

    The digest of the zip file is compared with ``ingest.sha256``, or else with the one that the first download left
    in ``folder/<name>.zip.sha256``.

    Parameters
    ----------
    name : of the dataset
    ingest : mirrors, retries, timeouts, bounds and digests
    folder : made if missing

    Returns
    -------
    The train and the test file.

    Raises
    ------
    UnavailableError : no mirror gave a sound file of bounded size in time; the message says why for each
    DataError : the folder cannot be written
    """
    failures = []
    deadline = time.monotonic() + ingest.max_download_seconds
    for template in ingest.mirrors:
        url = template.replace("{name}", name)
        try:
            return _fetch_from(url, name, ingest, folder, deadline)
        except _MirrorError as error:
            failures.append(f"{url}: {error}")
        except _OutOfTimeError:
            failures.append(f"{url}: not whole after {ingest.max_download_seconds:g} s (ingest.max_download_seconds)")
            break
        except OSError as error:
            raise DataError(f"dataset '{name}': cannot write to {folder} ({error}); check space and rights") from error
    raise UnavailableError("; ".join(failures) or "ingest.mirrors is empty")


def _fetch_from(url: str, name: str, ingest: IngestParams, folder: Path, deadline: float) -> tuple[Path, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=folder) as scratch:
        archive, unpacked = Path(scratch) / f"{name}.zip", Path(scratch) / name
        digest = _fetch_with_retries(url, archive, name, ingest, deadline)
        record = folder / f"{name}.zip.sha256"
        _check_digest(digest, name, ingest, record)
        train, test = _unpack(archive, name, unpacked, ingest)
        _put_in_place(unpacked, folder / name)
        _write_whole(record, f"{digest}  {name}.zip\n", Path(scratch))
    return folder / name / train, folder / name / test


def _fetch_with_retries(url: str, target: Path, name: str, ingest: IngestParams, deadline: float) -> str:
    """SHA-256 of the zip file fetched to ``target``; failures that may pass are tried again, after longer pauses."""
    for attempt in range(ingest.retries + 1):
        if attempt:
            time.sleep(min(BACKOFF_SECONDS * 2 ** (attempt - 1), _left(deadline)))
        try:
            return _fetch(url, target, name, ingest, deadline)
        except _PassingError as error:
            last = error
    raise _MirrorError(f"{last} ({ingest.retries + 1} attempts)") from last


def _left(deadline: float) -> float:
    """Seconds until the deadline.

    Raises
    ------
    _OutOfTimeError : there are none
    """
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise _OutOfTimeError
    return seconds


def _fetch(url: str, target: Path, name: str, ingest: IngestParams, deadline: float) -> str:
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "topology-efficient-dl"})
    except ValueError as error:
        raise _MirrorError(f"not a URL ({error})") from error
    timeout = min(ingest.timeout_seconds, _left(deadline))
    opener = urllib.request.build_opener(_BoundedHandler(deadline, ingest.max_download_mib * MIB + HEADER_BYTES))
    try:
        with opener.open(request, timeout=timeout) as response:
            digest = _save_body(response, target, name, ingest)
    except urllib.error.HTTPError as error:
        passing = error.code >= 500 or error.code in WORTH_A_RETRY
        raise (_PassingError if passing else _MirrorError)(f"HTTP {error.code} {error.reason}") from error
    except NETWORK_ERRORS as error:
        _left(deadline)
        raise _PassingError(str(error) or type(error).__name__) from error
    _check_zip(target, name, ingest)
    return digest


class _BoundedHandler(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    """Requests whose answers end at a deadline, however slowly they trickle in, and at a number of bytes.

    The bounds hold for headers and for the bodies of redirects too, which urllib reads by itself.
    """

    def __init__(self, deadline: float, max_bytes: float) -> None:
        super().__init__()
        self._bounds = deadline, max_bytes

    def http_open(self, request: urllib.request.Request) -> Any:
        """Send a request without encryption."""
        return self.do_open(functools.partial(self._connection, http.client.HTTPConnection), request)

    def https_open(self, request: urllib.request.Request) -> Any:
        """Send an encrypted request."""
        return self.do_open(functools.partial(self._connection, http.client.HTTPSConnection), request)

    def _connection(self, kind: type[http.client.HTTPConnection], host: str, **options: Any) -> Any:
        connection: Any = kind(host, **options)
        connection.response_class = functools.partial(_BoundedResponse, *self._bounds)
        return connection


class _BoundedResponse(http.client.HTTPResponse):
    def __init__(
        self, deadline: float, max_bytes: float, connection: socket.socket, *arguments: Any, **options: Any
    ) -> None:
        super().__init__(connection, *arguments, **options)
        self.fp = io.BufferedReader(_BoundedReads(self.fp.detach(), connection, deadline, max_bytes))


class _BoundedReads(io.RawIOBase):
    """A connection's bytes; no wait for the next of them goes on beyond the deadline."""

    def __init__(self, raw: Any, connection: socket.socket, deadline: float, max_bytes: float) -> None:
        self._raw, self._connection, self._deadline, self._bytes_left = raw, connection, deadline, max_bytes
        self._timeout = connection.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what has come."""
        left = _left(self._deadline)
        self._connection.settimeout(left if self._timeout is None else min(left, self._timeout))
        count = int(self._raw.readinto(buffer) or 0)
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise _MirrorError("sends more than ingest.max_download_mib allows")
        return count

    def close(self) -> None:
        """Close the connection's side too."""
        self._raw.close()
        super().close()


def _save_body(response: http.client.HTTPResponse, target: Path, name: str, ingest: IngestParams) -> str:
    announced = response.headers.get("Content-Length") or ""
    expected = int(announced) if announced.isascii() and announced.isdecimal() else 0
    _check_received(expected, ingest)
    digest = hashlib.sha256()
    bar = tqdm(total=expected or None, unit="B", unit_scale=True, desc=f"fetch {name}", disable=None)
    with bar, target.open("wb") as file:
        while chunk := response.read1(CHUNK_BYTES):
            file.write(chunk)
            digest.update(chunk)
            bar.update(len(chunk))
            _check_received(file.tell(), ingest)
        received = file.tell()
    if received < expected:
        raise _PassingError(f"broke off after {received} of {expected} bytes")
    return digest.hexdigest()


def _check_received(n_bytes: int, ingest: IngestParams) -> None:
    if n_bytes > ingest.max_download_mib * MIB:
        raise _MirrorError(f"sends more than {ingest.max_download_mib:g} MiB; ingest.max_download_mib allows more")


def _check_zip(path: Path, name: str, ingest: IngestParams) -> None:
    """Read the two files that are wanted once, which checks their checksums."""
    try:
        with zipfile.ZipFile(path) as archive:
            for member in _train_and_test(archive.namelist(), name):
                for _ in _member_chunks(archive, member, ingest):
                    pass
    except ZIP_ERRORS as error:
        what = "damaged" if zipfile.is_zipfile(path) else "truncated or not a"
        raise _PassingError(f"{what} zip file ({error})") from error


def _member_chunks(archive: zipfile.ZipFile, member: str, ingest: IngestParams) -> Iterator[bytes]:
    """What a member unpacks to, as long as it is not too much."""
    seen = 0
    with archive.open(member) as file:
        while chunk := file.read(CHUNK_BYTES):
            seen += len(chunk)
            if seen > ingest.max_file_mib * MIB:
                name = PurePosixPath(member).name
                raise _MirrorError(f"{name} unpacks to more than {ingest.max_file_mib:g} MiB (ingest.max_file_mib)")
            yield chunk


def _check_digest(digest: str, name: str, ingest: IngestParams, record: Path) -> None:
    expected, origin = ingest.sha256.get(name), f"ingest.sha256.{name}"
    if expected is None and record.is_file():
        expected, origin = (record.read_text().split() or [""])[0], f"{record}; delete it to accept a changed archive"
    if expected is not None and digest != expected.strip().lower():
        raise _MirrorError(f"SHA-256 is {digest}, expected {expected} (from {origin})")


def _unpack(archive: Path, name: str, target: Path, ingest: IngestParams) -> tuple[str, str]:
    """Write the train and test file of one format into ``target``, and nothing else; their bare names."""
    target.mkdir()
    with zipfile.ZipFile(archive) as zipped:
        train, test = _train_and_test(zipped.namelist(), name)
        for member in (train, test):
            with (target / PurePosixPath(member).name).open("wb") as file:
                file.writelines(_member_chunks(zipped, member, ingest))
    return PurePosixPath(train).name, PurePosixPath(test).name


def _train_and_test(members: Iterable[str], name: str) -> tuple[str, str]:
    """The members to unpack: of the first format that has both. Those that point out of the zip are left alone."""
    inside = {PurePosixPath(member).name: member for member in members if _stays_inside(member)}
    for suffix in SUFFIXES:
        pair = f"{name}_TRAIN{suffix}", f"{name}_TEST{suffix}"
        if inside.keys() >= set(pair):
            return inside[pair[0]], inside[pair[1]]
    raise _MirrorError(f"no {name}_TRAIN and {name}_TEST in one of {', '.join(SUFFIXES)} in the zip file")


def _stays_inside(member: str) -> bool:
    parts = PurePosixPath(member.replace("\\", "/"))
    return not parts.is_absolute() and ".." not in parts.parts and ":" not in member


def _put_in_place(unpacked: Path, target: Path) -> None:
    """Move a folder to its place in one step; file by file if there is one of its name with something in it."""
    try:
        unpacked.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        for path in unpacked.iterdir():
            os.replace(path, target / path.name)


def _write_whole(path: Path, text: str, scratch: Path) -> None:
    temporary = scratch / path.name
    temporary.write_text(text)
    os.replace(temporary, path)
