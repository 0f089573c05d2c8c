"""SIGTERM ends a run as Ctrl-C does: a message, no process and no file of it left, and the status a shell expects."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from topology_efficient_dl.collections.execution import end_workers

GRACE_SECONDS = 5.0
"""How long a run may take to unwind, before it is ended where it stands."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """A signal asked the process to end; libraries treat it as Ctrl-C."""


@contextmanager
def stoppable() -> Iterator[None]:
    """End what is inside on SIGINT or SIGTERM, with exit status 130 or 143; also a decorator.

    Libraries may turn the interrupt into something else (Lightning exits with 1, a thread pool waits for its threads):
    what counts is the signal, and after `GRACE_SECONDS` the process ends in any case.

    Raises
    ------
    SystemExit : a signal came
    """
    received: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        if not received:
            received.append(number)
            raise Stopped(number)

    with _handled_by(stop):
        try:
            yield
        except BaseException:
            if not received:
                raise
        if received:
            end_workers()
            say_stopped(received[0])
            atexit.register(_leave, 128 + received[0])
            raise SystemExit(128 + received[0])


def say_stopped(number: int) -> None:
    """One line on standard error, past all buffers and locks."""
    text = (
        f"Stopped by {signal.Signals(number).name}. What was finished is kept: the same command goes on from there.\n"
    )
    with suppress(OSError):
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, text.encode())


def _leave(status: int) -> None:
    """End without taking the libraries apart, which takes them seconds, and some abort when threads are at work."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)


@contextmanager
def _handled_by(stop: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Give a handler to the signals that are not ignored; a thread looks whether the process ends in time."""
    handled = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    if threading.current_thread() is not threading.main_thread():  # only there are signals handled
        yield
        return
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    ended = threading.Event()
    threading.Thread(target=_end_in_any_case, args=(reader, ended), daemon=True, name="end of the run").start()
    wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    before = {number: signal.signal(number, stop) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        ended.set()
        with writer, suppress(OSError):  # the thread may have ended before
            writer.send(b"\0")


def _end_in_any_case(reader: socket.socket, ended: threading.Event) -> None:
    """End the process if it has not ended by itself some seconds after a signal, which a thread sees at once."""
    with reader:
        number = 0
        while not ended.is_set() and number not in SIGNALS:
            number = reader.recv(1)[0]
        if number and not ended.wait(GRACE_SECONDS):
            say_stopped(number)
            os._exit(128 + number)
