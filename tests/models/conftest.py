from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from topology_efficient_dl.models import build_model


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def build() -> Any:
    """Build an architecture for small shapes; keyword arguments override them."""

    def _build(architecture: str, size: str = "small", **changes: Any) -> torch.nn.Module:
        options = changes.pop("options", {})
        shape = {"n_channels": 1, "n_timepoints": 24, "n_classes": 2, "n_features": 10} | changes
        return build_model(architecture, size, options, **shape)

    return _build
