"""Stores, projects and a stand-in for a language model, all in temporary folders and on this machine."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.places import chdir

from topology_efficient_dl.qa.language_model import (
    API_KEY,
    BASE_URL,
    MODEL,
    TIMEOUT,
)
from topology_efficient_dl.qa.request import Request
from topology_efficient_dl.qa.store import QuestionStore

ROOT = Path(__file__).parents[2]
KEY = "sk-very-secret-0123456789"
BEGIN = datetime(2026, 1, 2, 3, 4, 5)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (BASE_URL, API_KEY, MODEL, TIMEOUT, "EDITOR", "VISUAL"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def store(tmp_path: Path) -> QuestionStore:
    return QuestionStore(tmp_path / "docs" / "qa")


@pytest.fixture
def put(store: QuestionStore) -> Callable[..., Any]:
    """Store a question: the first at `BEGIN`, every other a minute later."""
    moments = (BEGIN + timedelta(minutes=number) for number in range(100_000))

    def put(question: str, answer: str = "Yes.", **options: Any) -> Any:
        source = options.pop("source", None)
        return store.add(Request.of(question, **options), answer, source=source, begin=next(moments))

    return put


@dataclass
class Project:
    """A project's folder that holds no more than `kedro qa` needs."""

    root: Path

    @property
    def entries(self) -> Path:
        return self.root / "docs" / "qa"

    def qa(self, *arguments: str, given: str | bytes | None = None) -> Result:
        """``kedro qa`` with these arguments, in this process."""
        from topology_efficient_dl.cli import cli

        with chdir(self.root):
            return CliRunner().invoke(cli, ["qa", *arguments], input=given)

    def files(self, pattern: str = "*.md") -> list[Path]:
        return sorted(self.entries.glob(pattern))

    def drafts(self) -> list[Path]:
        return self.files("drafts/*.md")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    (root / "src").mkdir(parents=True)
    (root / "conf").mkdir()
    for name in ("pyproject.toml", ".telemetry", "conf/logging.yml"):
        shutil.copy(ROOT / name, root / name)
    return Project(root)


@dataclass
class Model:
    """What the stand-in answers and what it was asked."""

    url: str
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    drip: float = 0.0
    only_first: bool = False
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)

    def says(self, text: Any, **choice: Any) -> None:
        """Answer with a chat completion."""
        message = {"role": "assistant", "content": text}
        self.body = json.dumps({"choices": [{"message": message, "finish_reason": "stop", **choice}]}).encode()


@pytest.fixture
def model() -> Iterator[Model]:
    """A local server that speaks chat completions."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.requests.append({"path": self.path, **json.loads(body)})
            state.keys.append(self.headers.get("Authorization"))
            stop.wait(60.0 if state.only_first and len(state.requests) > 1 else state.wait)
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(state.body)))
            self.end_headers()
            for piece in [bytes([each]) for each in state.body] if state.drip else [state.body]:
                try:
                    self.wfile.write(piece)
                except OSError:
                    return
                time.sleep(state.drip)

        def do_GET(self) -> None:
            state.requests.append({"path": self.path, "method": "GET"})
            self.send_error(404)

        def log_message(self, *args: Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stop = threading.Event()
    state = Model(f"http://127.0.0.1:{server.server_port}/v1")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield state
    stop.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def configured(model: Model, monkeypatch: pytest.MonkeyPatch) -> Model:
    """The stand-in, named by the environment variables."""
    for variable, value in ((BASE_URL, model.url), (API_KEY, KEY), (MODEL, "tiny"), (TIMEOUT, "5")):
        monkeypatch.setenv(variable, value)
    model.says("It counts holes.\n\n### In plain words\n\nHoles that last.")
    return model
