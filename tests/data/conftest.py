"""Small datasets written in every format, and a web server that answers as told."""

from __future__ import annotations

import contextlib
import gzip
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import sleep

import numpy as np
import pytest
from hypothesis import settings

from topology_efficient_dl.data.archive import DatasetFiles

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

MOST_REPEATS = 10_000

Rows = Sequence[tuple[str, np.ndarray]]


def _text(value: float, missing: str = "NaN") -> str:
    return missing if np.isnan(value) else repr(float(value))


def _delimited(separator: str) -> Callable[[Rows], str]:
    def write(rows: Rows) -> str:
        longest = max(values.shape[1] for _, values in rows)
        lines = []
        for label, values in rows:
            padded = np.pad(values[0], (0, longest - values.shape[1]), constant_values=np.nan)
            lines.append(separator.join([label, *map(_text, padded)]))
        return "\n".join(lines) + "\n"

    return write


def _ts(rows: Rows) -> str:
    classes = " ".join(sorted({label for label, _ in rows}))
    header = f"# comment\n@problemName Toy\n@timeStamps false\n@classLabel true {classes}\n\n@data\n"
    lines = [":".join([*(",".join(_text(v, "?") for v in channel) for channel in x), label]) for label, x in rows]
    return header + "\n".join(lines) + "\n"


def _arff(rows: Rows) -> str:
    lines, n_channels, n_values = [], *rows[0][1].shape
    one = "".join(f"@attribute att{place} numeric\n" for place in range(n_values))
    attributes = one if n_channels == 1 else f"@attribute series relational\n{one}@end series\n"
    classes = ",".join(sorted({label for label, _ in rows}))
    header = f"% comment\n@relation Toy\n{attributes}@ATTRIBUTE target {{{classes}}}\n\n@DATA\n"
    for label, x in rows:
        channels = [",".join(_text(v, "?") for v in channel) for channel in x]
        values = channels[0] if len(channels) == 1 else "'" + r"\n".join(channels) + "'"
        lines.append(f"{values},{label}")
    return header + "\n".join(lines) + "\n"


WRITERS = {".tsv": _delimited("\t"), ".txt": _delimited("  "), ".csv": _delimited(","), ".ts": _ts, ".arff": _arff}


@pytest.fixture(scope="session")
def write_rows() -> Callable[[Path, Rows], Path]:
    """Write (label, (channels, length) values) rows in the format that the file's name says."""

    def write(path: Path, rows: Rows) -> Path:
        packed = path.suffix == ".gz"
        text = WRITERS[path.with_suffix("").suffix if packed else path.suffix](rows)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
        return path

    return write


@pytest.fixture(scope="session")
def toy_rows() -> Callable[..., Rows]:
    """Random rows of the given labels, all of one length unless said otherwise."""

    def make(labels: Sequence[str], seed: int = 0, lengths: Sequence[int] = (12,), channels: int = 1) -> Rows:
        generator = np.random.default_rng(seed)
        return [
            (label, generator.normal(size=(channels, lengths[i % len(lengths)])) + len(label))
            for i, label in enumerate(labels)
        ]

    return make


@pytest.fixture
def toy(tmp_path: Path, write_rows, toy_rows) -> Callable[..., DatasetFiles]:
    """The files of a small dataset, from rows or from labels."""

    def make(train, test, suffix: str = ".tsv") -> DatasetFiles:
        parts = {}
        for seed, (part, rows) in enumerate({"TRAIN": train, "TEST": test}.items()):
            rows = toy_rows(rows, seed) if isinstance(rows[0], str) else rows
            parts[part] = write_rows(tmp_path / f"Toy_{part}{suffix}", rows)
        return DatasetFiles("Toy", parts["TRAIN"], parts["TEST"], "toy")

    return make


class Mirror:
    """A web server with a list of answers (status, body) for every path; the last answer is repeated.

    A body shorter than announced (``cut``) breaks off on the way; one that trickles (``slow``) comes byte by byte with
    pauses; one that is ``endless`` is sent again and again, without a length.
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[tuple[int, bytes]]] = {}
        self.requests: list[str] = []
        self.cut: set[str] = set()
        self.slow: set[str] = set()
        self.endless: set[str] = set()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.requests.append(self.path)
                queue = mirror.answers.get(self.path, [(404, b"")])
                status, body = queue.pop(0) if len(queue) > 1 else queue[0]
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                if self.path not in mirror.endless:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):  # the client may hang up
                    self._send(body)

            def _send(self, body: bytes) -> None:
                if self.path in mirror.slow:
                    for place in range(len(body)):
                        self.wfile.write(body[place : place + 1])
                        sleep(0.01)
                for _ in range(MOST_REPEATS if self.path in mirror.endless else 0):
                    self.wfile.write(body)
                self.wfile.write(body[: len(body) // 2] if self.path in mirror.cut else body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    """A local web server."""
    mirror = Mirror()
    thread = Thread(target=mirror.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield mirror
    mirror.server.shutdown()
    mirror.server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def zip_of() -> Callable[[dict[str, str]], bytes]:
    """The bytes of a zip file with these members."""

    def make(members: dict[str, str]) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in members.items():
                archive.writestr(name, text)
        return buffer.getvalue()

    return make
