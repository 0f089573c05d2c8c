"""Where and how a fit runs: device, threads, seeds, silence."""

from __future__ import annotations

import logging
import os
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch.utils import deterministic as _deterministic

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.training import TrainParams

# A module of properties that type stubs do not know.
_FLAGS: Any = _deterministic


def member_seed(seed: int, member: int) -> int:
    """Seed of one network of an ensemble, a 32-bit integer; networks of one seed are independent.

    Examples
    --------
    >>> member_seed(42, 0) != member_seed(42, 1)
    True
    """
    return int(np.random.SeedSequence([abs(seed), int(seed < 0), member]).generate_state(1)[0])


def training_device(train: TrainParams) -> torch.device:
    """The device to fit on; ``auto`` is CUDA where there is one.

    Raises
    ------
    ParameterError : CUDA is asked for and absent, or the device cannot compute in the asked precision
    """
    has_cuda = torch.cuda.is_available()
    if train.device == "cuda" and not has_cuda:
        raise ParameterError(
            "train.device is 'cuda' and torch sees no CUDA device. "
            "Set train.device=cpu or auto, or install a CUDA build of torch on a machine with a GPU."
        )
    device = torch.device("cuda" if has_cuda and train.device != "cpu" else "cpu")
    if device.type == "cpu" and train.precision == "16-mixed":
        raise ParameterError(
            "train.precision is '16-mixed', which needs CUDA, and the fit runs on the CPU. "
            "Set train.precision=32-true or bf16-mixed, or train.device=cuda."
        )
    return device


@contextmanager
def reproducible(seed: int, threads: int) -> Iterator[None]:
    """Seeded generators, fixed threads and deterministic algorithms inside; everything as before outside."""
    threads_before, benchmark_before = torch.get_num_threads(), torch.backends.cudnn.benchmark
    strict_before, fill_before = torch.are_deterministic_algorithms_enabled(), _FLAGS.fill_uninitialized_memory
    states = random.getstate(), np.random.get_state()  # noqa: NPY002
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(True)
        # Deterministic mode would also write to every new tensor, which costs time and finds no fault here.
        _FLAGS.fill_uninitialized_memory = False
        torch.backends.cudnn.benchmark = False
        try:
            yield
        finally:
            torch.set_num_threads(threads_before)
            torch.use_deterministic_algorithms(strict_before)
            torch.backends.cudnn.benchmark = benchmark_before
            _FLAGS.fill_uninitialized_memory = fill_before
            random.setstate(states[0])
            np.random.set_state(states[1])  # noqa: NPY002


@contextmanager
def silent_lightning() -> Iterator[None]:
    """No banner, advice or warning of Lightning inside."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")
            warnings.filterwarnings("ignore", module="torch.optim.lr_scheduler")
            yield
    finally:
        logger.setLevel(level)
