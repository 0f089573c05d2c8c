"""Processes that end when the one that started them does, however that one ended."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from tqdm import tqdm

PARENT = "TOPOLOGY_EFFICIENT_DL_PARENT"
"""The environment variable by which a fresh process is told who started it."""

SECONDS_BETWEEN_LOOKS = 1.0
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_parent(parent: int, *, by_kernel: bool = True) -> None:
    """End this process when its parent ends, at once if the parent has ended already.

    Linux is asked to kill it, which needs no thread and works in the middle of compiled code; on other systems a
    thread looks after the parent.

    Parameters
    ----------
    parent : id of the process that started this one
    by_kernel : let Linux do it. Linux counts the *thread* that started this process as its parent, so that the thread
        must live as long as the process is needed
    """
    if by_kernel and _killed_by_kernel():
        if _is_orphan(parent):  # it ended before the kernel was asked
            os._exit(1)
    else:
        threading.Thread(target=_look_after, args=(parent,), daemon=True, name="parent's end").start()


def end_with_named_parent() -> None:
    """`end_with_parent`, of the process that the environment names; nothing if it names none."""
    if PARENT in os.environ:
        end_with_parent(int(os.environ[PARENT]))


def start_worker(parent: int, by_kernel: bool) -> None:
    """Prepare a worker process: it ends with its parent, and leaves Ctrl-C, which reaches all, to it.

    Progress bars of one process need no lock that processes share, which is a file that a killed worker may leave.
    """
    end_with_parent(parent, by_kernel=by_kernel)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tqdm.set_lock(threading.RLock())


def _killed_by_kernel() -> bool:
    if sys.platform != "linux":
        return False
    import ctypes

    return bool(ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0)


def _look_after(parent: int) -> None:
    while not _is_orphan(parent):
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os._exit(1)


def _is_orphan(parent: int) -> bool:
    if os.name == "posix":
        return os.getppid() != parent
    import psutil

    return not psutil.pid_exists(parent)
