"""How long measuring itself takes; run with ``pytest tests/benchmarks``."""

import numpy as np
import pandas as pd
import pytest
from torch import nn

from topology_efficient_dl.efficiency import count_flops
from topology_efficient_dl.evaluation.bootstrap import f1_drop_draws, pair_predictions

pytest.importorskip("pytest_benchmark")


def test_counting_flops_of_a_small_network(benchmark):
    network = nn.Sequential(*[nn.Conv1d(8, 8, 9, padding=4) for _ in range(6)])
    assert benchmark(count_flops, network, (8, 256)).flops


def test_bootstrap_of_a_large_test_set(benchmark):
    """7,711 samples of 7 classes, three seeds, as many draws as the default."""
    rng = np.random.default_rng(0)
    labels = rng.integers(7, size=7711)
    frames = [
        pd.DataFrame({
            "dataset": "d", "model": model, "seed": seed, "index": range(7711), "label": labels,
            "predicted": np.where(rng.random(7711) < 0.7, labels, rng.integers(7, size=7711)),
        })
        for model in ("a", "b") for seed in (1, 2, 3)
    ]  # fmt: skip
    pair = pair_predictions(pd.concat(frames), "d", "b", "a")
    draws = benchmark.pedantic(f1_drop_draws, args=(pair, 10_000, 0), rounds=1)
    assert draws.shape == (10_000,)
