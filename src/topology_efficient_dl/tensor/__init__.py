"""Layers as products of smaller ones: decompositions, ranks, networks with some layers replaced."""

from topology_efficient_dl.tensor.factorise import Factorised, factorise, full_ranks
from topology_efficient_dl.tensor.forms import METHODS, Shape
from topology_efficient_dl.tensor.network import PARTS, Candidate, candidates, factorised_network, opened, with_shapes
from topology_efficient_dl.tensor.rank_choice import (
    LayerPlan,
    plan_by_budget,
    plan_by_energy,
    plan_by_rank,
    shapes_of,
)
from topology_efficient_dl.tensor.reconstruction import dense_weight

__all__ = [
    "METHODS",
    "PARTS",
    "Candidate",
    "Factorised",
    "LayerPlan",
    "Shape",
    "candidates",
    "dense_weight",
    "factorise",
    "factorised_network",
    "full_ranks",
    "opened",
    "plan_by_budget",
    "plan_by_energy",
    "plan_by_rank",
    "shapes_of",
    "with_shapes",
]
