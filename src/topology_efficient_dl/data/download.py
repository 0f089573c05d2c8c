"""One dataset fetched from a mirror as a zip file: retried, checked, and put in place whole or not at all."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import ssl
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from topology_efficient_dl.data.readers import SUFFIXES
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params import IngestParams

BACKOFF_SECONDS = 0.5
CHUNK_BYTES = 1 << 16
WORTH_A_RETRY = (408, 425, 429)
NETWORK_ERRORS = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError)
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class UnavailableError(DataError):
    """A dataset is nowhere to be had; the message says where it was looked for and what to do."""


class _MirrorError(Exception):
    """One mirror did not give the dataset; the next one may."""


class _PassingError(_MirrorError):
    """The mirror may give the dataset on another attempt."""


def download_dataset(name: str, ingest: IngestParams, folder: Path) -> tuple[Path, Path]:
    """Fetch ``<name>_TRAIN`` and ``<name>_TEST`` into ``folder/<name>/`` from the first mirror that gives them.

    The digest of the zip file is compared with ``ingest.sha256``, or else with the one that the first download left
    in ``folder/<name>.zip.sha256``.

    Parameters
    ----------
    name : of the dataset
    ingest : mirrors, retries, timeout and digests
    folder : made if missing

    Returns
    -------
    The train and the test file.

    Raises
    ------
    UnavailableError : no mirror gave a sound file; the message says why for each
    DataError : the folder cannot be written
    """
    failures = []
    for template in ingest.mirrors:
        url = template.replace("{name}", name)
        try:
            return _fetch_from(url, name, ingest, folder)
        except _MirrorError as error:
            failures.append(f"{url}: {error}")
        except OSError as error:
            raise DataError(f"dataset '{name}': cannot write to {folder} ({error}); check space and rights") from error
    raise UnavailableError("; ".join(failures) or "ingest.mirrors is empty")


def _fetch_from(url: str, name: str, ingest: IngestParams, folder: Path) -> tuple[Path, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=folder) as scratch:
        archive, unpacked = Path(scratch) / f"{name}.zip", Path(scratch) / name
        digest = _fetch_with_retries(url, archive, name, ingest)
        record = folder / f"{name}.zip.sha256"
        _check_digest(digest, name, ingest, record)
        train, test = _unpack(archive, name, unpacked)
        _put_in_place(unpacked, folder / name)
        _write_whole(record, f"{digest}  {name}.zip\n", Path(scratch))
    return folder / name / train, folder / name / test


def _fetch_with_retries(url: str, target: Path, name: str, ingest: IngestParams) -> str:
    """SHA-256 of the zip file fetched to ``target``; failures that may pass are tried again, after longer pauses."""
    for attempt in range(ingest.retries + 1):
        if attempt:
            time.sleep(BACKOFF_SECONDS * 2 ** (attempt - 1))
        try:
            return _fetch(url, target, name, ingest.timeout_seconds)
        except _PassingError as error:
            last = error
    raise _MirrorError(f"{last} ({ingest.retries + 1} attempts)") from last


def _fetch(url: str, target: Path, name: str, timeout: float) -> str:
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "topology-efficient-dl"})
        with urllib.request.urlopen(request, timeout=timeout) as response:
            digest = _save_body(response, target, name)
    except urllib.error.HTTPError as error:
        passing = error.code >= 500 or error.code in WORTH_A_RETRY
        raise (_PassingError if passing else _MirrorError)(f"HTTP {error.code} {error.reason}") from error
    except NETWORK_ERRORS as error:
        raise _PassingError(str(error) or type(error).__name__) from error
    except ValueError as error:
        raise _MirrorError(f"not a URL ({error})") from error
    _check_zip(target)
    return digest


def _save_body(response: http.client.HTTPResponse, target: Path, name: str) -> str:
    expected = int(response.headers.get("Content-Length") or 0)
    digest = hashlib.sha256()
    bar = tqdm(total=expected or None, unit="B", unit_scale=True, desc=f"fetch {name}", disable=None)
    with bar, target.open("wb") as file:
        while chunk := response.read(CHUNK_BYTES):
            file.write(chunk)
            digest.update(chunk)
            bar.update(len(chunk))
        received = file.tell()
    if received < expected:
        raise _PassingError(f"broke off after {received} of {expected} bytes")
    return digest.hexdigest()


def _check_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except ZIP_ERRORS as error:
        raise _PassingError(f"truncated or not a zip file ({error})") from error
    if damaged:
        raise _PassingError(f"damaged zip file (checksum of {damaged} is wrong)")


def _check_digest(digest: str, name: str, ingest: IngestParams, record: Path) -> None:
    expected, origin = ingest.sha256.get(name), f"ingest.sha256.{name}"
    if expected is None and record.is_file():
        expected, origin = (record.read_text().split() or [""])[0], f"{record}; delete it to accept a changed archive"
    if expected is not None and digest != expected.strip().lower():
        raise _MirrorError(f"SHA-256 is {digest}, expected {expected} (from {origin})")


def _unpack(archive: Path, name: str, target: Path) -> tuple[str, str]:
    """Write the train and test file of one format into ``target``, and nothing else; their bare names."""
    target.mkdir()
    with zipfile.ZipFile(archive) as zipped:
        train, test = _train_and_test(zipped.namelist(), name)
        for member in (train, test):
            with zipped.open(member) as source, (target / PurePosixPath(member).name).open("wb") as file:
                shutil.copyfileobj(source, file)
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
