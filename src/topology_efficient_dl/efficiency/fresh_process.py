"""What a process is started with that measures alone."""

from __future__ import annotations

import os
import sys

from topology_efficient_dl.collections.orphans import PARENT

_START = (
    "import runpy, sys; from topology_efficient_dl.collections.orphans import end_with_named_parent; "
    "end_with_named_parent(); runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def fresh_command(module: str, *arguments: str) -> list[str]:
    """The command of a fresh process that runs a module, and ends with this one before it imports anything large."""
    return [sys.executable, "-W", "ignore", "-c", _START, module, *arguments]


def fresh_environment(threads: int) -> dict[str, str]:
    """This process' environment, where the same modules are found, on a fixed number of threads and no GPU.

    Parameters
    ----------
    threads : of BLAS, OpenMP and numba
    """
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    paths = os.pathsep.join(path for path in sys.path if path)
    fixed = {name: str(threads) for name in names}
    return {**os.environ, **fixed, "PYTHONPATH": paths, "CUDA_VISIBLE_DEVICES": "", PARENT: str(os.getpid())}
