"""The models that are compared, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

Beside = Literal["nodes", "edge_weights", "columns"]
"""What a decoder of attention reads: nodes alone, or the weights of the three edges or all columns beside them."""

Kind = Literal["classic", "attention", "proposal", "ablation"]


class Model(NamedTuple):
    """What a learned model is, and the options of what it reads."""

    kind: Kind
    options: dict[str, Any]


PROPOSAL = "simplicial_logistic"
MODELS: dict[str, Model] = {
    PROPOSAL: Model("proposal", {}),
    "without_higher_order": Model("ablation", {"higher_order": False}),
    "without_recency": Model("ablation", {"recency": False}),
    "gat": Model("attention", {"beside": "nodes"}),
    "gat_edge_weights": Model("attention", {"beside": "edge_weights"}),
    "gat_columns": Model("attention", {"beside": "columns"}),
}
"""Learned models: a logistic head and two of its ablations; attention whose decoder reads nodes, or more than nodes."""

CLASSIC = (
    "arithmetic", "geometric", "harmonic", "common_neighbours", "common_weight", "jaccard", "adamic_adar",
    "preferential_attachment",
)  # fmt: skip
"""Columns of the whole past that rank by themselves."""


def kind_of(model: str) -> Kind:
    """What a model is.

    Examples
    --------
    >>> kind_of("harmonic"), kind_of("gat")
    ('classic', 'attention')
    """
    return MODELS[model].kind if model in MODELS else "classic"


def seeds_of(model: str, seeds: Sequence[int]) -> tuple[int, ...]:
    """The seeds a model is fitted with: all where it is random, the first where it is not.

    Examples
    --------
    >>> seeds_of("gat", (3, 4)), seeds_of("simplicial_logistic", (3, 4))
    ((3, 4), (3,))
    """
    return tuple(seeds) if kind_of(model) == "attention" else tuple(seeds)[:1]
