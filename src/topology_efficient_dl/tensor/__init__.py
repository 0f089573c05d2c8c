"""Layers as products of smaller ones: decompositions, ranks, networks with some layers replaced."""

from topology_efficient_dl.params.compression import TENSOR_METHODS
from topology_efficient_dl.tensor.design import (
    Design,
    design_by_budget,
    design_by_energy,
    design_by_rank,
)
from topology_efficient_dl.tensor.factorise import Factorised, factorise, full_ranks
from topology_efficient_dl.tensor.forms import Shape
from topology_efficient_dl.tensor.network import (
    PARTS,
    Candidate,
    candidates,
    factorised_network,
    opened,
    with_shapes,
)
from topology_efficient_dl.tensor.rank_choice import LayerPlan, shapes_of
from topology_efficient_dl.tensor.reconstruction import dense_weight

__all__ = [
    "PARTS",
    "TENSOR_METHODS",
    "Candidate",
    "Design",
    "Factorised",
    "LayerPlan",
    "Shape",
    "candidates",
    "dense_weight",
    "design_by_budget",
    "design_by_energy",
    "design_by_rank",
    "factorise",
    "factorised_network",
    "full_ranks",
    "opened",
    "shapes_of",
    "with_shapes",
]
