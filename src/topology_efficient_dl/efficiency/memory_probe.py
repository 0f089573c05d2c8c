"""The fresh process behind `peak_rss_mb`: ``python -m topology_efficient_dl.efficiency.memory_probe target argument``.

Writes one JSON object as its last line. On Linux the peak is the kernel's high-water mark, which is reset just before
the inference; where it cannot be reset it is the mark since the process began. ``ru_maxrss`` is used on other systems
only, as on Linux a child inherits it from its parent.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

_MB = 2**20


def probe(target: str, argument: str) -> dict[str, float]:
    """Memory of this process around one inference, in megabytes of 2**20 bytes.

    Parameters
    ----------
    target : ``"module:function"``; the function takes the argument and returns a callable without arguments
    argument : passed on

    Returns
    -------
    ``peak_mb``, ``loaded_mb`` and ``imported_mb``, as in `MemoryRecord`.
    """
    module, function = target.split(":")
    load: Callable[[str], Callable[[], Any]] = getattr(importlib.import_module(module), function)
    imported = resident_bytes()
    call = load(argument)
    gc.collect()
    loaded = resident_bytes()
    reset_peak()
    call()
    peak = max(peak_bytes(), loaded)
    return {"peak_mb": peak / _MB, "loaded_mb": loaded / _MB, "imported_mb": imported / _MB}


def resident_bytes() -> int:
    """Resident memory of this process now."""
    return int(psutil.Process().memory_info().rss)


def reset_peak() -> None:
    """Let the kernel's high-water mark begin anew, where it can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_bytes() -> int:
    """The most resident memory since the mark was reset."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text().splitlines()
        return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM")), resident_bytes())
    windows_peak = getattr(psutil.Process().memory_info(), "peak_wset", None)
    if windows_peak is not None:
        return int(windows_peak)
    import resource  # absent on Windows; macOS, where this is reached, counts bytes

    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    print(json.dumps(probe(*sys.argv[1:])))
