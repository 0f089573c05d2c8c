"""Where the files of a dataset are: a folder of the user's, the project's, aeon's bundled sets, or a mirror."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from topology_efficient_dl.data.download import UnavailableError, download_dataset
from topology_efficient_dl.data.places import digest_of_files, named_folders
from topology_efficient_dl.data.readers import PARSERS, SUFFIXES, suffix_of
from topology_efficient_dl.data.ucr_names import UCR_2018
from topology_efficient_dl.errors import DataError, did_you_mean
from topology_efficient_dl.params.series import IngestParams

ROOT_VARIABLE = "UCR_ROOT"
FILE_NAME = re.compile(r"(?P<name>.+)_(TRAIN|TEST)(" + "|".join(map(re.escape, SUFFIXES)) + ")")
SAFE_NAME = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True)
class DatasetFiles:
    """The two files of a dataset.

    Attributes
    ----------
    name : the dataset's name in its archive
    train, test : the files, in any of the formats that `read_series` reads
    source : where they came from, in words without machine paths
    """

    name: str
    train: Path
    test: Path
    source: str

    def identity(self) -> list[str]:
        """What results depend on: the files' bytes and the words about their origin, not where they lie."""
        return [self.name, self.fingerprint(), self.source]

    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) of the bytes of both files, wherever they are.

        Raises
        ------
        DataError : a file cannot be read
        """
        return digest_of_files((self.train, self.test))


class SeriesArchive:
    """Finds datasets by name: local folders, then what aeon bundles, then a download into the project's folder.

    The local folders are ``ingest.root`` alone if it is given; else those in the environment variable ``UCR_ROOT``
    (several joined as in ``PATH``), and then the project's. A folder holds ``<name>_TRAIN`` and ``<name>_TEST`` side
    by side, or each dataset in a folder of its name. With ``ingest.root`` the project's folder comes last, so that
    nothing is downloaded twice.

    Parameters
    ----------
    folder : the project's own folder, where downloads go
    """

    def __init__(self, folder: Path | str = "data/01_raw/ucr") -> None:
        self.folder = Path(folder)

    def locate(self, name: str, ingest: IngestParams) -> DatasetFiles:
        """The files of a dataset, downloaded if they are nowhere else and ``ingest.download`` allows it.

        Raises
        ------
        UnavailableError : the dataset is nowhere to be had
        DataError : ``ingest.root`` or ``UCR_ROOT`` names a folder that is not there; a folder has only one of the two
            files; the project's folder cannot be written
        """
        if not SAFE_NAME.fullmatch(name):
            raise UnavailableError(f"dataset '{name}': expected a name of letters, digits, '_', '-' and '.'")
        return self._found_locally(name, ingest) or self._downloaded(name, ingest)

    def names(self, ingest: IngestParams) -> tuple[str, ...]:
        """The datasets that are here without a download, in alphabetical order.

        Those in ``ingest.root`` alone if it is given; else those in ``UCR_ROOT``, in the project's folder, and the
        sets of the UCR archive among those that aeon bundles.

        Raises
        ------
        DataError : ``ingest.root`` or ``UCR_ROOT`` names a folder that is not there
        """
        names = {name for folder in self._folders(ingest) for name in _names_in(folder)}
        if ingest.root is None:
            names |= set(_names_in(bundled_folder())) & set(UCR_2018)
        return tuple(sorted(names))

    def _found_locally(self, name: str, ingest: IngestParams) -> DatasetFiles | None:
        bundled = bundled_folder()
        for folder in (*self._folders(ingest), bundled, self.folder):
            found = _pair_in(folder, name, "bundled with aeon" if folder == bundled else None)
            if found:
                return found
        return None

    def _folders(self, ingest: IngestParams) -> list[Path]:
        """The local folders that count, those of the user checked to be there."""
        named = named_folders(ingest.root, "ingest.root", ROOT_VARIABLE, "a folder with UCR files")
        return named if ingest.root is not None else [*named, self.folder]

    def _downloaded(self, name: str, ingest: IngestParams) -> DatasetFiles:
        if not ingest.download:
            raise UnavailableError(
                self._not_found(name, ingest, "downloads are off", "ingest.download=true allows them")
            )
        try:
            train, test = download_dataset(name, ingest, self.folder)
        except UnavailableError as error:
            outcome, way_out = f"download failed: {error}", "ingest.download=false skips the attempt"
            raise UnavailableError(self._not_found(name, ingest, outcome, way_out)) from error
        return DatasetFiles(name, train, test, _source(train, self.folder))

    def _not_found(self, name: str, ingest: IngestParams, outcome: str, way_out: str) -> str:
        looked_in = ", ".join(dict.fromkeys(map(str, (*self._folders(ingest), self.folder))))
        known = {*self.names(ingest), *_names_in(bundled_folder()), *UCR_2018} - {name}
        hint = (did_you_mean(name, known) if name not in UCR_2018 else "") or "."
        formats = ", ".join(list(PARSERS)[1:])
        return (
            f"dataset '{name}' not found{hint} Looked in {looked_in} and among the sets bundled with aeon; "
            f"{outcome}. Put {name}_TRAIN.tsv and {name}_TEST.tsv (or {formats}; each also as .gz) "
            f"into {self.folder}, or set {ROOT_VARIABLE} or ingest.root to the folder that has them; {way_out}."
        )


def locate_all(
    archive: SeriesArchive, datasets: Sequence[str], ingest: IngestParams
) -> tuple[dict[str, DatasetFiles], dict[str, str]]:
    """The files of several datasets, and why those that cannot be had were skipped.

    Parameters
    ----------
    archive : where to look
    datasets : names; the single name ``all`` stands for everything that is here without a download
    ingest : ``skip_unavailable`` decides whether a set that cannot be had is skipped or stops the run

    Raises
    ------
    UnavailableError : a set cannot be had, and ``ingest.skip_unavailable`` is false
    DataError : nothing is left
    """
    found: dict[str, DatasetFiles] = {}
    skipped: dict[str, str] = {}
    for name in archive.names(ingest) if tuple(datasets) == ("all",) else datasets:
        try:
            found[name] = archive.locate(name, ingest)
        except UnavailableError as error:
            if not ingest.skip_unavailable:
                raise
            skipped[name] = str(error)
    if not found:
        raise DataError(f"none of the datasets can be had: {'; '.join(skipped.values()) or 'no names were given'}")
    return found, skipped


def bundled_folder() -> Path:
    """The folder of the installed aeon package with the datasets that it ships; aeon itself is not imported.

    Examples
    --------
    >>> (bundled_folder() / "GunPoint" / "GunPoint_TRAIN.ts").is_file()
    True
    """
    spec = importlib.util.find_spec("aeon")
    if spec is None or not spec.submodule_search_locations:
        raise DataError("package aeon is not installed; install the project's dependencies")
    return Path(spec.submodule_search_locations[0]) / "datasets" / "data"


def _pair_in(folder: Path, name: str, source: str | None = None) -> DatasetFiles | None:
    """Train and test of a dataset in a folder, of one format if there is one that has both."""
    trains, tests = (list(_candidates(folder, name, part)) for part in ("TRAIN", "TEST"))
    if not trains and not tests:
        return None
    if not trains or not tests:
        present, absent = ("TRAIN", "TEST") if trains else ("TEST", "TRAIN")
        raise UnavailableError(
            f"dataset '{name}': {folder} has {(trains or tests)[0].name} but no {name}_{absent} file; "
            f"put it beside the {present} file, or take that away"
        )
    pairs = [(train, test) for train in trains for test in tests]
    train, test = max(pairs, key=lambda pair: suffix_of(pair[0]) == suffix_of(pair[1]))
    return DatasetFiles(name, train, test, source or _source(train, folder))


def _source(train: Path, folder: Path) -> str:
    return f"{train.name} in {folder.resolve().name}"


def _candidates(folder: Path, name: str, part: str) -> Iterator[Path]:
    for place in (folder, folder / name):
        for suffix in SUFFIXES:
            path = place / f"{name}_{part}{suffix}"
            if path.is_file():
                yield path


def _names_in(folder: Path) -> Iterator[str]:
    """Names of all datasets in a folder: files side by side, and files in a folder of the dataset's name."""
    for path in (*folder.glob("*_T*"), *folder.glob("*/*_T*")):
        match = FILE_NAME.fullmatch(path.name)
        if match and path.parent in (folder, folder / match["name"]):
            yield match["name"]
