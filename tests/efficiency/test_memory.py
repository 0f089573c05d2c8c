"""Memory in a fresh process."""

import pytest
import torch

from topology_efficient_dl.efficiency import peak_rss_mb, peak_vram_mb
from topology_efficient_dl.efficiency.memory_probe import probe
from topology_efficient_dl.errors import CellError, ParameterError

TARGET = """
import json, pathlib
import numpy as np

def load(path):
    spec = json.loads(pathlib.Path(path).read_text())
    weights = np.ones(spec["loaded_mb"] * 2**17)
    return lambda: np.ones(spec["used_mb"] * 2**17).sum() + weights[0]

def broken(path):
    raise ValueError("no such model")

def slow(path):
    import time
    time.sleep(60)
"""


@pytest.fixture
def target(tmp_path, monkeypatch):
    (tmp_path / "memory_target.py").write_text(TARGET)
    (tmp_path / "spec.json").write_text('{"loaded_mb": 40, "used_mb": 120}')
    monkeypatch.syspath_prepend(str(tmp_path))
    return "memory_target", tmp_path / "spec.json"


def test_loading_and_inference_are_told_apart(target):
    module, spec = target
    found = peak_rss_mb(f"{module}:load", spec)
    assert found.increment_mb == pytest.approx(120, abs=8)
    assert found.loaded_mb - found.imported_mb == pytest.approx(40, abs=8)
    assert found.peak_mb > found.loaded_mb > found.imported_mb > 0
    assert found.over_libraries_mb == pytest.approx(160, abs=12)


def test_memory_of_this_process_does_not_show(target):
    module, spec = target
    ballast = bytearray(b"x") * (300 * 2**20)
    assert peak_rss_mb(f"{module}:load", spec).increment_mb == pytest.approx(120, abs=8)
    del ballast


def test_the_probe_itself_reads_memory_in_order(target):
    module, spec = target
    found = probe(f"{module}:load", str(spec))
    assert set(found) == {"peak_mb", "loaded_mb", "imported_mb"}
    assert found["peak_mb"] >= found["loaded_mb"] > 0
    assert found["imported_mb"] > 0  # not below what is loaded: a process that ran other tests may give memory back


def test_failures_are_named(target):
    module, spec = target
    with pytest.raises(CellError, match="ValueError: no such model"):
        peak_rss_mb(f"{module}:broken", spec)
    with pytest.raises(CellError, match=r"more than 0\.1 s"):
        peak_rss_mb(f"{module}:slow", spec, timeout_seconds=0.1)
    with pytest.raises(ParameterError, match="module:function"):
        peak_rss_mb("module.function", spec)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_no_device_memory_without_a_device():
    assert peak_vram_mb(lambda: lambda: 1) is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_device_memory_counts_what_the_inference_brings_and_nothing_else():
    others = torch.ones(2**22, device="cuda")

    def load():
        weights = torch.ones(2**18, device="cuda")
        return lambda: (weights * 2).sum().item()

    assert 2.0 <= peak_vram_mb(load) < 3.0
    assert others.sum() > 0
