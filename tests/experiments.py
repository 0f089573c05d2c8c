"""Made-up experiments with known differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from topology_efficient_dl.evaluation.metrics import score_predictions

SEEDS = (42, 123, 456)


def make_predictions(accuracies, datasets=("Alpha", "Beta"), seeds=SEEDS, n_samples=200, n_classes=2, seed_spread=0.0):
    """Balanced labels; each model is right with its probability, independently over samples and seeds."""
    frames = []
    for order, dataset in enumerate(datasets):
        rng = np.random.default_rng(order)
        labels = np.arange(n_samples) % n_classes
        for model, accuracy in accuracies.items():
            for seed in seeds:
                right = rng.random(n_samples) < accuracy + seed_spread * rng.standard_normal()
                predicted = np.where(right, labels, (labels + 1) % n_classes)
                spread = np.full((n_samples, n_classes), 0.3 / (n_classes - 1))
                spread[np.arange(n_samples), predicted] = 0.7
                frames.append(
                    pd.DataFrame({
                        "dataset": dataset, "model": model, "seed": seed, "index": np.arange(n_samples), "label": labels,
                        "predicted": predicted, **{f"p_{k}": spread[:, k] for k in range(n_classes)},
                    })
                )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def make_efficiency(latencies, datasets=("Alpha", "Beta"), rounds=7, noise=0.01):
    """Costs in proportion to the latency; per-round times share a drift."""
    rows = []
    for order, dataset in enumerate(datasets):
        rng = np.random.default_rng(100 + order)
        drift = 1 + 0.2 * rng.random(rounds)
        for model, latency in latencies.items():
            times = latency * drift * (1 + noise * rng.standard_normal(rounds))
            rows.append({
                "dataset": dataset, "model": model, "params": int(100_000 * latency), "flops": 2e6 * latency,
                "flops_reason": None, "latency_ms_b1": float(np.median(times)), "latency_iqr_ms_b1": 0.05 * latency,
                "latency_ms_b64": 0.2 * latency, "model_latency_ms_b1": 0.9 * latency, "model_latency_ms_b64": 0.1 * latency,
                "throughput": 5000 / latency, "peak_memory_mb": 300.0 + latency,
                "rounds_b1": times.tolist(), "rounds_b64": (0.2 * times).tolist(),
            })  # fmt: skip
    return pd.DataFrame(rows)


def make_fits(scores):
    return scores[["dataset", "model", "seed"]].assign(fit_seconds=12.5, best_epoch=30)


@pytest.fixture
def predictions():
    return make_predictions


@pytest.fixture
def efficiency():
    return make_efficiency


@pytest.fixture
def experiment():
    """A fast model that is as good, a fast one that is much worse, and the baseline."""
    table = make_predictions({"inception_time": 0.9, "tda_net": 0.9, "ph_mlp": 0.7})
    scores = score_predictions(table)
    costs = make_efficiency({"inception_time": 4.0, "tda_net": 0.8, "ph_mlp": 2.0})
    return {"predictions": table, "scores": scores, "efficiency": costs, "fits": make_fits(scores)}
