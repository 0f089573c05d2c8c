"""Choices that are measured on this machine: layers that would get slower, and ranks for a latency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from topology_efficient_dl.efficiency.latency import latency_ratio, measure_latency
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.training import EfficiencyParams
from topology_efficient_dl.tensor.design import Design
from topology_efficient_dl.tensor.network import layer_at, opened
from topology_efficient_dl.tensor.rank_choice import LayerPlan, n_params, shapes_of

SHARES = (0.8, 0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05)
"""Shares of parameters that a search for a latency tries, from the largest."""


def leave_slower_dense(design: Design, sample: Tensor, params: EfficiencyParams) -> Design:
    """A design without the layers that would take longer than the dense ones, each timed by itself on what it reads.

    The network may have more parameters afterwards than a budget allowed.

    Parameters
    ----------
    design : what was chosen by size
    sample : a batch of the network's inputs; latency depends on its size
    params : rounds, threads and block length of the timing
    """
    shapes = shapes_of(design.plans)
    dense = opened(design.network.eval(), only=shapes)
    small = design.built()[0].eval()
    reads = _inputs(dense, list(shapes), sample)

    def kept(plan: LayerPlan) -> LayerPlan:
        if plan.shape is None:
            return plan
        before = layer_at(dense, plan.name)
        ratio = _ratio(before, layer_at(small, plan.name), reads[plan.name], params)
        reason = f"slower at ranks {', '.join(map(str, plan.shape.ranks))}: {ratio:.2f} times the dense layer's time"
        return plan.left_dense(reason, n_params(before)) if ratio >= 1.0 else plan

    return replace(design, plans=[kept(plan) for plan in design.plans])


def design_by_latency(
    network: nn.Module,
    design_of: Callable[[float], Design],
    share: float,
    sample: Tensor,
    params: EfficiencyParams,
    prepare: Callable[[nn.Module], nn.Module] = nn.Module.eval,
) -> Design:
    """The largest network, among budgets of parameters, that takes at most a share of the dense one's time.

    Budgets are tried from the largest; each candidate is timed against the dense network in alternation.

    Parameters
    ----------
    network : the dense network
    design_of : a design for a share of parameters
    share : of the dense network's latency on the sample, in (0, 1)
    sample : a batch
    params : of the timing
    prepare : what is done to both networks before they are timed, such as folding of normalisations

    Raises
    ------
    ParameterError : the share is out of range, or no budget meets it (names the least share that was measured), or no
        network can be made at all
    """
    if not 0.0 < share < 1.0:
        raise ParameterError(f"latency {share}, expected a share of the dense network's latency between 0 and 1")
    dense, least = prepare(opened(network, only=())), np.inf
    for keep in SHARES:
        try:
            design = design_of(keep)
        except ParameterError:
            if np.isinf(least):
                raise
            break
        measured = _ratio(dense, prepare(design.built()[0]), (sample,), params)
        if measured <= share:
            return design
        least = min(least, measured)
    raise ParameterError(
        f"latency {share:g} cannot be met: the least that was measured is {least:.2f} of the dense network's latency. "
        "Give more, or name more layers"
    )


def _ratio(dense: nn.Module, small: nn.Module, inputs: tuple[Any, ...], params: EfficiencyParams) -> float:
    """Time of the second over time of the first."""
    with torch.inference_mode():
        calls = {"dense": lambda values: dense(*values), "small": lambda values: small(*values)}
        records = measure_latency(calls, {1: inputs}, params)
    return latency_ratio(records, "small", "dense", 1).median


def _inputs(network: nn.Module, names: Sequence[str], sample: Tensor) -> dict[str, tuple[Any, ...]]:
    """What each of the layers named reads when the network reads the sample."""
    found: dict[str, tuple[Any, ...]] = {}

    def note(name: str, args: tuple[Any, ...]) -> None:
        found.setdefault(name, args)

    hooks = [
        layer_at(network, name).register_forward_pre_hook(lambda _, args, name=name: note(name, args)) for name in names
    ]
    with torch.inference_mode():
        network(sample)
    for hook in hooks:
        hook.remove()
    missing = [name for name in names if name not in found]
    if missing:
        raise ParameterError(f"layers {', '.join(missing)} are not used when the network reads a sample")
    return found
