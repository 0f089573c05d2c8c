"""Processes that end with their parent."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

CHILD = """
import os, sys, time
from topology_efficient_dl.collections.orphans import end_with_parent
end_with_parent(int(sys.argv[1]), by_kernel={by_kernel})
print(os.getpid(), flush=True)
time.sleep(600)
"""
PARENT = """
import os, subprocess, sys
subprocess.run([sys.executable, "-c", {child!r}, str(os.getpid())])
"""
PROBE = """
from topology_efficient_dl.efficiency.memory import peak_rss_mb
peak_rss_mb("tests.collections.test_orphans:forever", "x")
"""


def forever(argument):
    """A target of the memory measurement that says who measures, and never ends."""
    print(os.getpid(), file=sys.stderr, flush=True)
    time.sleep(600)


def ends(pid, patience=10.0):
    """Whether a process ends by itself within some seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    return False


@pytest.mark.parametrize("by_kernel", [True, False])
def test_a_process_ends_with_the_one_that_started_it(by_kernel):
    command = [sys.executable, "-c", PARENT.format(child=CHILD.format(by_kernel=by_kernel))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        parent.kill()
    assert ends(child)


@pytest.mark.parametrize("by_kernel", [True, False])
def test_a_process_whose_parent_has_ended_before_it_looked_ends_too(by_kernel):
    nobody = subprocess.Popen([sys.executable, "-c", ""])
    nobody.wait()
    command = [sys.executable, "-c", CHILD.format(by_kernel=by_kernel), str(nobody.pid)]
    assert subprocess.run(command, stdout=subprocess.DEVNULL, timeout=60, check=False).returncode == 1


def test_a_process_that_measures_memory_ends_with_the_run(monkeypatch):
    command = [sys.executable, "-c", PROBE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        children = []
        while not children:
            assert run.poll() is None
            children = [child for child in psutil.Process(run.pid).children() if "memory_probe" in str(child.cmdline())]
            time.sleep(0.02)
        time.sleep(0.2)
        run.kill()
    assert ends(children[0].pid)
