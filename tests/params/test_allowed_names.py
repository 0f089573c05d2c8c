"""Names that parameters allow are those that the registries know, which own them."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any, get_args

import pytest

from topology_efficient_dl.compression.peers import PEERS
from topology_efficient_dl.models.architecture import SIZES
from topology_efficient_dl.models.simplicial.node_operators import NODE_OPERATORS
from topology_efficient_dl.params.compression import CrossingParams, PeerMethod, TensorMethod
from topology_efficient_dl.params.graphs import DiffusionOperator, Untimed
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.registries import VECTORIZERS
from topology_efficient_dl.params.series import FiltrationParams, VectorizationParams
from topology_efficient_dl.tda.combinations import MAX_FIELD, VALID_PAIRS
from topology_efficient_dl.tda.persistence import RIPS_ENGINES
from topology_efficient_dl.tda.vectorization import DiagramVectorizer
from topology_efficient_dl.tensor.factorise import KINDS
from topology_efficient_dl.tensor.linear import LINEAR_FORMS


def of(model: Any, field: str) -> set[str]:
    return set(get_args(model.model_fields[field].annotation))


ALLOWED = {
    "decompositions": (set(get_args(TensorMethod)), {name for forms in KINDS.values() for name in forms}),
    "decompositions of matrices": (
        set(get_args(get_args(CrossingParams.model_fields["methods"].annotation)[0])),
        set(LINEAR_FORMS),
    ),
    "peers": (set(get_args(PeerMethod)), set(PEERS)),
    "vectorisations": (of(VectorizationParams, "vectorization"), set(VECTORIZERS)),
    "embeddings": (of(FiltrationParams, "embedding"), set(VALID_PAIRS)),
    "filtrations": (of(FiltrationParams, "filtration"), {name for pair in VALID_PAIRS.values() for name in pair}),
    "engines": (of(FiltrationParams, "engine") - {"auto"}, set(RIPS_ENGINES)),
    "fields of engines": (set(RIPS_ENGINES), set(MAX_FIELD)),
    "sizes": (of(ModelSpec, "size"), set(SIZES)),
}


@pytest.mark.parametrize("what", ALLOWED)
def test_parameters_allow_what_there_is(what: str) -> None:
    allowed, there = ALLOWED[what]
    assert allowed == there


def test_labels_spread_along_operators_that_there_are() -> None:
    assert set(get_args(Untimed)) <= set(NODE_OPERATORS)
    assert set(get_args(Untimed)) < set(get_args(DiffusionOperator))


@pytest.mark.parametrize("name", VECTORIZERS)
def test_every_vectorisation_is_a_class(name: str) -> None:
    assert issubclass(resolve_name(f"topology_efficient_dl.{VECTORIZERS[name]}"), DiagramVectorizer)
