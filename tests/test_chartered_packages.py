"""Where each of the ten packages of the charter does its work in a run."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from topology_efficient_dl.efficiency.flops import count_flops_of_call
from topology_efficient_dl.params.series import VectorizationParams
from topology_efficient_dl.tda.diagrams import PersistenceDiagrams
from topology_efficient_dl.tda.persistence import alpha_diagram, rips_diagram
from topology_efficient_dl.tda.vectorization import make_vectorizer
from topology_efficient_dl.tensor.factorise import factorise

BASE = Path(__file__).parents[1] / "conf" / "base"
CLOUD = np.random.default_rng(0).normal(size=(12, 2))


def catalog() -> dict[str, dict[str, Any]]:
    files = sorted(BASE.glob("catalog_*.yml"))
    return {name: entry for file in files for name, entry in yaml.safe_load(file.read_text(encoding="utf-8")).items()}


def landscape_by_giotto() -> None:
    diagrams = PersistenceDiagrams.from_samples([rips_diagram(CLOUD)])
    make_vectorizer(VectorizationParams(vectorization="giotto_landscape")).fit(diagrams).transform(diagrams)


CALLS: dict[str, tuple[str, Callable[[], Any]]] = {
    "ripser, engine: ripser": ("ripser.ripser", lambda: rips_diagram(CLOUD, engine="ripser")),
    "gudhi, filtration: alpha": ("gudhi.AlphaComplex", lambda: alpha_diagram(CLOUD)),
    "giotto-tda, engine: giotto": (
        "gtda.homology.VietorisRipsPersistence",
        lambda: rips_diagram(CLOUD, engine="giotto"),
    ),
    "giotto-tda, vectorization: giotto_landscape": ("gtda.diagrams.PersistenceLandscape", landscape_by_giotto),
    "tensorly, compression.method: cp": (
        "topology_efficient_dl.tensor.decompositions.parafac",
        lambda: factorise(nn.Conv1d(8, 8, 3), "cp", 3),
    ),
    "ptflops, column flops": (
        "topology_efficient_dl.efficiency.flops.get_model_complexity_info",
        lambda: count_flops_of_call(nn.Linear(4, 2), torch.zeros(1, 4)),
    ),
}


@pytest.mark.parametrize("use", CALLS)
def test_the_package_is_called(use: str) -> None:
    target, call = CALLS[use]
    module, _, name = target.rpartition(".")
    original = getattr(__import__(module, fromlist=[name]), name)
    with patch(target, wraps=original) as spy:
        call()
    assert spy.called


def test_torch_geometric_has_the_layers_of_graph_baselines() -> None:
    from torch_geometric.nn import MessagePassing

    from topology_efficient_dl.models.graph_baselines.gat import GAT
    from topology_efficient_dl.models.graph_baselines.gcn import GCN

    for network in (GCN(4, 2), GAT(4, 2)):
        assert isinstance(network, nn.Module)  # torch
        assert any(isinstance(layer, MessagePassing) for layer in network.modules())


def test_kedro_and_its_datasets_make_pipelines_and_catalog() -> None:
    from kedro.pipeline import Pipeline
    from kedro_datasets.pandas import CSVDataset

    from topology_efficient_dl.datasets.table import TableDataset
    from topology_efficient_dl.pipelines import ingest

    assert isinstance(ingest.create_pipeline(), Pipeline)
    assert issubclass(TableDataset, CSVDataset)
    assert any(
        entry["type"].startswith(("json.", "pandas.", "text.", "matplotlib.", "plotly."))
        for entry in catalog().values()
    )


def test_kedro_viz_is_a_command_and_knows_the_layer_of_every_entry() -> None:
    commands = {point.name: point.value for point in entry_points(group="kedro.global_commands")}
    assert commands["kedro-viz"].startswith("kedro_viz.")
    without = [
        name
        for name, entry in catalog().items()
        if not name.startswith("_") and "layer" not in entry.get("metadata", {}).get("kedro-viz", {})
    ]
    assert without == []
