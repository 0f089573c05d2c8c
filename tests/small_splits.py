from __future__ import annotations

import numpy as np
import pytest
import torch

from topology_efficient_dl.data.split import Split
from topology_efficient_dl.models import FeatureInput
from topology_efficient_dl.params.series import TdaRecipe


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def toy_split(n_train=17, n_validation=6, n_timepoints=24, n_channels=1, n_classes=2, seed=0):
    """Noisy sines whose frequency tells the class."""
    random = np.random.default_rng(seed)
    series, labels = {}, {}
    for part, n in (("train", n_train), ("validation", n_validation), ("test", 4)):
        labels[part] = np.arange(n) % n_classes
        time = np.linspace(0, 2 * np.pi, n_timepoints)
        waves = np.sin((1 + labels[part])[:, None, None] * time + random.uniform(0, 6, (n, n_channels, 1)))
        series[part] = (waves + 0.1 * random.normal(size=waves.shape)).astype(np.float32)
    return Split("Toy", series, labels, tuple(str(c) for c in range(n_classes)), "made up")


@pytest.fixture
def split():
    return toy_split()


@pytest.fixture
def features(split):
    parts = {
        part: (np.abs(np.fft.rfft(series[:, 0]))[:, 1:5] / 12).astype(np.float32)
        for part, series in split.series.items()
    }
    return FeatureInput(parts, TdaRecipe(), {"grid": np.arange(3.0)})


@pytest.fixture
def make_split():
    return toy_split
