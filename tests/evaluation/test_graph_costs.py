"""What models on graphs cost: of all nodes of one graph, or per graph of a set."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.graph_tasks import RECIPES, contacts, graph_set, material, recipe_read_by

from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.evaluation import costs as costs_module
from topology_efficient_dl.evaluation.costs import measure_graph_costs
from topology_efficient_dl.evaluation.probes.graphs import GraphInputs, GraphProbe, load_graph_inference
from topology_efficient_dl.models.graph_predictor import GraphPredictor
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import EfficiencyParams, TrainParams
from topology_efficient_dl.tasks.graphs import GraphClasses
from topology_efficient_dl.tasks.task import fit as fit_task

QUICK = EfficiencyParams(batch_sizes=(1, 8), rounds=2, min_run_seconds=0.001, memory=False)
TRAIN = TrainParams(max_epochs=1, min_epochs=1, refit=False)
OF_NODES = ("gat", "hypergraph", "simplicial_mlp", "simplicial_diffusion")
OF_SETS = ("gat", "hypergraph", "simplicial_mlp", "by_groups")


def spec_of(name: str) -> ModelSpec:
    if name == "by_groups":
        return ModelSpec(architecture="simplicial_mlp", size="small", features="groups")
    recipe = recipe_read_by(name)
    return ModelSpec(architecture=name, size="small", features=None if recipe == "own" else recipe)


def measured(task: GraphTask, names):
    """Models of two draws, and all that they are measured with."""
    models, features = {}, {f"{task.name}/own": material(task).features}
    for name in names:
        spec = spec_of(name)
        parts = material(task, spec.features or "own")
        features[f"{task.name}/{spec.features or 'own'}"] = parts.features
        for draw in (0, 1):
            models[f"{task.name}/{name}/{draw}"] = fit_task(GraphClasses(task, parts), spec, draw, TRAIN, model=name)
    return models, task, parts.complex, features, parts.groups


def costs(inputs, params: EfficiencyParams = QUICK):
    return {row["model"]: row for row in measure_graph_costs(inputs, RECIPES, SimplicialParams(), params)}


def probe_of(model, *inputs) -> GraphProbe:
    return GraphProbe(model, GraphInputs(*inputs, RECIPES, SimplicialParams()), "cpu")


@pytest.fixture(scope="module")
def of_nodes():
    return measured(contacts(), OF_NODES)


@pytest.fixture(scope="module")
def of_set():
    return measured(graph_set(), OF_SETS)


@pytest.fixture(scope="module")
def rows(of_nodes):
    return costs(of_nodes)


@pytest.fixture(scope="module")
def rows_of_set(of_set):
    return costs(of_set)


def test_every_model_is_measured_once_in_order_whatever_the_draws(rows, rows_of_set) -> None:
    assert list(rows) == list(OF_NODES)
    assert list(rows_of_set) == list(OF_SETS)
    assert {row["dataset"] for row in rows.values()} == {"school"}


def test_one_graph_is_batch_one_and_sets_have_every_batch(rows, rows_of_set) -> None:
    for found, batches in ((rows, (1,)), (rows_of_set, (1, 8))):
        json.dumps(list(found.values()), allow_nan=False)
        for row in found.values():
            assert {key for key in row if key.startswith("model_latency_ms_b")} == {
                f"model_latency_ms_b{n}" for n in batches
            }
            for batch in batches:
                assert row[f"latency_ms_b{batch}"] > 0
                assert len(row[f"rounds_b{batch}"]) == len(row[f"model_rounds_b{batch}"]) == QUICK.rounds
            assert row["preprocessing_ms"] >= 0
            assert row["peak_memory_mb"] is None


def test_throughput_is_of_nodes_or_graphs_per_second_of_the_model_alone(rows, rows_of_set) -> None:
    for row in rows.values():
        assert row["throughput"] == pytest.approx(24 * 1000 / np.median(row["model_rounds_b1"]), rel=0.02)
    for row in rows_of_set.values():
        best = min(np.median(row[f"model_rounds_b{batch}"]) for batch in (1, 8))
        assert row["throughput"] == pytest.approx(1000 / best, rel=0.02)


def test_operations_and_parameters_are_those_of_the_network(rows, of_nodes) -> None:
    models = of_nodes[0]
    for name, row in rows.items():
        assert row["params"] >= models[f"school/{name}/0"].card["n_params"]
        assert (row["flops"] is None) == bool(row["flops_reason"])
    assert rows["gat"]["flops"] > rows["simplicial_diffusion"]["flops"]


@pytest.mark.parametrize(("fixture", "graphs"), [("of_nodes", None), ("of_set", np.array([0, 3, 5]))])
def test_the_whole_way_gives_the_labels_of_the_model_alone(fixture: str, graphs, request) -> None:
    models, task, complex_, features, groups = request.getfixturevalue(fixture)
    for name in OF_NODES if graphs is None else OF_SETS:
        model = models[f"{task.name}/{name}/0"]
        probe = probe_of(model, task, complex_, features, groups)
        whole, alone = probe.whole(graphs)(None), probe.alone(graphs)(None)
        np.testing.assert_array_equal(whole, alone)
        assert len(whole) == (task.n_nodes if graphs is None else 3)


def test_a_device_that_is_not_there_is_refused(of_nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ParameterError, match=r"efficiency.device is 'cuda' .* Set efficiency.device=cpu"):
        costs(of_nodes, EfficiencyParams(device="cuda"))


@pytest.mark.slow
def test_memory_is_that_of_a_process_of_its_own(of_nodes) -> None:
    models, *rest = of_nodes
    one = {key: model for key, model in models.items() if "/gat/" in key}
    found = costs((one, *rest), QUICK.model_copy(update={"memory": True}))
    assert 0 <= found["gat"]["peak_memory_mb"] < 2_000


@pytest.mark.parametrize("name", OF_NODES)
def test_the_memory_probe_runs_the_same_inference(of_nodes, name: str, tmp_path: Path) -> None:
    models, task, complex_, features, groups = of_nodes
    model = models[f"school/{name}/0"]
    probe = probe_of(model, task, complex_, features, groups)
    (tmp_path / "model.safetensors").write_bytes(model.to_bytes())
    prepared = probe.prepared(None)
    torch.save(prepared, tmp_path / "input.pt")
    expected = GraphPredictor(model).of_input(probe.input(None))
    if name in ("gcn", "graph_sage"):
        assert prepared.edge_index.shape == (2, 0)
    np.testing.assert_allclose(load_graph_inference(str(tmp_path))(), expected, rtol=1e-5)


def test_on_a_gpu_memory_is_asked_of_the_device(of_nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    models, task, complex_, features, groups = of_nodes
    probe = probe_of(models["school/gat/0"], task, complex_, features, groups)
    asked = []
    monkeypatch.setattr(costs_module, "peak_vram_mb", lambda load: asked.append(load()().shape) or 7.0)
    assert costs_module.peak_memory(probe, None, EfficiencyParams(device="cuda")) == 7.0
    assert asked == [(24, 3)]
