"""What a machine lacks is said before a run begins, and only if the run needs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from topology_efficient_dl.checks.machine import check_machine
from topology_efficient_dl.checks.parameters import check_parameters
from topology_efficient_dl.errors import ParameterError

TRACK = {"datasets": "x", "models": "gcn", "seeds": 0, "evaluate": {}}
ZOO = {"gcn": {"architecture": "gcn"}, "inception_time": {"architecture": "fcn"}}


def check(given: dict[str, Any], read: str, output: str) -> None:
    track_b = {**TRACK, "train": {}, **given.get("track_b", {})}
    raw = {"train": {}, "efficiency": {}, "ingest": {}, "graphs": {}, "forecast": {}, "zoo": ZOO, **given}
    check_machine(check_parameters({**raw, "track_b": track_b}), [read], [output])


MISSING: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "series": ({"ingest": {"root": "/nope"}}, "params:ingest", "track_a.splits", r"^ingest\.root: no folder '/nope'"),
    "graphs": ({"graphs": {"root": "/nope"}}, "params:graphs", "track_b.splits", r"^graphs\.root: no folder '/nope'"),
    "timing": ({"efficiency": {"device": "cuda"}}, "", "track_b.efficiency", r"^efficiency\.device is 'cuda' and"),
    "a fit": (
        {"train": {"device": "cuda"}},
        "",
        "track_a.models",
        r"^train\.device is 'cuda' .* Set train\.device=cpu",
    ),
    "half precision": ({"train": {"precision": "16-mixed"}}, "", "track_a.models", r"^train\.precision is '16-mixed'"),
    "a fit of graphs": (
        {"track_b": {"train": {"device": "cuda"}}},
        "",
        "track_b.models",
        r"^track_b\.train\.device is .* Set track_b\.train\.device=cpu",
    ),
    "a model of its own": (
        {"zoo": {**ZOO, "gcn": {"architecture": "gcn", "train": {"device": "cuda"}}}},
        "",
        "track_b.models",
        r"^zoo\.gcn\.train\.device is 'cuda'",
    ),
    "a forecast": ({"forecast": {"train": {"device": "cuda"}}}, "", "forecast_c.models", r"^forecast\.train\.device"),
}


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.parametrize("kind", MISSING)
def test_what_is_missing_is_named_where_it_is_needed_alone(kind: str) -> None:
    given, read, output, message = MISSING[kind]
    with pytest.raises(ParameterError, match=message):
        check(given, read, output)
    check(given, "", "track_a.report_html")


def test_what_is_there_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check({"ingest": {"root": str(tmp_path)}, "train": {"device": "auto"}}, "params:ingest", "track_a.models")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    check({"train": {"device": "cuda", "precision": "16-mixed"}}, "", "track_a.models")
