"""What a measurement was made on, in words that may be published: no host names, users or paths."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from topology_efficient_dl.errors import ParameterError


def describe_environment() -> dict[str, Any]:
    """Software, processor, memory and date of this process.

    Returns
    -------
    ``python, torch, numpy, os, machine, cpu, cores, logical_cores, memory_gb, threads, gpu, date``; ``date`` is UTC in
    ISO 8601, ``threads`` is torch's present number, ``gpu`` is None without CUDA.

    Examples
    --------
    >>> describe_environment()["numpy"] == np.__version__
    True
    """
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "os": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "cpu": _cpu_model(),
        "cores": psutil.cpu_count(logical=False) or os.cpu_count(),
        "logical_cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def environment_fingerprint(environment: Mapping[str, Any] | None = None) -> str:
    """A short digest of everything but the date and the threads, under which timings of this machine can be kept.

    Parameters
    ----------
    environment : what `describe_environment` returned; described afresh when None

    Examples
    --------
    >>> environment_fingerprint() == environment_fingerprint(describe_environment())
    True
    """
    described = dict(describe_environment() if environment is None else environment)
    steady = {key: value for key, value in described.items() if key not in {"date", "threads"}}
    return hashlib.sha256(json.dumps(steady, sort_keys=True).encode()).hexdigest()[:16]


def _cpu_model() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def check_device(device: str) -> None:
    """Refuse a device that is not there.

    Raises
    ------
    ParameterError : CUDA is asked for and absent
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise ParameterError(
            "efficiency.device is 'cuda' and torch sees no CUDA device. Set efficiency.device=cpu, or install a CUDA "
            "build of torch on a machine with a GPU"
        )
