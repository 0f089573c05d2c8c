"""What a process is started with that measures alone."""

from __future__ import annotations

import os
import sys

from topology_efficient_dl.collections.orphans import PARENT


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
