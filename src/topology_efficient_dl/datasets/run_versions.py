"""Which version of a catalog entry a run reads, and which run saved all entries of a study."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol, DatasetError
from kedro.pipeline import Pipeline

from topology_efficient_dl.datasets.kedro_internals import Versioned, has_versions, pin, place_of
from topology_efficient_dl.errors import DataError, ParameterError, did_you_mean


class OwnVersions:
    """Lets a run read what it saved itself, and of all else what was newest when it began.

    Kedro alone reads the newest version there is at the moment, which may be another run's. What ``--load-versions``
    names is read as it says.
    """

    def __init__(self) -> None:
        self._written: dict[str, Versioned] = {}

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Pin every versioned entry, before anything runs.

        Raises
        ------
        ParameterError : ``--load-versions`` names an entry that is not read, or a version that is not there
        DatasetError : nothing is saved of an entry that is read and not written
        """
        asked = run_params.get("load_versions") or {}
        entries = {name: entry for name in sorted(pipeline.datasets()) if (entry := versioned(catalog, name))}
        check_load_versions(asked, entries, {name for node in pipeline.nodes for name in node.inputs})
        some_are_skipped = bool(run_params.get("only_missing_outputs"))
        outputs = pipeline.all_outputs()
        self._written = {name: entries[name] for name in outputs & entries.keys() - asked.keys()}
        for name in entries.keys() - asked.keys():
            newest = latest(entries[name])
            if newest is None and name not in outputs and not some_are_skipped:
                where = place_of(entries[name])
                raise DatasetError(f"{name}: nothing is saved in '{where}' yet; run the pipeline that makes it")
            if name not in outputs or some_are_skipped:
                pin(entries[name], newest)
            else:
                pin(entries[name])

    @hook_impl
    def before_dataset_saved(self, dataset_name: str) -> None:
        """From now on the run's own version is read; a node that ``--only-missing-outputs`` skips never comes here."""
        if dataset_name in self._written:
            pin(self._written[dataset_name])


def versioned(catalog: CatalogProtocol, name: str) -> Versioned | None:
    """A catalog entry, if there is one and it has versions."""
    entry = catalog.get(name) if name in catalog else None
    return entry if has_versions(entry) else None


def latest(entry: Versioned) -> str | None:
    """The version that would be read now; None when nothing was saved."""
    return entry.resolve_load_version() if entry.list_versions() else None


def check_load_versions(asked: Mapping[str, str], entries: Mapping[str, Versioned], read: Collection[str]) -> None:
    """Refuse versions that would not be read, or are not there.

    Raises
    ------
    ParameterError : ``--load-versions`` names another entry or version
    """
    for name, version in asked.items():
        names = sorted(set(entries) & set(read))
        if name not in names:
            hint = did_you_mean(name, names) or "."
            raise ParameterError(
                f"--load-versions: '{name}' is not an entry with versions that this run reads{hint} "
                f"There are: {', '.join(names) or 'none'}"
            )
        there = entries[name].list_versions(full_path=False)
        if version not in there:
            raise ParameterError(f"--load-versions: no version '{version}' of '{name}'. {_newest(there)}")


def run_with_all(versions: Mapping[str, Collection[str]], run: str | None = None) -> tuple[str, str]:
    """The run that saved every entry: the newest such, or the one asked for.

    Parameters
    ----------
    versions : of every entry
    run : the version that one run gave all that it saved

    Returns
    -------
    The run, and a note when a newer one has saved some of the entries only, else the empty string.

    Raises
    ------
    DataError : there is no such run; names what is missing from the newest, or from the one asked for

    Examples
    --------
    >>> run_with_all({"report": ["1", "2"], "figure": ["1"]})
    ('1', "run '2' is newer and has not saved figure")
    """
    runs = sorted({each for there in versions.values() for each in there}, reverse=True)
    if run is not None and run not in runs:
        raise DataError(f"no run '{run}'. {_newest(runs)}")
    missing = {each: ", ".join(name for name, there in versions.items() if each not in there) for each in runs}
    whole = [each for each in ([run] if run else runs) if not missing[each]]
    if not whole:
        named = run or runs[0]
        raise DataError(
            f"{'' if run else 'no run has saved everything: '}run '{named}' has not saved {missing[named]}. "
            "Run the whole pipeline in this environment: what was computed is kept"
        )
    newer = "" if run or whole[0] == runs[0] else f"run '{runs[0]}' is newer and has not saved {missing[runs[0]]}"
    return whole[0], newer


def _newest(versions: Iterable[str]) -> str:
    found = sorted(versions, reverse=True)
    return f"The newest: {', '.join(found[:5])}" if found else "None was saved yet"
