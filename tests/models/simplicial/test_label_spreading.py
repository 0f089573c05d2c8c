"""Spreading labels for an answer: from kernels, in single precision, what the fit computed in double."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.graph_tasks import contacts

from topology_efficient_dl.efficiency.flops import count_flops_of_call
from topology_efficient_dl.efficiency.parameters import count_parameters
from topology_efficient_dl.models.simplicial.diffusion_kernels import DiffusionKernels, KernelInput
from topology_efficient_dl.models.simplicial.label_diffusion import (
    DiffusionFit,
    DiffusionOptions,
    LabelSpreading,
    SimplicialDiffusion,
    channels_of,
    fit_label_diffusion,
)
from topology_efficient_dl.models.simplicial.node_features import describe_nodes, diffuse, lift
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.graphs import DiffusionRecipe, NodeFeatureParams

OPTIONS = DiffusionOptions(passes=3, soft_weight=0.5, pull=0.1, smoothing=1e-3, feature_scale=5.0)
SIMPLICIAL = SimplicialParams()


def kernels_with(features: str) -> tuple[DiffusionKernels, np.ndarray]:
    task = contacts()
    complex_ = lift(task, SIMPLICIAL)
    own = describe_nodes((complex_, task), NodeFeatureParams())
    recipe = DiffusionRecipe(operators=("period_groups", "weight"), features=features)
    seen = np.full(task.n_nodes, -1)
    seen[::2] = task.labels[::2]
    return diffuse((own, complex_, task), recipe, SIMPLICIAL), seen


def spreading(kernels: DiffusionKernels, fit: DiffusionFit, options: DiffusionOptions) -> LabelSpreading:
    n_classes = fit.state["targets"].shape[1]
    network = SimplicialDiffusion(kernels.n_channels * n_classes, n_classes)
    network.load_state_dict({"coefficients": torch.tensor(fit.coefficients, dtype=torch.float32)})
    return LabelSpreading(network, fit.state, options).eval()


@pytest.mark.parametrize("features", ["own", "none"])
@pytest.mark.parametrize("passes", [1, 3])
def test_answers_from_kernels_are_the_channels_of_the_fit_mixed(features: str, passes: int) -> None:
    kernels, seen = kernels_with(features)
    options = DiffusionOptions(**{**vars(OPTIONS), "passes": passes})
    fit = fit_label_diffusion(kernels, seen, seen.max() + 1, options)
    expected = channels_of(kernels, fit.state, options) @ fit.coefficients
    with torch.inference_mode():
        found = spreading(kernels, fit, options)(KernelInput.of(kernels)).numpy()
    np.testing.assert_allclose(found[seen < 0], expected[seen < 0], atol=2e-4)


def test_the_input_knows_no_label_and_the_spreading_is_counted() -> None:
    kernels, seen = kernels_with("own")
    n, c = len(seen), seen.max() + 1
    model = spreading(kernels, fit_label_diffusion(kernels, seen, c, OPTIONS), OPTIONS)
    inputs = KernelInput.of(kernels)
    assert sum(part.numel() for part in (inputs.labels, inputs.reach, inputs.features)) == 3 * n * n + 2 * n
    assert count_flops_of_call(model, inputs).flops >= 2 * 3 * n * n * c
    assert count_parameters(model) == kernels.n_channels + 3 * n * c
