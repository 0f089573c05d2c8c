"""Runs independent pieces of work on one core, several cores, or a Dask cluster, with a progress bar."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import joblib
from tqdm import tqdm

from topology_efficient_dl.params import ParallelParams

Result = TypeVar("Result")
SEQUENTIAL = ParallelParams(backend="sequential", jobs=1)


def run_all(
    function: Callable[..., Result],
    work: Sequence[tuple[Any, ...]],
    parallel: ParallelParams = SEQUENTIAL,
    *,
    title: str = "",
) -> Iterator[Result]:
    """Yield ``function(*arguments)`` of every piece of work, in the order in which they end.

    The progress bar is silent when standard error is not a terminal.
    """
    with tqdm(total=len(work), desc=title, unit="cell", disable=progress_is_hidden(work)) as bar:
        for result in _results(function, work, parallel):
            bar.update()
            yield result


def progress_is_hidden(work: Sequence[Any] = (None,)) -> bool:
    """True when nobody would see a progress bar, or there is nothing to show."""
    return not work or not sys.stderr.isatty()


def _results(
    function: Callable[..., Result], work: Sequence[tuple[Any, ...]], parallel: ParallelParams
) -> Iterator[Result]:
    jobs = min(joblib.cpu_count() if parallel.jobs < 0 else parallel.jobs, len(work))
    if parallel.backend == "dask" and work:
        yield from _on_dask(function, work, parallel.address, jobs)
    elif parallel.backend == "sequential" or jobs <= 1:
        yield from (function(*arguments) for arguments in work)
    else:
        yield from _on_joblib(function, work, parallel.backend, jobs)


def _on_joblib(
    function: Callable[..., Result], work: Sequence[tuple[Any, ...]], backend: str, jobs: int
) -> Iterator[Result]:
    options = {"inner_max_num_threads": 1} if backend == "loky" else {}
    with _quiet_workers(), joblib.parallel_config(backend=backend, n_jobs=jobs, **options):
        tasks = (joblib.delayed(function)(*arguments) for arguments in work)
        yield from joblib.Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs")(tasks)


def _on_dask(
    function: Callable[..., Result], work: Sequence[tuple[Any, ...]], address: str | None, jobs: int
) -> Iterator[Result]:
    from distributed import Client, as_completed

    where: dict[str, Any] = {"address": address}
    if address is None:
        where = {"n_workers": jobs, "threads_per_worker": 1, "dashboard_address": None}
    with Client(**where) as client:
        futures = [client.submit(function, *arguments, pure=False) for arguments in work]
        for future in as_completed(futures):
            yield future.result()


@contextmanager
def _quiet_workers() -> Iterator[None]:
    """Worker processes start with warnings off, and joblib is silent when it replaces one that has grown."""
    warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = "ignore"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before
