"""Signals end a run with a message and the status that a shell expects, whatever libraries make of them."""

import signal
import subprocess
import sys

import pytest

PREFACE = """
import os, signal, sys, time
from topology_efficient_dl.cli import stopping
stopping.GRACE_SECONDS = 0.2
def signalled():
    os.kill(os.getpid(), {number})
    time.sleep(60)
"""
BODIES = {
    "plain": "signalled()",
    "made an exit of": "try:\n        signalled()\n    except KeyboardInterrupt:\n        sys.exit(1)",
    "made an error of": "try:\n        signalled()\n    except KeyboardInterrupt:\n        1 / 0",
    "swallowed": "try:\n        signalled()\n    except KeyboardInterrupt:\n        pass",
    "not let through": "try:\n        signalled()\n    except KeyboardInterrupt:\n        time.sleep(60)",
    "sent twice": "try:\n        signalled()\n    finally:\n        os.kill(os.getpid(), {number})",
}


def run(body, number):
    script = f"{PREFACE}\nwith stopping.stoppable():\n    {body}\nprint('went on')\n".format(number=int(number))
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("body", BODIES)
def test_a_signal_ends_what_is_inside(body):
    done = run(BODIES[body], signal.SIGTERM)
    assert done.returncode == 143, done.stderr
    assert done.stderr == "Stopped by SIGTERM. What was finished is kept: the same command goes on from there.\n"
    assert done.stdout == ""


def test_the_status_says_which_signal():
    assert run("signalled()", signal.SIGINT).returncode == 130


def test_without_a_signal_errors_are_as_they_were_and_handlers_too():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    from topology_efficient_dl.cli.stopping import stoppable

    with pytest.raises(ZeroDivisionError), stoppable():
        1 / 0  # noqa: B018
    with pytest.raises(KeyboardInterrupt), stoppable():
        raise KeyboardInterrupt
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert signal.set_wakeup_fd(-1) == -1
