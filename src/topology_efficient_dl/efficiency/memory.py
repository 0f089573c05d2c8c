"""Peak memory of one inference: resident memory in a fresh process, or device memory on CUDA."""

from __future__ import annotations

import gc
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from topology_efficient_dl.collections.progress import tick
from topology_efficient_dl.efficiency.fresh_process import fresh_command, fresh_environment
from topology_efficient_dl.errors import CellError, ParameterError

_PROBE = "topology_efficient_dl.efficiency.memory_probe"
_MB = 2**20


@dataclass(frozen=True)
class MemoryRecord:
    """Resident memory of a process that loads one model and one input, and infers once; megabytes of 2**20 bytes.

    Attributes
    ----------
    peak_mb : highest resident memory during the inference, everything included; ``peak_memory_mb`` of the results
    loaded_mb : resident memory with model and input loaded, before the inference
    imported_mb : resident memory with the libraries imported, before model and input
    """

    peak_mb: float
    loaded_mb: float
    imported_mb: float

    @property
    def increment_mb(self) -> float:
        """What the inference adds to the loaded model."""
        return self.peak_mb - self.loaded_mb

    @property
    def over_libraries_mb(self) -> float:
        """What model, input and inference together add to the imported libraries."""
        return self.peak_mb - self.imported_mb


def peak_rss_mb(
    target: str, argument: str | Path, *, threads: int = 1, timeout_seconds: float | None = 600.0
) -> MemoryRecord:
    """Peak resident memory of one inference, measured in a fresh Python process.

    The process imports ``module``, calls ``function(argument)``, which loads the model and an input from the file
    and returns a callable without arguments, and calls that once. Memory is read before and after each step.

    Parameters
    ----------
    target : ``"module:function"``, importable from here
    argument : passed to the function as a string, as a rule the path of a JSON or NPZ file
    threads : threads of BLAS, OpenMP and torch in that process
    timeout_seconds : the process is ended after that long; None waits for ever

    Raises
    ------
    ParameterError : the target is not of the form ``module:function``
    CellError : the process failed or took too long; the message ends with the last line that it wrote

    Examples
    --------
    >>> peak_rss_mb("json.loads", "1")
    Traceback (most recent call last):
    ...
    topology_efficient_dl.errors.ParameterError: memory target 'json.loads' must read 'module:function'
    """
    if target.count(":") != 1 or not all(target.split(":")):
        raise ParameterError(f"memory target '{target}' must read 'module:function'")
    tick()
    command = fresh_command(_PROBE, target, str(argument))
    try:
        done = subprocess.run(
            command,
            env=fresh_environment(threads),
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CellError(f"memory of '{target}' not measured: more than {timeout_seconds:g} s") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise CellError(f"memory of '{target}' not measured: exit status {done.returncode}: {last}")
    return MemoryRecord(**json.loads(done.stdout.strip().splitlines()[-1]))


def peak_vram_mb(load: Callable[[], Callable[[], Any]]) -> float | None:
    """Peak memory that one inference takes on the current CUDA device, in megabytes of 2**20 bytes.

    Counted are weights, inputs and intermediate results, as torch allocates them. What lay on the device before does
    not count, nor do the workspaces that libraries keep from their first use on: everything is done once before it is
    measured.

    Parameters
    ----------
    load : brings weights and inputs to the device and gives one inference, without arguments

    Returns
    -------
    Megabytes, or None on a machine without CUDA (nothing is loaded then).
    """
    if not torch.cuda.is_available():
        return None
    load()()
    gc.collect()  # networks in cycles of references would lie on the device until some later moment
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    infer = load()
    infer()
    torch.cuda.synchronize()
    return (torch.cuda.max_memory_allocated() - before) / _MB
