"""Factorised networks against the dense ones that they were made of, as ratios.

Run it alone on the machine: ``make bench``. Untrained networks: time depends on shapes, not on values. Every network is merged and
takes large batches in parts that fit into the cache, the dense one too; all take turns in every round, on one thread.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from topology_efficient_dl.efficiency.latency import latency_ratio, measure_latency
from topology_efficient_dl.models.registry import build_model
from topology_efficient_dl.params.training import EfficiencyParams
from topology_efficient_dl.tensor import design_by_budget
from topology_efficient_dl.tensor.cache_blocks import in_cache_blocks
from topology_efficient_dl.tensor.merging import merged

pytest.importorskip("pytest_benchmark")

KEEP = 0.3
ROUNDS = EfficiencyParams(rounds=7, min_run_seconds=0.05, threads=1)


def inception(length: int, **options: int) -> nn.Module:
    torch.manual_seed(0)
    return build_model("inception_time", "medium", options, n_channels=1, n_timepoints=length, n_classes=2).eval()


def deployed(network: nn.Module, length: int) -> nn.Module:
    return in_cache_blocks(merged(network), torch.zeros(1, 1, length))


@pytest.mark.parametrize("batch", [1, 64])
@pytest.mark.parametrize("length", [150, 427])
def test_inception_time_at_thirty_percent_of_its_parameters(benchmark, length, batch):
    benchmark.group = f"InceptionTime, length {length}, batch {batch}"
    dense = inception(length)
    networks = {
        "dense": dense,
        "bottleneck": design_by_budget(dense, "svd", ["bottleneck"], KEEP).built()[0],
        "tucker": design_by_budget(dense, "tucker", ["conv"], KEEP, 16, joint=True).built()[0],
        "low rank": design_by_budget(dense, "svd", ["conv"], KEEP, 4).built()[0],
        "16 filters": inception(length, filters=16, bottleneck=16),
    }
    calls = {name: deployed(network, length) for name, network in networks.items()}
    with torch.inference_mode():
        inputs = {batch: torch.randn(batch, 1, length)}
        records = benchmark.pedantic(measure_latency, (calls, inputs, ROUNDS), rounds=1, iterations=1)
    for name in list(networks)[1:]:
        ratio = latency_ratio(records, name, "dense", batch)
        benchmark.extra_info[f"{name} / dense"] = f"{ratio.median:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]"
    print(f"\n{benchmark.group}: {dict(benchmark.extra_info)}")


@pytest.mark.parametrize("length", [150, 427])
def test_parts_that_fit_into_the_cache_against_whole_batches(benchmark, length):
    benchmark.group = f"cache, length {length}, batch 64"
    whole = merged(inception(length))
    calls = {"whole": whole, "parts": in_cache_blocks(whole, torch.zeros(1, 1, length))}
    with torch.inference_mode():
        inputs = {64: torch.randn(64, 1, length)}
        records = benchmark.pedantic(measure_latency, (calls, inputs, ROUNDS), rounds=1, iterations=1)
    ratio = latency_ratio(records, "parts", "whole", 64)
    benchmark.extra_info["parts / whole"] = f"{ratio.median:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]"
    print(f"\n{benchmark.group}: {dict(benchmark.extra_info)}")
