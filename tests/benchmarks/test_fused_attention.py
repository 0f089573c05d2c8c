"""Compiled attention against torch-geometric's layers, as ratios.

Run it alone on the machine: ``make bench``. A random graph of 5,000 nodes with 80 neighbours each, two layers of width 64,
one thread; both kernels run from the same weights and take turns in every round.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from topology_efficient_dl.complexes import SimplicialComplex
from topology_efficient_dl.efficiency.latency import latency_ratio, measure_latency
from topology_efficient_dl.models.graph_baselines.gat import GAT, GATv2
from topology_efficient_dl.models.graph_baselines.inputs import GraphInput, graph_input
from topology_efficient_dl.params.training import EfficiencyParams

pytest.importorskip("pytest_benchmark")

N_NODES, DEGREE, N_FEATURES, N_CLASSES = 5_000, 80, 20, 2
ROUNDS = EfficiencyParams(rounds=7, min_run_seconds=0.05, threads=1)


def random_graph() -> GraphInput:
    """Edges at random with random weights."""
    rng = np.random.default_rng(0)
    pairs = np.sort(rng.integers(0, N_NODES, (N_NODES * DEGREE // 2, 2)), axis=1)
    edges = np.unique(pairs[pairs[:, 0] < pairs[:, 1]], axis=0)
    plain = SimplicialComplex.of_simplices(N_NODES, edges.tolist())
    weights = (plain.weights[0], rng.integers(1, 50, len(edges)).astype(float))
    return graph_input(replace(plain, weights=weights), rng.normal(size=(N_NODES, N_FEATURES)))


def inference(network, graph):
    network.eval()

    @torch.inference_mode()
    def run(_):
        return network(graph)

    return run


def training_step(network, graph):
    network.train()
    labels = torch.arange(N_NODES) % N_CLASSES

    def run(_):
        network.zero_grad()
        torch.nn.functional.cross_entropy(network(graph), labels).backward()

    return run


@pytest.mark.parametrize("work", [inference, training_step])
@pytest.mark.parametrize("network", [GAT, GATv2])
def test_fused_attention_against_torch_geometric(benchmark, network, work):
    benchmark.group = f"{network.__name__}, {work.__name__} on {N_NODES} nodes of degree {DEGREE}"
    graph = random_graph()
    modules = {kernel: network(N_FEATURES, N_CLASSES, kernel=kernel) for kernel in ("edges", "fused")}
    modules["fused"].load_state_dict(modules["edges"].state_dict())
    calls = {kernel: work(module, graph) for kernel, module in modules.items()}
    records = benchmark.pedantic(measure_latency, (calls, {1: None}, ROUNDS), rounds=1, iterations=1)
    ratio = latency_ratio(records, "edges", "fused", 1)
    millis = ", ".join(f"{record.model} {record.median_ms:.1f} ms" for record in records)
    line = f"edges / fused = {ratio.median:.1f} [{ratio.low:.1f}, {ratio.high:.1f}]"
    benchmark.extra_info["edges / fused"] = line
    print(f"\n{benchmark.group}: {millis}; {line}")
    torch.testing.assert_close(*(module.eval()(graph) for module in modules.values()), rtol=1e-4, atol=1e-5)
