"""Kedro's settings: what two runs that begin at once are called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kedro.framework.session import session as kedro_session
from kedro.framework.startup import bootstrap_project

from topology_efficient_dl.settings import ProcessSession


def test_runs_that_begin_in_one_millisecond_have_versions_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Path(__file__).parents[1]
    bootstrap_project(project)
    monkeypatch.setattr(kedro_session, "generate_timestamp", lambda: "2026-01-02T03.04.05.678Z")
    names = []
    for process in (12, 345):
        monkeypatch.setattr(os, "getpid", lambda process=process: process)
        names.append(ProcessSession.create(project_path=project, save_on_close=False).session_id)
    assert names == ["2026-01-02T03.04.05.678-0000012Z", "2026-01-02T03.04.05.678-0000345Z"]
    assert sorted(names) == names
