"""Runs independent pieces of work on one core, several cores, or a Dask cluster, and says how far it is."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import joblib
from joblib.externals.loky import reusable_executor

from topology_efficient_dl.collections.orphans import start_worker
from topology_efficient_dl.collections.progress import following
from topology_efficient_dl.params.training import ParallelParams

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

    How far it is stands in a progress bar, or in the log when standard error is not a terminal.
    """
    with following(title, len(work), heartbeat=parallel.backend != "sequential") as progress:
        for result in _results(function, work, parallel):
            progress.advance()
            yield result


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
    with joblib_workers(backend, jobs, threads=1):
        tasks = (joblib.delayed(function)(*arguments) for arguments in work)
        yield from joblib.Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs")(tasks)


@contextmanager
def joblib_workers(backend: str, jobs: int, threads: int | None = None) -> Iterator[None]:
    """Let joblib run what is inside on so many workers; processes among them end when this one does.

    Parameters
    ----------
    backend : of joblib: ``loky``, ``threading``, ``dask`` or ``sequential``
    jobs : how many; -1 is one per core
    threads : of libraries in every process. Workers of one number do not serve another: those of diagrams would be
        replaced at their first fit, since torch is as large as what joblib takes for a leak
    """
    options: dict[str, Any] = {}
    if backend == "loky":
        in_main_thread = threading.current_thread() is threading.main_thread()
        options = {
            "inner_max_num_threads": threads,
            "initializer": start_worker,
            "initargs": (os.getpid(), in_main_thread),
        }
    with _quiet_workers(), joblib.parallel_config(backend=backend, n_jobs=jobs, **options):
        yield


def end_workers() -> None:
    """End joblib's worker processes, whatever they are doing, and remove the files that they shared with this one."""
    executor = reusable_executor._executor
    if executor is not None:
        executor.terminate(kill_workers=True)


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
